"""One turn being produced in this process: its task, and why it was stopped."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal, Protocol, cast

from chatkit_asgi.streams.live import LiveTurn
from chatkit_asgi.streams.log import Ending, TurnStatus
from chatkit_asgi.usage import TurnMeter, metered

__all__ = ["PATIENCE_SECONDS", "LastWords", "Producer", "StopReason", "TurnRun"]

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 12.0
"""After this long a turn that was told to stop is told again: it is more than saving what it has may take."""

StopReason = Literal["cancelled", "deleted", "interrupted", "lost", "timeout", "unwritable"]
"""Somebody wanted that; its thread is gone; the process ends; another one took it over; too long; the log is
away too long."""


class Producer(Protocol):
    """What answers: frames, and how it went."""

    @property
    def json_events(self) -> AsyncGenerator[bytes, None]:
        """The frames, whole server-sent events. Closed or cancelled, it saves what it has."""

    @property
    def error(self) -> str | None:
        """For the operator, after the end: why the answer is not what it should be."""


@dataclass(frozen=True, slots=True)
class LastWords:
    """The frames with which a turn ends that does not come to its own end."""

    failure: bytes
    """Something went wrong, and it may be tried again."""
    timeout: bytes
    """The answer took too long."""
    deleted: bytes
    """The thread is gone."""


class TurnRun:
    """Drives a producer to its end in a task of its own. `live` takes its frames.

    `thread_id` is None for an answer that is no turn: it is over at once and goes into no log.
    `on_end` is called once.
    """

    def __init__(
        self,
        live: LiveTurn,
        producer: Producer,
        *,
        thread_id: str | None,
        request_hash: str = "",
        timeout: float | None,
        last_words: LastWords,
        goes_on_unread: bool,
        on_end: Callable[["TurnRun"], None],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.live = live
        self.producer = producer
        self.thread_id = thread_id
        self.request_hash = request_hash
        self.goes_on_unread = goes_on_unread
        """Whether it comes to its end when nobody reads it any more."""
        self.readers = 1
        """How many read it in this process; it begins with the one who asked."""
        self.is_followed = False
        """Whether it was read in another process when the log was asked last."""
        self.unread_since = 0.0
        """Since when, by the loop's clock, it has none, here or elsewhere."""
        self.ending: Ending | None = None
        """Set when it has ended."""
        self.ended_at = 0.0
        """When that was, by the loop's clock."""
        self._timeout = timeout
        self.last_words = last_words
        self._on_end = on_end
        self._patience = patience
        self._reason: StopReason | None = None
        self._meter = TurnMeter()
        self.task = asyncio.create_task(self._run(), name=f"turn {live.id}")
        # after _run's own end, and for a task that is cancelled before its first step and never gets there
        self.task.add_done_callback(self._note_end)

    @property
    def id(self) -> str:
        """The turn's id."""
        return self.live.id

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._reason is not None

    @property
    def parting(self) -> bytes:
        """The last frame for readers who cannot be given what it says itself."""
        return self.last_words.deleted if self._reason == "deleted" else self.last_words.failure

    @property
    def is_left_to_others(self) -> bool:
        """Whether it has readers in other processes only, and stops when they leave."""
        return self.is_followed and not (self.readers or self.goes_on_unread or self.ending is not None)

    def stop(self, reason: StopReason) -> None:
        """Cancel the turn, unless it was told before: then it is saving what it has."""
        is_told = self._reason is not None
        if not is_told or reason == "lost":
            self._reason = reason
        if not is_told:
            self._cancel()

    def _cancel(self) -> None:
        """Until it ends: one that hangs in its clean-up needs to be told more than once."""
        if self.task.done():
            return
        loop = asyncio.get_running_loop()
        # not at once: a task that has not begun yet would not learn of it, nor undo what was prepared
        loop.call_soon(self.task.cancel)
        again = loop.call_later(self._patience, self._cancel)
        self.task.add_done_callback(lambda _: again.cancel())

    async def _run(self) -> None:
        this = cast(asyncio.Task[None], asyncio.current_task())
        append = self.live.append
        late: asyncio.TimerHandle | None = None
        if self._timeout:
            late = asyncio.get_running_loop().call_later(self._timeout, self.stop, "timeout")
        try:
            with metered() as self._meter:
                async with aclosing(self.producer.json_events) as frames:
                    async for frame in frames:
                        append(frame)
                        if this.cancelling():  # and went on all the same
                            raise asyncio.CancelledError
            self._end("done" if self.producer.error is None else "failed", self.producer.error)
        except asyncio.CancelledError:
            if this.cancelling():
                self._end_stopped()
            else:  # something that it waited for was cancelled
                logger.exception("turn %s was cancelled from within", self.id)
                append(self.last_words.failure)
                self._end("failed", "cancelled from within")
        except Exception as exc:
            logger.exception("turn %s failed", self.id)
            append(self.last_words.failure)
            self._end("failed", repr(exc))
        finally:
            if late is not None:
                late.cancel()

    def _end_stopped(self) -> None:
        match self._reason:
            case "timeout":
                logger.error("turn %s took longer than %s seconds", self.id, self._timeout)
                self.live.append(self.last_words.timeout)
                self._end("failed", "timeout")
            case "cancelled":
                self._end("cancelled")
            case "deleted":
                self.live.append(self.last_words.deleted)
                self._end("cancelled", "its thread was deleted")
            case reason:
                self.live.append(self.last_words.failure)
                self._end("interrupted", reason or "the event loop has ended")

    def _end(self, status: TurnStatus, error: str | None = None) -> None:
        meter = self._meter
        self.ending = Ending(self.id, status, error, meter.usage, meter.first_token_seconds, meter.seconds)
        self.ended_at = asyncio.get_running_loop().time()

    def _note_end(self, task: asyncio.Task[None]) -> None:
        if self.ending is None:
            self._end_stopped()
        self._on_end(self)
