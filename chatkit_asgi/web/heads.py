"""Connections that do not get on: uvicorn waits for the head of a request for ever, however large it grows.

That is what slow and endless heads are sent for (CWE-400, "slowloris"). `chatkit-asgi serve` waits for a
while; in front of plain uvicorn that is a reverse proxy's task.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    HAS_HTTPTOOLS = True
except ImportError:  # the extra `fast` is not there
    HAS_HTTPTOOLS = False

__all__ = ["MAX_HEAD", "protocol"]

MAX_HEAD = 64 << 10
"""Bytes of a request's line and headers, as h11 has it by itself."""
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


def protocol(head_seconds: float) -> type[asyncio.Protocol]:
    """The HTTP protocol for uvicorn that waits so long for each head; 0: for ever."""
    kind = _TimedHttpTools if HAS_HTTPTOOLS else _TimedH11
    return type(kind.__name__, (kind,), {"head_seconds": head_seconds})


class _Timed(asyncio.Protocol):
    """Closes its connection when a head takes too long."""

    head_seconds = 0.0
    transport: Any
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._has_head()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._timer is None and self.head_seconds:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self.head_seconds, self._refuse, TOO_SLOW)

    def _has_head(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()


class _TimedH11(_Timed, H11Protocol):
    def handle_events(self) -> None:
        super().handle_events()
        if self.conn.their_state is not h11.IDLE:
            self._has_head()
        elif self.conn.trailing_data[0]:  # the next one has begun
            self._wait()


if HAS_HTTPTOOLS:

    class _TimedHttpTools(_Timed, HttpToolsProtocol):
        _is_in_head = True
        _head_size = 0

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._is_in_head and not self.transport.is_closing():
                self._head_size += len(data)
                if self._head_size > MAX_HEAD:
                    self._refuse(TOO_LARGE)

        def on_message_begin(self) -> None:
            self._is_in_head, self._head_size = True, 0
            self._wait()
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._is_in_head = False
            self._has_head()
            super().on_headers_complete()
