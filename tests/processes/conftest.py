"""An installation on each database: where its processes find what they share."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatkit_asgi.store.sql import create_engine, migrate
from tests.postgres import new_database
from tests.processes.look import Database, database
from tests.processes.workers import Site

if sys.platform != "linux":
    collect_ignore_glob = ["test_*"]  # processes are watched by their pidfd


def migrated(folder: Path, url: str) -> Site:
    async def prepare() -> None:
        engine = create_engine(url)
        await migrate(engine)
        await engine.dispose()

    asyncio.run(prepare())
    return Site(folder, url)


@contextmanager
def on_postgres(folder: Path, server_url: str) -> Iterator[Site]:
    with new_database(server_url) as url:
        yield migrated(folder, url)


@pytest.fixture
def sqlite_site(tmp_path: Path) -> Site:
    return migrated(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'chatkit.sqlite3'}")


@pytest.fixture
def postgres_site(tmp_path: Path, postgres_server: str) -> Iterator[Site]:
    with on_postgres(tmp_path, postgres_server) as site:
        yield site


@pytest.fixture(params=["sqlite", "postgres"])
def site(request: pytest.FixtureRequest) -> Site:
    """Each database in turn."""
    found: Site = request.getfixturevalue(f"{request.param}_site")
    return found


@pytest.fixture
async def here(site: Site) -> AsyncIterator[Database]:
    """What is in the database of `site`."""
    async with database(site.database_url) as found:
        yield found
