"""What every store promises for threads, items, attachments and feedback: memory, SQLite and PostgreSQL."""

import logging
from datetime import timedelta

import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import ChatKitError, InvalidRequestError, NotFoundError
from chatkit_asgi.store import Store
from chatkit_asgi.store.documents import unreadable_documents
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import ThreadItem, ThreadMetadata
from tests.factories import (
    MOMENT,
    make_assistant_message,
    make_attachment,
    make_every_item,
    make_hidden_context,
    make_image_attachment,
    make_thread,
    make_thread_with_items,
    make_user_message,
)
from tests.store.rows import spoil


async def all_items(store: Store, context: RequestContext, thread_id: str = "thr_1") -> list[ThreadItem]:
    return (await store.load_thread_items(thread_id, None, 100, "asc", context)).data


async def test_thread_comes_back_as_it_was_saved(store: Store, context: RequestContext) -> None:
    thread = make_thread(
        title="Trip", metadata={"plan": {"days": [1, 2.5, None]}}, allowed_image_domains=["a.example"]
    )
    await store.save_thread(thread, context)
    assert await store.load_thread("thr_1", context) == thread


async def test_saving_a_thread_again_replaces_it_in_its_place(store: Store, context: RequestContext) -> None:
    for number in (1, 2):
        await store.save_thread(make_thread(id=f"thr_{number}"), context)
    await store.save_thread(make_thread(title="new"), context)
    page = await store.load_threads(10, None, "asc", context)
    assert [(thread.id, thread.title) for thread in page.data] == [("thr_1", "new"), ("thr_2", None)]


async def test_only_the_metadata_of_a_thread_with_items_is_kept(
    store: Store, context: RequestContext
) -> None:
    await store.save_thread(make_thread_with_items(make_user_message(), title="Trip"), context)
    thread = await store.load_thread("thr_1", context)
    assert type(thread) is ThreadMetadata
    assert thread == make_thread(title="Trip")
    assert await all_items(store, context) == []


async def test_values_are_copied_on_the_way_in_and_out(store: Store, context: RequestContext) -> None:
    thread, item = make_thread(metadata={"a": 1}), make_hidden_context({"a": 1})
    await store.save_thread(thread, context)
    await store.add_thread_item("thr_1", item, context)
    thread.metadata["a"] = item.content["a"] = 2
    (await store.load_thread("thr_1", context)).metadata["a"] = 3
    assert (await store.load_thread("thr_1", context)).metadata == {"a": 1}
    assert await store.load_item("thr_1", "msg_hidden", context) == make_hidden_context({"a": 1})


async def test_every_kind_of_item_comes_back_as_it_was_added(store: Store, context: RequestContext) -> None:
    await store.save_thread(make_thread(), context)
    for item in make_every_item():
        await store.add_thread_item("thr_1", item, context)
    assert await all_items(store, context) == make_every_item()
    for item in make_every_item():
        assert await store.load_item("thr_1", item.id, context) == item


@pytest.mark.parametrize("method", ["add_thread_item", "save_item"])
async def test_item_that_is_there_already_is_replaced_in_its_place(
    store: Store, context: RequestContext, method: str
) -> None:
    """A workflow that goes on over several turns is added once more at the end of each."""
    await store.save_thread(make_thread(), context)
    for item_id in ("msg_1", "msg_2", "msg_3"):
        await store.add_thread_item("thr_1", make_assistant_message(id=item_id), context)
    await getattr(store, method)("thr_1", make_assistant_message("new", id="msg_1"), context)
    items = await all_items(store, context)
    assert [item.id for item in items] == ["msg_1", "msg_2", "msg_3"]
    assert items[0] == make_assistant_message("new", id="msg_1")


async def test_items_stand_in_the_order_they_came_whatever_their_times_and_ids_say(
    store: Store, context: RequestContext
) -> None:
    """An item has another time when it is done, and clocks go backwards."""
    await store.save_thread(make_thread(), context)
    for item_id, days in (("msg_b", 0), ("msg_c", -1), ("msg_a", -2)):
        item = make_assistant_message(id=item_id, created_at=MOMENT + timedelta(days=days))
        await store.add_thread_item("thr_1", item, context)
    done = make_assistant_message("done", id="msg_c", created_at=MOMENT + timedelta(days=1))
    await store.add_thread_item("thr_1", done, context)
    assert [item.id for item in await all_items(store, context)] == ["msg_b", "msg_c", "msg_a"]


async def test_saved_item_that_is_not_there_is_appended(store: Store, context: RequestContext) -> None:
    await store.save_thread(make_thread(), context)
    await store.save_item("thr_1", make_user_message(), context)
    assert await all_items(store, context) == [make_user_message()]


async def test_item_ids_are_unique_within_their_thread_only(store: Store, context: RequestContext) -> None:
    for thread_id, text in (("thr_1", "one"), ("thr_2", "two")):
        await store.save_thread(make_thread(id=thread_id), context)
        await store.add_thread_item(thread_id, make_user_message(text, thread_id=thread_id), context)
    assert await store.load_item("thr_1", "msg_user", context) == make_user_message("one")
    assert await all_items(store, context, "thr_2") == [make_user_message("two", thread_id="thr_2")]


async def test_what_is_not_there_is_not_found(store: Store, context: RequestContext) -> None:
    with pytest.raises(NotFoundError):
        await store.load_thread("thr_1", context)
    with pytest.raises(NotFoundError):
        await store.load_thread_items("thr_1", None, 10, "asc", context)
    with pytest.raises(NotFoundError):
        await store.load_visible_items("thr_1", "msg_user", 10, "asc", context)
    with pytest.raises(NotFoundError):
        await store.load_attachment("atc_1", context)
    for method in (store.add_thread_item, store.save_item):
        with pytest.raises(NotFoundError):
            await method("thr_1", make_user_message(), context)
    await store.save_thread(make_thread(), context)
    with pytest.raises(NotFoundError):
        await store.load_item("thr_1", "msg_user", context)


async def test_what_belongs_to_somebody_else_is_not_found(
    store: Store, context: RequestContext, other_context: RequestContext
) -> None:
    await store.save_thread(make_thread(), context)
    await store.add_thread_item("thr_1", make_user_message(), context)
    await store.save_attachment(make_attachment(), context)
    for refused in (
        store.load_thread("thr_1", other_context),
        store.save_thread(make_thread(title="mine now"), other_context),
        store.load_thread_items("thr_1", None, 10, "asc", other_context),
        store.load_visible_items("thr_1", None, 10, "asc", other_context),
        store.load_item("thr_1", "msg_user", other_context),
        store.add_thread_item("thr_1", make_user_message(id="msg_2"), other_context),
        store.save_item("thr_1", make_user_message("changed"), other_context),
        store.load_attachment("atc_1", other_context),
        store.save_attachment(make_attachment(name="mine now"), other_context),
        store.save_feedback("thr_1", ["msg_user"], "negative", other_context),
        store.load_feedback("thr_1", other_context),
    ):
        with pytest.raises(NotFoundError):
            await refused
    assert (await store.load_threads(10, None, "asc", other_context)).data == []


async def test_deletes_of_somebody_else_have_no_effect(
    store: Store, context: RequestContext, other_context: RequestContext
) -> None:
    await store.save_thread(make_thread(), context)
    await store.add_thread_item("thr_1", make_user_message(), context)
    await store.save_attachment(make_attachment(thread_id="thr_1"), context)
    await store.delete_thread_item("thr_1", "msg_user", other_context)
    await store.delete_attachment("atc_1", other_context)
    await store.delete_thread("thr_1", other_context)
    assert await store.load_thread("thr_1", context) == make_thread()
    assert await all_items(store, context) == [make_user_message()]
    assert await store.load_attachment("atc_1", context) == make_attachment(thread_id="thr_1")


async def test_deletes_may_be_repeated(store: Store, context: RequestContext) -> None:
    await store.save_thread(make_thread(), context)
    await store.add_thread_item("thr_1", make_user_message(), context)
    await store.save_attachment(make_attachment(), context)
    for _ in range(2):
        await store.delete_thread_item("thr_1", "msg_user", context)
        await store.delete_attachment("atc_1", context)
    assert await all_items(store, context) == []
    for _ in range(2):
        await store.delete_thread("thr_1", context)
        await store.delete_thread_item("thr_1", "msg_user", context)


async def test_deleting_a_thread_takes_its_items_and_attachments_along(
    store: Store, context: RequestContext
) -> None:
    for thread_id in ("thr_1", "thr_2"):
        await store.save_thread(make_thread(id=thread_id), context)
        await store.add_thread_item(thread_id, make_user_message(thread_id=thread_id), context)
        await store.save_attachment(make_attachment(id=f"atc_{thread_id}", thread_id=thread_id), context)
    await store.save_feedback("thr_1", ["msg_user"], "positive", context)
    await store.delete_thread("thr_1", context)
    with pytest.raises(NotFoundError):
        await store.load_attachment("atc_thr_1", context)
    await store.save_thread(make_thread(), context)
    assert await all_items(store, context) == []
    assert await store.load_feedback("thr_1", context) == {}
    assert await all_items(store, context, "thr_2") == [make_user_message(thread_id="thr_2")]
    assert (await store.load_attachment("atc_thr_2", context)).thread_id == "thr_2"


async def test_attachment_comes_back_as_it_was_saved_last(store: Store, context: RequestContext) -> None:
    await store.save_attachment(make_image_attachment(), context)
    assert await store.load_attachment("atc_2", context) == make_image_attachment()
    await store.save_attachment(make_image_attachment(thread_id="thr_1"), context)
    assert await store.load_attachment("atc_2", context) == make_image_attachment(thread_id="thr_1")


async def test_last_word_of_feedback_is_kept(store: Store, context: RequestContext) -> None:
    await store.save_thread(make_thread(), context)
    for item_id in ("msg_1", "msg_2"):
        await store.add_thread_item("thr_1", make_assistant_message(id=item_id), context)
    await store.save_feedback("thr_1", ["msg_1", "msg_2", "unknown"], "positive", context)
    await store.save_feedback("thr_1", ["msg_2"], "negative", context)
    await store.save_feedback("thr_1", [], "negative", context)
    assert await store.load_feedback("thr_1", context) == {"msg_1": "positive", "msg_2": "negative"}


async def test_feedback_takes_any_number_of_ids_and_any_text(store: Store, context: RequestContext) -> None:
    await store.save_thread(make_thread(), context)
    await store.add_thread_item("thr_1", make_user_message(id="msg_1"), context)
    unknown = [f"unknown_{number}" for number in range(40_000)]
    await store.save_feedback("thr_1", [*unknown, "no\0id", "msg_1", "msg_1"], "positive", context)
    assert await store.load_feedback("thr_1", context) == {"msg_1": "positive"}


async def test_feedback_on_an_unknown_thread_is_not_found(store: Store, context: RequestContext) -> None:
    with pytest.raises(NotFoundError):
        await store.save_feedback("thr_1", ["msg_1"], "positive", context)


async def test_any_text_is_kept_as_it_is(store: Store, context: RequestContext) -> None:
    text = "NUL \x00, emoji \N{GRINNING FACE}, quotes \"', line\u2028, \x7f and " + "long " * 1000
    await store.save_thread(make_thread(title=text, metadata={text: [text, 1e2, 2**53]}), context)
    await store.add_thread_item("thr_1", make_user_message(text), context)
    assert await store.load_thread("thr_1", context) == make_thread(
        title=text, metadata={text: [text, 1e2, 2**53]}
    )
    assert await store.load_item("thr_1", "msg_user", context) == make_user_message(text)


async def test_what_json_cannot_hold_is_refused(store: Store, context: RequestContext) -> None:
    with pytest.raises(InvalidRequestError):
        await store.save_thread(make_thread(title="half of a pair: \ud800"), context)
    await store.save_thread(make_thread(), context)
    with pytest.raises(InvalidRequestError):
        await store.add_thread_item("thr_1", make_hidden_context(object()), context)
    assert await all_items(store, context) == []


@pytest.mark.parametrize("id", ["\x00", "thr\ud800", ""])
async def test_strange_ids_are_the_callers_mistake(store: Store, context: RequestContext, id: str) -> None:
    for refused in (
        store.load_thread(id, context),
        store.load_item(id, id, context),
        store.load_attachment(id, context),
        store.load_thread_items(id, id, 10, "asc", context),
    ):
        with pytest.raises(ChatKitError):
            await refused


async def test_unreadable_rows_are_left_out_and_counted(
    store: Store, context: RequestContext, caplog: pytest.LogCaptureFixture
) -> None:
    """Another version wrote them; they are not ours to delete, and no reason to fail."""
    for number in (1, 2, 3):
        await store.save_thread(make_thread(id=f"thr_{number}", title="secret"), context)
        await store.add_thread_item("thr_1", make_user_message("secret", id=f"msg_{number}"), context)
    await spoil(store, "threads", "thr_2")
    await spoil(store, "items", "msg_2")
    unreadable_documents.clear()
    with caplog.at_level(logging.WARNING):
        assert [item.id for item in await all_items(store, context)] == ["msg_1", "msg_3"]
        page = await store.load_threads(10, None, "asc", context)
    assert [thread.id for thread in page.data] == ["thr_1", "thr_3"]
    assert dict(unreadable_documents) == {"item": 1, "thread": 1}
    assert "msg_2" in caplog.text
    assert "secret" not in caplog.text


async def test_unreadable_row_is_not_found_by_its_id(store: Store, context: RequestContext) -> None:
    await store.save_thread(make_thread(), context)
    await store.add_thread_item("thr_1", make_user_message(), context)
    await store.save_attachment(make_attachment(), context)
    for table, id in (("items", "msg_user"), ("attachments", "atc_1"), ("threads", "thr_1")):
        await spoil(store, table, id)
    for refused in (
        store.load_item("thr_1", "msg_user", context),
        store.load_attachment("atc_1", context),
        store.load_thread("thr_1", context),
    ):
        with pytest.raises(NotFoundError):
            await refused


async def test_owner_comes_from_the_function_given() -> None:
    store: MemoryStore[dict[str, str]] = MemoryStore(owner_of=lambda context: context["team"])
    await store.save_thread(make_thread(), {"team": "red"})
    assert await store.load_thread("thr_1", {"team": "red"}) == make_thread()
    with pytest.raises(NotFoundError):
        await store.load_thread("thr_1", {"team": "blue"})
