"""Runs turns in tasks of their own, so that a response is only a reader and may come and go."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import uuid4

from chatkit_asgi.streams.log import TurnLog, TurnReader

__all__ = ["RunningTurn", "TurnRunner"]

logger = logging.getLogger(__name__)


class RunningTurn:
    """One reader's hold on a turn in flight. Leave it when the reader goes."""

    def __init__(self, reader: TurnReader, task: asyncio.Task[None], *, cancel_on_leave: bool) -> None:
        self._reader = reader
        self._task = task
        self._cancel_on_leave = cancel_on_leave

    async def read(self) -> list[bytes]:
        """The next frames; none at the turn's end. May be cancelled and called again."""
        return list(await self._reader.read())

    def leave(self) -> None:
        """The reader is gone: the turn is stopped, or runs on, as the operator chose. May be repeated."""
        if self._cancel_on_leave and not self._task.done():
            self._task.cancel()


class TurnRunner:
    """Owns the tasks of all live turns of this process.

    `failure_frame` ends the log of a turn whose own error handling failed.
    """

    def __init__(self, log: TurnLog, *, failure_frame: bytes, cancel_on_disconnect: bool = True) -> None:
        self._log = log
        self._failure_frame = failure_frame
        self._cancel_on_disconnect = cancel_on_disconnect
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
        # not in _run's finally: a task that is cancelled before its first step never gets there
        task.add_done_callback(lambda _: self._log.close(turn_id))
        return RunningTurn(reader, task, cancel_on_leave=self._cancel_on_disconnect)

    async def aclose(self) -> None:
        """Stop all turns and wait until each has kept what it had."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, turn_id: str, frames: AsyncGenerator[bytes, None]) -> None:
        try:
            async with aclosing(frames):
                async for frame in frames:
                    self._log.append(turn_id, frame)
        except Exception:
            logger.exception("turn %s failed", turn_id)
            self._log.append(turn_id, self._failure_frame)
