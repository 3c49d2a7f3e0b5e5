"""Ends turns whose process has died, in every process, so that their threads are usable again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from chatkit_asgi.errors import BackendError
from chatkit_asgi.streams.log import LEASE_SECONDS, TurnLog, TurnRecord, all_frames
from chatkit_asgi.streams.rest import rest

__all__ = ["Recover", "Sweeper"]

logger = logging.getLogger(__name__)

PURGE_SECONDS = 60.0
KEEP_SECONDS = 15 * 60.0
"""How long the frames of a turn that has ended can be read again."""

Recover = Callable[[TurnRecord, Sequence[bytes]], Awaitable[None]]
"""Writes into the thread what a turn had said, given its frames. Called in the transaction that ends it."""


class Sweeper:
    """Looks for turns whose lease has run out. Two of them never end the same turn.

    Nothing is run again: tools have side effects. What was said is kept by `recover`, and `last_words` is
    the frame that the turn's readers get.
    """

    def __init__(
        self, log: TurnLog, *, recover: Recover, last_words: bytes, lease: float = LEASE_SECONDS
    ) -> None:
        self._log = log
        self._recover = recover
        self._last_words = last_words
        self._lease = lease
        self._blind_until = 0.0

    async def run(self, stopping: asyncio.Event) -> None:
        """Sweep, and now and then purge the log, until the worker stops."""
        next_purge = 0.0
        now = asyncio.get_running_loop().time
        # the backend may just be back: let those live on who are about to renew their leases
        self._blind_until = now() + self._lease / 6
        while not stopping.is_set():
            try:
                await self._sweep()
                if now() >= next_purge:
                    next_purge = now() + PURGE_SECONDS
                    await self._log.purge(KEEP_SECONDS)
            except BackendError:
                # while the backend is away nobody can renew a lease: that does not make anybody dead
                self._blind_until = now() + self._lease
            except Exception:
                logger.exception("the sweeper failed")
            await rest(self._lease / 6, stopping)

    @property
    def is_blind(self) -> bool:
        """Whether a lease that has ended tells nothing: nobody could renew it just now."""
        return asyncio.get_running_loop().time() < self._blind_until

    async def _sweep(self) -> None:
        expired = await self._log.expired()
        if self.is_blind:
            return
        for turn in expired:
            try:
                await self.end(turn.id)
            except BackendError:
                raise
            except Exception:
                logger.exception("turn %s of a dead process cannot be ended properly", turn.id)
                await self._abandon(turn.id)

    async def end(self, turn_id: str) -> bool:
        """End one turn, unless it is not expired or another process is about to; whether we did."""
        async with self._log.transaction():
            turn = await self._log.take_expired(turn_id)
            if turn is None:
                return False
            await self._recover(turn, await all_frames(self._log, turn))
            await self._log.end(turn.id, self._last_words, "interrupted")
        logger.warning("turn %s was interrupted: its process (%s) is gone", turn.id, turn.worker)
        return True

    async def _abandon(self, turn_id: str) -> None:
        """At least the thread must be usable."""
        async with self._log.transaction():
            if await self._log.take_expired(turn_id) is not None:
                await self._log.end(turn_id, self._last_words, "interrupted")
