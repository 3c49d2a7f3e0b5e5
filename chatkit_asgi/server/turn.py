"""One response, from the handler's opening events to its end: saves its items, turns failures into events.

One async generator stands between `respond()` and the bytes; what it keeps for each item is in `pending.py`.
"""

import logging
from asyncio import CancelledError
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic

from anyio import move_on_after

from chatkit_asgi.clock import utcnow
from chatkit_asgi.errors import CustomStreamError, ErrorCode, LeaseLostError, NotFoundError, StreamError
from chatkit_asgi.locale import translated
from chatkit_asgi.server.pending import PendingItems, is_worth_keeping
from chatkit_asgi.server.wire import (
    ANSWER_FAILED,
    StreamingResult,
    client_view,
    deleted_frame,
    encode_event,
    text_delta_frame,
    text_delta_prefix,
)
from chatkit_asgi.server.writer import Guard, TurnWriter
from chatkit_asgi.store import Store, TContext
from chatkit_asgi.types import (
    ActiveStatus,
    AssistantMessageContentPartTextDelta,
    ErrorEvent,
    Page,
    SDKHiddenContextItem,
    StreamOptions,
    StreamOptionsEvent,
    ThreadItem,
    ThreadItemDoneEvent,
    ThreadItemRemovedEvent,
    ThreadItemReplacedEvent,
    ThreadItemUpdatedEvent,
    ThreadMetadata,
    ThreadStreamEvent,
    ThreadUpdatedEvent,
    is_hidden,
)

__all__ = [
    "CLEANUP_SECONDS",
    "FAILED_NOTE",
    "RESPONSE_SCOPES",
    "Opening",
    "Turn",
    "make_note",
    "save_partial",
]

logger = logging.getLogger(__name__)

CLEANUP_SECONDS = 10.0
"""How long a cancelled turn may take to close its responder and to save what it has."""


FAILED_NOTE = (
    "The previous answer broke off because of an error. The user has seen only what is above; do not take it"
    " up again unless asked to."
)
"""For the model, after an answer that failed when some of it had been shown."""

RESPONSE_SCOPES: list[Callable[[], AbstractContextManager[object]]] = []
"""Entered around every responder. The floor above adds what its SDK wants set while a run is started.

They are held across `yield`: whoever steps the stream in another context leaves them there.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a handler has prepared: nothing can be refused any more, and what came in is stored."""

    thread: ThreadMetadata
    respond: Callable[[], AsyncIterator[ThreadStreamEvent]] | None
    """Starts the responder; None when there is nothing to respond to."""
    before_options: Sequence[ThreadStreamEvent] = ()
    after_options: Sequence[ThreadStreamEvent] = ()
    superseded: Sequence[ThreadItem] | None = None
    """What a retry has withdrawn, as the store gave it. It comes back if the turn fails before an item."""


class Turn(Generic[TContext]):
    """Runs one response. Used once."""

    def __init__(
        self,
        store: Store[TContext],
        opening: Opening,
        options: StreamOptions,
        context: TContext,
        *,
        on_cancelled: Callable[[ThreadMetadata, list[ThreadItem], TContext], Awaitable[None]],
        guard: Guard | None = None,
    ) -> None:
        self.error: str | None = None
        """For the operator: why the answer failed, if it did."""
        self._store = store
        self._writer = TurnWriter(store, opening.thread.id, context, opening.superseded, guard)
        self._opening = opening
        self._options = options
        self._context = context
        self._on_cancelled = on_cancelled
        self._thread = _WatchedThread(opening.thread)
        self._pending = PendingItems()
        self._updates = _UpdatePath(self._pending)
        self._scopes: ExitStack | None = None
        self._responder: AsyncIterator[ThreadStreamEvent] | None = None

    def result(self) -> StreamingResult:
        """The turn as an answer. Nothing happens until it is iterated."""
        return StreamingResult(
            self._frames(), thread_id=self._opening.thread.id, stream_options=self._options, turn=self
        )

    def unfinished_items(self) -> list[ThreadItem]:
        """The items that the client has been shown and that are not stored yet, as it sees them now."""
        self._updates.turn_away()
        return [item.model_copy(deep=True) for item in self._pending.items() if not is_hidden(item)]

    async def _frames(self) -> AsyncGenerator[bytes, None]:
        for frame in self._take_opening_frames():
            yield frame
        if self._opening.respond is None:
            return
        try:
            for frame in self._take_later_frames():
                yield frame
            try:
                self._responder = self._start(self._opening.respond)
                async for event in self._responder:
                    shown = self._updates.frame(event)
                    if shown is None:
                        shown = await self._take(event)
                    if shown:
                        yield shown
                    if self._thread.has_changed():
                        yield await self._save_thread()
                await self._writer.delete_superseded()
            except Exception as exc:
                self.error = repr(exc)
                yield await self._fail(exc)
            if rest := await self._finish():
                yield rest
        except (CancelledError, GeneratorExit):
            # a scope of anyio cancels every await anew, hence the shield
            with move_on_after(CLEANUP_SECONDS, shield=True) as scope:
                await self._cancelled()
            if scope.cancelled_caught:
                logger.error(
                    "a cancelled turn of thread %s did not come to its end in time", self._opening.thread.id
                )
            raise
        finally:
            if self._scopes is not None:
                self._scopes.close()

    def _take_opening_frames(self) -> list[bytes]:
        """What comes first. The events are let go: a turn may be long, and there may be many."""
        frames = [encode_event(event) for event in self._opening.before_options]
        self._opening = replace(self._opening, before_options=())
        return frames

    def _take_later_frames(self) -> list[bytes]:
        """What comes next where there is a response; let go, too."""
        later = (StreamOptionsEvent(stream_options=self._options), *self._opening.after_options)
        self._opening = replace(self._opening, after_options=())
        return [encode_event(event) for event in later]

    def _start(
        self, respond: Callable[[], AsyncIterator[ThreadStreamEvent]]
    ) -> AsyncIterator[ThreadStreamEvent]:
        if RESPONSE_SCOPES:
            self._scopes = scopes = ExitStack()
            for scope in RESPONSE_SCOPES:
                scopes.enter_context(scope())
        return respond()

    async def _take(self, event: ThreadStreamEvent) -> bytes:
        """Save what the event says. Its frame, or nothing for what the client must not see."""
        self._pending.apply(event)
        match event:
            case ThreadItemDoneEvent(item=item):
                self._pending.hold(item)
                await self._writer.add(item)
                self._pending.discard(item.id)
                if is_hidden(item):
                    return b""
            case ThreadItemRemovedEvent(item_id=item_id):
                await self._writer.delete(item_id)
            case ThreadItemReplacedEvent(item=item):
                await self._writer.replace(item)
        return encode_event(event)

    async def _save_thread(self) -> bytes:
        """Raises NotFoundError when the thread is gone."""
        title = self._thread.saved_title
        changed = await self._writer.update_thread(self._thread.take_changes(), title_before=title)
        return encode_event(ThreadUpdatedEvent(thread=client_view(changed)))

    async def _finish(self) -> bytes:
        try:
            return await self._save_thread() if self._thread.has_changed() else b""
        except NotFoundError:
            return b""
        except Exception as exc:
            event = _error_event(exc, self._context)
            return b"" if self.error else encode_event(event)

    async def _fail(self, exc: Exception) -> bytes:
        """Keep what the user saw and tell the model, then say what went wrong."""
        if await self._is_deleted(exc):
            await self._close_responder()
            return deleted_frame(self._context)
        event = _error_event(exc, self._context)
        await self._close_responder()
        thread = self._opening.thread
        try:
            if items := self._worth_keeping():
                await self._writer.add(*items, make_note(self._store, thread, FAILED_NOTE, self._context))
            else:
                await self._writer.restore_superseded()
        except LeaseLostError:
            pass  # whoever has the turn now has kept what there was
        except Exception as unsaved:
            if not await self._is_deleted(unsaved):
                logger.exception("the partial answer in thread %s was not saved", thread.id)
        return encode_event(event)

    async def _cancelled(self) -> None:
        thread = self._opening.thread
        await self._close_responder()
        try:
            await self._writer.require_held()
            if not self._worth_keeping():
                await self._writer.restore_superseded()
            await self._on_cancelled(thread, self._pending.items(), self._context)
            await self._writer.delete_superseded()
        except LeaseLostError:
            pass
        except Exception as exc:
            if not await self._is_deleted(exc):
                logger.exception("the cancelled answer in thread %s was not saved", thread.id)

    async def _is_deleted(self, exc: Exception) -> bool:
        """Whether something could not be written because the user has deleted the thread meanwhile."""
        if not isinstance(exc, LeaseLostError | NotFoundError):
            return False
        try:
            await self._store.load_thread(self._opening.thread.id, self._context)
        except NotFoundError:
            return True
        except Exception:
            logger.exception("nobody knows whether thread %s is still there", self._opening.thread.id)
        return False

    def _worth_keeping(self) -> list[ThreadItem]:
        return [item for item in self._pending.items() if is_worth_keeping(item)]

    async def _close_responder(self) -> None:
        """Stop the responder where it stands. It may be an iterator that knows no closing."""
        close = getattr(self._responder, "aclose", None)
        if close is None:
            return
        try:
            await close()
        except Exception:
            logger.exception("the responder of thread %s failed while it was closed", self._opening.thread.id)


async def save_partial(
    store: Store[TContext], thread: ThreadMetadata, items: Sequence[ThreadItem], context: TContext
) -> None:
    """Save those unfinished items that mean something to the user as they are."""
    for item in items:
        if is_worth_keeping(item):
            await store.add_thread_item(thread.id, item, context)


def make_note(
    store: Store[TContext], thread: ThreadMetadata, text: str, context: TContext
) -> SDKHiddenContextItem:
    """An item for the model, which the user does not see."""
    return SDKHiddenContextItem(
        id=store.generate_item_id("sdk_hidden_context", thread, context),
        thread_id=thread.id,
        created_at=utcnow(),
        content=text,
    )


class _WatchedThread:
    """Tells when the responder has changed the thread, which happens at any time and unannounced."""

    def __init__(self, thread: ThreadMetadata) -> None:
        self._thread = thread
        self._saved = _snapshot(thread)

    def has_changed(self) -> bool:
        # compares dictionaries: what is the same object is equal at once, so only the metadata costs anything
        return self._thread.__dict__ != self._saved

    @property
    def saved_title(self) -> str | None:
        """The one that it had when it was loaded or saved last."""
        title: str | None = self._saved["title"]
        return title

    def take_changes(self) -> dict[str, Any]:
        """The metadata to be saved, as far as it has changed; from now on, changes are changes to this."""
        before, self._saved = self._saved, _snapshot(self._thread)
        now = self._thread.__dict__.items()
        return {name: value for name, value in now if name != "items" and value != before.get(name)}


_UNCHANGEABLE = (str, int, float, type(None), datetime, ActiveStatus, Page)
"""What need not be copied to be compared later; a page of items is not the responder's to change."""


def _snapshot(thread: ThreadMetadata) -> dict[str, Any]:
    return {
        name: value if isinstance(value, _UNCHANGEABLE) else deepcopy(value)
        for name, value in thread.__dict__.items()
    }


class _UpdatePath:
    """The short way of updates, nearly all of a turn's events: nothing is saved. Text deltas are shortest."""

    def __init__(self, pending: PendingItems) -> None:
        self._pending = pending
        self._part: tuple[str, int] | None = None
        self._prefix = b""
        self._append: Callable[[str], None] | None = None

    def frame(self, event: ThreadStreamEvent) -> bytes | None:
        """The frame, when the event is an update; None for any other, which has to take the long way."""
        if type(event) is not ThreadItemUpdatedEvent:
            self._part = None
            return None
        update = event.update
        if type(update) is AssistantMessageContentPartTextDelta:
            return self._delta_frame(event.item_id, update)
        self._part = None
        frame = encode_event(event)
        self._pending.apply(event)
        return frame

    def turn_away(self) -> None:
        """The pending items were looked at: what was held of them is old."""
        self._part = None

    def _delta_frame(self, item_id: str, update: AssistantMessageContentPartTextDelta) -> bytes:
        # no copies, no serializer
        part = (item_id, update.content_index)
        if part != self._part:
            self._turn_to(part)
        frame = text_delta_frame(self._prefix, update.delta)
        # only now: what cannot be sent cannot be saved either, and would take the rest of the text with it
        if self._append is not None:
            self._append(update.delta)
        return frame

    def _turn_to(self, part: tuple[str, int]) -> None:
        self._append = self._pending.appender(*part)
        self._prefix = text_delta_prefix(*part)
        self._part = part


def _error_event(exc: Exception, context: object) -> ErrorEvent:
    default = translated(ANSWER_FAILED, context)
    match exc:
        case CustomStreamError(message=message, allow_retry=allow_retry):
            return ErrorEvent(message=translated(message, context), allow_retry=allow_retry)
        case StreamError(code=code, allow_retry=allow_retry):
            return ErrorEvent(code=code, message=default, allow_retry=allow_retry)
    logger.error("the response failed", exc_info=exc)
    return ErrorEvent(code=ErrorCode.STREAM_ERROR, message=default, allow_retry=True)
