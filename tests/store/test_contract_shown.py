"""What every store promises of rows in the form for clients: the same bytes as by way of the models."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import InvalidRequestError, NotFoundError
from chatkit_asgi.server.wire import encode_items, encode_model, encode_thread, encode_threads
from chatkit_asgi.store import ShownItem, ShownThread, Store, client_json, thread_json
from chatkit_asgi.store.documents import unreadable_documents
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import LockedStatus, Page, ThreadItem, ThreadMetadata, is_hidden
from tests.factories import (
    make_assistant_message,
    make_attachment,
    make_client_tool_call,
    make_every_item,
    make_hidden_context,
    make_thread,
    make_user_message,
)
from tests.store.rows import read, rewrite, spoil

SHOWN = [item for item in make_every_item() if not is_hidden(item)]


class OwnThread(ThreadMetadata):
    """An application's own, with a field that rows do not give back."""

    secret: str = "s3cret"


def as_is(items: Any) -> Any:
    return items


async def both_ways(store: Store, context: RequestContext) -> tuple[list[ShownItem], bool]:
    """The items of the thread as they are given for clients, and whether they say what the models say."""
    shown = await store.load_shown_items("thr_1", None, 100, "asc", context)
    models = await store.load_visible_items("thr_1", None, 100, "asc", context)
    return shown.data, encode_items(shown, as_is) == encode_model(Page(**dict(models)))


async def add(store: Store, context: RequestContext, *items: ThreadItem) -> None:
    await store.save_thread(make_thread(), context)
    for item in items:
        await store.add_thread_item("thr_1", item, context)


@pytest.mark.parametrize("item", SHOWN, ids=lambda item: item.type)
async def test_item_is_given_as_clients_get_it(
    store: Store, context: RequestContext, item: ThreadItem
) -> None:
    await add(store, context, item)
    shown, is_same = await both_ways(store, context)
    assert shown == [client_json(item).decode()]
    assert is_same
    assert await store.load_item("thr_1", item.id, context) == item


async def test_page_of_all_kinds_says_what_the_models_say(store: Store, context: RequestContext) -> None:
    """Also what only the page shows: that there is more, and its cursor."""
    attachments = [make_attachment(metadata={"ours": 1})]
    await add(store, context, *make_every_item(), make_user_message(id="msg_file", attachments=attachments))
    for order, limit in (("asc", 100), ("desc", 100), ("asc", 4)):
        shown = await store.load_shown_items("thr_1", None, limit, order, context)
        models = await store.load_visible_items("thr_1", None, limit, order, context)
        assert encode_items(shown, as_is) == encode_model(Page(**dict(models)))


async def test_hidden_items_are_not_shown(store: Store, context: RequestContext) -> None:
    await add(store, context, make_hidden_context(), make_assistant_message())
    shown = await store.load_shown_items("thr_1", None, 1, "asc", context)
    assert shown.data == [client_json(make_assistant_message()).decode()]
    assert not shown.has_more


async def test_what_becomes_hidden_is_no_longer_shown(store: Store, context: RequestContext) -> None:
    await add(store, context, make_assistant_message(id="msg_1"), make_hidden_context(id="msg_1"))
    assert (await both_ways(store, context))[0] == []


async def test_item_with_attachments_is_a_model(store: Store, context: RequestContext) -> None:
    """Its links are made anew each time, and the attachment's metadata is not for clients."""
    message = make_user_message(attachments=[make_attachment()])
    await add(store, context, message)
    assert (await both_ways(store, context))[0] == [message]


UNMARKED: dict[str, Callable[[Any], object]] = {
    "unknown field": lambda document: document.update(mood="good"),
    "unknown field within": lambda document: document["content"][0].update(mood="good"),
    "default left out": lambda document: document["content"][0].pop("annotations"),
    "time of another form": lambda document: document.update(created_at="2026-01-02T04:04:05+01:00"),
    "null": lambda document: document.update(quoted_text=None),
    "nothing": lambda document: None,
}


@pytest.mark.parametrize("change", UNMARKED.values(), ids=UNMARKED)
async def test_row_that_another_version_wrote_is_read_first(
    store: Store, context: RequestContext, change: Callable[[Any], object]
) -> None:
    await add(store, context, make_assistant_message(), make_user_message())
    await rewrite(store, "items", "msg_assistant", change)
    shown, is_same = await both_ways(store, context)
    assert [type(item) is str for item in shown] == [False, True]
    assert is_same


async def test_row_that_this_version_saves_again_keeps_unknown_fields_to_itself(
    store: Store, context: RequestContext
) -> None:
    await add(store, context, make_assistant_message())
    await rewrite(store, "items", "msg_assistant", UNMARKED["unknown field"])
    await store.save_item("thr_1", await store.load_item("thr_1", "msg_assistant", context), context)
    shown, is_same = await both_ways(store, context)
    assert [type(item) for item in shown] == [type(make_assistant_message())]
    assert is_same


async def test_broken_row_is_left_out_and_counted(store: Store, context: RequestContext) -> None:
    await add(store, context, *(make_assistant_message(id=f"msg_{number}") for number in range(3)))
    await spoil(store, "items", "msg_1")
    before = unreadable_documents["item"]
    shown = await store.load_shown_items("thr_1", None, 2, "asc", context)
    assert [json.loads(item)["id"] for item in shown.data if isinstance(item, str)] == ["msg_0"]
    assert (shown.has_more, unreadable_documents["item"]) == (True, before + 1)


async def test_broken_thread_is_left_out_and_not_found(store: Store, context: RequestContext) -> None:
    await store.save_thread(make_thread(), context)
    await store.save_thread(make_thread(id="thr_2"), context)
    await spoil(store, "threads", "thr_1")
    page = await store.load_shown_threads(10, None, "asc", context)
    assert page.data == [thread_json(make_thread(id="thr_2")).decode()]
    with pytest.raises(NotFoundError):
        await store.load_shown_thread("thr_1", context)


async def test_rows_of_others_are_not_found(store: Store, context: RequestContext) -> None:
    stranger = RequestContext(user_id="mallory")
    await add(store, context, make_assistant_message())
    assert (await store.load_shown_threads(10, None, "asc", stranger)).data == []
    with pytest.raises(NotFoundError):
        await store.load_shown_thread("thr_1", stranger)
    with pytest.raises(NotFoundError):
        await store.load_shown_items("thr_1", None, 10, "asc", stranger)


async def test_null_in_free_data_is_kept(store: Store, context: RequestContext) -> None:
    call = make_client_tool_call(arguments={"a": None, "b": [{"c": None}]})
    await add(store, context, call)
    assert (await both_ways(store, context))[1]
    assert await store.load_item("thr_1", call.id, context) == call


THREADS = [
    make_thread(),
    make_thread(title='",“Grüße”,"metadata":{"', metadata={"metadata": {"a": None}}),
    make_thread(status=LockedStatus(reason=',"metadata":{}'), allowed_image_domains=["example.com"]),
]


@pytest.mark.parametrize("thread", THREADS)
async def test_thread_is_given_as_clients_get_it(
    store: Store, context: RequestContext, thread: ThreadMetadata
) -> None:
    await store.save_thread(thread, context)
    shown: ShownThread = await store.load_shown_thread("thr_1", context)
    page = await store.load_shown_threads(10, None, "asc", context)
    assert [shown] == page.data == [thread_json(thread).decode()]
    assert encode_thread(shown) == encode_thread(thread)
    assert encode_threads(page) == encode_threads(await store.load_threads(10, None, "asc", context))
    assert await store.load_thread("thr_1", context) == thread


TITLES = ["", "new", '","id":"', "“Grüße”\n\0"]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("thread", [*THREADS, make_thread(title="", metadata={"id": {"id": '"id":'}})])
async def test_renaming_changes_the_title_alone(
    store: Store, context: RequestContext, thread: ThreadMetadata, title: str
) -> None:
    await store.save_thread(thread, context)
    renamed = thread.model_copy(update={"title": title})
    assert encode_thread(await store.rename_thread("thr_1", title, context)) == encode_thread(renamed)
    assert await store.load_thread("thr_1", context) == renamed
    assert await store.load_shown_thread("thr_1", context) == thread_json(renamed).decode()


async def test_renaming_keeps_what_another_version_wrote(store: Store, context: RequestContext) -> None:
    await store.save_thread(make_thread(title="old"), context)
    await rewrite(store, "threads", "thr_1", lambda document: document.update(mood="good"))
    await store.rename_thread("thr_1", "new", context)
    document = await read(store, "threads", "thr_1")
    assert (document["title"], document["mood"]) == ("new", "good")


async def test_what_is_not_there_cannot_be_renamed(store: Store, context: RequestContext) -> None:
    await store.save_thread(make_thread(), context)
    for thread_id, who in (("thr_2", context), ("thr_1", RequestContext(user_id="mallory"))):
        with pytest.raises(NotFoundError):
            await store.rename_thread(thread_id, "new", who)
    await spoil(store, "threads", "thr_1")
    with pytest.raises(NotFoundError):
        await store.rename_thread("thr_1", "new", context)
    assert (await store.load_threads(10, None, "asc", context)).data == []


async def test_title_that_cannot_be_stored_is_refused(store: Store, context: RequestContext) -> None:
    await store.save_thread(make_thread(title="old"), context)
    with pytest.raises(InvalidRequestError):
        await store.rename_thread("thr_1", "\ud800", context)
    assert (await store.load_thread("thr_1", context)).title == "old"


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(mood="good"),
        lambda document: document.pop("status"),
        lambda document: document.update(created_at="2026-01-02T04:04:05+01:00"),
    ],
    ids=["unknown field", "default left out", "time of another form"],
)
async def test_thread_that_another_version_wrote_is_read_first(
    store: Store, context: RequestContext, change: Any
) -> None:
    await store.save_thread(make_thread(title="old"), context)
    await rewrite(store, "threads", "thr_1", change)
    shown = await store.load_shown_thread("thr_1", context)
    assert shown == await store.load_thread("thr_1", context)


async def test_thread_of_an_applications_own_class_is_read_first(
    store: Store, context: RequestContext
) -> None:
    await store.save_thread(OwnThread(**dict(make_thread())), context)
    assert isinstance(await store.load_shown_thread("thr_1", context), ThreadMetadata)


async def test_override_of_an_application_is_asked(context: RequestContext) -> None:
    class Censored(MemoryStore):
        async def load_thread(self, thread_id: str, context: object) -> ThreadMetadata:
            return make_thread(title="***")

        async def load_threads(
            self, limit: int, after: str | None, order: str, context: object
        ) -> Page[ThreadMetadata]:
            return Page(data=[make_thread(title="***")])

        async def load_visible_items(
            self, thread_id: str, after: str | None, limit: int, order: str, context: object
        ) -> Page[ThreadItem]:
            return Page(data=[make_assistant_message("***")])

    store = Censored()
    await add(store, context, make_assistant_message())
    assert await store.load_shown_thread("thr_1", context) == make_thread(title="***")
    assert await store.rename_thread("thr_1", "new", context) == make_thread(title="new")
    assert (await store.load_shown_threads(1, None, "asc", context)).data == [make_thread(title="***")]
    items = await store.load_shown_items("thr_1", None, 1, "asc", context)
    assert items.data == [make_assistant_message("***")]
