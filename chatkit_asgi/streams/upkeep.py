"""The tasks of a worker that are no turns: those that never end, and small ones that nobody waits for."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from chatkit_asgi.errors import BackendError

__all__ = ["Upkeep"]

T = TypeVar("T")

logger = logging.getLogger(__name__)

STOP_SECONDS = 10.0
"""A backend that is away holds up the end of the process for no longer."""


class Upkeep:
    """Owns such tasks. `stopping` is what the jobs look at to know that the process ends."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self._jobs: list[asyncio.Task[None]] = []
        self._waiting: list[asyncio.Task[None]] = []
        self._errands: set[asyncio.Task[Any]] = set()  # Any: each for its own result

    def start(self, *jobs: Callable[[], Awaitable[None]], waiting: Callable[[], Awaitable[None]]) -> None:
        """Do the jobs until the process ends; `waiting` only waits and is then cancelled. May be repeated."""
        if not self._jobs:
            self._jobs = [asyncio.create_task(_keep_up(job)) for job in jobs]
            self._waiting = [asyncio.create_task(_keep_up(waiting))]

    def spawn(self, errand: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Do something beside; who does not wait for it does not learn what it raised."""
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
        return task

    def spawn_quietly(self, errand: Awaitable[object]) -> asyncio.Task[None]:
        """Do something that is done again soon anyway, if the backend is away."""
        return self.spawn(_quietly(errand))

    async def aclose(self) -> None:
        """Let what writes come to its end, and end what waits."""
        self.stopping.set()
        for task in self._waiting:
            task.cancel()
        writing = [*self._jobs, *self._errands]
        if writing:
            await asyncio.wait(writing, timeout=STOP_SECONDS)
        for task in writing:
            task.cancel()
        await asyncio.gather(*writing, *self._waiting, return_exceptions=True)
        self._jobs, self._waiting = [], []


async def _keep_up(job: Callable[[], Awaitable[None]]) -> None:
    """Do a job that must not end by a mistake: all turns depend on it."""
    while True:
        try:
            await job()
            return
        except Exception:
            logger.exception("the upkeep of turns failed and begins again")
        await asyncio.sleep(1)


async def _quietly(job: Awaitable[object]) -> None:
    """What is done again soon anyway, if the backend is away."""
    with suppress(BackendError):
        await job
