"""A stand-in for the Responses API that sends events as a test writes them, over a socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from tests.live import serving

__all__ = ["Json", "ResponsesApi", "message", "responses_api"]

Json = dict[str, Any]  # Any: JSON


class ResponsesApi:
    """Answers each request with the next script: events between `response.created` and `.completed`."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Json] = []
        self.scripts: list[list[Json]] = []
        self._held = ""
        self._going_on = asyncio.Event()
        self.app = Starlette(routes=[Route("/v1/responses", self._respond, methods=["POST"])])

    async def _respond(self, request: Request) -> StreamingResponse:
        self.requests.append(await request.json())
        script = self.scripts.pop(0) if self.scripts else message("Done.")
        return StreamingResponse(self._sent(script), media_type="text/event-stream")

    @contextmanager
    def holding(self, kind: str) -> Iterator[asyncio.Event]:
        """Behind each event of that kind, wait until what this gives is set."""
        self._held = kind
        try:
            yield self._going_on
        finally:
            self._going_on.set()

    async def _sent(self, script: list[Json]) -> AsyncIterator[bytes]:
        for kind, frame in _frames(script):
            yield frame
            if kind == self._held:
                await self._going_on.wait()


@asynccontextmanager
async def responses_api() -> AsyncIterator[ResponsesApi]:
    api = ResponsesApi()
    async with serving(api.app) as url:
        api.url = f"{url}/v1"
        yield api


def message(text: str, *annotations: Json, index: int = 0) -> list[Json]:
    """The events of a message, in one piece."""
    part = {"type": "output_text", "text": text, "annotations": list(annotations), "logprobs": []}
    item = {"id": f"msg_{index}", "type": "message", "role": "assistant", "status": "completed"}
    place = {"item_id": item["id"], "output_index": index, "content_index": 0}
    empty = {**part, "text": "", "annotations": []}
    return [
        {"type": "response.output_item.added", "output_index": index, "item": {**item, "content": []}},
        {"type": "response.content_part.added", **place, "part": empty},
        {"type": "response.output_text.delta", **place, "delta": text, "logprobs": []},
        *(
            {
                "type": "response.output_text.annotation.added",
                **place,
                "annotation_index": n,
                "annotation": each,
            }
            for n, each in enumerate(annotations)
        ),
        {"type": "response.output_text.done", **place, "text": text, "logprobs": []},
        {"type": "response.output_item.done", "output_index": index, "item": {**item, "content": [part]}},
    ]


def _frames(script: list[Json]) -> Iterator[tuple[str, bytes]]:
    response = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_767_323_045,
        "status": "in_progress",
        "model": "small",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    output = [event["item"] for event in script if event["type"] == "response.output_item.done"]
    completed = {**response, "status": "completed", "output": output}
    created = {"type": "response.created", "response": response}
    events = [created, *script, {"type": "response.completed", "response": completed}]
    for number, event in enumerate(events):
        data = json.dumps({**event, "sequence_number": number})
        yield event["type"], f"event: {event['type']}\ndata: {data}\n\n".encode()
