"""`POST /chatkit`: the one endpoint of the protocol. Reads the body, asks who is calling, answers."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chatkit_asgi.attachments import request_base_url
from chatkit_asgi.context import owner_of
from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.server import ChatKitServer, parse_request
from chatkit_asgi.types import ChatKitReq, ThreadsDeleteReq, is_streaming_req
from chatkit_asgi.web.bodies import read_body
from chatkit_asgi.web.limits import RequestLimits
from chatkit_asgi.web.middleware import note
from chatkit_asgi.web.turns import TurnDesk
from chatkit_asgi.web.uploads import base_url_of

__all__ = ["ChatKitEndpoint"]

CountMessage = Callable[[Request, Any], Awaitable[None]]
"""Told of each request that a model may have to answer, and of its context. Raises TooManyError."""
DEFAULT_LIMITS = RequestLimits()
JSON_HEADERS = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


class ChatKitEndpoint:
    """Answers one request of the protocol, with JSON or with a stream of events. An ASGI app."""

    def __init__(
        self,
        server: ChatKitServer[Any],  # Any: the context is whatever `authenticate` gives
        desk: TurnDesk,
        authenticate: Callable[[Request], Awaitable[Any]],
        *,
        max_body_bytes: int,
        limits: RequestLimits = DEFAULT_LIMITS,
        count_message: CountMessage | None = None,
        idle_seconds: float = 60,
    ) -> None:
        self._server = server
        self._desk = desk
        self._authenticate = authenticate
        self._max_body_bytes = max_body_bytes
        self._idle_seconds = idle_seconds
        self._limits = limits
        self._count_message = count_message

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # what was asked need not stay in memory for as long as the answer takes
        answer = await self._answer(Request(scope, receive))
        if isinstance(answer, bytes):
            await _send_json(answer, send)
        else:
            await answer(scope, receive, send)

    async def _answer(self, request: Request) -> bytes | Response:
        context = await self._authenticate(request)
        note(request, user=owner_of(context))
        body = await read_body(request, self._max_body_bytes, idle_seconds=self._idle_seconds)
        operation = self._parse(body)
        if self._server.attachment_store is not None:  # the only one to make links
            request_base_url.set(base_url_of(request))
        note(request, operation=operation.type)
        if is_streaming_req(operation):
            if self._count_message is not None:
                await self._count_message(request, context)
            return await self._desk.begin(request, body, operation, context)
        unfinished = partial(self._desk.unfinished_items, context=context)
        answer = await self._server.answer(operation, context, unfinished=unfinished)
        if isinstance(operation, ThreadsDeleteReq):
            self._desk.end_deleted(operation.params.thread_id, context)
        return answer

    def _parse(self, body: bytes) -> ChatKitReq:
        if not body.strip():
            raise InvalidRequestError("The request has no body: send a JSON object with type and params.")
        self._limits.check_shape(body)
        try:
            operation = parse_request(body)
        except ValidationError as exc:
            raise _explain(exc, body) from exc
        self._limits.check(operation)
        return operation


async def _send_json(document: bytes, send: Send) -> None:
    headers = [*JSON_HEADERS, (b"content-length", b"%d" % len(document))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": document})


def _explain(exc: ValidationError, body: bytes) -> InvalidRequestError:
    """The first fault in the client's terms: which field, and what is wrong with it."""
    fault = exc.errors(include_url=False, include_context=False, include_input=False)[0]
    match fault["type"]:
        case "json_invalid":
            return InvalidRequestError("The request's body is not JSON.")
        case "union_tag_invalid" if not _path(fault, body):
            return InvalidRequestError("The request's type is no operation of this protocol.", param="type")
        case "union_tag_not_found" if not _path(fault, body):
            return InvalidRequestError("The request has no type: name the operation there.", param="type")
    param = _path(fault, body) or None
    where = f"{param}: " if param else ""
    return InvalidRequestError(f"The request is not valid. {where}{_reason(fault)}", param=param)


def _reason(fault: ErrorDetails) -> str:
    match fault["type"]:
        case "union_tag_invalid":
            return "Its type is none of this protocol"
        case "union_tag_not_found":
            return "It has no type"
        case "model_type" | "model_attributes_type" | "dataclass_type":
            return "Input should be an object"
    return fault["msg"]


def _path(fault: ErrorDetails, body: bytes) -> str:
    """Where the fault is in what the client sent. Models and unions have their own names in between."""
    value, path = from_json(body), []
    *steps, last = fault["loc"] or ("",)
    for step in steps:
        if not isinstance(value, dict | list):
            break
        try:
            value = value[step]  # type: ignore[index]  # what does not fit is not a step of the client's
        except (KeyError, IndexError, TypeError):
            continue
        path.append(str(step))
    is_field = (
        fault["type"] == "missing" or (isinstance(value, dict) and last in value) or isinstance(last, int)
    )
    return ".".join([*path, str(last)] if is_field else path)
