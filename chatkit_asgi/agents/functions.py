"""Plain functions that answer: their text and events, and whatever else they are, as events of a thread."""

import asyncio
import inspect
import threading
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterable,
    Iterator,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from functools import partial
from typing import Any, cast, get_args

from anyio.to_thread import run_sync
from pydantic import PrivateAttr

from chatkit_asgi.agents.context import AgentContext
from chatkit_asgi.agents.merge import Queued, merged
from chatkit_asgi.agents.messages import ChatMessage
from chatkit_asgi.agents.output import DEFAULT_RESPONSE_CONVERTER
from chatkit_asgi.agents.stream import RunResponse
from chatkit_asgi.clock import utcnow
from chatkit_asgi.context import owner_of
from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.locale import language_of
from chatkit_asgi.store import TContext
from chatkit_asgi.types import (
    AssistantMessageContent,
    AssistantMessageContentPartAdded,
    AssistantMessageContentPartDone,
    AssistantMessageContentPartTextDelta,
    AssistantMessageItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemUpdatedEvent,
    ThreadStreamEvent,
)

__all__ = ["AnswerContext", "AnswerFunction", "name_of", "require_answer", "stream_function_response"]

AnswerFunction = Callable[[list[ChatMessage], "AnswerContext[Any]"], Any]
"""An async generator function of text and events, a coroutine function that returns either, or their plain
siblings, which then run in threads. `Any`: what it gives is looked at as it comes."""

Events = Sequence[ThreadStreamEvent]
_EVENTS: tuple[type, ...] = get_args(get_args(ThreadStreamEvent)[0])
_END = object()


class AnswerContext(AgentContext[TContext]):
    """What a function gets beside the messages: for whom it answers, and the ways to show more than text."""

    _stop: threading.Event = PrivateAttr(default_factory=threading.Event)

    @property
    def user(self) -> str:
        """Who asks: the owner of the thread."""
        return getattr(self.request_context, "user_id", None) or owner_of(self.request_context)

    @property
    def locale(self) -> str:
        """The user's language, a BCP 47 tag."""
        return language_of(self.request_context) or "en"

    @property
    def stop(self) -> threading.Event:
        """Set when nobody wants the answer any more. A coroutine is cancelled then; a thread has to look."""
        return self._stop


def require_answer(answer: object) -> AnswerFunction:
    """`answer` itself. Raises InvalidRequestError for what takes no messages and context."""
    if inspect.isclass(answer) or not callable(answer):
        raise InvalidRequestError(
            f"This cannot answer: it is {_described(answer)}; give an Agent of the Agents SDK, or a function"
            " or callable object that takes (messages, context) and gives text."
        )
    try:
        inspect.signature(answer).bind([], None)
    except TypeError as exc:
        raise InvalidRequestError(
            f"{name_of(answer)} cannot answer: it is called with (messages, context): {exc}."
        ) from exc
    return answer


def name_of(answer: object) -> str:
    """What the function is called, or what kind of object it is."""
    while isinstance(answer, partial):
        answer = answer.func
    return str(getattr(answer, "__name__", type(answer).__name__))


async def stream_function_response(
    context: AnswerContext[Any], answer: AnswerFunction, messages: list[ChatMessage]
) -> AsyncIterator[ThreadStreamEvent]:
    """The events of one answer; what it streams by its context comes in between.

    Text becomes an assistant message, which ends where another item begins. Closing the iterator closes the
    function's own generator; exceptions pass. TypeError when it gives anything else.
    """
    response = _FunctionResponse(context, DEFAULT_RESPONSE_CONVERTER)
    await response.resume_workflow()
    pieces = _pieces(answer, messages, context)
    try:
        merging = merged(pieces, context._events, runs_ahead=_is_text, drops_queued=_never)
        async with merging as entries:
            async for entry in entries:
                for event in response.shown(entry.event if entry.__class__ is Queued else entry):
                    yield event
    finally:
        context.stop.set()
    for event in (*response.end_text(), *await response.finish()):
        yield event


class _FunctionResponse(RunResponse):
    """Makes messages of text; items that come in between stand between them."""

    _item: AssistantMessageItem | None = None
    _texts: list[str]

    def shown(self, piece: ThreadStreamEvent | str) -> Events:
        """The events for the next piece."""
        if isinstance(piece, str):
            return self._text(piece) if piece else ()
        if isinstance(piece, ThreadItemAddedEvent | ThreadItemDoneEvent):
            return (*self.end_text(), *self.queued(piece))
        return (piece,)

    def end_text(self) -> Events:
        """The end of the message that is being streamed, if one is."""
        item, self._item = self._item, None
        if item is None:
            return ()
        content = AssistantMessageContent(text="".join(self._texts), annotations=[])
        done = AssistantMessageContentPartDone(content_index=0, content=content)
        return (
            ThreadItemUpdatedEvent(item_id=item.id, update=done),
            ThreadItemDoneEvent(item=item.model_copy(update={"content": [content]})),
        )

    def _text(self, text: str) -> Events:
        if self._item is not None:
            self._texts.append(text)
            return (_delta(self._item, text),)
        item = self._item = AssistantMessageItem(
            id=self.context.generate_id("message"),
            thread_id=self.context.thread.id,
            created_at=utcnow(),
            content=[],
        )
        self._texts = [text]
        empty = AssistantMessageContent(text="", annotations=[])
        begun = AssistantMessageContentPartAdded(content_index=0, content=empty)
        return (
            *self.end_workflow(),
            self._added(item),
            ThreadItemUpdatedEvent(item_id=item.id, update=begun),
            _delta(item, text),
        )


def _delta(item: AssistantMessageItem, text: str) -> ThreadItemUpdatedEvent:
    update = AssistantMessageContentPartTextDelta(content_index=0, delta=text)
    return ThreadItemUpdatedEvent(item_id=item.id, update=update)


async def _pieces(
    answer: AnswerFunction, messages: list[ChatMessage], context: AnswerContext[Any]
) -> AsyncGenerator[ThreadStreamEvent | str, None]:
    """What the function gives, one after the other, in whatever way it gives it."""
    found = answer(messages, context) if _is_async(answer) else await run_sync(answer, messages, context)
    if inspect.isawaitable(found):
        found = await found
    async with _closing(_iterated(found, context.stop)) as pieces:
        async for piece in pieces:
            if not isinstance(piece, (str, *_EVENTS)):
                raise TypeError(
                    f"{name_of(answer)}() gave {_described(piece)}: it has to be text or an event"
                )
            yield cast("ThreadStreamEvent | str", piece)


def _iterated(found: Any, stop: threading.Event) -> AsyncIterator[Any]:  # Any: looked at here
    if isinstance(found, AsyncIterable):
        return aiter(found)
    is_several = isinstance(found, Iterable) and not isinstance(found, (str, *_EVENTS))
    return _in_threads(iter(found), stop) if is_several else _one(found)


async def _one(piece: object) -> AsyncIterator[object]:
    if piece is not None:
        yield piece


async def _in_threads(pieces: Iterator[object], stop: threading.Event) -> AsyncIterator[object]:
    """The pieces of an iterator that may block. It is closed by the thread that is in it last."""
    try:
        while (piece := await _uninterrupted(partial(next, pieces, _END), stop)) is not _END:
            yield piece
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            await _uninterrupted(close, stop)


async def _uninterrupted(call: Callable[[], object], stop: threading.Event) -> object:
    """Its outcome in a thread. That cannot be cancelled: a cancellation sets `stop` and waits for its end."""
    task = asyncio.ensure_future(run_sync(call))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([task])
        raise


def _is_async(answer: object) -> bool:
    while isinstance(answer, partial):
        answer = answer.func
    call = answer if inspect.isroutine(answer) else getattr(answer, "__call__", None)  # noqa: B004 - its own
    return inspect.isasyncgenfunction(call) or inspect.iscoroutinefunction(call)


def _is_text(piece: object) -> bool:
    """Text changes nothing but its message, so it need not be handled piece by piece."""
    return isinstance(piece, str)


def _never(failure: BaseException | None) -> bool:
    return False


def _closing(pieces: AsyncIterator[Any]) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
    """Closes what can be closed: generators, but not every iterator."""
    return aclosing(cast(Any, pieces)) if hasattr(pieces, "aclose") else nullcontext(pieces)


def _described(found: object) -> str:
    if inspect.isclass(found):
        return f"the class {found.__qualname__}"
    kind = type(found).__name__
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
