"""A store of each kind, empty at the start of each test. The databases have been migrated, not created."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chatkit_asgi.store import Store
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.store.sql import SQLAlchemyStore, Tables, create_engine, migrate

PREFIX, SCHEMA = "chat_", "conversations"


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
    await empty(migrated_postgres, Tables("postgresql"))
    return migrated_postgres


@pytest.fixture
async def sqlite_of_application(tmp_path: Path) -> AsyncIterator[SQLAlchemyStore]:
    """A store in an application's database, on an engine of the application's making."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'application.db'}")
    await migrate(engine, table_prefix=PREFIX)
    yield SQLAlchemyStore(engine, table_prefix=PREFIX)
    await engine.dispose()


@pytest.fixture(scope="session")
async def migrated_postgres_of_application(postgres_url: str) -> AsyncIterator[SQLAlchemyStore]:
    engine = create_async_engine(postgres_url)
    await migrate(engine, schema=SCHEMA, table_prefix=PREFIX)
    yield SQLAlchemyStore(engine, schema=SCHEMA, table_prefix=PREFIX)
    await engine.dispose()


@pytest.fixture
async def postgres_of_application(migrated_postgres_of_application: SQLAlchemyStore) -> SQLAlchemyStore:
    await empty(migrated_postgres_of_application.engine, migrated_postgres_of_application.tables)
    return migrated_postgres_of_application


async def empty(engine: AsyncEngine, tables: Tables) -> None:
    names = ", ".join(table.fullname for table in tables.metadata.tables.values())
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> AsyncEngine:
    """Each database in turn."""
    found = request.getfixturevalue(f"{request.param}_engine")
    assert isinstance(found, AsyncEngine)
    return found


@pytest.fixture(params=["memory", "sqlite", "postgres", "sqlite_of_application", "postgres_of_application"])
def store(request: pytest.FixtureRequest) -> Store:
    """Each kind of store in turn."""
    if request.param == "memory":
        return MemoryStore()
    if request.param in ("sqlite", "postgres"):
        return SQLAlchemyStore(request.getfixturevalue(f"{request.param}_engine"))
    found = request.getfixturevalue(request.param)
    assert isinstance(found, SQLAlchemyStore)
    return found
