"""A local stand-in for the model's HTTP API, Responses and Chat Completions, streaming over a socket.

A test queues replies and reads the requests that came. Input which the real API would refuse is refused.
"""

import asyncio
import json
from base64 import b64encode
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, assert_never
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.live import serving

__all__ = [
    "Break",
    "Call",
    "Draw",
    "Failure",
    "Hold",
    "ModelApi",
    "ModelRequest",
    "Raw",
    "Say",
    "Silence",
    "model_api",
]

Json = dict[str, Any]  # Any: JSON


@dataclass(frozen=True)
class Say:
    """A message, streamed word by word."""

    text: str
    annotations: tuple[Json, ...] = ()
    """Citations, as the Responses API writes them; Chat Completions has none."""


@dataclass(frozen=True)
class Call:
    """A call of a function tool."""

    name: str
    arguments: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Draw:
    """An image, with unfinished ones before it; Chat Completions makes none."""

    image: bytes
    partial: tuple[bytes, ...] = ()
    holds: bool = False
    """Whether the finished one waits until the client leaves or the test releases it."""


@dataclass(frozen=True)
class Hold:
    """The model says this and then nothing more until the client leaves or the test releases it."""

    text: str


@dataclass(frozen=True)
class Break(Hold):
    """The model says this, and then the connection breaks."""


@dataclass(frozen=True)
class Silence:
    """Nothing, behind the answer's head, until the client leaves or the test releases it."""


@dataclass(frozen=True)
class Raw:
    """Bytes of the test's own in place of a stream, after which the connection ends or breaks."""

    body: bytes = b""
    breaks: bool = False


@dataclass(frozen=True)
class Failure:
    """An HTTP error in place of an answer."""

    status: int
    message: str = "refused"
    headers: tuple[tuple[str, str], ...] = (("x-should-retry", "false"),)
    """By default no retries: tests want to see the error, not to wait for it."""


Output = Say | Call | Hold | Draw
Reply = Failure | Silence | Raw | tuple[Output, ...]


@dataclass(frozen=True)
class ModelRequest:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: Json

    @property
    def input(self) -> list[Json]:
        """The conversation, under either API's name for it."""
        return list(self.body.get("input") or self.body.get("messages") or [])


class ModelApi:
    """What the stand-in is to answer, what it was asked, and whether a client left in mid-answer."""

    def __init__(self) -> None:
        self.url = ""
        """For ``OPENAI_BASE_URL``."""
        self.requests: list[ModelRequest] = []
        self.repeats_ids = False
        """Some servers number the items of each response from nought."""
        self.disconnected = asyncio.Event()
        self.released = asyncio.Event()
        self._replies: deque[Reply] = deque()
        self.replies_of: dict[str, deque[Reply]] = {}
        """Queues of single models, by name; what is not here gets its replies from the queue of all."""
        self.app = Starlette(
            routes=[
                Route("/v1/responses", self._responses, methods=["POST"]),
                Route("/v1/chat/completions", self._chat_completions, methods=["POST"]),
            ]
        )

    def reply(self, *outputs: Output) -> None:
        """Queue one response; without any in the queue, a greeting is sent."""
        self._replies.append(outputs)

    def fail(self, status: int, message: str = "refused", **headers: str) -> None:
        """Queue an HTTP error; with headers, it may pass."""
        given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        self._replies.append(Failure(status, message, given) if given else Failure(status, message))

    def misbehave(self, reply: Silence | Raw) -> None:
        """Queue what no such server should send."""
        self._replies.append(reply)

    async def _responses(self, request: Request) -> Response:
        asked = await self._record(request)
        if fault := _responses_fault(asked.input):
            return _error(400, fault)
        return self._answer(asked, lambda outputs: _responses_events(self, outputs, str(asked.body["model"])))

    async def _chat_completions(self, request: Request) -> Response:
        asked = await self._record(request)
        if fault := _chat_fault(asked.input):
            return _error(400, fault)
        return self._answer(asked, lambda outputs: _chat_events(self, outputs, str(asked.body["model"])))

    async def _record(self, request: Request) -> ModelRequest:
        asked = ModelRequest(request.url.path, dict(request.headers), await request.json())
        assert asked.body["stream"] is True, "the stand-in only streams"
        self.requests.append(asked)
        return asked

    def _answer(self, asked: ModelRequest, events: Any) -> Response:  # Any: a function of the outputs
        replies = self.replies_of.get(str(asked.body["model"]), self._replies)
        reply = replies.popleft() if replies else (Say("Hello from the model."),)
        if isinstance(reply, Failure):
            return _error(reply.status, reply.message, dict(reply.headers))
        if isinstance(reply, Silence | Raw):
            return StreamingResponse(self._watched(self._misbehaving(reply)), media_type="text/event-stream")
        return StreamingResponse(self._watched(events(reply)), media_type="text/event-stream")

    async def _misbehaving(self, reply: Silence | Raw) -> AsyncIterator[bytes]:
        if isinstance(reply, Silence):
            await self.released.wait()
            return
        yield reply.body
        if reply.breaks:
            raise ConnectionError

    async def _watched(self, frames: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for frame in frames:
                yield frame
        except asyncio.CancelledError:
            self.disconnected.set()
            raise

    def new_id(self, prefix: str, number: int) -> str:
        return f"{prefix}_{number if self.repeats_ids else uuid4().hex}"


@asynccontextmanager
async def model_api() -> AsyncIterator[ModelApi]:
    """The stand-in on a free port of this machine."""
    api = ModelApi()
    async with serving(api.app) as url:
        api.url = f"{url}/v1"
        try:
            yield api
        finally:
            api.released.set()


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
    return JSONResponse(body, status, headers=headers or {"x-should-retry": "false"})


async def _hold(api: ModelApi, output: Output) -> None:
    if isinstance(output, Break):
        raise ConnectionError
    if isinstance(output, Hold) or getattr(output, "holds", False):
        await api.released.wait()


def _words(text: str) -> list[str]:
    return [word if index == 0 else f" {word}" for index, word in enumerate(text.split(" "))]


# The Responses API.


async def _responses_events(api: ModelApi, outputs: tuple[Output, ...], model: str) -> AsyncIterator[bytes]:
    response: Json = {
        "id": f"resp_{uuid4().hex}",
        "object": "response",
        "created_at": 1_767_323_045,
        "status": "in_progress",
        "model": model,
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    numbers = iter(range(10**9))

    def frame(kind: str, **fields: object) -> bytes:
        event = {"type": kind, "sequence_number": next(numbers), **fields}
        return f"event: {kind}\ndata: {json.dumps(event)}\n\n".encode()

    yield frame("response.created", response=response)
    done = []
    for index, output in enumerate(outputs):
        item = _response_item(api, output, index)
        yield frame("response.output_item.added", output_index=index, item=_begun(item))
        place = {"item_id": item["id"], "output_index": index}
        for kind, fields in _response_parts(output, item):
            yield frame(kind, **place, **fields)
        await _hold(api, output)
        yield frame("response.output_item.done", output_index=index, item=item)
        done.append(item)
    usage = {
        "input_tokens": 1,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 1,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 2,
    }
    completed = {**response, "status": "completed", "output": done, "usage": usage}
    yield frame("response.completed", response=completed)


def _response_item(api: ModelApi, output: Output, index: int) -> Json:
    match output:
        case Say() | Hold():
            return {
                "id": api.new_id("msg", index),
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [_part(output.text, list(getattr(output, "annotations", ())))],
            }
        case Call():
            return {
                "id": api.new_id("fc", index),
                "type": "function_call",
                "call_id": f"call_{uuid4().hex}",
                "name": output.name,
                "arguments": json.dumps(output.arguments),
                "status": "completed",
            }
        case Draw():
            return {
                "id": api.new_id("ig", index),
                "type": "image_generation_call",
                "status": "completed",
                "result": b64encode(output.image).decode(),
            }
        case _:
            assert_never(output)


_EMPTY: dict[str, Json] = {
    "message": {"content": []},
    "function_call": {"arguments": ""},
    "image_generation_call": {"result": None},
}


def _begun(item: Json) -> Json:
    return {**item, "status": "in_progress", **_EMPTY[item["type"]]}


def _part(text: str, annotations: list[Json]) -> Json:
    return {"type": "output_text", "text": text, "annotations": annotations, "logprobs": []}


def _response_parts(output: Output, item: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(output, Call):
        yield "response.function_call_arguments.delta", {"delta": item["arguments"]}
        yield (
            "response.function_call_arguments.done",
            {"arguments": item["arguments"], "name": output.name},
        )
        return
    if isinstance(output, Draw):
        for index, partial in enumerate(output.partial):
            image = {"partial_image_index": index, "partial_image_b64": b64encode(partial).decode()}
            yield "response.image_generation_call.partial_image", image
        return
    place = {"content_index": 0}
    yield "response.content_part.added", {**place, "part": _part("", [])}
    for word in _words(output.text):
        yield "response.output_text.delta", {**place, "delta": word, "logprobs": []}
    if isinstance(output, Hold):
        return
    for index, annotation in enumerate(output.annotations):
        yield (
            "response.output_text.annotation.added",
            {**place, "annotation_index": index, "annotation": annotation},
        )
    yield "response.output_text.done", {**place, "text": output.text, "logprobs": []}
    yield "response.content_part.done", {**place, "part": item["content"][0]}


def _responses_fault(items: list[Json]) -> str | None:
    calls = {item["call_id"] for item in items if item.get("type") == "function_call"}
    for item in items:
        if item.get("type") == "function_call_output" and item["call_id"] not in calls:
            return f"No tool call found for function call output with call_id {item['call_id']}."
        if "role" in item and (fault := _content_fault(item)):
            return fault
    return None


def _content_fault(item: Json) -> str | None:
    if isinstance(item["content"], str):
        return None
    allowed = (
        ("output_text", "refusal")
        if item["role"] == "assistant"
        else ("input_text", "input_image", "input_file")
    )
    wrong = [part["type"] for part in item["content"] if part["type"] not in allowed]
    return f"Invalid value: '{wrong[0]}'. Supported values are: {allowed}." if wrong else None


# Chat Completions.


async def _chat_events(api: ModelApi, outputs: tuple[Output, ...], model: str) -> AsyncIterator[bytes]:
    head = {"id": f"chatcmpl-{uuid4().hex}", "object": "chat.completion.chunk", "created": 1, "model": model}

    def frame(delta: Json, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return f"data: {json.dumps({**head, 'choices': [choice]})}\n\n".encode()

    yield frame({"role": "assistant", "content": ""})
    calls = 0
    for output in outputs:
        assert not isinstance(output, Draw), "this API makes no images"
        if isinstance(output, Call):
            yield frame({"tool_calls": [_chat_call(output, calls)]})
            calls += 1
            continue
        for word in _words(output.text):
            yield frame({"content": word})
        await _hold(api, output)
    yield frame({}, "tool_calls" if calls else "stop")
    yield b"data: [DONE]\n\n"


def _chat_call(call: Call, index: int) -> Json:
    function = {"name": call.name, "arguments": json.dumps(call.arguments)}
    return {"index": index, "id": f"call_{uuid4().hex}", "type": "function", "function": function}


def _chat_fault(messages: list[Json]) -> str | None:
    allowed = {
        "user": ("text", "image_url", "file"),
        "assistant": ("text", "refusal"),
        "tool": ("text",),
        "system": ("text",),
    }
    for message in messages:
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        if any(part["type"] not in allowed[message["role"]] for part in parts):
            return f"Invalid content of a {message['role']} message."
        if message["role"] == "assistant" and not content and not message.get("tool_calls"):
            return "An assistant message needs content or tool_calls."
    return None
