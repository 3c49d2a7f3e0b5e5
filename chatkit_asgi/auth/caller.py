"""What all proofs of identity share: the caller's context, where it comes from, and the refusal."""

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from chatkit_asgi.context import RequestContext

__all__ = ["Authenticate", "bearer_of", "context_of", "is_name", "locale_of", "peer_of", "refusal"]

Authenticate = Callable[[Request], Awaitable[Any]]
"""Gives the context of a request's caller, or None when there is none; `Any`: an application's own class."""

LONGEST_NAME = 255
LONGEST_LANGUAGES = 1000
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
QUALITY = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")
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
    asked = dict(request.scope["headers"]).get(b"accept-language", b"")
    return _preferred(asked[:LONGEST_LANGUAGES])


@lru_cache(maxsize=256)
def _preferred(asked: bytes) -> str:
    languages = [_weighed(part) for part in asked.decode("latin-1").split(",")]
    weight, language = max(languages, key=lambda each: each[0])  # of equals the first
    return language if weight > 0 else "en"


def _weighed(part: str) -> tuple[float, str]:
    """How much a language is wanted, from 0 (not at all, or no language) to 1, and which."""
    language, *parameters = (each.strip() for each in part.split(";"))
    if not LANGUAGE.fullmatch(language):
        return 0.0, ""
    weights = [QUALITY.fullmatch(parameter.lower()) for parameter in parameters]
    return next((float(weight[1]) for weight in weights if weight), 1.0), language
