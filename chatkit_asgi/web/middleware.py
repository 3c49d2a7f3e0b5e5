"""What surrounds every request: its id, its line in the log, and the answer to an unexpected exception."""

import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from os import urandom
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatkit_asgi.context import request_id
from chatkit_asgi.errors import ChatKitError, InvalidRequestError
from chatkit_asgi.locale import asking
from chatkit_asgi.web.errors import error_response, internal_error

__all__ = ["PageMiddleware", "RequestMiddleware", "note"]

logger = logging.getLogger("chatkit_asgi.access")
unexpected = logging.getLogger(__name__)

PROBES = ("/healthz", "/readyz")
"""They answer while the backends are away: that is what they are for."""
DEFAULTS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
"""Headers of every answer that has no other of that name."""
LONGEST_QUOTED = 200
"""How much of a path or a user's name is written into the log."""
HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[\w.-]*)(?::\d{1,5})?")
"""A name or an address, and perhaps a port."""
GIVEN_ID = re.compile(rb"[\w.:-]{1,128}")
"""What a proxy may call a request, so that its log and ours go together."""


def note(request: Request, *, operation: str | None = None, user: str | None = None) -> None:
    """Tell the request's log line what was asked for and by whom."""
    if operation is not None:
        request.scope["chatkit.operation"] = operation
    if user is not None:
        request.scope["chatkit.user"] = user


class RequestMiddleware:
    """Names each request, makes sure the app has started, logs one line, lets no exception out."""

    def __init__(self, app: ASGIApp, *, started: Callable[[], Awaitable[None]]) -> None:
        self.app = app
        self.started = started

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with asking(dict(scope["headers"]).get(b"accept-language", b"")):
            await _Exchange(scope, send).run(self, receive)


class PageMiddleware(CORSMiddleware):
    """CORS for pages. What is posted by no page passes by: its answer is not cached, so it need not vary."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        posted = scope["type"] == "http" and scope["method"] == "POST"
        if posted and b"origin" not in dict(scope["headers"]):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class _Exchange:
    """One request and the answer to it."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.id = scope["chatkit.request_id"] = _request_id(scope["headers"])
        self.scope = scope
        self.status = 0
        self._send = send
        self._began = time.perf_counter()

    async def run(self, middleware: RequestMiddleware, receive: Receive) -> None:
        try:
            _check_host(self.scope["headers"])
            _check_query(self.scope["query_string"])
            if not self.scope["path"].endswith(PROBES):
                await middleware.started()
            request_id.set(self.id)  # not before: what is started there goes on for others
            await middleware.app(self.scope, receive, self.send)
        except Exception as exc:
            await self._explain(exc)(self.scope, receive, self.send)
        finally:
            self._log()

    def _explain(self, exc: Exception) -> Response:
        """The answer to an exception. Raises it where the answer has begun, which breaks the connection."""
        request = Request(self.scope)
        if isinstance(exc, ChatKitError | HTTPException):
            return error_response(request, exc)
        unexpected.error("request %s failed", self.id, exc_info=exc)
        if self.status:  # the client notices
            raise exc
        return internal_error(request)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._headers(message.get("headers", ()))
        await self._send(message)

    def _headers(self, given: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Those of the answer, which nobody keeps or takes for something else unless it says so itself."""
        headers = [*given, (b"x-request-id", self.id.encode()), *self.scope.get("chatkit.headers", ())]
        names = {name for name, _ in headers}
        return [*headers, *(default for default in DEFAULTS if default[0] not in names)]

    def _log(self) -> None:
        if not logger.isEnabledFor(logging.INFO):
            return
        scope = self.scope
        logger.info(
            "%s %s operation=%s user=%s status=%s ms=%.1f request_id=%s",
            scope["method"],
            _quoted(scope["path"]),
            scope.get("chatkit.operation", "-"),
            _quoted(scope.get("chatkit.user", "-")),
            self.status or "-",
            (time.perf_counter() - self._began) * 1000,
            self.id,
        )


def _request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    given = dict(headers).get(b"x-request-id", b"")
    return given.decode() if GIVEN_ID.fullmatch(given) else urandom(16).hex()


def _check_host(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Links are made of it, and it is compared with origins. Raises InvalidRequestError."""
    if not HOST.fullmatch(dict(headers).get(b"host", b"")):
        raise InvalidRequestError("The Host header is not one.")


def _check_query(query: bytes) -> None:
    """Raises InvalidRequestError for what is no part of a URL (RFC 3986)."""
    if not query.isascii():
        raise InvalidRequestError("A URL is made of ASCII characters: write the others as %XX, in UTF-8.")


def _quoted(text: str) -> str:
    """What a caller chose, unable to break the line or to look like another field of it."""
    return quote(text[:LONGEST_QUOTED], safe="/:@", errors="replace")
