"""A turn log of each kind, empty at the start of each test, with the threads that turns may run in."""

from dataclasses import dataclass

import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.sql import SQLAlchemyStore
from chatkit_asgi.streams.log import LEASE_SECONDS, TurnLog
from chatkit_asgi.streams.memory import MemoryTurnLog
from chatkit_asgi.streams.sql import SQLTurnLog
from tests.factories import make_thread
from tests.store.conftest import (
    migrated_postgres,
    migrated_postgres_of_application,
    migrated_sqlite,
    postgres_engine,
    postgres_of_application,
    sqlite_engine,
    sqlite_of_application,
)

__all__ = [
    "THREADS",
    "Place",
    "migrated_postgres",
    "migrated_postgres_of_application",
    "migrated_sqlite",
    "postgres_engine",
    "postgres_of_application",
    "sqlite_engine",
    "sqlite_of_application",
]

THREADS = 6
"""Alice's, `thr_0` and so on; Bob has one, `thr_bob`."""
DATABASES = ["sqlite", "postgres", "sqlite_of_application", "postgres_of_application"]


@dataclass
class Place:
    """Where turns are kept."""

    store: SQLAlchemyStore | None

    def log(self, *, lease: float = LEASE_SECONDS) -> TurnLog:
        """One process' log of what is here; in memory there are no others, so each is empty."""
        if self.store is None:
            return MemoryTurnLog(lease=lease)
        other = SQLAlchemyStore[RequestContext](
            self.store.engine, schema=self.store.tables.schema, table_prefix=self.store.tables.prefix
        )
        return SQLTurnLog(other.database, other.tables, lease=lease)


def store_of(name: str, request: pytest.FixtureRequest) -> SQLAlchemyStore | None:
    if name == "memory":
        return None
    found = request.getfixturevalue(name if name.endswith("application") else f"{name}_engine")
    return found if isinstance(found, SQLAlchemyStore) else SQLAlchemyStore(found)


async def place_with_threads(store: SQLAlchemyStore | None) -> Place:
    if store is not None:
        async with store.transaction():
            for number in range(THREADS):
                await store.save_thread(make_thread(id=f"thr_{number}"), RequestContext(user_id="alice"))
            await store.save_thread(make_thread(id="thr_bob"), RequestContext(user_id="bob"))
    return Place(store)


@pytest.fixture(params=["memory", *DATABASES])
def any_store(request: pytest.FixtureRequest) -> SQLAlchemyStore | None:
    return store_of(request.param, request)


@pytest.fixture
async def place(any_store: SQLAlchemyStore | None) -> Place:
    """Each kind of place in turn."""
    return await place_with_threads(any_store)


@pytest.fixture(params=DATABASES)
def store(request: pytest.FixtureRequest) -> SQLAlchemyStore | None:
    """Each kind of database in turn."""
    return store_of(request.param, request)


@pytest.fixture
async def shared(store: SQLAlchemyStore) -> Place:
    """Each kind of place that several processes may share."""
    return await place_with_threads(store)


@pytest.fixture
def log(place: Place) -> TurnLog:
    return place.log()
