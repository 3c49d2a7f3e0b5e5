"""`/files`: uploads, in one step or two, and downloads. Streams both ways; decides nothing about content."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatkit_asgi.attachments import BlobAttachmentStore, request_base_url
from chatkit_asgi.context import owner_of
from chatkit_asgi.types import Attachment
from chatkit_asgi.web.bodies import body_parts
from chatkit_asgi.web.downloads import download_response
from chatkit_asgi.web.middleware import note
from chatkit_asgi.web.multipart import MAX_OVERHEAD, FilePart, is_multipart, open_file_part

__all__ = ["base_url_of", "upload_routes"]

DISCONNECTED = 499  # nobody reads it; it is what the log shows


def upload_routes(
    attachments: BlobAttachmentStore[Any],  # Any: the context is whatever `authenticate` gives
    authenticate: Callable[[Request], Awaitable[Any]],
    *,
    idle_seconds: float = 60,
    linger_seconds: float = 5,
) -> list[Route]:
    """The routes under ``/files``. `authenticate` raises what is then answered; signed links need it not.

    An upload that brings no byte for `idle_seconds` is given up. What a refused one still sends is passed
    over for `linger_seconds`.
    """
    endpoints = _Endpoints(attachments, authenticate, idle_seconds)
    closing = [Middleware(_CloseUnread, linger_seconds=linger_seconds)]
    return [
        Route("/files", endpoints.direct, methods=["POST"], middleware=closing),
        Route("/files/{id}", endpoints.announced, methods=["PUT", "POST"], middleware=closing),
        Route("/files/{id}", endpoints.download, methods=["GET"]),
    ]


def base_url_of(request: Request) -> str:
    """Where the client reached this app, mount point included; for `request_base_url`."""
    url, root = request.url, request.scope.get("root_path", "").rstrip("/")
    return f"{url.scheme}://{url.netloc}{root}" if url.netloc else root


class _Endpoints:
    def __init__(
        self,
        attachments: BlobAttachmentStore[Any],
        authenticate: Callable[[Request], Awaitable[Any]],
        idle_seconds: float,
    ) -> None:
        self._attachments = attachments
        self._authenticate = authenticate
        self._idle_seconds = idle_seconds

    async def direct(self, request: Request) -> Response:
        """`POST /files`: a form with one file; the answer is its attachment."""
        note(request, operation="files.upload")
        context = await self._authenticate(request)
        note(request, user=owner_of(context))
        return await self._answered(request, self._take_direct(request, context))

    async def announced(self, request: Request) -> Response:
        """`PUT` or `POST /files/{id}`: the bytes of an announced attachment, as a form or raw."""
        note(request, operation="files.receive")
        return await self._answered(request, self._take_announced(request))

    async def download(self, request: Request) -> Response:
        """`GET` or `HEAD /files/{id}`: the bytes a signed link leads to, or a part of them."""
        note(request, operation="files.download")
        with _base_url(request):
            found = await self._attachments.find_download(request.path_params["id"], _token(request))
        return await download_response(request, found)

    async def _take_direct(self, request: Request, context: Any) -> Attachment:
        part = await self._form_file(request)
        return await self._attachments.receive_direct(
            part.chunks, name=part.name, claimed=part.content_type, context=context
        )

    async def _take_announced(self, request: Request) -> Attachment:
        attachment_id, token = request.path_params["id"], _token(request)
        await self._attachments.announced(attachment_id, token)
        if is_multipart(request.headers.get("content-type", "")):
            chunks = (await self._form_file(request)).chunks
        else:
            self._check_length(request, spare=0)
            chunks = self._body(request)
        return await self._attachments.receive(attachment_id, token, chunks)

    async def _form_file(self, request: Request) -> FilePart:
        self._check_length(request, spare=MAX_OVERHEAD)
        return await open_file_part(self._body(request), request.headers.get("content-type", ""))

    def _check_length(self, request: Request, *, spare: int) -> None:
        """Refuse early what says itself that it is too large; the bytes are counted in any case."""
        said = request.headers.get("content-length", "")
        if said.isdecimal():
            self._attachments.limits.check_size(max(0, int(said) - spare))

    def _body(self, request: Request) -> AsyncIterator[bytes]:
        return body_parts(request, self._idle_seconds)

    async def _answered(self, request: Request, taking: Awaitable[Attachment]) -> Response:
        with _base_url(request):
            try:
                attachment = await taking
            except ClientDisconnect:
                return Response(status_code=DISCONNECTED)
        content = attachment.model_dump_json(
            by_alias=True, exclude_none=True, context={"exclude_metadata": True}
        )
        return Response(content, media_type="application/json", headers={"cache-control": "no-store"})


@contextmanager
def _base_url(request: Request) -> Iterator[None]:
    reset = request_base_url.set(base_url_of(request))
    try:
        yield
    finally:
        request_base_url.reset(reset)


def _token(request: Request) -> str:
    return request.query_params.get("token", "")


class _CloseUnread:
    """Closes the connection after an error that is answered before the whole body was read.

    What is left of the body is passed over for a while first: a client that is still sending when the
    connection closes loses the answer, and shows a network error in its place.
    """

    def __init__(self, app: ASGIApp, *, linger_seconds: float) -> None:
        self._app = app
        self._linger_seconds = linger_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = _Exchange(scope, receive, send, self._linger_seconds)
        await self._app(scope, exchange.receive, exchange.send)


class _Exchange:
    """One request's body and the answer to it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, linger_seconds: float) -> None:
        headers = Headers(scope=scope)
        self._unread = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        self._closing = False
        self._receive = receive
        self._send = send
        self._linger_seconds = linger_seconds

    async def receive(self) -> Message:
        message = await self._receive()
        self._unread = self._unread and message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 400 and self._unread:
            self._closing = True
            MutableHeaders(scope=message)["connection"] = "close"
        if self._closing and message["type"] == "http.response.body" and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await self._pass_over()
            message = {"type": "http.response.body"}
        await self._send(message)

    async def _pass_over(self) -> None:
        with anyio.move_on_after(self._linger_seconds):
            while self._unread:
                await self.receive()
