"""When things begin and end: backends, turns, and the process as its signals have it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette

from chatkit_asgi.errors import BackendError
from chatkit_asgi.signals import hear, ignore

__all__ = ["Lifetime"]

logger = logging.getLogger(__name__)


class Lifetime:
    """Starts the backends once: in the lifespan or, where a host app runs none, at the first request."""

    def __init__(self) -> None:
        self._to_start: list[Callable[[], Awaitable[None]]] = []
        self._to_close: list[Callable[[], Awaitable[None]]] = []
        self._to_ping: list[Callable[[], Awaitable[None]]] = []
        self._to_tell: list[Callable[[float | None], None]] = []
        self._started = False
        self._lock = asyncio.Lock()

    def starts(self, start: Callable[[], Awaitable[None]]) -> None:
        self._to_start.append(start)

    def closes(self, close: Callable[[], Awaitable[None]]) -> None:
        """What is given last is closed first."""
        self._to_close.append(close)

    def pings(self, ping: Callable[[], Awaitable[None]]) -> None:
        self._to_ping.append(ping)

    def tells(self, stop: Callable[[float | None], None]) -> None:
        """Called when the process is told to end, which is before the server waits for open responses.

        It is given how long that waits, in seconds, or None.
        """
        self._to_tell.append(stop)

    async def start(self) -> None:
        """Start unless that has happened. Raises what the backends raise; the next call tries again."""
        if self._started:
            return
        async with self._lock:
            hear(self)
            for start in () if self._started else self._to_start:
                await start()
            self._started = True

    async def ping(self) -> None:
        """Raises BackendError when a backend does not answer."""
        await self.start()
        for ping in self._to_ping:
            await ping()

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for close in self._to_close:
                stack.push_async_callback(close)
            try:
                await self.start()
            except BackendError as exc:
                # the process stays up and answers 503 until the backend is back
                logger.error("not ready yet: %s: %r", exc, exc.__cause__)
            try:
                yield
            finally:
                ignore(self)

    def tell(self, patience: float | None) -> None:
        for stop in self._to_tell:
            stop(patience)
