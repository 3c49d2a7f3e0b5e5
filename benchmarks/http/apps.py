"""The apps: ours as its operator runs it, the published package in FastAPI as its documentation mounts it,
and Starlette alone.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext
from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

import chatkit_asgi
from benchmarks.candidates import CANDIDATES, OURS, PUBLISHED, Candidate, Respond
from benchmarks.operations import filled_store
from benchmarks.store.guide import make_guide_store
from benchmarks.turns import TEXTS, ready_made_events
from chatkit_asgi.store.memory import MemoryStore

__all__ = [
    "BARE",
    "OWN",
    "PLAIN",
    "SETTINGS",
    "STORE",
    "TURNS_THREAD",
    "documented",
    "make_app",
    "our_server",
    "script",
    "thread_of",
]

BARE = "bare"
SETTINGS = {
    "CHATKIT_SERVER": "benchmarks.http.apps:our_server",
    "CHATKIT_ALLOW_UNAUTHENTICATED": "1",  # the others know no authentication either
    "CHATKIT_SECRET_KEY": "for measuring only, on this machine",  # a database wants one that all share
    "CHATKIT_LOG_LEVEL": "WARNING",  # nor do they write a line for each request
}
STORE = "BENCHMARK_STORE"
"""The variable that says which store: `PLAIN`, `OWN`, or a database by its address."""
PLAIN = "plain"
"""The same dictionaries for everybody."""
OWN = "own"
"""The dictionaries for the others, and our own store in memory for us."""
TURNS_THREAD = "thr_turn"
MOST_CLIENTS = 500
OPENING_FRAMES = 3
"""The user's message, the options, the answer's beginning."""


def script(deltas: int, pause: float = 0) -> str:
    """The message that asks for an answer of so many deltas, with a pause before each."""
    return f"{deltas} {pause}"


def thread_of(client: int) -> str:
    """The thread in which a client has its turns."""
    return f"{TURNS_THREAD}_{client}"


def make_app(name: str) -> ASGIApp:
    """The app of a candidate, or the bare one. Ours wants `SETTINGS` in the environment."""
    if name == BARE:
        return _bare()
    if name == OURS.name:
        return chatkit_asgi.app
    candidate = next(each for each in CANDIDATES if each.name == name)
    return documented(candidate, _their_server(candidate))


def our_server(store: Any, attachments: object) -> Any:
    """What the settings name. The store that they name is only taken where there is a database."""
    match os.environ[STORE]:
        case "plain":
            return _make_server(OURS, None)
        case "own":
            return _make_server(OURS, MemoryStore(owner_of=lambda context: ""))
    return OURS.make_server(_told(OURS), store)


def _make_server(candidate: Candidate, store: Any) -> Any:
    """Answers a message with what its text asks for."""
    events = ready_made_events(candidate)

    async def respond(thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        deltas, pause = message.content[0].text.split()
        yield events[0]
        async for event in _paced(events[1 : int(deltas) + 1], float(pause)):
            yield event
        yield events[-1]

    store = asyncio.run(filled_store(candidate, store))
    if os.environ[STORE] == PLAIN:
        for id in (TURNS_THREAD, *map(thread_of, range(MOST_CLIENTS))):
            asyncio.run(store.save_thread(candidate.make_thread(id), {}))
    return candidate.make_server(respond, store)


def _their_server(candidate: Candidate) -> Any:
    store = os.environ[STORE]
    if store in (PLAIN, OWN):
        return _make_server(candidate, None)
    return candidate.make_server(_told(candidate), make_guide_store(store, _Deaf()))


def _told(candidate: Candidate) -> Respond:
    """The same, item by item with ids of their own: in a database they would be one otherwise."""
    types = candidate.types

    async def respond(thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        deltas, pause = message.content[0].text.split()
        texts, id = TEXTS[: int(deltas)], f"msg_{uuid4().hex}"
        yield types.ThreadItemAddedEvent(item=candidate.make_message(id, thread.id, ""))
        async for text in _paced(texts, float(pause)):
            update = types.AssistantMessageContentPartTextDelta(content_index=0, delta=text)
            yield types.ThreadItemUpdatedEvent(item_id=id, update=update)
        yield types.ThreadItemDoneEvent(item=candidate.make_message(id, thread.id, "".join(texts)))

    return respond


class _Deaf:
    """Takes no note of what is asked of the database."""

    def connecting(self) -> nullcontext[None]:
        return nullcontext()

    def query(self, record: object) -> None: ...


async def _paced(entries: Sequence[Any], pause: float) -> AsyncIterator[Any]:
    for entry in entries:
        if pause:
            await asyncio.sleep(pause)
        yield entry


def documented(candidate: Candidate, server: Any) -> FastAPI:
    """A server in the endpoint that the package's documentation shows."""
    app, streaming = FastAPI(), candidate.server.StreamingResult

    @app.post("/chatkit")
    async def chatkit(request: Request) -> Response:
        result = await server.process(await request.body(), {})
        if isinstance(result, streaming):
            return StreamingResponse(result, media_type="text/event-stream")
        return Response(content=result.json, media_type="application/json")

    return app


def _bare() -> Starlette:
    """Streams ready-made bytes with the same pauses: what a server costs that does nothing itself."""
    server = _make_server(PUBLISHED, None)
    known: dict[str, list[bytes]] = {}

    async def answer(request: Request) -> Response:
        body = await request.body()
        text = json.loads(body)["params"]["input"]["content"][0]["text"]
        if text not in known:
            known[text] = [frame async for frame in await server.process(body, {})]
        pause = text.split()[1]
        return StreamingResponse(stream(known[text], float(pause)), media_type="text/event-stream")

    async def stream(frames: list[bytes], pause: float) -> AsyncIterator[bytes]:
        for frame in frames[:OPENING_FRAMES]:
            yield frame
        async for frame in _paced(frames[OPENING_FRAMES:-1], pause):
            yield frame
        yield frames[-1]

    return Starlette(routes=[Route("/chatkit", answer, methods=["POST"])])
