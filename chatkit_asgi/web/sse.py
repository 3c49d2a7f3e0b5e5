"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) over plain ASGI.

A response with heartbeats which notices a lost client by itself, whatever the server's ASGI version.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

__all__ = ["EventStreamResponse", "FrameReader"]

HEARTBEAT = b": \n\n"
HEADERS = {
    "cache-control": "no-cache, no-transform",
    "content-type": "text/event-stream; charset=utf-8",
    "x-accel-buffering": "no",  # nginx passes events on as they come
}


class FrameReader(Protocol):
    """What the response sends: `read()` gives whole frames, none at the end; `leave()` ends the interest."""

    async def read(self) -> Sequence[bytes]: ...

    def leave(self) -> None: ...


class EventStreamResponse(Response):
    """Sends a reader's frames as they come, and a comment after `heartbeat` seconds of silence (0: never)."""

    def __init__(self, reader: FrameReader, *, heartbeat: float) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers(HEADERS)
        self._reader = reader
        self._heartbeat = heartbeat or None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._watch, receive, group.cancel_scope.cancel)
                await self._send_all(send)
                group.cancel_scope.cancel()
        finally:
            self._reader.leave()

    async def _watch(self, receive: Receive, stop: Callable[[], None]) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        stop()

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        while frames := await self._next_frames():
            await send({"type": "http.response.body", "body": b"".join(frames), "more_body": True})
            # a server whose client has gone may return from send without ever waiting: let the watcher run
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _next_frames(self) -> Awaitable[Sequence[bytes]]:
        return self._read_or_beat() if self._heartbeat else self._reader.read()

    async def _read_or_beat(self) -> Sequence[bytes]:
        try:
            async with asyncio.timeout(self._heartbeat):
                return await self._reader.read()
        except TimeoutError:
            return [HEARTBEAT]
