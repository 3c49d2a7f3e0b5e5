"""Turns that are cut off: by a cancelled task, a cancelled scope, or a closed stream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import BackendError
from chatkit_asgi.server import StreamingResult, turn
from chatkit_asgi.server.base import CUT_OFF_NOTE
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import (
    AssistantMessageContentPartTextDelta,
    AssistantMessageItem,
    SDKHiddenContextItem,
    ThreadItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemUpdatedEvent,
    ThreadMetadata,
    ThreadStreamEvent,
)
from tests.factories import (
    make_assistant_message,
    make_client_tool_call,
    make_user_message,
    make_workflow_item,
)
from tests.fakes import ScriptedServer, Step
from tests.server.client import message, start

PARTIAL: list[Step] = [
    ThreadItemAddedEvent(item=make_assistant_message("")),
    ThreadItemUpdatedEvent(
        item_id="msg_assistant", update=AssistantMessageContentPartTextDelta(content_index=0, delta="So far")
    ),
]


class SlowStore(MemoryStore[object]):
    """Awaits before each write, as a database does: there a cancellation would strike again."""

    async def save_item(self, thread_id: str, item: ThreadItem, context: object) -> None:
        await anyio.lowlevel.checkpoint()
        await super().save_item(thread_id, item, context)


@pytest.fixture
def store() -> MemoryStore[object]:
    return SlowStore()


async def stored(store: MemoryStore[object], context: RequestContext) -> list[ThreadItem]:
    """What was kept after the user's message; the note for the model must be the last and is left out."""
    *items, note = (await store.load_thread_items("thr_1", None, 100, "asc", context)).data[1:]
    assert isinstance(note, SDKHiddenContextItem)
    assert note.content == CUT_OFF_NOTE
    return items


async def read_until(result: StreamingResult, part: bytes, seen: asyncio.Event) -> None:
    async for frame in result:
        if part in frame:
            seen.set()


async def by_task(result: StreamingResult, part: bytes) -> None:
    seen = asyncio.Event()
    task = asyncio.create_task(read_until(result, part, seen))
    await asyncio.wait_for(seen.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def by_scope(result: StreamingResult, part: bytes) -> None:
    """As Starlette does when the client leaves: each await in the scope raises anew."""
    seen = asyncio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(read_until, result, part, seen)
        await asyncio.wait_for(seen.wait(), 5)
        group.cancel_scope.cancel()


async def by_closing(result: StreamingResult, part: bytes) -> None:
    async for frame in result:
        if part in frame:
            break
    await result.json_events.aclose()


async def by_closing_in_a_cancelled_scope(result: StreamingResult, part: bytes) -> None:
    async for frame in result:
        if part in frame:
            break
    with anyio.CancelScope() as scope:
        scope.cancel()
        await result.json_events.aclose()


Cut = Callable[[StreamingResult, bytes], Awaitable[None]]
cuts = pytest.mark.parametrize("cut", [by_task, by_scope, by_closing, by_closing_in_a_cancelled_scope])


async def begin(server: ScriptedServer, context: RequestContext) -> StreamingResult:
    return await start(server, "threads.add_user_message", context, thread_id="thr_1", input=message())


@cuts
async def test_cancelled_turn_keeps_the_text_streamed_so_far(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext, cut: Cut
) -> None:
    server = ScriptedServer(store, *PARTIAL, asyncio.Event())
    await cut(await begin(server, context), b"So far")
    assert server.stopped.is_set()
    assert await stored(store, context) == [make_assistant_message("So far")]


@cuts
async def test_a_cancellation_is_no_failure_and_nothing_is_logged(
    store: MemoryStore[object],
    thread: ThreadMetadata,
    context: RequestContext,
    caplog: pytest.LogCaptureFixture,
    cut: Cut,
) -> None:
    await cut(await begin(ScriptedServer(store, *PARTIAL, asyncio.Event()), context), b"So far")
    assert caplog.records == []


def test_the_note_for_the_model_blames_nobody() -> None:
    """It may have been the user, the network or a restart."""
    assert not {"user", "cancelled", "stopped"} & set(CUT_OFF_NOTE.lower().replace(".", "").split())


async def test_a_stream_that_is_forgotten_keeps_its_text_too(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    """Servers of newer ASGI versions drop the iterator where it stands; the loop then closes it."""

    class Server(ScriptedServer):
        async def handle_stream_cancelled(self, *arguments: Any) -> None:
            await super().handle_stream_cancelled(*arguments)
            saved.set()

    saved = asyncio.Event()
    result = await begin(Server(store, *PARTIAL, asyncio.Event()), context)
    async for frame in result:
        if b"So far" in frame:
            break
    del result
    await asyncio.wait_for(saved.wait(), 5)
    assert await stored(store, context) == [make_assistant_message("So far")]


@cuts
async def test_the_hook_gets_the_pending_items_in_order(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext, cut: Cut
) -> None:
    class Server(ScriptedServer):
        async def handle_stream_cancelled(
            self, thread: ThreadMetadata, pending_items: list[ThreadItem], context: Any
        ) -> None:
            await anyio.lowlevel.checkpoint()
            calls.append((thread.id, pending_items, context))

    calls: list[tuple[str, list[ThreadItem], Any]] = []
    workflow, done = make_workflow_item(), make_assistant_message(id="msg_done")
    script = [
        ThreadItemAddedEvent(item=workflow),
        ThreadItemAddedEvent(item=done),
        ThreadItemDoneEvent(item=done),
        *PARTIAL,
    ]
    await cut(await begin(Server(store, *script, asyncio.Event()), context), b"So far")
    assert calls == [("thr_1", [workflow, make_assistant_message("So far")], context)]


async def test_what_cannot_stand_alone_is_not_kept(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    script = [
        ThreadItemAddedEvent(item=make_client_tool_call()),
        ThreadItemAddedEvent(item=make_assistant_message(" \n", id="msg_blank")),
        ThreadItemAddedEvent(item=make_workflow_item()),
    ]
    await by_task(await begin(ScriptedServer(store, *script, asyncio.Event()), context), b"wf_1")
    assert await stored(store, context) == [make_workflow_item()]


async def test_an_answer_that_is_being_saved_is_kept_whole(
    thread: ThreadMetadata, context: RequestContext
) -> None:
    class Stuck(MemoryStore[object]):
        """The first write of the finished answer hangs."""

        hangs = True

        async def save_item(self, thread_id: str, item: ThreadItem, context: object) -> None:
            if isinstance(item, AssistantMessageItem) and self.hangs:
                self.hangs = False
                writing.set()
                await asyncio.Event().wait()
            await super().save_item(thread_id, item, context)

    writing, store = asyncio.Event(), Stuck()
    await store.save_thread(thread, context)
    whole = make_assistant_message("So far so good")
    result = await begin(ScriptedServer(store, *PARTIAL, ThreadItemDoneEvent(item=whole)), context)
    task = asyncio.create_task(read_until(result, b"", asyncio.Event()))
    await asyncio.wait_for(writing.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await stored(store, context) == [whole]


async def test_a_hook_that_fails_does_not_stop_the_cancellation(
    store: MemoryStore[object],
    thread: ThreadMetadata,
    context: RequestContext,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Server(ScriptedServer):
        async def handle_stream_cancelled(self, *_: object) -> None:
            raise BackendError("The database is away.")

    await by_task(await begin(Server(store, *PARTIAL, asyncio.Event()), context), b"So far")
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_a_hook_that_hangs_does_not_hold_the_cancellation_for_ever(
    store: MemoryStore[object],
    thread: ThreadMetadata,
    context: RequestContext,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Server(ScriptedServer):
        async def handle_stream_cancelled(self, *_: object) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(turn, "CLEANUP_SECONDS", 0)
    await by_task(await begin(Server(store, *PARTIAL, asyncio.Event()), context), b"So far")
    assert "did not come to its end in time" in caplog.text


async def test_a_responder_that_fails_while_it_is_closed_does_not_cost_the_partial_answer(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    class Server(ScriptedServer):
        async def respond(self, *_: object) -> AsyncIterator[ThreadStreamEvent]:
            try:
                for step in PARTIAL:
                    assert isinstance(step, ThreadItemAddedEvent | ThreadItemUpdatedEvent)
                    yield step
            finally:
                raise RuntimeError("the connection is gone too")

    await by_closing(await begin(Server(store), context), b"So far")
    assert await stored(store, context) == [make_assistant_message("So far")]


async def test_a_retry_stopped_before_it_says_anything_gives_the_old_answer_back(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    await store.add_thread_item("thr_1", make_user_message(), context)
    await store.add_thread_item("thr_1", make_assistant_message(id="msg_old"), context)
    server = ScriptedServer(store, asyncio.Event())
    result = await start(server, "threads.retry_after_item", context, thread_id="thr_1", item_id="msg_user")
    await by_task(result, b"stream_options")
    assert await stored(store, context) == [make_assistant_message(id="msg_old")]


async def test_a_turn_that_was_read_to_its_end_is_not_cancelled_by_closing(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    result = await begin(ScriptedServer(store, ThreadItemDoneEvent(item=make_assistant_message())), context)
    async for _ in result:
        pass
    await result.json_events.aclose()
    page = await store.load_thread_items("thr_1", None, 100, "asc", context)
    assert page.data[1:] == [make_assistant_message()]


async def test_a_stream_that_nobody_began_stores_nothing_more(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    server = ScriptedServer(store)
    await (await begin(server, context)).json_events.aclose()
    assert server.asked == []
    assert len((await store.load_thread_items("thr_1", None, 100, "asc", context)).data) == 1


async def test_a_cancelled_error_of_the_responder_itself_is_a_cancellation(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    result = await begin(ScriptedServer(store, *PARTIAL, asyncio.CancelledError()), context)

    async def read(frames: AsyncIterator[bytes]) -> None:
        async for _ in frames:
            pass

    with pytest.raises(asyncio.CancelledError):
        await read(result.json_events)
    assert await stored(store, context) == [make_assistant_message("So far")]
