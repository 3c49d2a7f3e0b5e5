"""The apps: ours with its log, the same one without, and the published package in FastAPI."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from itertools import cycle, islice
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

import chatkit_asgi
from benchmarks.candidates import OURS, PUBLISHED, Candidate
from benchmarks.http.apps import BARE, documented
from benchmarks.streams.gathered import Gathered, OneByOne
from benchmarks.turns import ready_made_events, text_delta
from chatkit_asgi import application
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import StreamingReq
from chatkit_asgi.web.sse import EventStreamResponse
from chatkit_asgi.web.turns import TurnDesk

__all__ = ["IDLE", "NO_LOG", "ONE_BY_ONE", "make_app", "our_server", "script"]

NO_LOG = "no log"
ONE_BY_ONE = "no log, one by one"
IDLE = "idle"
"""A message that is answered by one event and then by silence."""
READERS: Mapping[str, type[Gathered] | type[OneByOne]] = {NO_LOG: Gathered, ONE_BY_ONE: OneByOne}


def script(deltas: int, pause: float = 0) -> str:
    """The message that asks for so many deltas.

    They are made beforehand, or with a pause before each; then each tells when it was made, in nanoseconds of
    the machine's clock.
    """
    return f"{deltas} {pause}"


def make_app(name: str) -> ASGIApp:
    if name == BARE:
        return _silent
    if name == PUBLISHED.name:
        return documented(PUBLISHED, _make_server(PUBLISHED, None))
    if name in READERS:
        vars(application)["TurnDesk"] = _desk(READERS[name])
    return chatkit_asgi.app


def our_server(store: Any, attachments: object) -> Any:
    """What the settings name, on the store that they name or in memory."""
    is_kept = "CHATKIT_DATABASE_URL" in os.environ
    return _make_server(OURS, store if is_kept else MemoryStore(owner_of=lambda context: ""))


def _make_server(candidate: Candidate, store: Any) -> Any:
    deltas = ready_made_events(candidate)[1:-1]

    async def respond(thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        text = message.content[0].text
        if text == IDLE:
            yield candidate.types.ProgressUpdateEvent(text="x")
            await asyncio.get_running_loop().create_future()
        count, pause = text.split()
        added, done = _ends(candidate, thread.id)
        yield added
        if not float(pause):
            for event in islice(cycle(deltas), int(count)):
                yield event
        else:
            for _ in range(int(count)):
                await asyncio.sleep(float(pause))
                yield text_delta(candidate.types, f"{time.monotonic_ns()} ")
        yield done

    return candidate.make_server(respond, store)


def _ends(candidate: Candidate, thread_id: str) -> tuple[Any, Any]:
    """An answer's first and last event. Its item is called as the ready-made deltas call it."""
    types = candidate.types
    added = types.ThreadItemAddedEvent(item=candidate.make_message("msg_1", thread_id, ""))
    done = types.ThreadItemDoneEvent(item=candidate.make_message("msg_1", thread_id, f"said {uuid4().hex}"))
    return added, done


def _desk(reader: type[Gathered] | type[OneByOne]) -> type[TurnDesk]:
    """Answers with the turn itself: no task, no log, nothing to come back to."""

    class Desk(TurnDesk):
        async def begin(
            self, request: Request, body: bytes, operation: StreamingReq, context: Any
        ) -> Response:
            answer = await self._server.open(operation, context)
            return EventStreamResponse(reader(answer.json_events), heartbeat=self._heartbeat)

    return Desk


async def _silent(scope: Scope, receive: Receive, send: Send) -> None:
    """The least that an app can do which says one thing and then nothing."""
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return
    await receive()
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"data: {}\n\n", "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass
