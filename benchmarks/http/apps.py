"""The apps: ours, the published package in FastAPI as its documentation mounts it, and Starlette alone."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

import chatkit_asgi
from benchmarks.candidates import CANDIDATES, OURS, PUBLISHED, Candidate
from benchmarks.operations import filled_store
from benchmarks.turns import ready_made_events

__all__ = ["BARE", "make_app", "script"]

BARE = "bare"
OPENING_FRAMES = 3
"""The user's message, the options, the answer's beginning."""


def script(deltas: int, pause: float = 0) -> str:
    """The message that asks for an answer of so many deltas, with a pause before each."""
    return f"{deltas} {pause}"


async def make_app(name: str) -> ASGIApp:
    """The app of a candidate, or the bare one."""
    if name == BARE:
        return await _bare()
    candidate = next(each for each in CANDIDATES if each.name == name)
    server = await _make_server(candidate)
    return chatkit_asgi.create_app(server=server) if candidate is OURS else _documented(candidate, server)


async def _make_server(candidate: Candidate) -> Any:
    """Answers a message with what its text asks for."""
    events = ready_made_events(candidate)

    async def respond(thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        deltas, pause = message.content[0].text.split()
        yield events[0]
        async for event in _paced(events[1 : int(deltas) + 1], float(pause)):
            yield event
        yield events[-1]

    store = await filled_store(candidate)
    await store.save_thread(candidate.make_thread("thr_turn"), {})
    return candidate.make_server(respond, store)


async def _paced(entries: Sequence[Any], pause: float) -> AsyncIterator[Any]:
    for entry in entries:
        if pause:
            await asyncio.sleep(pause)
        yield entry


def _documented(candidate: Candidate, server: Any) -> FastAPI:
    app, streaming = FastAPI(), candidate.server.StreamingResult

    @app.post("/chatkit")
    async def chatkit(request: Request) -> Response:
        result = await server.process(await request.body(), {})
        if isinstance(result, streaming):
            return StreamingResponse(result, media_type="text/event-stream")
        return Response(content=result.json, media_type="application/json")

    return app


async def _bare() -> Starlette:
    """Streams ready-made bytes with the same pauses: what a server costs that does nothing itself."""
    server = await _make_server(PUBLISHED)
    known: dict[bytes, list[bytes]] = {}

    async def answer(request: Request) -> Response:
        body = await request.body()
        if body not in known:
            known[body] = [frame async for frame in await server.process(body, {})]
        pause = json.loads(body)["params"]["input"]["content"][0]["text"].split()[1]
        return StreamingResponse(stream(known[body], float(pause)), media_type="text/event-stream")

    async def stream(frames: list[bytes], pause: float) -> AsyncIterator[bytes]:
        for frame in frames[:OPENING_FRAMES]:
            yield frame
        async for frame in _paced(frames[OPENING_FRAMES:-1], pause):
            yield frame
        yield frames[-1]

    return Starlette(routes=[Route("/chatkit", answer, methods=["POST"])])
