"""The one table: exception class -> HTTP status, and the one body that errors have.

``{"error": {"type", "code", "message", "param", "request_id"}}``; `message` is fit for a user's eyes.
"""

import logging
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from chatkit_asgi.errors import (
    BackendError,
    ChatKitError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    NotSupportedError,
    TooLargeError,
    TooManyError,
    UnsupportedTypeError,
)
from chatkit_asgi.locale import translated, user_text

__all__ = ["HANDLERS", "error_response", "internal_error"]

logger = logging.getLogger(__name__)

UNSUPPORTED = user_text("This server does not support that.")
STATUS: dict[type[Exception], tuple[int, str]] = {
    NotFoundError: (404, "not_found"),
    InvalidRequestError: (400, "invalid_request"),
    ConflictError: (409, "conflict"),
    TooLargeError: (413, "too_large"),
    TooManyError: (429, "too_many"),
    UnsupportedTypeError: (415, "unsupported_type"),
    NotSupportedError: (501, "not_supported"),
    NotImplementedError: (501, "not_supported"),
    BackendError: (503, "unavailable"),
}
HTTP_CODES = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    413: "too_large",
}


def error_response(request: Request, exc: Exception) -> Response:
    """The answer to an exception of the table, or to one of Starlette's own."""
    if isinstance(exc, HTTPException):
        code = HTTP_CODES.get(exc.status_code, "http_error")
        return _json(request, exc.status_code, code, exc.detail, headers=exc.headers)
    status, code = next(entry for kind, entry in STATUS.items() if isinstance(exc, kind))
    message = UNSUPPORTED if isinstance(exc, NotImplementedError) else _message(exc)
    if isinstance(exc, BackendError):
        # no traceback: while a database is away there is one of these for every request
        logger.error("request %s: %s: %r", _request_id(request), exc, exc.__cause__)
    return _json(
        request, status, code, message, param=getattr(exc, "param", None), headers=_headers(status, exc)
    )


def _headers(status: int, exc: Exception) -> Mapping[str, str]:
    if status in (429, 503):
        return {"retry-after": str(getattr(exc, "retry_after", 1))}
    # of what is too large the rest is not read
    return {"connection": "close"} if status == 413 else {}


def internal_error(request: Request) -> Response:
    """The answer to an exception nobody expected: it says where to look, not what happened."""
    name = _request_id(request)
    message = user_text("Something went wrong; the server's log says more: {request}.", request=name)
    return _json(request, 500, "internal", message)


def _message(exc: Exception) -> str:
    """What the exception was raised with: perhaps a text that is known in other languages."""
    return exc.args[0] if len(exc.args) == 1 and isinstance(exc.args[0], str) else str(exc)


def _request_id(request: Request) -> str:
    return str(request.scope.get("chatkit.request_id", ""))


def _json(
    request: Request,
    status: int,
    code: str,
    message: str,
    *,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    error = {
        "type": "invalid_request_error" if status < 500 else "server_error",
        "code": code,
        "message": translated(message),
        "param": param,
        "request_id": request.scope.get("chatkit.request_id"),
    }
    return JSONResponse({"error": error}, status, headers=headers)


HANDLERS = dict.fromkeys([ChatKitError, NotImplementedError, HTTPException], error_response)
"""For Starlette's `exception_handlers`."""
