"""A turn: the order of events, what is stored when, and what becomes of failures."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import BackendError, CustomStreamError, ErrorCode, NotFoundError, StreamError
from chatkit_asgi.server import DEFAULT_ERROR_MESSAGE, ChatKitServer
from chatkit_asgi.server.turn import FAILED_NOTE
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import (
    AssistantMessageContentPartTextDelta,
    ClientEffectEvent,
    ErrorEvent,
    LockedStatus,
    NoticeEvent,
    ProgressUpdateEvent,
    SDKHiddenContextItem,
    StreamOptions,
    StreamOptionsEvent,
    ThreadCreatedEvent,
    ThreadItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemRemovedEvent,
    ThreadItemReplacedEvent,
    ThreadItemUpdatedEvent,
    ThreadMetadata,
    ThreadStreamEvent,
    UserMessageItem,
)
from tests.factories import (
    make_assistant_message,
    make_hidden_context,
    make_sdk_hidden_context,
    make_task,
    make_thread,
    make_thread_with_items,
)
from tests.fakes import ScriptedServer, Step
from tests.server.client import Json, message, start, stream, types_of

EFFECT = ClientEffectEvent(name="blink", data={"times": None})
ADDED = ThreadItemAddedEvent(item=make_assistant_message(""))


def delta(text: str, index: int = 0) -> ThreadItemUpdatedEvent:
    update = AssistantMessageContentPartTextDelta(content_index=index, delta=text)
    return ThreadItemUpdatedEvent(item_id="msg_assistant", update=update)


async def answer(store: MemoryStore[object], context: RequestContext, *script: Step) -> list[Json]:
    """The events of a response in ``thr_1``, without the message sent back and the options."""
    server = ScriptedServer(store, *script)
    events = await stream(server, "threads.add_user_message", context, thread_id="thr_1", input=message())
    assert types_of(events[:2]) == ["thread.item.done", "stream_options"]
    return events[2:]


async def stored(store: MemoryStore[object], context: RequestContext) -> list[ThreadItem]:
    """The items of ``thr_1`` after the user's message."""
    return (await store.load_thread_items("thr_1", None, 100, "asc", context)).data[1:]


async def test_events_are_passed_on_as_they_are(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    script: list[ThreadStreamEvent] = [
        ThreadCreatedEvent(thread=make_thread_with_items(id="thr_other", metadata={"kept": 1})),
        StreamOptionsEvent(stream_options=StreamOptions(allow_cancel=False)),
        ProgressUpdateEvent(icon="search", text="Looking…"),
        NoticeEvent(level="info", message="Hi", title=None),
        EFFECT,
    ]
    events = await answer(store, context, *script)
    assert events == [json.loads(event.model_dump_json(exclude_none=True)) for event in script]
    assert events[-1]["data"] == {"times": None}


async def test_an_item_is_stored_before_the_client_sees_it(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    server = ScriptedServer(store, ThreadItemDoneEvent(item=make_assistant_message()))
    result = await start(server, "threads.add_user_message", context, thread_id="thr_1", input=message())
    seen = [await stored(store, context) async for frame in result if b"assistant_message" in frame]
    assert seen == [[make_assistant_message()]]


@pytest.mark.parametrize(
    ("event", "left"),
    [
        (ThreadItemReplacedEvent(item=make_task(id="msg_assistant")), [make_task(id="msg_assistant")]),
        (ThreadItemRemovedEvent(item_id="msg_assistant"), []),
    ],
    ids=["replaced", "removed"],
)
async def test_a_stored_item_is_changed_before_the_client_sees_it(
    store: MemoryStore[object],
    thread: ThreadMetadata,
    context: RequestContext,
    event: ThreadStreamEvent,
    left: list[ThreadItem],
) -> None:
    server = ScriptedServer(store, ThreadItemDoneEvent(item=make_assistant_message()), event)
    result = await start(server, "threads.add_user_message", context, thread_id="thr_1", input=message())
    kind = event.type.encode()
    assert [await stored(store, context) async for frame in result if kind in frame] == [left]


async def test_items_are_replaced_and_removed_in_the_store(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    events = await answer(
        store,
        context,
        ThreadItemDoneEvent(item=make_assistant_message(id="msg_1")),
        ThreadItemDoneEvent(item=make_assistant_message(id="msg_2")),
        ThreadItemReplacedEvent(item=make_task(id="msg_1")),
        ThreadItemRemovedEvent(item_id="msg_2"),
        ThreadItemRemovedEvent(item_id="never_stored"),
    )
    assert types_of(events)[2:] == ["thread.item.replaced", "thread.item.removed", "thread.item.removed"]
    assert await stored(store, context) == [make_task(id="msg_1")]


async def test_added_and_updated_store_nothing(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    events = await answer(store, context, ADDED, delta("Hi"))
    assert types_of(events) == ["thread.item.added", "thread.item.updated"]
    assert await stored(store, context) == []


@pytest.mark.parametrize("item", [make_hidden_context(), make_sdk_hidden_context()])
async def test_hidden_items_are_stored_and_not_sent(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext, item: ThreadItem
) -> None:
    assert await answer(store, context, ThreadItemDoneEvent(item=item)) == []
    assert await stored(store, context) == [item]


async def test_the_callers_items_are_not_written_to(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    added = ThreadItemAddedEvent(item=make_assistant_message(""))
    await answer(store, context, added, delta("Hi"), delta("!", index=2), RuntimeError("broken"))
    assert added.item == make_assistant_message("")


async def test_a_changed_thread_is_saved_and_announced_after_the_event(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    events = await answer(
        store,
        context,
        lambda thread: setattr(thread, "title", "New title"),
        EFFECT,
        EFFECT,
        lambda thread: thread.metadata.update(step=1),
        ThreadItemDoneEvent(item=make_hidden_context()),
        lambda thread: setattr(thread, "status", LockedStatus(reason="late")),
    )
    assert (
        types_of(events) == ["client_effect", "thread.updated"] + ["client_effect"] + ["thread.updated"] * 2
    )
    assert [event["thread"]["metadata"] for event in events if "thread" in event] == [{}, {}, {}]
    assert events[1]["thread"]["items"] == {"data": [], "has_more": False}
    assert events[-1]["thread"]["status"] == {"type": "locked", "reason": "late"}
    expected = make_thread(title="New title", metadata={"step": 1}, status=LockedStatus(reason="late"))
    assert await store.load_thread("thr_1", context) == expected


async def test_a_change_that_the_responder_saved_itself_is_announced_too(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    class Server(ScriptedServer):
        async def respond(
            self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Any
        ) -> AsyncIterator[ThreadStreamEvent]:
            thread.title = "T"
            await self.store.save_thread(thread, context)
            yield EFFECT

    events = await stream(
        Server(store), "threads.add_user_message", context, thread_id="thr_1", input=message()
    )
    assert types_of(events)[2:] == ["client_effect", "thread.updated"]
    assert events[-1]["thread"]["title"] == "T"


async def test_a_thread_that_was_deleted_meanwhile_stays_deleted(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    server = ScriptedServer(store, EFFECT, lambda thread: setattr(thread, "title", "new"), EFFECT)
    result = await start(server, "threads.add_user_message", context, thread_id="thr_1", input=message())
    frames = aiter(result)
    for _ in range(3):  # the message, the options, the first event
        await anext(frames)
    await store.delete_thread("thr_1", context)
    rest = [json.loads(frame[6:]) async for frame in frames]
    assert types_of(rest) == ["client_effect", "error"]
    with pytest.raises(NotFoundError):
        await store.load_thread("thr_1", context)


async def test_what_others_changed_in_the_thread_is_kept_and_announced(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    """The user renames the thread while the answer changes something else of it."""
    server = ScriptedServer(store, EFFECT, lambda thread: thread.metadata.update(seen=1), EFFECT)
    result = await start(server, "threads.add_user_message", context, thread_id="thr_1", input=message())
    frames = aiter(result)
    for _ in range(3):  # the message, the options, the first event
        await anext(frames)
    await store.save_thread(make_thread(title="the user's"), context)
    rest = [json.loads(frame[6:]) async for frame in frames]
    assert types_of(rest) == ["client_effect", "thread.updated"]
    assert rest[1]["thread"]["title"] == "the user's"
    assert await store.load_thread("thr_1", context) == make_thread(title="the user's", metadata={"seen": 1})


async def test_changes_inside_values_are_noticed_and_undone_ones_are_not(
    store: MemoryStore[object], context: RequestContext
) -> None:
    await store.save_thread(make_thread(metadata={"a": {"b": [1]}}, allowed_image_domains=[]), context)

    def note(thread: ThreadMetadata) -> None:
        thread.metadata["a"]["b"].append(2)

    def undo(thread: ThreadMetadata) -> None:
        thread.metadata["a"]["b"].pop()

    def allow(thread: ThreadMetadata) -> None:
        assert thread.allowed_image_domains is not None
        thread.allowed_image_domains.append("img.example")

    events = await answer(store, context, note, undo, EFFECT, note, EFFECT, allow, EFFECT)
    changed = ["client_effect", "thread.updated"]
    assert types_of(events) == ["client_effect", *changed, *changed]


async def test_a_reason_that_changes_is_a_change(store: MemoryStore[object], context: RequestContext) -> None:
    def lock(thread: ThreadMetadata) -> None:
        thread.status = LockedStatus(reason="one")

    def say_why(thread: ThreadMetadata) -> None:
        assert isinstance(thread.status, LockedStatus)
        thread.status.reason = "another"

    await store.save_thread(make_thread(), context)
    events = await answer(store, context, lock, EFFECT, say_why, EFFECT)
    assert types_of(events) == ["client_effect", "thread.updated"] * 2


async def test_create_saves_plain_metadata(context: RequestContext) -> None:
    class Recording(MemoryStore[object]):
        async def save_thread(self, thread: ThreadMetadata, context: object) -> None:
            kinds.append(type(thread))
            await super().save_thread(thread, context)

    kinds: list[type] = []
    server = ScriptedServer(Recording(), lambda thread: setattr(thread, "title", "T"), EFFECT)
    events = await stream(server, "threads.create", context, input=message())
    assert events[-1]["thread"]["title"] == "T"
    assert kinds == [ThreadMetadata, ThreadMetadata]


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (
            CustomStreamError("Try later."),
            {"type": "error", "code": "custom", "message": "Try later.", "allow_retry": False},
        ),
        (
            CustomStreamError("Try again.", allow_retry=True),
            {"type": "error", "code": "custom", "message": "Try again.", "allow_retry": True},
        ),
        (
            StreamError(ErrorCode.STREAM_ERROR, allow_retry=False),
            {"type": "error", "code": "stream.error", "message": DEFAULT_ERROR_MESSAGE, "allow_retry": False},
        ),
        (
            RuntimeError("secret"),
            {"type": "error", "code": "stream.error", "message": DEFAULT_ERROR_MESSAGE, "allow_retry": True},
        ),
    ],
)
async def test_a_failure_becomes_an_event(
    store: MemoryStore[object],
    thread: ThreadMetadata,
    context: RequestContext,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    event: Json,
) -> None:
    assert await answer(store, context, error) == [event]
    unexpected = isinstance(error, RuntimeError)
    assert [record.exc_info is not None for record in caplog.records] == [True] * unexpected


async def test_an_error_event_of_the_responder_gets_a_message(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    [event] = await answer(store, context, ErrorEvent())
    assert event == {
        "type": "error",
        "code": "custom",
        "message": DEFAULT_ERROR_MESSAGE,
        "allow_retry": False,
    }


async def test_a_failed_answer_keeps_the_text_streamed_so_far(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    events = await answer(store, context, ADDED, delta("So "), delta("far"), RuntimeError("gone"))
    assert types_of(events)[-1] == "error"
    answered, note = await stored(store, context)
    assert answered == make_assistant_message("So far")
    assert isinstance(note, SDKHiddenContextItem)
    assert note.content == FAILED_NOTE


async def test_text_that_no_json_can_hold_does_not_take_the_rest_with_it(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    """Models have been seen to cut a character in two."""
    events = await answer(store, context, ADDED, delta("So far "), delta("\ud83d"), delta("\ude00"))
    assert types_of(events) == ["thread.item.added", "thread.item.updated", "error"]
    assert (await stored(store, context))[0] == make_assistant_message("So far ")


async def test_a_change_of_the_thread_survives_the_failure(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    events = await answer(
        store, context, lambda thread: setattr(thread, "title", "T"), CustomStreamError("x")
    )
    assert types_of(events) == ["error", "thread.updated"]
    assert (await store.load_thread("thr_1", context)).title == "T"


@pytest.mark.usefixtures("impatient")
async def test_a_store_that_fails_ends_the_stream_with_an_event(
    thread: ThreadMetadata, context: RequestContext, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(MemoryStore[object]):
        async def add_thread_item(self, thread_id: str, item: ThreadItem, context: object) -> None:
            if not isinstance(item, UserMessageItem):
                raise BackendError("The database is away.")
            await super().add_thread_item(thread_id, item, context)

    store = Failing()
    await store.save_thread(thread, context)
    server = ScriptedServer(store, ThreadItemDoneEvent(item=make_assistant_message()), EFFECT)
    events = await stream(server, "threads.add_user_message", context, thread_id="thr_1", input=message())
    assert types_of(events)[2:] == ["error"]
    assert server.stopped.is_set()
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


@pytest.mark.usefixtures("impatient")
async def test_a_thread_that_cannot_be_saved_at_the_end_is_an_event_too(
    thread: ThreadMetadata, context: RequestContext
) -> None:
    class Failing(MemoryStore[object]):
        async def save_thread(self, thread: ThreadMetadata, context: object) -> None:
            if thread.title:
                raise BackendError("The database is away.")
            await super().save_thread(thread, context)

    store = Failing()
    await store.save_thread(thread, context)
    assert types_of(await answer(store, context, lambda thread: setattr(thread, "title", "T"))) == ["error"]


@pytest.mark.usefixtures("impatient")
async def test_a_store_that_is_away_is_one_error_and_not_two(
    thread: ThreadMetadata, context: RequestContext
) -> None:
    class Away(MemoryStore[object]):
        async def save_thread(self, thread: ThreadMetadata, context: object) -> None:
            if thread.title:
                raise BackendError("The database is away.")
            await super().save_thread(thread, context)

    store = Away()
    await store.save_thread(thread, context)
    rename: Step = lambda thread: setattr(thread, "title", "T")  # noqa: E731 - as in every script
    events = await answer(store, context, rename, CustomStreamError("x"))
    assert types_of(events) == ["error"]


async def test_an_update_of_a_part_that_does_not_exist_is_not_sent(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    events = await answer(store, context, ADDED, delta("x", index=-1))
    assert types_of(events) == ["thread.item.added", "error"]


async def test_each_frame_may_be_asked_for_by_another_task(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    """As wrappers do that send heartbeats: what a turn sets in its context must not trouble it."""
    script: list[Step] = [ADDED, delta("Hi"), lambda thread: setattr(thread, "title", "T")]
    server = ScriptedServer(store, *script, ThreadItemDoneEvent(item=make_assistant_message()))
    result = await start(server, "threads.add_user_message", context, thread_id="thr_1", input=message())

    async def next_frame() -> bytes | None:
        return await anext(result.json_events, None)

    frames = []
    while frame := await asyncio.create_task(next_frame()):
        frames.append(frame)
    assert [json.loads(frame[6:])["type"] for frame in frames[2:]] == [
        "thread.item.added",
        "thread.item.updated",
        "thread.item.done",
        "thread.updated",
    ]


class Raising(ChatKitServer[Any]):
    """`respond` is a plain method and fails before there is anything to iterate."""

    def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Any
    ) -> AsyncIterator[ThreadStreamEvent]:
        raise CustomStreamError("Not today.")


async def test_respond_may_raise_when_it_is_called(
    store: MemoryStore[object], context: RequestContext
) -> None:
    events = await stream(Raising(store), "threads.create", context, input=message())
    assert types_of(events)[2:] == ["stream_options", "error"]
    assert events[-1]["message"] == "Not today."


async def test_a_responder_may_be_an_iterator_that_cannot_be_closed(
    store: MemoryStore[object], context: RequestContext
) -> None:
    class Once(AsyncIterator[ThreadStreamEvent]):
        left = 1

        async def __anext__(self) -> ThreadStreamEvent:
            if not self.left:
                raise StopAsyncIteration
            self.left -= 1
            return EFFECT

    class Server(Raising):
        def respond(
            self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Any
        ) -> AsyncIterator[ThreadStreamEvent]:
            return Once()

    events = await stream(Server(store), "threads.create", context, input=message())
    assert types_of(events)[2:] == ["stream_options", "client_effect"]


async def test_stream_options_come_from_the_server(
    store: MemoryStore[object], context: RequestContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ScriptedServer(store)
    monkeypatch.setattr(
        server, "get_stream_options", lambda thread, context: StreamOptions(allow_cancel=False)
    )
    result = await start(server, "threads.create", context, input=message())
    assert result.stream_options == StreamOptions(allow_cancel=False)
    frames = [frame async for frame in result.json_events]
    assert frames[-1] == b'data: {"type":"stream_options","stream_options":{"allow_cancel":false}}\n\n'


@pytest.mark.parametrize("text", ["plain", '“quotes” "\\\n\t\x00', "é\u2028😀", "</script>", ""])
async def test_the_short_way_of_text_deltas_gives_the_same_bytes(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext, text: str
) -> None:
    events = [delta(text), delta(text, index=1), delta(text)]
    server = ScriptedServer(store, ADDED, *events)
    result = await start(server, "threads.add_user_message", context, thread_id="thr_1", input=message())
    frames = [frame async for frame in result][3:]
    assert frames == [b"data: " + event.model_dump_json().encode() + b"\n\n" for event in events]
