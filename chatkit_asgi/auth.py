"""Who is calling: functions from a request to a `RequestContext`. Refusals say what to do."""

import hmac
import ipaddress
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from chatkit_asgi.context import RequestContext

__all__ = ["Authenticate", "bearer_token", "everybody", "local_only", "locale_of"]

Authenticate = Callable[[Request], Awaitable[Any]]
"""Gives the context of a request's caller, or None when there is none; `Any`: an application's own class."""

ELSEWHERE = (
    "Without authentication this server answers only callers on its own machine. Its operator can set "
    "CHATKIT_AUTH, or CHATKIT_ALLOW_UNAUTHENTICATED=1 to serve everybody as one user."
)
FOREIGN_PAGE = "This page may not call this server. Its operator can name its origin in CHATKIT_CORS_ORIGINS."
LOCAL_USER = "local"
"""The one user of an app without authentication."""


async def everybody(request: Request) -> RequestContext:
    """Everybody is the same user, wherever the request comes from."""
    return _context(request, LOCAL_USER)


def local_only(*, pages: Sequence[str] = (), public_url: str = "") -> Authenticate:
    """Everybody on this machine is the same user; others are refused.

    So are pages from elsewhere that the user's own browser shows: a request's Host and Origin have to be
    names of this machine, of `public_url` or of `pages`.
    """
    known = {urlsplit(url).hostname for url in (*pages, public_url)} - {None}

    def is_local(name: str | None) -> bool:
        return name in known or name == "localhost" or _is_loopback(name)

    async def authenticate(request: Request) -> RequestContext:
        client = request.client.host if request.client else None
        if not _is_loopback(client) or not is_local(request.url.hostname):
            raise HTTPException(403, ELSEWHERE)
        origin = request.headers.get("origin")
        if origin is not None and "*" not in pages and not is_local(urlsplit(origin).hostname):
            raise HTTPException(403, FOREIGN_PAGE)
        return _context(request, LOCAL_USER)

    return authenticate


def bearer_token(users: Mapping[str, str]) -> Authenticate:
    """Wants ``Authorization: Bearer TOKEN`` (RFC 6750); `users` maps tokens to user ids."""
    known = [(token.encode(), user) for token, user in users.items()]

    async def authenticate(request: Request) -> RequestContext:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = token.strip().encode() if scheme.lower() == "bearer" else b""
        # every token is compared, so that the time taken tells nothing about them
        matches = [user for known_token, user in known if hmac.compare_digest(known_token, given)]
        if not matches:
            raise HTTPException(
                401,
                "This server wants a token: send the header Authorization: Bearer TOKEN.",
                {"www-authenticate": "Bearer"},
            )
        return _context(request, matches[0])

    return authenticate


def locale_of(request: Request) -> str:
    """The first language of ``Accept-Language``, or ``en``."""
    asked = dict(request.scope["headers"]).get(b"accept-language", b"").decode("latin-1")
    first = asked.split(",")[0].split(";")[0].strip()
    return first if first and first != "*" else "en"


def _context(request: Request, user: str) -> RequestContext:
    name = request.scope.get("chatkit.request_id", "")
    return RequestContext(user_id=user, locale=locale_of(request), request_id=name)


@lru_cache(maxsize=1024)
def _is_loopback(address: str | None) -> bool:
    try:
        return address is not None and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
