"""What only the database stores can show: restarts, writers side by side, cancelled statements."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from traceback import format_exception

import anyio
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import BackendError, InvalidRequestError, NotFoundError
from chatkit_asgi.store.sql import PostgresStore, SQLAlchemyStore, SQLiteStore, create_engine, migrate
from tests.factories import make_hidden_context, make_thread, make_user_message

BOUND = 15
DROP_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


async def append(store: SQLAlchemyStore, name: str, count: int, context: RequestContext) -> None:
    """Add items, and count them in the thread's title: one that is lost would show there."""
    for number in range(count):
        async with store.transaction():
            await store.add_thread_item("thr_1", make_user_message(id=f"{name}_{number}"), context)
            known = int((await store.load_thread("thr_1", context)).title or 0)
            await store.save_thread(make_thread(title=str(known + 1)), context)


async def test_two_engines_on_one_file_never_lock_each_other_out(
    tmp_path: Path, context: RequestContext
) -> None:
    path = tmp_path / "chatkit.db"
    stores: list[SQLiteStore] = [SQLiteStore(path), SQLiteStore(str(path))]
    await migrate(stores[0].engine)
    await stores[0].save_thread(make_thread(), context)
    with anyio.fail_after(BOUND):
        await asyncio.gather(
            *(
                append(store, f"{side}_{task}", 10, context)
                for side, store in enumerate(stores)
                for task in range(6)
            )
        )
    assert (await stores[1].load_thread("thr_1", context)).title == "120"
    assert len((await stores[1].load_thread_items("thr_1", None, 999, "asc", context)).data) == 120
    for store in stores:
        await store.aclose()


async def test_items_of_writers_side_by_side_are_numbered_in_the_order_of_their_commits(
    engine: AsyncEngine, context: RequestContext
) -> None:
    """Otherwise a reader could page past a number whose row is committed later."""
    stores: list[SQLAlchemyStore] = [SQLAlchemyStore(engine), SQLAlchemyStore(engine)]
    await stores[0].save_thread(make_thread(), context)
    committed: list[str] = []

    async def add(store: SQLAlchemyStore, item_id: str) -> None:
        async with store.transaction():
            await store.add_thread_item("thr_1", make_user_message(id=item_id), context)
            committed.append(item_id)  # the next writer is let in only after this one's commit

    with anyio.fail_after(BOUND):
        await asyncio.gather(*(add(stores[number % 2], f"msg_{number}") for number in range(30)))
    page = await stores[0].load_thread_items("thr_1", None, 99, "asc", context)
    assert [item.id for item in page.data] == committed


async def test_everything_is_there_after_a_restart(tmp_path: Path, context: RequestContext) -> None:
    for run in (1, 2):
        store: SQLiteStore = SQLiteStore(tmp_path / "chatkit.db")
        await migrate(store.engine)
        if run == 1:
            await store.save_thread(make_thread(), context)
            await store.add_thread_item("thr_1", make_user_message(), context)
        assert await store.load_item("thr_1", "msg_user", context) == make_user_message()
        await store.aclose()


async def test_cancelled_call_is_carried_out_or_undone_but_never_stuck(
    engine: AsyncEngine, context: RequestContext
) -> None:
    """A client may leave in the middle of a statement, again and again."""
    store: SQLAlchemyStore = SQLAlchemyStore(engine)
    await store.save_thread(make_thread(), context)

    async def add(number: int) -> None:
        with anyio.move_on_after(0.0002 * number):
            await store.add_thread_item("thr_1", make_user_message(id=f"msg_{number}"), context)

    with anyio.fail_after(BOUND):
        await asyncio.gather(*map(add, range(40)))
        await store.add_thread_item("thr_1", make_user_message(id="msg_last"), context)
    page = await store.load_thread_items("thr_1", None, 99, "desc", context)
    assert page.data[0].id == "msg_last"


@pytest.fixture
def _no_garbage_collection() -> Iterator[None]:
    """What depends on it to be cleaned up is not cleaned up."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_garbage_collection")
async def test_cancelled_task_leaves_no_lock_behind(engine: AsyncEngine, context: RequestContext) -> None:
    store: SQLAlchemyStore = SQLAlchemyStore(engine)
    await store.save_thread(make_thread(), context)
    for steps in range(100):
        task = asyncio.create_task(store.save_thread(make_thread(), context))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        with anyio.fail_after(BOUND):
            await store.save_thread(make_thread(), context)


async def test_deleted_thread_leaves_no_row_behind(engine: AsyncEngine, context: RequestContext) -> None:
    store: SQLAlchemyStore = SQLAlchemyStore(engine)
    await store.save_thread(make_thread(), context)
    await store.add_thread_item("thr_1", make_user_message(), context)
    await store.save_feedback("thr_1", ["msg_user"], "positive", context)
    await store.delete_thread("thr_1", context)
    async with engine.connect() as connection:
        for table in ("threads", "items", "feedback"):
            assert await connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0  # noqa: S608


async def test_feedback_on_a_thread_that_is_just_being_deleted_is_not_found(
    engine: AsyncEngine, context: RequestContext
) -> None:
    store: SQLAlchemyStore = SQLAlchemyStore(engine)
    await store.save_thread(make_thread(), context)
    await store.add_thread_item("thr_1", make_user_message(), context)
    deleted, may_end = asyncio.Event(), asyncio.Event()

    async def delete() -> None:
        async with store.transaction():
            await store.delete_thread("thr_1", context)
            deleted.set()
            await may_end.wait()

    async with asyncio.timeout(BOUND), asyncio.TaskGroup() as tasks:
        tasks.create_task(delete())
        await deleted.wait()
        saving = asyncio.create_task(store.save_feedback("thr_1", ["msg_user"], "positive", context))
        for _ in range(200):  # long enough for it to come to where it waits
            await store.load_thread("thr_1", context)
        may_end.set()
    with pytest.raises(NotFoundError):
        await saving


async def test_database_that_is_away_is_a_backend_error(tmp_path: Path, context: RequestContext) -> None:
    stores: list[SQLAlchemyStore] = [
        SQLiteStore(tmp_path / "nowhere" / "chatkit.db"),
        PostgresStore(f"postgresql://postgres@/chatkit?host={tmp_path}"),
    ]
    for store in stores:
        for refused in (
            store.ping(),
            store.load_thread("thr_1", context),
            store.save_thread(make_thread(), context),
        ):
            with pytest.raises(BackendError) as caught:
                await refused
            assert caught.value.__cause__ is not None
            assert str(tmp_path) not in str(caught.value)
        await store.aclose()


async def test_errors_do_not_repeat_what_was_said(tmp_path: Path, context: RequestContext) -> None:
    """Tracebacks end up in logs."""
    store: SQLAlchemyStore = SQLiteStore(tmp_path / "empty.db")
    thread = make_thread(title="my secret")
    with pytest.raises(BackendError) as caught:
        await store.save_thread(thread, context)
    await store.aclose()
    assert "my secret" not in "".join(format_exception(caught.value))


async def test_database_without_tables_is_a_backend_error(tmp_path: Path, context: RequestContext) -> None:
    store: SQLiteStore = SQLiteStore(tmp_path / "chatkit.db")
    await store.ping()
    with pytest.raises(BackendError):
        await store.load_thread("thr_1", context)
    await store.aclose()


async def test_errors_of_the_caller_pass_through_a_transaction_unchanged(
    engine: AsyncEngine, context: RequestContext
) -> None:
    store: SQLAlchemyStore = SQLAlchemyStore(engine)

    async def write_and_raise(error: Exception) -> None:
        async with store.transaction():
            await store.save_thread(make_thread(), context)
            raise error

    for error in (OSError("disk"), NotFoundError("gone")):
        with pytest.raises(type(error)) as caught:
            await write_and_raise(error)
        assert caught.value is error


async def test_transaction_with_a_statement_that_failed_fails_even_when_nobody_minds(
    engine: AsyncEngine, context: RequestContext
) -> None:
    """PostgreSQL would undo everything and say nothing about it."""
    store: SQLAlchemyStore = SQLAlchemyStore(engine)

    async def write_and_suppress() -> None:
        async with store.transaction():
            await store.save_thread(make_thread(), context)
            with suppress(BackendError):
                await store.database.fetch(text("SELECT nothing FROM nowhere"), {})

    with pytest.raises(BackendError):
        await write_and_suppress()
    with pytest.raises(NotFoundError):
        await store.load_thread("thr_1", context)
    await store.save_thread(make_thread(), context)


async def test_hidden_items_are_marked_in_their_rows(engine: AsyncEngine, context: RequestContext) -> None:
    store: SQLAlchemyStore = SQLAlchemyStore(engine)
    await store.save_thread(make_thread(), context)
    await store.add_thread_item("thr_1", make_hidden_context(), context)
    await store.add_thread_item("thr_1", make_user_message(), context)
    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT id, owner, hidden FROM items ORDER BY seq"))
        assert [tuple(row) for row in rows] == [("msg_hidden", "alice", True), ("msg_user", "alice", False)]


async def test_sqlite_connections_have_their_settings(sqlite_engine: AsyncEngine) -> None:
    names = ("journal_mode", "busy_timeout", "foreign_keys", "synchronous")
    async with sqlite_engine.connect() as connection:
        values = [await connection.scalar(text(f"PRAGMA {name}")) for name in names]
    assert values == ["wal", 10000, 1, 1]


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///chatkit.db", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:///chatkit.db", "sqlite+aiosqlite"),
        ("postgres://user@host/db", "postgresql+asyncpg"),
        ("postgresql://user@host/db?sslmode=require&pgbouncer=true", "postgresql+asyncpg"),
    ],
)
def test_urls_as_people_write_them_find_their_driver(url: str, driver: str) -> None:
    engine = create_engine(url)
    assert engine.url.drivername == driver
    assert dict(engine.url.query) == {}


@pytest.mark.parametrize(
    "url", ["mysql://user@host/db", "sqlite://", "sqlite:///:memory:", "postgresql+psycopg://h/d", "nonsense"]
)
def test_urls_of_what_is_not_supported_are_refused(url: str) -> None:
    with pytest.raises(InvalidRequestError, match="use"):
        create_engine(url)


async def test_store_works_behind_a_pooler(
    postgres_url: str, postgres_engine: AsyncEngine, context: RequestContext
) -> None:
    store: PostgresStore = PostgresStore(f"{postgres_url}&pgbouncer=true")
    await store.save_thread(make_thread(), context)
    assert await store.load_thread("thr_1", context) == make_thread()
    await store.aclose()


async def test_store_recovers_when_the_server_drops_its_connections(
    postgres_url: str, postgres_engine: AsyncEngine, context: RequestContext
) -> None:
    store: PostgresStore = PostgresStore(postgres_url)

    async def save_while_dropped() -> None:
        async with store.transaction():
            await store.save_thread(make_thread(), context)
            async with postgres_engine.connect() as connection:
                await connection.execute(text(DROP_OTHERS))

    with pytest.raises(BackendError):
        await save_while_dropped()
    with pytest.raises(NotFoundError):
        await store.load_thread("thr_1", context)
    await store.aclose()


async def test_store_as_an_owner_has_that_owners_rows_without_a_context(
    engine: AsyncEngine, context: RequestContext, other_context: RequestContext
) -> None:
    """For what is done when nobody asks: ending what a process has left behind."""
    store: SQLAlchemyStore = SQLAlchemyStore(engine)
    await store.save_thread(make_thread(title="old"), context)
    as_alice, as_bob = (store.as_owner(one.owner) for one in (context, other_context))
    assert (await as_alice.load_thread("thr_1", None)).title == "old"
    with pytest.raises(NotFoundError):
        await as_bob.load_thread("thr_1", context)
    with suppress(RuntimeError):
        async with store.transaction():
            await as_alice.save_thread(make_thread(title="new"), None)
            raise RuntimeError
    assert (await store.load_thread("thr_1", context)).title == "old"
