"""A store on an application's engine, beside the application's tables: neither disturbs the other."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import InvalidRequestError, NotFoundError
from chatkit_asgi.store.sql import PostgresStore, SQLAlchemyStore, SQLiteStore, migrate
from tests.factories import make_thread, make_user_message

BOUND = 15


def begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def take_over_transactions(connection: Any, _record: object) -> None:  # Any: a connection of the driver's
    connection.isolation_level = None


@pytest.fixture(params=["as it comes", "without a pool", "with transactions of its own"])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """SQLite as applications set it up; the last one is what SQLAlchemy's guide advises."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'application.db'}"
    without_pool = request.param == "without a pool"
    engine = create_async_engine(url, poolclass=NullPool) if without_pool else create_async_engine(url)
    if request.param == "with transactions of its own":
        event.listen(engine.sync_engine, "connect", take_over_transactions)
        event.listen(engine.sync_engine, "begin", begin)
    yield engine
    await engine.dispose()


async def count(engine: AsyncEngine, table: str) -> int:
    async with engine.connect() as connection:
        found: int = (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()  # noqa: S608
    return found


async def tables(engine: AsyncEngine, schema: str | None = None) -> set[str]:
    async with engine.connect() as connection:
        return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names(schema)))


async def test_writers_side_by_side_lose_nothing(engine: AsyncEngine, context: RequestContext) -> None:
    await migrate(engine)
    stores: list[SQLAlchemyStore] = [SQLAlchemyStore(engine), SQLAlchemyStore(engine)]
    await stores[0].save_thread(make_thread(title="0"), context)

    async def count_up(store: SQLAlchemyStore) -> None:
        for _ in range(5):
            async with store.transaction():
                title = (await store.load_thread("thr_1", context)).title
                await store.save_thread(make_thread(title=str(int(title or 0) + 1)), context)

    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            for number in range(6):
                tasks.start_soon(count_up, stores[number % 2])
    assert (await stores[0].load_thread("thr_1", context)).title == "30"


async def test_cancelled_calls_leave_no_lock_behind(engine: AsyncEngine, context: RequestContext) -> None:
    """The journal is SQLite's old one here: whoever is still reading keeps every writer out."""
    await migrate(engine)
    store: SQLAlchemyStore = SQLAlchemyStore(engine)
    await store.save_thread(make_thread(), context)

    async def transact() -> None:
        async with store.transaction():
            await store.load_thread("thr_1", context)
            await store.save_thread(make_thread(), context)

    async def cancel_after(steps: int) -> None:
        tasks: list[asyncio.Task[Any]] = [
            asyncio.create_task(store.load_thread("thr_1", context)),
            asyncio.create_task(store.load_threads(9, None, "asc", context)),
            asyncio.create_task(transact()),
        ]
        for _ in range(steps):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    with anyio.fail_after(BOUND):
        for steps in range(40):
            await cancel_after(steps)
            await store.save_thread(make_thread(), context)


async def test_deleting_heeds_foreign_keys_where_the_application_does_not(
    engine: AsyncEngine, context: RequestContext
) -> None:
    await migrate(engine)
    store: SQLAlchemyStore = SQLAlchemyStore(engine)
    await store.save_thread(make_thread(), context)
    await store.add_thread_item("thr_1", make_user_message(), context)
    await store.delete_thread("thr_1", context)
    assert await count(engine, "items") == 0


async def test_connections_go_back_as_they_came(engine: AsyncEngine, context: RequestContext) -> None:
    await migrate(engine)
    await SQLAlchemyStore(engine).save_thread(make_thread(), context)
    async with engine.connect() as connection:
        assert (await connection.exec_driver_sql("PRAGMA foreign_keys")).scalar_one() == 0
    async with engine.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE notes (id INTEGER PRIMARY KEY)")

    async def fail() -> None:
        async with engine.begin() as connection:
            await connection.exec_driver_sql("INSERT INTO notes VALUES (1)")
            await connection.exec_driver_sql("INSERT INTO notes VALUES (1)")

    with pytest.raises(IntegrityError):
        await fail()
    assert await count(engine, "notes") == 0


async def test_tables_with_another_prefix_are_another_store(
    engine: AsyncEngine, context: RequestContext
) -> None:
    for prefix in ("one_", "two_"):
        await migrate(engine, table_prefix=prefix)
    one: SQLAlchemyStore = SQLAlchemyStore(engine, table_prefix="one_")
    two: SQLAlchemyStore = SQLAlchemyStore(engine, table_prefix="two_")
    await one.save_thread(make_thread(), context)
    with pytest.raises(NotFoundError):
        await two.load_thread("thr_1", context)
    await migrate(engine, "base", table_prefix="two_")
    assert {name for name in await tables(engine) if name.startswith("two_")} == {"two_chatkit_version"}
    assert await one.load_thread("thr_1", context) == make_thread()


async def test_schema_of_its_own_leaves_the_others_alone(postgres_of_application: SQLAlchemyStore) -> None:
    engine = postgres_of_application.engine
    expected = {table.name for table in postgres_of_application.tables.metadata.tables.values()}
    assert await tables(engine, "conversations") == expected | {"chat_chatkit_version"}
    assert not {name for name in await tables(engine) if name.startswith("chat_")}


async def test_closing_a_store_leaves_the_engine_to_whom_it_belongs(
    tmp_path: Path, context: RequestContext
) -> None:
    theirs = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'application.db'}")
    ours: SQLiteStore = SQLiteStore(tmp_path / "chatkit.db")
    for store in (SQLAlchemyStore[Any](theirs), ours):
        await store.ping()
        await store.aclose()
    assert theirs.sync_engine.pool.checkedin() == 1  # type: ignore[attr-defined]  # this pool is a queue
    assert ours.engine.sync_engine.pool.checkedin() == 0  # type: ignore[attr-defined]
    await theirs.dispose()


def test_engines_that_cannot_work_are_refused_with_a_reason(tmp_path: Path) -> None:
    synchronous: Any = create_engine("sqlite:///")
    with pytest.raises(InvalidRequestError, match="create_async_engine"):
        SQLAlchemyStore(synchronous)
    with pytest.raises(InvalidRequestError, match="MemoryStore"):
        SQLAlchemyStore(create_async_engine("sqlite+aiosqlite:///:memory:"))


@pytest.mark.parametrize("prefix", ["Chat_", "1_", "a-b", 'a"b', "a" * 25])
def test_prefixes_that_would_need_quoting_or_be_cut_are_refused(tmp_path: Path, prefix: str) -> None:
    with pytest.raises(InvalidRequestError, match="prefix"):
        SQLiteStore(tmp_path / "chatkit.db", table_prefix=prefix)


async def test_schemas_are_refused_where_there_are_none(tmp_path: Path) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'application.db'}")
    with pytest.raises(InvalidRequestError, match="prefix"):
        SQLAlchemyStore(engine, schema="chat")
    with pytest.raises(InvalidRequestError, match="schema"):
        PostgresStore("postgresql://host/db", schema='chat"; DROP SCHEMA public; --')
