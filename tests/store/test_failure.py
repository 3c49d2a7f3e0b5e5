"""Databases that go away, hang, or have no room: an error for those who ask just then, and nothing worse."""

import asyncio
import signal
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import BackendError
from chatkit_asgi.store.sql import SQLAlchemyStore, SQLiteStore, create_engine, migrate
from tests.factories import make_thread, make_user_message
from tests.postgres import Server, new_database

BOUND = 30
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@pytest.fixture
def database_url(spare_server: Server) -> Iterator[str]:
    with new_database(spare_server.url) as url:
        yield url
        spare_server.start()  # a test that failed may have left it stopped


@pytest.fixture(params=["", "&pgbouncer=true"], ids=["direct", "by SQLAlchemy"])
async def store(
    request: pytest.FixtureRequest, database_url: str, context: RequestContext
) -> AsyncIterator[SQLAlchemyStore]:
    """A store on a server that may be stopped, with one thread."""
    engine = create_engine(database_url + request.param)
    store: SQLAlchemyStore = SQLAlchemyStore(engine, owns_engine=True)
    await migrate(store.engine)
    await store.save_thread(make_thread(), context)
    yield store
    await store.aclose()


async def ids(store: SQLAlchemyStore, context: RequestContext) -> list[str]:
    return [item.id for item in (await store.load_thread_items("thr_1", None, 999, "asc", context)).data]


async def transact(store: SQLAlchemyStore, context: RequestContext) -> None:
    async with store.transaction():
        await store.load_thread("thr_1", context)
        await store.add_thread_item("thr_1", make_user_message(id="msg_2"), context)


async def every_call(store: SQLAlchemyStore, context: RequestContext) -> list[Exception | None]:
    """What becomes of a read, a write and a transaction."""
    calls: list[Awaitable[object]] = [
        store.ping(),
        store.load_thread("thr_1", context),
        store.load_thread_items("thr_1", None, 10, "asc", context),
        store.add_thread_item("thr_1", make_user_message(id="msg_1"), context),
        transact(store, context),
    ]
    return [await outcome(call) for call in calls]


async def outcome(call: Awaitable[object]) -> Exception | None:
    try:
        await call
    except Exception as exc:
        return exc
    return None


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
async def test_calls_fail_while_the_server_is_away_and_succeed_at_once_when_it_is_back(
    spare_server: Server, store: SQLAlchemyStore, context: RequestContext, how: signal.Signals
) -> None:
    await asyncio.gather(*(store.load_thread("thr_1", context) for _ in range(8)))  # some connections
    spare_server.stop(how)
    try:
        for _ in range(2):
            assert [type(exc) for exc in await every_call(store, context)] == [BackendError] * 5
    finally:
        spare_server.start()
    assert await every_call(store, context) == [None] * 5
    assert await ids(store, context) == ["msg_1", "msg_2"]


@pytest.mark.parametrize("is_back", [False, True], ids=["still away", "back already"])
async def test_transaction_whose_server_goes_away_keeps_nothing(
    spare_server: Server, store: SQLAlchemyStore, context: RequestContext, is_back: bool
) -> None:
    async def write_and_lose() -> None:
        async with store.transaction():
            await store.add_thread_item("thr_1", make_user_message(), context)
            spare_server.stop()
            if is_back:
                spare_server.start()

    try:
        with anyio.fail_after(BOUND), pytest.raises(BackendError):
            await write_and_lose()
    finally:
        if not is_back:
            spare_server.start()
    assert await ids(store, context) == []


async def test_statement_whose_server_goes_away_fails(
    spare_server: Server, store: SQLAlchemyStore, context: RequestContext
) -> None:
    async with locked(store):
        write = asyncio.ensure_future(store.add_thread_item("thr_1", make_user_message(), context))
        await until_waiting(store, 1)
        spare_server.stop()
        spare_server.start()
    assert isinstance(await outcome(write), BackendError)
    assert await every_call(store, context) == [None] * 5


@asynccontextmanager
async def locked(store: SQLAlchemyStore) -> AsyncIterator[None]:
    """While nobody else may read or write the threads."""
    connection = await store.engine.connect()
    await connection.execute(text("LOCK TABLE threads IN ACCESS EXCLUSIVE MODE"))
    try:
        yield
    finally:
        await connection.invalidate()  # its server may be gone
        await connection.close()


async def until_waiting(store: SQLAlchemyStore, count: int) -> None:
    """Until so many statements wait for a lock."""
    async with store.engine.connect() as connection:
        with anyio.fail_after(BOUND):
            while await connection.scalar(text(WAITING)) != count:
                await connection.rollback()  # for a new look


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statements have half a second."""
    for module in ("access", "database", "direct"):
        monkeypatch.setattr(f"chatkit_asgi.store.sql.{module}.STATEMENT_SECONDS", 0.5)


@pytest.mark.usefixtures("hurried")
async def test_statement_that_takes_too_long_fails_and_is_ended_in_the_server(
    store: SQLAlchemyStore, context: RequestContext
) -> None:
    async with locked(store):
        for call in (
            store.load_thread("thr_1", context),
            store.add_thread_item("thr_1", make_user_message(id="msg_late"), context),
            transact(store, context),
        ):
            with anyio.fail_after(BOUND):
                assert isinstance(await outcome(call), BackendError)
        await until_waiting(store, 0)
    assert await every_call(store, context) == [None] * 5
    assert await ids(store, context) == ["msg_1", "msg_2"]


@pytest.mark.parametrize(
    ("store", "is_scope"), [("", True), ("", False), ("&pgbouncer=true", False)], indirect=["store"]
)
async def test_read_whose_caller_leaves_is_ended_in_the_server(
    store: SQLAlchemyStore, context: RequestContext, is_scope: bool
) -> None:
    scope = anyio.CancelScope()

    async def read() -> None:
        with scope:
            await store.load_thread("thr_1", context)

    async with locked(store):
        task = asyncio.create_task(read())
        await until_waiting(store, 1)
        scope.cancel() if is_scope else task.cancel()
        await asyncio.wait([task])
        await until_waiting(store, 0)
    assert await every_call(store, context) == [None] * 5


@pytest.mark.usefixtures("hurried")
async def test_server_that_hangs_is_away(
    spare_server: Server, store: SQLAlchemyStore, context: RequestContext
) -> None:
    with spare_server.frozen(), anyio.fail_after(BOUND):
        assert isinstance(await outcome(store.load_thread("thr_1", context)), BackendError)
    with anyio.fail_after(BOUND):
        assert await every_call(store, context) == [None] * 5


def has(seen: list[Any], count: int) -> bool:
    return len(seen) >= count


async def test_pool_heals_after_an_outage_in_the_middle_of_everything(
    spare_server: Server, store: SQLAlchemyStore, context: RequestContext
) -> None:
    failures: list[Exception] = []
    written: list[str] = []

    async def write(name: str, *, until: Callable[[], bool]) -> None:
        number = 0
        while not until():
            item = make_user_message(id=f"msg_{name}_{number}")
            failed = await outcome(store.add_thread_item("thr_1", item, context))
            written.extend([] if failed else [item.id])
            failures.extend([failed] if failed else [])
            number += 1
            await asyncio.sleep(0)

    async def write_side_by_side(name: str, *, until: Callable[[], bool]) -> None:
        with anyio.fail_after(BOUND):
            await asyncio.gather(*(write(f"{name}_{task}", until=until) for task in range(12)))

    for how in (signal.SIGINT, signal.SIGQUIT):
        asyncio.get_running_loop().call_later(0.05, spare_server.stop, how)
        await write_side_by_side(f"away_{how}", until=partial(has, failures, len(failures) + 30))
        asyncio.get_running_loop().call_later(0.05, spare_server.start)
        await write_side_by_side(f"back_{how}", until=partial(has, written, len(written) + 60))
    assert {type(failure) for failure in failures} == {BackendError}
    assert set(written) <= set(await ids(store, context))
    assert store.engine.sync_engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # this pool counts


async def test_connection_that_was_idle_for_long_is_looked_at_before_it_is_used(
    spare_server: Server,
    store: SQLAlchemyStore,
    context: RequestContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chatkit_asgi.store.sql.engine.IDLE_SECONDS", 0)
    assert await every_call(store, context) == [None] * 5
    spare_server.stop()
    spare_server.start()
    assert await every_call(store, context) == [None] * 5


async def test_file_that_somebody_else_has_locked_is_away(
    sqlite_engine: AsyncEngine, context: RequestContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatkit_asgi.store.sql.sqlite.PRAGMAS", ("busy_timeout=50", "journal_mode=WAL"))
    store: SQLAlchemyStore = SQLAlchemyStore(sqlite_engine, owns_engine=True)
    await store.save_thread(make_thread(), context)
    other = sqlite3.connect(sqlite_engine.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    kinds = [type(exc) for exc in await every_call(store, context)]
    other.execute("ROLLBACK")
    other.close()
    assert kinds == [type(None)] * 3 + [BackendError] * 2
    assert await every_call(store, context) == [None] * 5


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("make_engine", [create_engine, create_async_engine], ids=["direct", "by SQLAlchemy"])
async def test_transaction_that_does_not_end_makes_the_others_fail_and_not_wait_for_ever(
    make_engine: Callable[[str], AsyncEngine], tmp_path: Path, context: RequestContext
) -> None:
    engine = make_engine(f"sqlite+aiosqlite:///{tmp_path / 'chatkit.db'}")
    await migrate(engine)
    store: SQLAlchemyStore = SQLAlchemyStore(engine)
    await store.save_thread(make_thread(), context)
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def wait_for_something() -> None:
        async with store.transaction():
            begun.set()
            await may_end.wait()

    with anyio.fail_after(BOUND):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(wait_for_something())
            await begun.wait()
            assert [type(exc) for exc in await every_call(store, context)][3:] == [BackendError] * 2
            may_end.set()
    assert await every_call(store, context) == [None] * 5
    await engine.dispose()


async def fill(store: SQLAlchemyStore, context: RequestContext) -> tuple[int, BackendError]:
    """How many items there was room for, and what the next one met with."""
    for number in range(10_000):
        item = make_user_message("long " * 2_000, id=f"msg_{number}")
        failed = await outcome(store.add_thread_item("thr_1", item, context))
        if failed is not None:
            assert isinstance(failed, BackendError)
            return number, failed
    raise AssertionError("there is room without end")


async def fill_at_once(store: SQLAlchemyStore, context: RequestContext) -> None:
    async with store.transaction():
        await store.save_thread(make_thread(title="new"), context)
        for number in range(9):
            item = make_user_message("long " * 20_000, id=f"more_{number}")
            await store.add_thread_item("thr_1", item, context)


async def check_full(store: SQLAlchemyStore, context: RequestContext) -> None:
    """The disk is full: what was there can be read, what does not fit is an error, in a transaction too."""
    count, failure = await fill(store, context)
    assert "disk is full" in str(failure)
    with pytest.raises(BackendError, match="disk is full"):
        await fill_at_once(store, context)
    assert await store.load_thread("thr_1", context) == make_thread()
    assert await ids(store, context) == [f"msg_{number}" for number in range(count)]
    async with store.engine.connect() as connection:
        assert await connection.scalar(text("PRAGMA integrity_check")) == "ok"


async def test_full_database_is_an_error_and_nothing_is_broken(
    sqlite_engine: AsyncEngine, context: RequestContext
) -> None:
    def limit(connection: DBAPIConnection, _record: object) -> None:
        connection.cursor().execute("PRAGMA max_page_count=150")

    event.listen(sqlite_engine.sync_engine, "connect", limit)
    store: SQLAlchemyStore = SQLAlchemyStore(sqlite_engine, owns_engine=True)
    await store.save_thread(make_thread(), context)
    await check_full(store, context)
    event.remove(sqlite_engine.sync_engine, "connect", limit)
    await store.aclose()  # the limit is one of each connection
    await store.add_thread_item("thr_1", make_user_message(id="msg_fits"), context)
    assert (await ids(store, context))[-1] == "msg_fits"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


async def test_full_disk_is_an_error_and_nothing_is_broken(small_disk: Path, context: RequestContext) -> None:
    store: SQLiteStore = SQLiteStore(small_disk / "chatkit.db")
    await migrate(store.engine)
    await store.save_thread(make_thread(), context)
    filling = small_disk / "else"
    filling.write_bytes(b"x" * 500_000)
    await check_full(store, context)
    filling.unlink()
    await store.add_thread_item("thr_1", make_user_message(id="msg_fits"), context)
    assert (await ids(store, context))[-1] == "msg_fits"
    await store.aclose()
