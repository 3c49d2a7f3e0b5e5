"""A turn as one process sees it: its newest frames in memory, and readers that wait for the next ones.

Nothing here waits for a backend, save a reader that has fallen far behind.
"""

import asyncio
from collections.abc import Callable, Sequence

from chatkit_asgi.errors import BackendError, NotFoundError
from chatkit_asgi.streams.log import FRAMES_AT_ONCE, Frames, Slice, TurnLog

__all__ = ["LiveReader", "LiveTurn", "read_patiently"]

WINDOW = 256
"""Frames that stay in memory after they were written to the log: most readers are less far behind."""
PATIENCE_SECONDS = 30.0
"""How long readers wait for a log that is away."""
PAUSE_SECONDS = 0.1


class LiveTurn:
    """The frames of one turn as they come, from its producer or from the log of another process.

    `after`: how many frames are in the log already and need not be here. `announce` makes the turn strict:
    nobody sees a frame before it is in the log, and this is called when one should be written.
    """

    def __init__(
        self,
        turn_id: str,
        owner: str,
        log: TurnLog,
        *,
        after: int = 0,
        announce: Callable[[], None] | None = None,
    ) -> None:
        self.id = turn_id
        self.owner = owner
        self.log = log
        self.written = after
        """How many frames are in the log."""
        self.ended = False
        """Whether all frames are there, and readers may be told so."""
        self.parting = b""
        """For readers who are sent away before the turn's end. No frame of the turn: it has no number."""
        self._frames: list[bytes] = []
        self._dropped = after
        self._announce = announce
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def count(self) -> int:
        """How many frames there are."""
        return self._dropped + len(self._frames)

    def append(self, frame: bytes) -> None:
        """Add a frame. Never waits: this is the path of every delta."""
        self._frames.append(frame)
        if self._announce is not None:
            self._announce()
        elif self._waiting:
            self._wake_readers()

    def extend(self, frames: Sequence[bytes]) -> None:
        """Add frames that were read from the log."""
        self._frames += frames
        self.mark_written(self.count)

    def unwritten(self) -> Frames | None:
        """What the log does not have yet."""
        frames = self._frames[self.written - self._dropped :]
        return Frames(self.id, self.count, frames) if frames else None

    def mark_written(self, last: int) -> None:
        """Frames up to number `last` are in the log; old ones need not stay here."""
        self.written = last
        excess = last - self._dropped - WINDOW
        if excess > WINDOW:
            del self._frames[:excess]
            self._dropped += excess
        self._wake_readers()

    def end(self, parting: bytes = b"") -> None:
        """There is no more to come: readers end when they have read what is there. May be called twice.

        `parting`: they are sent away with this, although the turn may go on.
        """
        self.ended = True
        self.parting = self.parting or parting
        self._wake_readers()

    def reader(self, after: int = 0) -> "LiveReader":
        """A reader that has seen `after` frames already."""
        return LiveReader(self, after)

    def between(self, after: int) -> Sequence[bytes] | None:
        """Frames beyond number `after` that may be sent; None when they are no longer in memory."""
        if after < self._dropped:
            return None
        start = after - self._dropped
        stop = start + FRAMES_AT_ONCE
        if self._announce is not None:
            stop = min(stop, self.written - self._dropped)
        return self._frames[start:stop]

    async def changed(self) -> None:
        """Wait for more frames or the end."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await waiter

    def _wake_readers(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():  # its reader was cancelled
                waiter.set_result(None)
        self._waiting.clear()


class LiveReader:
    """One reader's place in a turn."""

    def __init__(self, turn: LiveTurn, after: int) -> None:
        self._turn = turn
        self.seen = after
        """How many frames it has read, those that it began after included."""
        self._has_parted = False

    @property
    def at_end(self) -> bool:
        """Whether it is known that `read` has nothing more to give."""
        turn = self._turn
        return turn.ended and self.seen >= turn.count and (self._has_parted or not turn.parting)

    async def read(self) -> Sequence[bytes]:
        """The next frames, at least one, as soon as there are any; none at all: the turn has ended.

        May be cancelled while it waits; nothing is lost and the next call goes on from there. Raises
        BackendError when the rest has to come from a log that stays away.
        """
        while True:
            frames = self._turn.between(self.seen)
            if frames is None:
                frames = await self._read_log()
            if frames:
                self.seen += len(frames)
                return frames
            if self._turn.ended:  # the rest may be gone from the log, or never have been there
                return self._part()
            await self._turn.changed()

    def _part(self) -> Sequence[bytes]:
        if self._has_parted or not self._turn.parting:
            return ()
        self._has_parted = True
        return (self._turn.parting,)

    async def _read_log(self) -> Sequence[bytes]:
        turn = self._turn
        try:
            return (await read_patiently(turn.log, turn.id, turn.owner, self.seen)).frames
        except NotFoundError:
            self.seen = max(self.seen, turn.written)
            return ()


async def read_patiently(log: TurnLog, turn_id: str, owner: str, after: int) -> Slice:
    """What a log has that may be away for a while. Raises BackendError when it stays away."""
    now = asyncio.get_running_loop().time
    ends = now() + PATIENCE_SECONDS
    while True:
        try:
            return await log.read(turn_id, owner, after)
        except BackendError:
            if now() > ends:
                raise
        await asyncio.sleep(PAUSE_SECONDS)
