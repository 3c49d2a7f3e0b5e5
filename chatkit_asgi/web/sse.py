"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) over plain ASGI.

A response with heartbeats which notices a lost client by itself, whatever the server's ASGI version.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from types import MappingProxyType
from typing import NoReturn, Protocol

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

__all__ = ["EventStreamResponse", "FrameReader"]

HEARTBEAT = b": \n\n"
MANY_FRAMES = 100
HEADERS = {
    "cache-control": "no-cache, no-store, no-transform",
    "content-type": "text/event-stream; charset=utf-8",
    "x-accel-buffering": "no",  # nginx passes events on as they come
}


class FrameReader(Protocol):
    """What the response sends."""

    @property
    def at_end(self) -> bool:
        """Whether it is known that `read` has nothing more to give."""

    def read(self) -> Awaitable[Sequence[bytes]]:
        """The next whole frames; none at the end."""

    def leave(self) -> None:
        """The response is over, or its client gone. May be called twice."""


class EventStreamResponse(Response):
    """Sends a reader's frames as they come, and a comment after `heartbeat` seconds of silence (0: never)."""

    def __init__(
        self, reader: FrameReader, *, heartbeat: float, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers({**HEADERS, **headers})
        self._reader = reader
        self._heartbeat = heartbeat
        self._sent_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._beating: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send(self._take_start())
            async with asyncio.TaskGroup() as group:
                watcher = group.create_task(self._watch(receive))
                self._sent_at = asyncio.get_running_loop().time()
                self._beat(send, group)
                last = await self._send_all_but_last(send)
                self._stop_beating()
                watcher.cancel()
                await send({"type": "http.response.body", "body": last, "more_body": False})
        except* _ClientLeftError:
            pass
        finally:
            self._stop_beating()
            self._reader.leave()

    def _take_start(self) -> Message:
        """How the response begins. Its headers are let go: a stream may be long, and there may be many."""
        headers, self.raw_headers = self.raw_headers, []
        return {"type": "http.response.start", "status": self.status_code, "headers": headers}

    async def _watch(self, receive: Receive) -> NoReturn:
        while (await receive())["type"] != "http.disconnect":
            pass
        raise _ClientLeftError

    def _beat(self, send: Send, group: asyncio.TaskGroup) -> None:
        """Break every silence. This costs nothing while frames come, unlike a time limit for each of them.

        A timer and not a task: most streams are idle most of the time, and there are many.
        """
        if not self._heartbeat:
            return
        loop = asyncio.get_running_loop()
        silent = loop.time() - self._sent_at
        if silent >= self._heartbeat:
            silent = 0.0
            if self._beating is None or self._beating.done():  # or else the client takes nothing now
                self._beating = group.create_task(self._send(send, HEARTBEAT))
        self._timer = loop.call_later(self._heartbeat - silent, self._beat, send, group)

    def _stop_beating(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._beating is not None:
            self._beating.cancel()

    async def _send_all_but_last(self, send: Send) -> bytes:
        """The last frames go out with the end of the response, in one write."""
        while frames := await self._reader.read():
            if self._reader.at_end:
                return b"".join(frames)
            await self._send(send, b"".join(frames))
            if len(frames) >= MANY_FRAMES:
                # neither reader nor server may ever have to wait: let others run, the watcher among them
                await asyncio.sleep(0)
        return b""

    async def _send(self, send: Send, frames: bytes) -> None:
        self._sent_at = asyncio.get_running_loop().time()
        await send({"type": "http.response.body", "body": frames, "more_body": True})


class _ClientLeftError(Exception):
    """Ends the response from within its task group."""
