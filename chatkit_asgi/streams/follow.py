"""Follows turns of other processes: one task for each that somebody here reads, fed from the log."""

import asyncio
import logging
from collections.abc import Collection

from chatkit_asgi.errors import BackendError, NotFoundError
from chatkit_asgi.streams.live import LiveTurn, read_patiently
from chatkit_asgi.streams.log import TurnLog, TurnRecord

__all__ = ["Followed", "Followers"]

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.1
"""How often a log is looked at that tells nothing by itself."""
POLL_SECONDS_WHILE_HEARING = 1.0
"""And one that does: a notice may be lost with its connection."""


class Followed:
    """A turn of another process that has readers here."""

    def __init__(self, live: LiveTurn) -> None:
        self.live = live
        self.readers = 0
        self.news = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class Followers:
    """All turns of other processes that are read in this one.

    `parting` is what readers get who are sent away before a turn's end, `deleted` when its thread is gone.
    """

    def __init__(self, log: TurnLog, *, parting: bytes, deleted: bytes) -> None:
        self.is_hearing = False
        """Whether the log tells what others do; else it is asked more often."""
        self._log = log
        self._parting = parting
        self._deleted = deleted
        self._followed: dict[str, Followed] = {}

    def __len__(self) -> int:
        return len(self._followed)

    @property
    def ids(self) -> list[str]:
        """The turns that are followed."""
        return list(self._followed)

    @property
    def readers(self) -> int:
        """How many read them here."""
        return sum(followed.readers for followed in self._followed.values())

    def enter(self, turn: TurnRecord, after: int) -> LiveTurn:
        """One more reader, which has seen `after` frames. Call `leave` when it goes."""
        followed = self._followed.get(turn.id)
        if followed is None:
            followed = Followed(LiveTurn(turn.id, turn.owner, self._log, after=after))
            self._followed[turn.id] = followed
            followed.task = asyncio.create_task(self._follow(followed), name=f"follow turn {turn.id}")
        followed.readers += 1
        return followed.live

    def leave(self, turn_id: str) -> bool:
        """A reader is gone; whether it was the last one."""
        followed = self._followed.get(turn_id)
        if followed is None:
            return True
        followed.readers -= 1
        if followed.readers > 0:
            return False
        del self._followed[turn_id]
        if followed.task is not None:
            followed.task.cancel()
        return True

    def tell(self, turn_ids: Collection[str]) -> None:
        """There are new frames of these turns."""
        for turn_id in turn_ids:
            if followed := self._followed.get(turn_id):
                followed.news.set()

    def part(self) -> list[asyncio.Task[None]]:
        """Send all readers away: they can go on in another process. Gives the tasks that are about to end."""
        tasks = [followed.task for followed in self._followed.values() if followed.task is not None]
        for task in tasks:
            task.cancel()
        return tasks

    async def aclose(self) -> None:
        """Send all readers away, and wait until nothing follows a turn any more."""
        await asyncio.gather(*self.part(), return_exceptions=True)

    async def _follow(self, followed: Followed) -> None:
        live, parting = followed.live, self._parting
        try:
            while not await self._fetch(live):
                seconds = POLL_SECONDS_WHILE_HEARING if self.is_hearing else POLL_SECONDS
                try:
                    async with asyncio.timeout(seconds):
                        await followed.news.wait()
                except TimeoutError:
                    pass
                followed.news.clear()
            parting = b""
        except NotFoundError:
            parting = self._deleted
        except BackendError as exc:
            logger.error("turn %s cannot be followed any more: %s", live.id, exc)
        finally:
            live.end(parting)

    async def _fetch(self, live: LiveTurn) -> bool:
        """Take over what is new in the log; whether that was the last of it. Raises NotFoundError."""
        while True:
            found = await read_patiently(self._log, live.id, live.owner, live.count)
            live.extend(found.frames)
            if found.at_end or not found.frames:
                return found.at_end
