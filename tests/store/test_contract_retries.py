"""What every store promises of superseded items: withdrawn, and then restored or deleted."""

import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import NotFoundError
from chatkit_asgi.store import Store
from tests.factories import make_assistant_message, make_hidden_context, make_thread, make_user_message

ALL = ["msg_1", "msg_2", "msg_3", "msg_4"]
"""A message, its answer in two items, the first of them hidden, and one more message."""


@pytest.fixture
async def retried(store: Store, context: RequestContext) -> Store:
    """A store with a thread in which the first message is about to be answered anew."""
    await store.save_thread(make_thread(), context)
    await store.add_thread_item("thr_1", make_user_message(id="msg_1"), context)
    await store.add_thread_item("thr_1", make_hidden_context(id="msg_2"), context)
    for item_id in ("msg_3", "msg_4"):
        await store.add_thread_item("thr_1", make_assistant_message(id=item_id), context)
    await store.supersede_items("thr_1", "msg_1", context)
    return store


async def items(store: Store, context: RequestContext) -> list[str]:
    return [item.id for item in (await store.load_thread_items("thr_1", None, 9, "asc", context)).data]


async def visible(store: Store, context: RequestContext) -> list[str]:
    return [item.id for item in (await store.load_visible_items("thr_1", None, 9, "asc", context)).data]


async def test_superseded_items_are_shown_to_the_user_alone(retried: Store, context: RequestContext) -> None:
    assert await items(retried, context) == ["msg_1"]
    assert await visible(retried, context) == ["msg_1", "msg_3", "msg_4"]
    with pytest.raises(NotFoundError):
        await retried.load_item("thr_1", "msg_3", context)
    page = await retried.load_thread_items("thr_1", None, 1, "desc", context)
    assert ([item.id for item in page.data], page.has_more) == (["msg_1"], False)


async def test_deleted_superseded_items_are_gone(retried: Store, context: RequestContext) -> None:
    for _ in range(2):
        await retried.delete_superseded_items("thr_1", context)
        await retried.restore_superseded_items("thr_1", [], context)
    assert await items(retried, context) == await visible(retried, context) == ["msg_1"]


async def test_restored_items_are_in_their_old_places(retried: Store, context: RequestContext) -> None:
    await retried.add_thread_item("thr_1", make_assistant_message(id="msg_5"), context)
    for _ in range(2):
        await retried.restore_superseded_items("thr_1", [], context)
        await retried.delete_superseded_items("thr_1", context)
    assert await items(retried, context) == [*ALL, "msg_5"]


async def test_next_turn_brings_back_what_a_retry_left(retried: Store, context: RequestContext) -> None:
    assert await retried.load_thread_for_turn("thr_1", context) == make_thread()
    assert await items(retried, context) == ALL


async def test_superseded_item_that_is_saved_is_none_any_more(
    retried: Store, context: RequestContext
) -> None:
    await retried.save_item("thr_1", make_assistant_message("new", id="msg_3"), context)
    await retried.delete_superseded_items("thr_1", context)
    assert await items(retried, context) == ["msg_1", "msg_3"]


async def test_items_of_others_are_not_superseded(
    store: Store, context: RequestContext, other_context: RequestContext
) -> None:
    for thread_id in ("thr_1", "thr_2"):
        await store.save_thread(make_thread(id=thread_id), context)
        for item_id in ("msg_1", "msg_2"):
            item = make_user_message(id=item_id, thread_id=thread_id)
            await store.add_thread_item(thread_id, item, context)
    await store.supersede_items("thr_2", "msg_1", context)
    await store.restore_superseded_items("thr_2", [], other_context)
    await store.delete_superseded_items("thr_2", other_context)
    assert await items(store, context) == ["msg_1", "msg_2"]
    await store.load_thread_for_turn("thr_2", context)
    assert len((await store.load_thread_items("thr_2", None, 9, "asc", context)).data) == 2


async def test_retry_of_somebody_elses_thread_has_no_effect(
    store: Store, context: RequestContext, other_context: RequestContext
) -> None:
    await store.save_thread(make_thread(), context)
    for item_id in ("msg_1", "msg_2"):
        await store.add_thread_item("thr_1", make_user_message(id=item_id), context)
    with pytest.raises(NotFoundError):
        await store.load_thread_for_turn("thr_1", other_context)
    with pytest.raises(NotFoundError):
        await store.supersede_items("thr_1", "msg_1", other_context)
    assert await items(store, context) == ["msg_1", "msg_2"]


async def test_unknown_message_supersedes_nothing(retried: Store, context: RequestContext) -> None:
    await retried.load_thread_for_turn("thr_1", context)
    with pytest.raises(NotFoundError):
        await retried.supersede_items("thr_1", "msg_99", context)
    assert await items(retried, context) == ALL
