"""Runs turns in tasks of their own, so that a response is only a reader and may come and go."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import cast
from uuid import uuid4

from chatkit_asgi.streams.old_log import TurnLog, TurnReader

__all__ = ["RunningTurn", "TurnRunner"]

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 12.0
"""After this long a turn that was told to stop is told again: it is more than saving what it has may take."""
MOST_ROUNDS = 3
"""How often the end of the process waits for that."""


class RunningTurn:
    """One reader's hold on a turn in flight. Leave it when the reader goes."""

    def __init__(self, reader: TurnReader, stop: Callable[[], None] | None) -> None:
        self._reader = reader
        self._stop = stop

    @property
    def at_end(self) -> bool:
        """Whether it is known that `read` has nothing more to give."""
        return self._reader.at_end

    def read(self) -> Awaitable[Sequence[bytes]]:
        """The next frames; none at the turn's end. May be cancelled and called again."""
        return self._reader.read()

    def leave(self) -> None:
        """The reader is gone: the turn is stopped, or runs on, as the operator chose. May be repeated."""
        if self._stop is not None:
            self._stop()
            self._stop = None


class TurnRunner:
    """Owns the tasks of all live turns of this process.

    `failure_frame` ends the log of a turn whose own error handling failed.
    """

    def __init__(
        self,
        log: TurnLog,
        *,
        failure_frame: bytes,
        cancel_on_disconnect: bool = True,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._log = log
        self._failure_frame = failure_frame
        self._cancel_on_disconnect = cancel_on_disconnect
        self._patience = patience
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def live(self) -> int:
        """How many turns run in this process."""
        return len(self._tasks)

    def start(self, frames: AsyncGenerator[bytes, None]) -> RunningTurn:
        """Drive `frames` to its end in a task of its own; the caller gets the first reader."""
        turn_id = uuid4().hex
        self._log.open(turn_id)
        reader = self._log.reader(turn_id)
        task = asyncio.create_task(self._run(turn_id, frames), name=f"turn {turn_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # again, after _run's finally: a task that is cancelled before its first step never gets there
        task.add_done_callback(lambda _: self._log.close(turn_id))
        return RunningTurn(reader, partial(self._stop, task) if self._cancel_on_disconnect else None)

    async def aclose(self) -> None:
        """Stop all turns and wait until each has kept what it had; not for ever, if one does not stop."""
        tasks = list(self._tasks)
        if not tasks:
            return
        for task in tasks:
            self._stop(task)
        _, stuck = await asyncio.wait(tasks, timeout=MOST_ROUNDS * self._patience)
        if stuck:
            logger.error("%d turns cannot be stopped: they swallow every cancellation", len(stuck))

    def _stop(self, task: asyncio.Task[None]) -> None:
        """Cancel a turn until it ends: one that hangs in its own clean-up needs to be told more than once."""
        if task.done():
            return
        loop = asyncio.get_running_loop()
        # not at once: a task that has not begun yet would not learn of it, nor undo what was prepared
        loop.call_soon(task.cancel)
        again = loop.call_later(self._patience, self._stop, task)
        task.add_done_callback(lambda _: again.cancel())

    async def _run(self, turn_id: str, frames: AsyncGenerator[bytes, None]) -> None:
        this = cast(asyncio.Task[None], asyncio.current_task())
        try:
            async with aclosing(frames):
                async for frame in frames:
                    self._log.append(turn_id, frame)
                    if this.cancelling():  # and went on all the same
                        raise asyncio.CancelledError
        except asyncio.CancelledError:
            if this.cancelling():
                raise
            # nobody stopped the turn: something that it waited for was cancelled
            logger.exception("turn %s was cancelled from within", turn_id)
            self._log.append(turn_id, self._failure_frame)
        except Exception:
            logger.exception("turn %s failed", turn_id)
            self._log.append(turn_id, self._failure_frame)
        finally:
            self._log.close(turn_id)
