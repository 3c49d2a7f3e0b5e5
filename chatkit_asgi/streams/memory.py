"""The turn log of one process: lists of frames, and events that wake their readers."""

import asyncio
from collections.abc import Sequence

from chatkit_asgi.errors import ConflictError, NotFoundError

__all__ = ["MemoryTurnLog"]

MOST_FRAMES_AT_ONCE = 128
"""A reader that is behind gets the rest in portions, so that one slow client cannot hold the event loop."""


class _Turn:
    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.closed = False
        self.waiting: list[asyncio.Future[None]] = []

    def wake_readers(self) -> None:
        for waiter in self.waiting:
            if not waiter.done():  # its reader was cancelled
                waiter.set_result(None)
        self.waiting.clear()


class _MemoryReader:
    def __init__(self, turn: _Turn, after: int) -> None:
        self._turn = turn
        self._seen = after

    @property
    def at_end(self) -> bool:
        return self._turn.closed and self._seen >= len(self._turn.frames)

    async def read(self) -> Sequence[bytes]:
        turn = self._turn
        while self._seen >= len(turn.frames) and not turn.closed:
            waiter = asyncio.get_running_loop().create_future()
            turn.waiting.append(waiter)
            await waiter
        batch = turn.frames[self._seen : self._seen + MOST_FRAMES_AT_ONCE]
        self._seen += len(batch)
        return batch


class MemoryTurnLog:
    """Keeps a turn's frames until it is closed; readers that are still behind then finish reading."""

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}

    def open(self, turn_id: str) -> None:
        if turn_id in self._turns:
            raise ConflictError("this turn has begun already")
        self._turns[turn_id] = _Turn()

    def append(self, turn_id: str, frame: bytes) -> None:
        turn = self._turns[turn_id]
        turn.frames.append(frame)
        turn.wake_readers()

    def close(self, turn_id: str) -> None:
        turn = self._turns.pop(turn_id, None)
        if turn is not None:
            turn.closed = True
            turn.wake_readers()

    def reader(self, turn_id: str, after: int = 0) -> _MemoryReader:
        if turn_id not in self._turns:
            raise NotFoundError("this turn has ended")
        return _MemoryReader(self._turns[turn_id], after)
