"""What every store promises of documents that another release wrote, and of what can be written at all."""

from typing import Any

import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.server.wire import encode_model
from chatkit_asgi.store import Store
from chatkit_asgi.types import AssistantMessageItem, StructuredInputItem, ThreadItem
from tests.factories import (
    make_assistant_message,
    make_attachment,
    make_every_item,
    make_hidden_context,
    make_image_attachment,
    make_structured_input,
    make_thread,
    make_user_message,
    make_widget_item,
)
from tests.store.rows import Json, read, rewrite

UNKNOWN = {"mood": {"of": ["the", "day"]}}
"""What a later release might add to anything."""


def add_unknown(document: Json) -> None:
    document.update(UNKNOWN)


def without_nulls(value: Any) -> Any:
    """JSON in which what is null is not said, which means the same."""
    if isinstance(value, dict):
        return {name: without_nulls(part) for name, part in value.items() if part is not None}
    return [without_nulls(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("item", make_every_item(), ids=lambda item: item.type)
async def test_unknown_fields_of_an_item_are_kept_when_it_is_saved_again(
    store: Store, context: RequestContext, item: ThreadItem
) -> None:
    await store.save_thread(make_thread(), context)
    await store.add_thread_item("thr_1", item, context)
    await rewrite(store, "items", item.id, add_unknown)
    before = await read(store, "items", item.id)
    loaded = await store.load_item("thr_1", item.id, context)
    await store.save_item("thr_1", loaded.model_copy(), context)
    assert without_nulls(await read(store, "items", item.id)) == without_nulls(before)
    assert encode_model(loaded) == encode_model(item)


async def test_unknown_fields_of_a_thread_are_kept_when_it_is_renamed(
    store: Store, context: RequestContext
) -> None:
    await store.save_thread(make_thread(title="old", metadata={"a": 1}), context)
    await rewrite(store, "threads", "thr_1", add_unknown)
    await rewrite(store, "threads", "thr_1", lambda document: add_unknown(document["status"]))
    (loaded,) = (await store.load_threads(1, None, "asc", context)).data
    await store.save_thread(loaded.model_copy(update={"title": "new"}), context)
    saved = await read(store, "threads", "thr_1")
    assert (saved["title"], saved["mood"], saved["status"]) == (
        "new",
        UNKNOWN["mood"],
        {"type": "active", **UNKNOWN},
    )


@pytest.mark.parametrize("attachment", [make_attachment(), make_image_attachment()], ids=["file", "image"])
async def test_unknown_fields_of_an_attachment_are_kept_when_it_gets_its_thread(
    store: Store, context: RequestContext, attachment: Any
) -> None:
    await store.save_attachment(attachment, context)
    await rewrite(store, "attachments", attachment.id, add_unknown)
    before = await read(store, "attachments", attachment.id)
    loaded = await store.load_attachment(attachment.id, context)
    await store.save_attachment(loaded.model_copy(update={"thread_id": "thr_1"}), context)
    assert await read(store, "attachments", attachment.id) == {**before, "thread_id": "thr_1"}


async def test_unknown_fields_deep_inside_stay_where_they_were(store: Store, context: RequestContext) -> None:
    """An answer is written into one question; what a later release said of the other one is not lost."""
    await store.save_thread(make_thread(), context)
    await store.save_item("thr_1", make_structured_input(), context)
    await rewrite(store, "items", "msg_form", lambda document: add_unknown(document["inputs"][1]))
    form = await store.load_item("thr_1", "msg_form", context)
    assert isinstance(form, StructuredInputItem)
    inputs = [question.model_copy(update={"question": "New?"}) for question in form.inputs]
    await store.save_item("thr_1", form.model_copy(update={"inputs": inputs}), context)
    first, second = (await read(store, "items", "msg_form"))["inputs"]
    assert "mood" not in first
    assert (second["question"], second["mood"]) == ("New?", UNKNOWN["mood"])


async def test_items_without_unknown_fields_are_what_they_were(store: Store, context: RequestContext) -> None:
    """One that an older release wrote, with fewer fields, is read like any other."""
    await store.save_thread(make_thread(), context)
    for item in (make_assistant_message(), make_widget_item()):
        await store.add_thread_item("thr_1", item, context)
    await rewrite(store, "items", "msg_widget", lambda document: document.pop("copy_text", None))
    await rewrite(store, "items", "msg_assistant", lambda document: document["content"][0].pop("annotations"))
    page = await store.load_thread_items("thr_1", None, 10, "asc", context)
    assert page.data == [make_assistant_message(), make_widget_item()]
    assert [item.model_extra for item in page.data] == [None, None]


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(type="hologram"),
        lambda document: document.pop("content"),
        lambda document: document.update(content="text"),
        lambda document: document.clear(),
    ],
    ids=["unknown type", "missing field", "wrong field", "nothing"],
)
async def test_item_of_another_release_does_not_break_its_page(
    store: Store, context: RequestContext, change: Any
) -> None:
    await store.save_thread(make_thread(), context)
    for item_id in ("msg_1", "msg_2", "msg_3"):
        await store.add_thread_item("thr_1", make_assistant_message(id=item_id), context)
    await rewrite(store, "items", "msg_2", change)
    before = await read(store, "items", "msg_2")
    page = await store.load_thread_items("thr_1", None, 10, "asc", context)
    assert [item.id for item in page.data] == ["msg_1", "msg_3"]
    assert await read(store, "items", "msg_2") == before


async def test_long_texts_are_kept(store: Store, context: RequestContext) -> None:
    text = "a long story, \N{GRINNING FACE} " * (5 << 16)
    await store.save_thread(make_thread(title=text, metadata={"story": text}), context)
    await store.add_thread_item("thr_1", make_assistant_message(text), context)
    found = await store.load_item("thr_1", "msg_assistant", context)
    assert isinstance(found, AssistantMessageItem)
    assert found.content[0].text == text
    assert (await store.load_thread("thr_1", context)).title == text


def nested(depth: int) -> object:
    value: object = "bottom"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("depth", [10, 150, 190, *range(194, 202), 230, 260, 2_000])
async def test_deep_data_comes_back_or_is_refused(store: Store, context: RequestContext, depth: int) -> None:
    """What could be written but not read again would be lost."""
    await store.save_thread(make_thread(), context)
    deep = nested(depth)
    try:
        await store.save_thread(make_thread(metadata={"deep": deep}), context)
        await store.add_thread_item("thr_1", make_hidden_context(deep), context)
    except InvalidRequestError:
        assert depth > 190
        return
    assert (await store.load_thread("thr_1", context)).metadata == {"deep": deep}
    assert await store.load_item("thr_1", "msg_hidden", context) == make_hidden_context(deep)


@pytest.mark.parametrize(
    "value",
    [10**5_000, -(10**5_000), b"\xff", {"\ud800": 1}, "\udfff", object()],
    ids=["long number", "long negative", "bytes", "key", "text", "object"],
)
async def test_what_cannot_be_read_again_is_refused(
    store: Store, context: RequestContext, value: object
) -> None:
    await store.save_thread(make_thread(), context)
    for refused in (
        store.save_thread(make_thread(metadata={"value": value}), context),
        store.add_thread_item("thr_1", make_hidden_context(value), context),
        store.save_attachment(make_attachment(metadata={"value": value}), context),
    ):
        with pytest.raises(InvalidRequestError):
            await refused
    assert await store.load_thread("thr_1", context) == make_thread()


async def test_title_and_metadata_may_hold_nul(store: Store, context: RequestContext) -> None:
    thread = make_thread(title="\0", metadata={"\0": "\0"}, allowed_image_domains=["\0"])
    await store.save_thread(thread, context)
    await store.add_thread_item("thr_1", make_user_message("\0", quoted_text="\0"), context)
    await store.save_attachment(make_attachment(name="\0", mime_type="\0"), context)
    assert await store.load_thread("thr_1", context) == thread
    assert await store.load_item("thr_1", "msg_user", context) == make_user_message("\0", quoted_text="\0")
    assert (await store.load_attachment("atc_1", context)).name == "\0"
