"""A network between a page and its app that delays, loses and cuts: a TCP proxy in a thread of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["Network", "network"]

SLICE = 512
"""Bytes that a slow network lets through at once."""


class Network:
    """Stands before `port` on another port. Its methods may be called from any thread."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.delay = 0.0
        """Seconds between two slices of what the app says; 0: all at once."""
        self.swallows: bytes | None = None
        """The next request with that in it reaches the app, but its answer is lost before the first byte."""
        self.swallowed = threading.Event()
        self.requests = 0
        """How many chunks came from the page that begin a request with POST /chatkit."""
        self._loop = asyncio.new_event_loop()
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._port = 0
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def open(self) -> None:
        """Listen, on the same port as before."""
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)

    def shut(self) -> None:
        """Cut all connections, and refuse others until it is opened again."""
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(10)

    def cut(self) -> None:
        """Cut the connections that there are."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._cut()

    async def _cut(self) -> None:
        tasks = list(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with suppress(OSError, asyncio.CancelledError):
                await self._carry(reader, writer)
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        lost = asyncio.Event()
        try:
            ways = {
                asyncio.create_task(self._ask(reader, back, lost)),
                asyncio.create_task(self._answer(there, writer, lost)),
            }
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            back.transport.abort()

    async def _ask(self, page: asyncio.StreamReader, app: asyncio.StreamWriter, lost: asyncio.Event) -> None:
        while chunk := await page.read(65536):
            self.requests += chunk.startswith(b"POST /chatkit")
            if self.swallows is not None and self.swallows in chunk:
                self.swallows = None
                lost.set()
            app.write(chunk)
            await app.drain()

    async def _answer(
        self, app: asyncio.StreamReader, page: asyncio.StreamWriter, lost: asyncio.Event
    ) -> None:
        while chunk := await app.read(SLICE if self.delay else 65536):
            if lost.is_set():
                self.swallowed.set()
                return
            page.write(chunk)
            await page.drain()
            await asyncio.sleep(self.delay)

    def start(self) -> None:
        self._thread.start()
        self.open()

    def end(self) -> None:
        self.shut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@contextmanager
def network(port: int) -> Iterator[Network]:
    """A network that leads to the app on `port`."""
    network = Network(port)
    network.start()
    try:
        yield network
    finally:
        network.end()
