"""What every store promises of `transaction()`: all or nothing, also when calls nest or tasks share it."""

import asyncio
from collections.abc import Awaitable

import anyio
import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import NotFoundError
from chatkit_asgi.store import Store
from tests.factories import make_attachment, make_thread, make_user_message

BOUND = 10


class Broken(Exception):
    """What goes wrong in the middle."""


async def ids(store: Store, context: RequestContext) -> list[str]:
    return [item.id for item in (await store.load_thread_items("thr_1", None, 100, "asc", context)).data]


async def write_and_fail(store: Store, *writes: Awaitable[object]) -> None:
    async with store.transaction():
        for write in writes:
            await write
        raise Broken


async def test_transaction_keeps_all_that_was_written(store: Store, context: RequestContext) -> None:
    async with store.transaction():
        await store.save_thread(make_thread(), context)
        await store.add_thread_item("thr_1", make_user_message(), context)
    assert await ids(store, context) == ["msg_user"]


async def test_transaction_sees_its_own_writes(store: Store, context: RequestContext) -> None:
    async with store.transaction():
        await store.save_thread(make_thread(title="new"), context)
        assert (await store.load_thread("thr_1", context)).title == "new"


async def test_failed_transaction_keeps_nothing(store: Store, context: RequestContext) -> None:
    with pytest.raises(Broken):
        await write_and_fail(
            store,
            store.save_thread(make_thread(), context),
            store.add_thread_item("thr_1", make_user_message(), context),
            store.save_attachment(make_attachment(), context),
        )
    for refused in (store.load_thread("thr_1", context), store.load_attachment("atc_1", context)):
        with pytest.raises(NotFoundError):
            await refused


async def test_failed_transaction_brings_back_what_it_changed(store: Store, context: RequestContext) -> None:
    await store.save_thread(make_thread(title="old"), context)
    for item_id in ("msg_1", "msg_2", "msg_3"):
        await store.add_thread_item("thr_1", make_user_message("old", id=item_id), context)
    await store.save_feedback("thr_1", ["msg_1"], "positive", context)
    with pytest.raises(Broken):
        await write_and_fail(
            store,
            store.save_item("thr_1", make_user_message("new", id="msg_1"), context),
            store.save_feedback("thr_1", ["msg_1"], "negative", context),
            store.delete_thread_item("thr_1", "msg_2", context),
            store.save_thread(make_thread(title="new"), context),
            store.delete_thread("thr_1", context),
        )
    assert await store.load_thread("thr_1", context) == make_thread(title="old")
    assert await ids(store, context) == ["msg_1", "msg_2", "msg_3"]
    assert await store.load_item("thr_1", "msg_1", context) == make_user_message("old", id="msg_1")
    assert await store.load_feedback("thr_1", context) == {"msg_1": "positive"}


async def test_nested_transaction_ends_with_the_outer_one(store: Store, context: RequestContext) -> None:
    async def nest() -> None:
        async with store.transaction():
            await store.save_thread(make_thread(), context)

    with pytest.raises(Broken):
        await write_and_fail(store, nest())
    with pytest.raises(NotFoundError):
        await store.load_thread("thr_1", context)


async def test_caught_error_leaves_the_transaction_usable(store: Store, context: RequestContext) -> None:
    async with store.transaction():
        with pytest.raises(NotFoundError):
            await store.add_thread_item("thr_1", make_user_message(), context)
        await store.save_thread(make_thread(), context)
    assert await store.load_thread("thr_1", context) == make_thread()


async def test_tasks_inside_a_transaction_share_it(store: Store, context: RequestContext) -> None:
    async def add(number: int) -> None:
        await store.add_thread_item("thr_1", make_user_message(id=f"msg_{number}"), context)
        await store.load_item("thr_1", f"msg_{number}", context)

    async def add_eight() -> None:
        await store.save_thread(make_thread(), context)
        await asyncio.gather(*map(add, range(8)))
        assert len(await ids(store, context)) == 8

    with anyio.fail_after(BOUND), pytest.raises(Broken):
        await write_and_fail(store, add_eight())
    with pytest.raises(NotFoundError):
        await store.load_thread("thr_1", context)


async def test_task_that_outlives_its_transaction_stands_alone(store: Store, context: RequestContext) -> None:
    ended = asyncio.Event()

    async def add_later() -> None:
        await ended.wait()
        await store.add_thread_item("thr_1", make_user_message(), context)

    with anyio.fail_after(BOUND):
        async with asyncio.TaskGroup() as tasks:
            async with store.transaction():
                await store.save_thread(make_thread(), context)
                tasks.create_task(add_later())
            ended.set()
    assert await ids(store, context) == ["msg_user"]


async def test_transactions_of_many_tasks_do_not_mix(store: Store, context: RequestContext) -> None:
    """Those that fail take nothing of the others with them."""

    async def append(number: int) -> None:
        async with store.transaction():
            count = int((await store.load_thread("thr_1", context)).title or 0)
            await store.add_thread_item("thr_1", make_user_message(id=f"msg_{number}"), context)
            await store.save_thread(make_thread(title=str(count + 1)), context)
            if number % 2:
                raise Broken

    await store.save_thread(make_thread(), context)
    with anyio.fail_after(BOUND):
        results = await asyncio.gather(*map(append, range(20)), return_exceptions=True)
    assert [type(result) for result in results if result] == [Broken] * 10
    assert {int(item_id.removeprefix("msg_")) for item_id in await ids(store, context)} == set(
        range(0, 20, 2)
    )


async def test_thread_loaded_in_a_transaction_is_changed_by_nobody_else(
    store: Store, context: RequestContext
) -> None:
    """What is decided on the strength of a thread, two transactions must not decide at once."""

    async def count() -> None:
        async with store.transaction():
            before = int((await store.load_thread("thr_1", context)).title or 0)
            await store.save_thread(make_thread(title=str(before + 1)), context)

    await store.save_thread(make_thread(), context)
    with anyio.fail_after(BOUND):
        await asyncio.gather(*(count() for _ in range(20)))
    assert (await store.load_thread("thr_1", context)).title == "20"


async def test_cancelled_transaction_keeps_nothing_and_frees_the_store(
    store: Store, context: RequestContext
) -> None:
    begun = asyncio.Event()

    async def write_for_ever() -> None:
        async with store.transaction():
            await store.save_thread(make_thread(id="thr_2"), context)
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(write_for_ever())
    with anyio.fail_after(BOUND):
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await store.save_thread(make_thread(), context)
    assert (await store.load_threads(10, None, "asc", context)).data == [make_thread()]
