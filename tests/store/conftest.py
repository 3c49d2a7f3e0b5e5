"""A store of each kind, empty at the start of each test. The databases have been migrated, not created."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from chatkit_asgi.store import Store
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.store.sql import SQLAlchemyStore, Tables, create_engine, migrate

EMPTY_ALL = "TRUNCATE {} RESTART IDENTITY CASCADE".format(", ".join(Tables("postgresql").metadata.tables))


@pytest.fixture(scope="session")
async def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy."""
    path = tmp_path_factory.mktemp("migrated") / "chatkit.db"
    engine = create_engine(f"sqlite:///{path}")
    await migrate(engine)
    await engine.dispose()
    return path


@pytest.fixture
async def sqlite_engine(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    path = shutil.copy(migrated_sqlite, tmp_path)
    engine = create_engine(f"sqlite:///{path}")
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
async def migrated_postgres(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(postgres_url)
    await migrate(engine)
    yield engine
    await engine.dispose()


@pytest.fixture
async def postgres_engine(migrated_postgres: AsyncEngine) -> AsyncEngine:
    async with migrated_postgres.begin() as connection:
        await connection.execute(text(EMPTY_ALL))
    return migrated_postgres


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> AsyncEngine:
    """Each database in turn."""
    found = request.getfixturevalue(f"{request.param}_engine")
    assert isinstance(found, AsyncEngine)
    return found


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    """Each kind of store in turn."""
    if request.param == "memory":
        return MemoryStore()
    return SQLAlchemyStore(request.getfixturevalue(f"{request.param}_engine"))
