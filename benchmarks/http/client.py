"""A client that does as little as one can: it sends bytes and waits for the end of the answer."""

import asyncio
import re
import time
from typing import Any

__all__ = ["Connection", "body_of", "connect"]

LAST_CHUNK = b"0\r\n\r\n"
EVENT = b"data: "
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """One connection, kept alive between requests."""

    transport: asyncio.Transport
    first_event: float | None
    """Seconds from the request to the first event of its answer."""
    _answered: asyncio.Future[bytes]

    def connection_made(self, transport: Any) -> None:  # Any: the base class names less than there is
        self.transport = transport

    def begin(self, body: bytes) -> asyncio.Future[bytes]:
        """Send a request; gives what becomes the whole answer, head included."""
        self._parts: list[bytes] = []
        self._tail = b""
        self._length: int | None = None
        self.first_event = None
        self._began = time.perf_counter()
        self._answered = asyncio.get_running_loop().create_future()
        head = (
            b"POST /chatkit HTTP/1.1\r\nhost: localhost\r\n"
            b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        )
        self.transport.write(head + body)
        return self._answered

    async def post(self, body: bytes) -> bytes:
        """The whole answer, head included."""
        return await self.begin(body)

    def data_received(self, data: bytes) -> None:
        if not self._parts:
            self._length = _answer_length(data)
        if self.first_event is None and EVENT in data:
            self.first_event = time.perf_counter() - self._began
        self._parts.append(data)
        self._tail = (self._tail + data)[-len(LAST_CHUNK) :]
        if self._is_complete():
            self._answered.set_result(b"".join(self._parts))

    def _is_complete(self) -> bool:
        if self._length is None:
            return self._tail == LAST_CHUNK
        return sum(map(len, self._parts)) >= self._length

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._answered.done():
            self._answered.set_exception(ConnectionError("the server hung up"))


def _answer_length(first: bytes) -> int | None:
    """The length of an answer with its head; None when it comes in chunks."""
    head, _, _ = first.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(first.decode(errors="replace"))
    found = LENGTH.search(head)
    return len(head) + 4 + int(found[1]) if found else None


async def connect(port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


def body_of(answer: bytes) -> bytes:
    """The answer without its head and the lengths of its chunks."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if LENGTH.search(head):
        return body
    chunks = []
    while body != LAST_CHUNK:
        length, _, body = body.partition(b"\r\n")
        chunks.append(body[: int(length, 16)])
        body = body[int(length, 16) + 2 :]
    return b"".join(chunks)
