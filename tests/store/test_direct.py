"""Calls that share a visit to SQLite's thread, or a transaction: each gets its own, whatever others do."""

import asyncio

import anyio
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import BackendError
from chatkit_asgi.store.sql import SQLAlchemyStore
from tests.factories import make_thread

BOUND = 20
MANY = 40

SLOW = text(
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT max(i) FROM n"
)
WRONG = text("INSERT INTO threads (id) VALUES (NULL)")
NONSENSE = text("SELECT nonsense FROM nowhere")


@pytest.fixture
async def store(sqlite_engine: AsyncEngine, context: RequestContext) -> SQLAlchemyStore:
    store: SQLAlchemyStore = SQLAlchemyStore(sqlite_engine)
    async with store.transaction():
        for number in range(MANY):
            await store.save_thread(make_thread(id=f"thr_{number}"), context)
    return store


async def test_readers_at_once_get_what_they_want(store: SQLAlchemyStore, context: RequestContext) -> None:
    threads = await asyncio.gather(*(store.load_thread(f"thr_{number}", context) for number in range(MANY)))
    assert [thread.id for thread in threads] == [f"thr_{number}" for number in range(MANY)]


async def test_failing_calls_are_their_own_business(store: SQLAlchemyStore, context: RequestContext) -> None:
    calls = []
    for number in range(MANY):
        calls += [
            store.load_thread(f"thr_{number}", context),
            store.database.fetch(NONSENSE, {}),
            store.save_thread(make_thread(id=f"thr_{number}", title="new"), context),
            store.database.change(WRONG, {}),
        ]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(outcome, BackendError) for outcome in outcomes] == [False, True] * 2 * MANY
    for number in range(MANY):
        assert (await store.load_thread(f"thr_{number}", context)).title == "new"


async def test_reader_that_takes_long_holds_nobody_up(
    store: SQLAlchemyStore, context: RequestContext
) -> None:
    async with asyncio.timeout(BOUND), asyncio.TaskGroup() as tasks:
        slow = tasks.create_task(store.database.fetch(SLOW, {}))
        await asyncio.sleep(0)
        await asyncio.gather(*(store.load_thread(f"thr_{number}", context) for number in range(MANY)))
        assert not slow.done()


@pytest.mark.parametrize("is_writing", [False, True])
async def test_whoever_leaves_leaves_nobody_stuck(
    store: SQLAlchemyStore, context: RequestContext, is_writing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatkit_asgi.store.sql.direct.LONG", 3600.0)  # no bell comes to the rescue

    async def call(number: int) -> None:
        if is_writing:
            await store.save_thread(make_thread(id=f"thr_{number % MANY}"), context)
        else:
            await store.load_thread(f"thr_{number % MANY}", context)

    async def leave(number: int) -> None:
        with anyio.move_on_after(0.0001 * number):
            await call(number)

    with anyio.fail_after(BOUND):
        for steps in range(30):
            gone = [asyncio.create_task(call(number)) for number in range(10)]
            async with anyio.create_task_group() as staying:
                for number in range(10):
                    staying.start_soon(call, number)
                    staying.start_soon(leave, number)
                for _ in range(steps):
                    await asyncio.sleep(0)
                for task in gone[::2]:
                    task.cancel()
            await asyncio.gather(*gone, return_exceptions=True)
