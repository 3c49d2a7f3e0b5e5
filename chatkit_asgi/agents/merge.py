"""One queue for what the run streams and what its tools add, read in the order things arrived.

A single task pumps the run's events into the queue; tools write to the same queue through `AgentContext`.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, nullcontext
from typing import Any

from chatkit_asgi.types import ThreadItemAddedEvent, ThreadStreamEvent

__all__ = ["EventQueue", "Queued", "merged"]

logger = logging.getLogger(__name__)

LIMIT = 1024
"""Events that may wait; whoever adds more waits for room."""
LIMIT_UNREAD = 10
"""How many times that before anybody reads. Nobody waits then: it may be the reader-to-be who adds them."""
STOP_SECONDS = 5.0
"""How long a stopped run may take to close."""


class Queued:
    """An event that came from a tool, not from the run."""

    __slots__ = ("event",)

    def __init__(self, event: ThreadStreamEvent) -> None:
        self.event = event


class _End:
    """Marks the run's end, with the exception it ended by."""

    __slots__ = ("failure",)

    def __init__(self, failure: BaseException | None) -> None:
        self.failure = failure


class EventQueue:
    """Many writers, one reader, first in first out; bounded as long as somebody reads.

    What is put before the reader comes is kept for it, up to `LIMIT_UNREAD` times the limit. What is put
    after the reader has gone is logged and kept for a second run with the same context, up to the limit. What
    goes beyond either is refused with RuntimeError.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._entries: deque[Any] = deque()  # Queued, events of the run (of any class) and one _End
        self._limit = limit
        self._state = "new"
        self._filled = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether a writer has to wait for `room` now."""
        return len(self._entries) >= self._limit and self._state == "reading"

    async def room(self) -> None:
        """Wait until the reader has caught up, or has gone."""
        while self.full:
            await self._emptied()

    async def handled(self) -> None:
        """Wait until the reader has handled everything in line and comes for more, or has gone."""
        while self._entries and self._state == "reading":
            await self._emptied()

    async def _emptied(self) -> None:
        self._room.clear()
        await self._room.wait()

    def add(self, entry: object) -> None:
        """Put an entry in line."""
        self._entries.append(entry)
        self._filled.set()

    async def put(self, event: ThreadStreamEvent) -> None:
        """Put a tool's event in line; waits for room."""
        await self.room()
        if self._state == "new" and len(self._entries) >= LIMIT_UNREAD * self._limit:
            raise RuntimeError(
                f"{len(self._entries)} events wait and nobody reads them: hand this context to "
                "stream_agent_response() first"
            )
        if self._state == "closed":
            self._report_late(event)
        self.add(Queued(event))

    def _report_late(self, event: ThreadStreamEvent) -> None:
        if len(self._entries) >= self._limit:
            raise RuntimeError("the response has ended: its context takes no more events")
        logger.warning("event %s came after the end of its response and was not sent", event.type)

    def announces(self, item_id: str) -> bool:
        """Whether the item's `added` event is still in line, so that the client does not know of it yet."""
        events = (entry.event for entry in self._entries if isinstance(entry, Queued))
        return any(isinstance(each, ThreadItemAddedEvent) and each.item.id == item_id for each in events)

    def open(self) -> None:
        """Begin to read; what tools put earlier comes first."""
        if self._state == "reading":
            raise RuntimeError("this context's events are being streamed already")
        self._state = "reading"

    def close(self) -> None:
        """Stop reading: writers that wait for room go on, what is left unread is dropped."""
        self._state = "closed"
        self._entries.clear()
        self._room.set()

    def end(self, failure: BaseException | None, *, drop_queued: bool) -> None:
        """Let the reader come to an end behind what is in line, or raise `failure` there."""
        if self._state != "reading":
            return
        if drop_queued:
            self._entries = deque(entry for entry in self._entries if not isinstance(entry, Queued))
        self.add(_End(failure))

    async def read(self) -> AsyncIterator[Any]:
        """The entries until the run's end, and what came in meanwhile. Raises what the run raised."""
        ended = False
        while not ended or self._entries:
            while self._entries:
                entry = self._entries.popleft()
                if type(entry) is not _End:
                    yield entry
                elif entry.failure is None:
                    ended = True
                else:
                    raise entry.failure
            if not ended:
                self._room.set()
                self._filled.clear()
                await self._filled.wait()


@asynccontextmanager
async def merged(
    events: AsyncIterator[Any],
    queue: EventQueue,
    *,
    runs_ahead: Callable[[Any], bool],
    drops_queued: Callable[[BaseException | None], bool],
) -> AsyncIterator[AsyncIterator[Any]]:
    """What `events` yields (as it is) and what the queue is given (as `Queued`), in the order of arrival.

    The next of `events` is asked for when the last one was handled, or at once where that one `runs_ahead`.
    Failures of `events` come after everything before them, except that queued events still in line are
    thrown away where `drops_queued` says so. Leaving the block stops the pump and closes `events`.
    """
    queue.open()
    pump = asyncio.create_task(_pump(events, queue, runs_ahead, drops_queued))
    try:
        yield queue.read()
    finally:
        queue.close()
        pump.cancel()
        await asyncio.wait([pump], timeout=STOP_SECONDS)


async def _pump(
    events: AsyncIterator[Any],
    queue: EventQueue,
    runs_ahead: Callable[[Any], bool],
    drops_queued: Callable[[BaseException | None], bool],
) -> None:
    failure: BaseException | None = None
    try:
        async with _closing(events):
            async for event in events:
                queue.add(event)
                if not runs_ahead(event):
                    await queue.handled()
                elif queue.full:
                    await queue.room()
    except asyncio.CancelledError as exc:
        failure = exc
        raise
    except Exception as exc:  # the reader raises it
        failure = exc
    finally:
        queue.end(failure, drop_queued=drops_queued(failure))


def _closing(events: Any) -> AbstractAsyncContextManager[object]:
    """Closes what can be closed: generators, but not every iterator."""
    return aclosing(events) if hasattr(events, "aclose") else nullcontext()
