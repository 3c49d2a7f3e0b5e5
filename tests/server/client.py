"""Speaks to a server as a client does: JSON in, parsed JSON or events out."""

import json
from typing import Any

from chatkit_asgi.server import ChatKitServer, NonStreamingResult, StreamingResult

__all__ = ["Json", "ask", "message", "start", "stream", "types_of"]

Json = dict[str, Any]  # Any: JSON


def message(text: str = "Hello", **fields: object) -> Json:
    """The `input` of a user message."""
    return {"content": [{"type": "input_text", "text": text}], **fields}


async def ask(
    server: ChatKitServer[Any], operation: str, context: object, **params: object
) -> Any:  # Any: JSON
    """The answer of an operation that streams nothing."""
    result = await server.process(json.dumps({"type": operation, "params": params}), context)
    assert isinstance(result, NonStreamingResult)
    return json.loads(result.json)


async def start(
    server: ChatKitServer[Any], operation: str, context: object, **params: object
) -> StreamingResult:
    """The stream of an operation, not yet iterated."""
    result = await server.process(json.dumps({"type": operation, "params": params}), context)
    assert isinstance(result, StreamingResult)
    return result


async def stream(server: ChatKitServer[Any], operation: str, context: object, **params: object) -> list[Json]:
    """All events of an operation."""
    frames = [frame async for frame in await start(server, operation, context, **params)]
    assert all(frame.startswith(b"data: {") and frame.endswith(b"}\n\n") for frame in frames)
    assert all(frame.count(b"\n") == 2 for frame in frames)
    return [json.loads(frame[6:]) for frame in frames]


def types_of(events: list[Json]) -> list[str]:
    return [event["type"] for event in events]
