"""Behind pgbouncer in transaction mode, where each transaction may meet another server process."""

import asyncio
from collections.abc import Iterator

import anyio
import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import BackendError
from chatkit_asgi.store.sql import PostgresStore, migrate
from tests.factories import make_thread, make_user_message
from tests.pgbouncer import pooler
from tests.postgres import new_database
from tests.store.test_failure import locked, until_waiting

BOUND = 60
TASKS = 24


@pytest.fixture
def direct_url(postgres_server: str) -> Iterator[str]:
    """An empty database."""
    with new_database(postgres_server) as url:
        yield url


@pytest.fixture
def pooler_url(direct_url: str) -> Iterator[str]:
    """The way to it."""
    with pooler(direct_url, servers=4) as url:
        yield url


async def count(store: PostgresStore, context: RequestContext, name: int) -> None:
    """Single statements and transactions of several, again and again."""
    for number in range(5):
        async with store.transaction():
            known = int((await store.load_thread("thr_1", context)).title or 0)
            await store.add_thread_item("thr_1", make_user_message(id=f"msg_{name}_{number}"), context)
            await store.save_thread(make_thread(title=str(known + 1)), context)
        await store.add_thread_item("thr_1", make_user_message(id=f"msg_{name}_{number}_b"), context)
        await store.load_thread_items("thr_1", None, 3, "desc", context)


async def count_all(url: str, context: RequestContext) -> None:
    store: PostgresStore = PostgresStore(url)
    try:
        await migrate(store.engine)
        await store.save_thread(make_thread(), context)
        with anyio.fail_after(BOUND):
            async with asyncio.TaskGroup() as tasks:
                for name in range(TASKS):
                    tasks.create_task(count(store, context, name))
        assert (await store.load_thread("thr_1", context)).title == str(5 * TASKS)
        page = await store.load_thread_items("thr_1", None, 999, "asc", context)
        assert len(page.data) == 10 * TASKS
    finally:
        await store.aclose()


async def test_store_works_behind_a_pooler_that_is_told_of(pooler_url: str, context: RequestContext) -> None:
    await count_all(f"{pooler_url}&pgbouncer=true", context)


async def test_pooler_that_is_not_told_of_is_noticed(pooler_url: str, context: RequestContext) -> None:
    """Otherwise the test above would show nothing."""
    with pytest.raises((BackendError, ExceptionGroup)):
        await count_all(pooler_url, context)


async def test_statement_that_takes_too_long_is_ended_in_the_server(
    direct_url: str, pooler_url: str, context: RequestContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("access", "database"):
        monkeypatch.setattr(f"chatkit_asgi.store.sql.{module}.STATEMENT_SECONDS", 0.5)
    store: PostgresStore = PostgresStore(f"{pooler_url}&pgbouncer=true")
    direct: PostgresStore = PostgresStore(direct_url)
    await migrate(direct.engine)
    await store.save_thread(make_thread(), context)

    async def transact() -> None:
        async with store.transaction():
            await store.load_thread("thr_1", context)

    with anyio.fail_after(BOUND):
        async with locked(direct):
            for call in (
                store.load_thread("thr_1", context),
                store.delete_thread("thr_1", context),
                transact(),
            ):
                with pytest.raises(BackendError):
                    await call
            await until_waiting(direct, 0)
        assert await store.load_thread("thr_1", context) == make_thread()
    for each in (store, direct):
        await each.aclose()
