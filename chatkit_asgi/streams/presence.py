"""Whether anybody reads a turn, here or elsewhere, and what becomes of one that nobody does."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from chatkit_asgi.errors import ChatKitError
from chatkit_asgi.streams.log import Ending, TurnLog, TurnRecord, Worker
from chatkit_asgi.streams.run import TurnRun
from chatkit_asgi.streams.upkeep import Upkeep

__all__ = ["Presence"]

logger = logging.getLogger(__name__)


class Presence:
    """Looks after the `runs` of one worker, its turns by id.

    `unread_seconds`: how long a turn runs on that nobody reads, None for ever. `is_beginning` tells of turns
    that the log knows and that do not run yet.
    """

    def __init__(
        self,
        log: TurnLog,
        worker: Worker,
        runs: Mapping[str, TurnRun],
        upkeep: Upkeep,
        *,
        unread_seconds: float | None,
        is_beginning: Callable[[str], bool],
    ) -> None:
        self.is_over = False
        """Whether it is the server that ends responses now, and no reader."""
        self._log = log
        self._worker = worker
        self._runs = runs
        self._upkeep = upkeep
        self._unread_seconds = unread_seconds
        self._is_beginning = is_beginning

    def left(self, run: TurnRun) -> None:
        run.readers -= 1
        if run.readers or run.ending is not None:
            return
        loop = asyncio.get_running_loop()
        run.unread_since = loop.time()
        if run.thread_id is None:
            run.stop("cancelled")
            return
        self._upkeep.spawn(self._tell_unread(run))
        if self._unread_seconds:
            loop.call_later(self._unread_seconds, lambda: self._upkeep.spawn(self._tell_unread(run)))

    async def _tell_unread(self, run: TurnRun) -> None:
        """Nobody reads it here. Unless somebody does elsewhere, its time may be up."""
        if run.readers or run.ending is not None:
            return
        record = None
        with suppress(ChatKitError):
            record = await self._log.leave(self._worker, run.id)
        self._stop_unread(run, record)

    def _stop_unread(self, run: TurnRun, record: TurnRecord | None) -> None:
        """Stop the turn if it has been without readers, here or elsewhere, for as long as it may."""
        now = asyncio.get_running_loop().time()
        run.is_followed = record is not None and record.is_followed
        if run.is_followed:
            run.unread_since = now
        if run.readers or run.goes_on_unread or run.ending is not None or self._unread_seconds is None:
            return
        if self.is_over:  # it was the server that ended the response
            return
        if not run.is_followed and now - run.unread_since >= self._unread_seconds:
            run.stop("cancelled")

    def look_after(self, turns: Sequence[TurnRecord]) -> None:
        """The log leases these turns to us: stop what nobody reads any more, end what does not run here."""
        for turn in turns:
            if run := self._runs.get(turn.id):
                self._stop_unread(run, turn)
            elif not self._is_beginning(turn.id):
                logger.warning("turn %s does not run any more: its end was not written", turn.id)
                ending = Ending(turn.id, "interrupted", "its end was not written")
                self._upkeep.spawn_quietly(self._log.write(self._worker, [], [ending]))
