"""When things begin and end: backends, turns, and the process as its signals have it."""

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from types import FrameType

from starlette.applications import Starlette

from chatkit_asgi.errors import BackendError

__all__ = ["Lifetime"]

logger = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Lifetime:
    """Starts the backends once: in the lifespan or, where a host app runs none, at the first request."""

    def __init__(self) -> None:
        self._to_start: list[Callable[[], Awaitable[None]]] = []
        self._to_close: list[Callable[[], Awaitable[None]]] = []
        self._to_ping: list[Callable[[], Awaitable[None]]] = []
        self._to_tell: list[Callable[[], None]] = []
        self._started = False
        self._lock = asyncio.Lock()

    def starts(self, start: Callable[[], Awaitable[None]]) -> None:
        self._to_start.append(start)

    def closes(self, close: Callable[[], Awaitable[None]]) -> None:
        """What is given last is closed first."""
        self._to_close.append(close)

    def pings(self, ping: Callable[[], Awaitable[None]]) -> None:
        self._to_ping.append(ping)

    def tells(self, stop: Callable[[], None]) -> None:
        """Called when the process is told to end, which is before the server waits for open responses."""
        self._to_tell.append(stop)

    async def start(self) -> None:
        """Start unless that has happened. Raises what the backends raise; the next call tries again."""
        if self._started:
            return
        async with self._lock:
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
            with _chained_signals(self._tell):
                yield

    def _tell(self) -> None:
        for stop in self._to_tell:
            stop()


@contextmanager
def _chained_signals(tell: Callable[[], None]) -> Iterator[None]:
    """Hear of the signals that end the process; whoever handles them still does.

    Servers tell an app of its end only when all responses are over, which is too late to end them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(tell)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)
        elif handler == signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    for number in SIGNALS:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in SIGNALS:
            if signal.getsignal(number) is handle:
                signal.signal(number, before[number])
