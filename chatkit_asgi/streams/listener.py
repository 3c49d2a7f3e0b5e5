"""Hears what other processes do with turns, where the log tells."""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Literal

from chatkit_asgi.errors import BackendError
from chatkit_asgi.streams.follow import Followers
from chatkit_asgi.streams.log import TurnLog

__all__ = ["Listener"]

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0
"""Before listening again to a log whose connection was lost."""


class Listener:
    """Tells `followers` of new frames, and `stop` of turns that somebody wants to stop."""

    def __init__(self, log: TurnLog, followers: Followers, stop: Callable[[Collection[str]], None]) -> None:
        self._log = log
        self._followers = followers
        self._stop = stop

    async def run(self) -> None:
        """Listen until cancelled. Returns where the log tells nothing."""
        while True:
            self._followers.is_hearing = True
            try:
                await self._log.listen(self._heard)
                return
            except BackendError as exc:
                logger.warning("turns of other processes are polled: %s", exc)
            finally:
                self._followers.is_hearing = False
            await asyncio.sleep(PAUSE_SECONDS)

    def _heard(self, what: Literal["frames", "cancel"], turn_ids: Collection[str]) -> None:
        if what == "cancel":
            self._stop(turn_ids)
        else:
            self._followers.tell(turn_ids)
