"""What all proofs of identity share: the caller's context, where it comes from, and the refusal."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from chatkit_asgi.context import RequestContext
from chatkit_asgi.locale import languages_of_header

__all__ = ["Authenticate", "bearer_of", "context_of", "is_name", "locale_of", "peer_of", "refusal"]

Authenticate = Callable[[Request], Awaitable[Any]]
"""Gives the context of a request's caller, or None when there is none; `Any`: an application's own class."""

LONGEST_NAME = 255
NO_CLAIMS: Mapping[str, Any] = MappingProxyType({})  # Any: JSON


def context_of(
    request: Request, user: str, *, tenant: str = "", claims: Mapping[str, Any] = NO_CLAIMS
) -> RequestContext:
    """The context of a request by this user."""
    return RequestContext(
        user_id=user,
        tenant=tenant,
        locale=locale_of(request),
        request_id=request.scope.get("chatkit.request_id", ""),
        claims=claims,
    )


def is_name(text: object) -> bool:
    """Whether what a proof says can be the name of a user or a tenant: a line of text, and no endless one."""
    return isinstance(text, str) and 0 < len(text) <= LONGEST_NAME and text.isprintable()


def refusal(message: str, *, error: str = "") -> HTTPException:
    """What is raised for a caller without a valid proof (RFC 6750); `message` says what to do."""
    challenge = f'Bearer error="{error}"' if error else "Bearer"
    return HTTPException(401, message, {"www-authenticate": challenge})


def bearer_of(request: Request) -> str:
    """The token of ``Authorization: Bearer TOKEN`` (RFC 6750), or nothing."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def peer_of(request: Request) -> str | None:
    """The address at the other end of the connection, which may be a proxy's."""
    client = request.scope.get("chatkit.peer", request.scope.get("client"))
    return client[0] if client else None


def locale_of(request: Request) -> str:
    """The language of ``Accept-Language`` (RFC 9110) that is wanted most, or ``en``."""
    asked = languages_of_header(dict(request.scope["headers"]).get(b"accept-language", b""))
    return asked[0] if asked else "en"
