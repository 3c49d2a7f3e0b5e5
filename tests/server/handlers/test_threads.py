"""Threads: list, read, rename, delete, create, messages and retries."""

import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import ConflictError, CustomStreamError, InvalidRequestError, NotFoundError
from chatkit_asgi.server.handlers.threads import MAX_ATTACHMENTS, MAX_THREADS, page_size
from chatkit_asgi.server.wire import encode_thread
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import (
    ClosedStatus,
    LockedStatus,
    Page,
    Thread,
    ThreadItem,
    ThreadItemDoneEvent,
    ThreadMetadata,
)
from tests.factories import (
    MOMENT,
    make_assistant_message,
    make_attachment,
    make_hidden_context,
    make_thread,
    make_thread_with_items,
    make_user_message,
)
from tests.fakes import ScriptedServer
from tests.server.client import ask, message, start, stream, types_of

ANSWER = ThreadItemDoneEvent(item=make_assistant_message())


async def visible_ids(
    store: MemoryStore[object], context: RequestContext, thread_id: str = "thr_1"
) -> list[str]:
    return [item.id for item in (await store.load_visible_items(thread_id, None, 100, "asc", context)).data]


async def thread_count(store: MemoryStore[object], context: RequestContext) -> int:
    return len((await store.load_threads(limit=100, after=None, order="asc", context=context)).data)


@pytest.mark.parametrize(
    ("asked", "got"), [(None, 20), (0, 20), (1, 1), (-5, 1), (9_999, 9_999), (10**9, MAX_THREADS)]
)
def test_limits_are_kept_in_bounds(asked: int | None, got: int) -> None:
    assert page_size(asked, MAX_THREADS) == got


async def test_create_announces_thread_and_message_before_the_answer(
    store: MemoryStore[object], context: RequestContext
) -> None:
    server = ScriptedServer(store)
    events = await stream(server, "threads.create", context, input=message("Hi there"))
    assert types_of(events) == ["thread.created", "thread.item.done", "stream_options"]
    created = events[0]["thread"]
    assert set(created) == {"id", "created_at", "status", "metadata", "items"}
    assert created["metadata"] == {}
    assert created["items"] == {"data": [], "has_more": False}
    assert created["created_at"].endswith("Z")
    assert events[1]["item"]["content"] == [{"type": "input_text", "text": "Hi there"}]
    assert events[2]["stream_options"] == {"allow_cancel": True}


async def test_create_gives_the_responder_a_thread_with_an_empty_page(
    store: MemoryStore[object], context: RequestContext
) -> None:
    server = ScriptedServer(store)
    await stream(
        server, "threads.create", context, input=message(quoted_text="", inference_options={"model": "m"})
    )
    [(thread, asked, asked_context)] = server.asked
    assert isinstance(thread, Thread)
    assert thread.items.data == []
    assert asked is not None
    assert (asked.quoted_text, asked.inference_options.model) == ("", "m")
    assert asked_context is context


async def test_what_a_request_brings_is_stored_before_the_stream_is_iterated(
    store: MemoryStore[object], context: RequestContext
) -> None:
    result = await start(ScriptedServer(store), "threads.create", context, input=message())
    assert result.thread_id is not None
    assert len(await visible_ids(store, context, result.thread_id)) == 1


async def test_create_with_a_missing_attachment_leaves_nothing_behind(
    store: MemoryStore[object], context: RequestContext
) -> None:
    await store.save_attachment(make_attachment(), context)
    server = ScriptedServer(store)
    with pytest.raises(NotFoundError):
        await start(server, "threads.create", context, input=message(attachments=["atc_1", "atc_missing"]))
    assert await thread_count(store, context) == 0
    assert (await store.load_attachment("atc_1", context)).thread_id is None


async def test_nothing_is_stored_when_the_stream_options_fail(
    store: MemoryStore[object], context: RequestContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no options today")

    server = ScriptedServer(store)
    monkeypatch.setattr(server, "get_stream_options", fail)
    with pytest.raises(RuntimeError):
        await start(server, "threads.create", context, input=message())
    assert await thread_count(store, context) == 0


async def test_a_message_with_too_many_attachments_is_refused(
    store: MemoryStore[object], context: RequestContext
) -> None:
    """Each is loaded and saved while the database lets nobody else write."""
    await store.save_attachment(make_attachment(), context)
    many = message(attachments=["atc_1"] * (MAX_ATTACHMENTS + 1))
    with pytest.raises(InvalidRequestError) as caught:
        await start(ScriptedServer(store), "threads.create", context, input=many)
    assert caught.value.param == "params.input.attachments"
    assert await thread_count(store, context) == 0


async def test_attachments_of_a_message_belong_to_its_thread(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    await store.save_attachment(make_attachment(), context)
    events = await stream(
        ScriptedServer(store),
        "threads.add_user_message",
        context,
        thread_id="thr_1",
        input=message(attachments=["atc_1", "atc_1"]),
    )
    sent = {
        "id": "atc_1",
        "name": "notes.txt",
        "mime_type": "text/plain",
        "thread_id": "thr_1",
        "type": "file",
    }
    assert events[0]["item"]["attachments"] == [sent, sent]
    kept = await store.load_attachment("atc_1", context)
    assert (kept.thread_id, kept.metadata) == ("thr_1", {"key": "blob-1"})


async def test_somebody_elses_attachment_is_not_found(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext, other_context: RequestContext
) -> None:
    await store.save_attachment(make_attachment(), other_context)
    with pytest.raises(NotFoundError):
        await start(
            ScriptedServer(store),
            "threads.add_user_message",
            context,
            thread_id="thr_1",
            input=message(attachments=["atc_1"]),
        )
    assert await visible_ids(store, context) == []


async def test_a_message_is_sent_back_and_answered(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    server = ScriptedServer(store, ANSWER)
    events = await stream(server, "threads.add_user_message", context, thread_id="thr_1", input=message())
    assert types_of(events) == ["thread.item.done", "stream_options", "thread.item.done"]
    assert await visible_ids(store, context) == [events[0]["item"]["id"], "msg_assistant"]
    assert type(server.asked[0][0]) is ThreadMetadata


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("threads.get_by_id", {}),
        ("threads.update", {"title": "new"}),
        ("items.list", {}),
        ("items.feedback", {"item_ids": [], "kind": "positive"}),
        ("threads.add_user_message", {"input": message()}),
        ("threads.retry_after_item", {"item_id": "msg_1"}),
        ("threads.add_client_tool_output", {"result": 1}),
        ("threads.add_structured_input", {"item_id": "msg_1", "input": {}}),
        ("threads.custom_action", {"action": {"type": "x"}}),
        ("threads.sync_custom_action", {"action": {"type": "x"}}),
    ],
)
async def test_an_unknown_thread_is_refused_before_any_stream(
    store: MemoryStore[object], context: RequestContext, operation: str, params: dict[str, object]
) -> None:
    with pytest.raises(NotFoundError):
        await ask(ScriptedServer(store), operation, context, thread_id="thr_none", **params)


@pytest.mark.parametrize("status", [LockedStatus(), ClosedStatus(reason="We are done here.")])
@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("threads.add_user_message", {"input": message()}),
        ("threads.retry_after_item", {"item_id": "msg_user"}),
        ("threads.add_client_tool_output", {"result": 1}),
        ("threads.add_structured_input", {"item_id": "msg_form", "input": {}}),
        ("threads.custom_action", {"action": {"type": "x"}}),
        ("threads.sync_custom_action", {"action": {"type": "x"}}),
    ],
)
async def test_a_thread_that_is_not_active_takes_no_input(
    store: MemoryStore[object],
    context: RequestContext,
    status: LockedStatus | ClosedStatus,
    operation: str,
    params: dict[str, object],
) -> None:
    await store.save_thread(make_thread(status=status), context)
    with pytest.raises(ConflictError, match=status.reason or status.type):
        await ask(ScriptedServer(store), operation, context, thread_id="thr_1", **params)


async def test_a_locked_thread_can_be_read_renamed_and_deleted(
    store: MemoryStore[object], context: RequestContext
) -> None:
    await store.save_thread(make_thread(status=LockedStatus(reason="paused")), context)
    server = ScriptedServer(store)
    read = await ask(server, "threads.get_by_id", context, thread_id="thr_1")
    assert read["status"] == {"type": "locked", "reason": "paused"}
    renamed = await ask(server, "threads.update", context, thread_id="thr_1", title="new")
    assert renamed["title"] == "new"
    assert await ask(server, "threads.delete", context, thread_id="thr_1") == {}


async def test_retry_deletes_what_came_after_the_message_and_answers_again(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    await store.add_thread_item("thr_1", make_user_message(), context)
    await store.add_thread_item("thr_1", make_hidden_context(), context)
    for number in range(45):
        await store.add_thread_item("thr_1", make_assistant_message(id=f"msg_{number}"), context)
    server = ScriptedServer(store, ANSWER)
    events = await stream(server, "threads.retry_after_item", context, thread_id="thr_1", item_id="msg_user")
    assert types_of(events) == ["stream_options", "thread.item.done"]
    assert server.asked == [(thread, make_user_message(), context)]
    page = await store.load_thread_items("thr_1", None, 100, "asc", context)
    assert [item.id for item in page.data] == ["msg_user", "msg_assistant"]


async def test_the_old_answer_comes_back_when_a_retry_fails_before_it_says_anything(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    old: list[ThreadItem] = [
        make_user_message(),
        make_assistant_message(id="msg_a"),
        make_assistant_message(id="msg_b"),
    ]
    for item in old:
        await store.add_thread_item("thr_1", item, context)
    server = ScriptedServer(store, CustomStreamError("No model today."))
    events = await stream(server, "threads.retry_after_item", context, thread_id="thr_1", item_id="msg_user")
    assert types_of(events) == ["stream_options", "error"]
    assert (await store.load_thread_items("thr_1", None, 100, "asc", context)).data == old


async def test_the_old_answer_is_gone_when_a_retry_fails_after_it_spoke(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    await store.add_thread_item("thr_1", make_user_message(), context)
    await store.add_thread_item("thr_1", make_assistant_message(id="msg_old"), context)
    server = ScriptedServer(store, ANSWER, CustomStreamError("Out of words."))
    await stream(server, "threads.retry_after_item", context, thread_id="thr_1", item_id="msg_user")
    assert await visible_ids(store, context) == ["msg_user", "msg_assistant"]


async def test_retry_of_an_unknown_item_is_not_found(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    with pytest.raises(NotFoundError):
        await start(
            ScriptedServer(store), "threads.retry_after_item", context, thread_id="thr_1", item_id="msg_none"
        )


async def test_only_user_messages_can_be_retried(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    for item in [make_assistant_message(id="msg_a"), make_assistant_message(id="msg_b")]:
        await store.add_thread_item("thr_1", item, context)
    with pytest.raises(InvalidRequestError):
        await start(
            ScriptedServer(store), "threads.retry_after_item", context, thread_id="thr_1", item_id="msg_a"
        )
    assert await visible_ids(store, context) == ["msg_a", "msg_b"]


async def test_list_gives_threads_without_metadata_and_items(
    store: MemoryStore[object], context: RequestContext, other_context: RequestContext
) -> None:
    await store.save_thread(make_thread(metadata={"secret": 1}, title="Mine"), context)
    await store.save_thread(make_thread(id="thr_2"), other_context)
    assert await ask(ScriptedServer(store), "threads.list", context) == {
        "data": [
            {
                "title": "Mine",
                "id": "thr_1",
                "created_at": "2026-01-02T03:04:05Z",
                "status": {"type": "active"},
                "metadata": {},
                "items": {"data": [], "has_more": False},
            }
        ],
        "has_more": False,
    }


async def test_list_takes_the_pages_cursor_or_the_last_id(
    store: MemoryStore[object], context: RequestContext
) -> None:
    for number in range(3):
        await store.save_thread(make_thread(id=f"thr_{number}"), context)
    server = ScriptedServer(store)
    first = await ask(server, "threads.list", context, limit=1, order="asc")
    assert first["has_more"] is True
    for after in (first["after"], "thr_0"):
        rest = await ask(server, "threads.list", context, limit=9_999, order="asc", after=after)
        assert [thread["id"] for thread in rest["data"]] == ["thr_1", "thr_2"]


async def test_list_asks_the_store_for_no_more_than_it_can_be_expected_to_read(
    context: RequestContext,
) -> None:
    class Counting(MemoryStore[object]):
        async def load_threads(
            self, limit: int, after: str | None, order: str, context: object
        ) -> Page[ThreadMetadata]:
            limits.append(limit)
            return Page()

    limits: list[int] = []
    await ask(ScriptedServer(Counting()), "threads.list", context, limit=10**9)
    assert limits == [MAX_THREADS]


async def test_items_that_a_store_keeps_with_the_thread_are_not_shown(context: RequestContext) -> None:
    """There are stores that keep what they are given, and were given items once."""

    class Embedding(MemoryStore[object]):
        async def load_thread(self, thread_id: str, context: object) -> ThreadMetadata:
            return make_thread_with_items(make_assistant_message(id="msg_stale"), title="T")

        async def load_threads(
            self, limit: int, after: str | None, order: str, context: object
        ) -> Page[ThreadMetadata]:
            return Page(data=[await self.load_thread("thr_1", context)])

    server = ScriptedServer(store := Embedding())
    await store.save_thread(make_thread(), context)
    await store.add_thread_item("thr_1", make_assistant_message(id="msg_1"), context)
    assert b"msg_stale" not in encode_thread(await store.load_thread("thr_1", context))
    read = await ask(server, "threads.get_by_id", context, thread_id="thr_1")
    assert [item["id"] for item in read["items"]["data"]] == ["msg_1"]
    [listed] = (await ask(server, "threads.list", context))["data"]
    renamed = await ask(server, "threads.update", context, thread_id="thr_1", title="new")
    assert listed["items"] == renamed["items"] == {"data": [], "has_more": False}


async def test_get_by_id_gives_the_first_twenty_visible_items(
    store: MemoryStore[object], context: RequestContext
) -> None:
    await store.save_thread(make_thread(metadata={"secret": 1}), context)
    await store.add_thread_item("thr_1", make_hidden_context(), context)
    for number in range(25):
        await store.add_thread_item("thr_1", make_assistant_message(id=f"msg_{number}"), context)
    answer = await ask(ScriptedServer(store), "threads.get_by_id", context, thread_id="thr_1")
    assert [item["id"] for item in answer["items"]["data"]] == [f"msg_{number}" for number in range(20)]
    assert answer["items"]["has_more"] is True
    assert answer["metadata"] == {}


async def test_update_renames_the_thread_and_keeps_the_rest(
    store: MemoryStore[object], context: RequestContext
) -> None:
    await store.save_thread(make_thread(metadata={"secret": 1}), context)
    answer = await ask(ScriptedServer(store), "threads.update", context, thread_id="thr_1", title="")
    assert (answer["title"], answer["metadata"]) == ("", {})
    assert await store.load_thread("thr_1", context) == make_thread(title="", metadata={"secret": 1})


async def test_a_title_has_its_bounds(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    with pytest.raises(InvalidRequestError):
        await ask(ScriptedServer(store), "threads.update", context, thread_id="thr_1", title="x" * 100_000)


async def test_delete_may_be_repeated(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    server = ScriptedServer(store)
    for _ in range(2):
        assert await ask(server, "threads.delete", context, thread_id="thr_1") == {}
    assert await thread_count(store, context) == 0
    assert thread.created_at == MOMENT
