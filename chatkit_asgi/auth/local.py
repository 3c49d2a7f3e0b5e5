"""Without authentication: everybody is one user, on this machine or, where that is wanted, anywhere."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from chatkit_asgi.auth.caller import Authenticate, context_of
from chatkit_asgi.context import RequestContext

__all__ = ["FOREIGN_PAGE", "everybody", "host_of", "is_loopback", "local_only"]

ELSEWHERE = (
    "Without authentication this server answers only callers on its own machine. Its operator can set "
    "CHATKIT_AUTH, or CHATKIT_ALLOW_UNAUTHENTICATED=1 to serve everybody as one user."
)
FOREIGN_PAGE = "This page may not call this server. Its operator can name its origin in CHATKIT_CORS_ORIGINS."
LOCAL_USER = "local"
"""The one user of an app without authentication."""


async def everybody(request: Request) -> RequestContext:
    """Everybody is the same user, wherever the request comes from."""
    return context_of(request, LOCAL_USER)


def local_only(*, pages: Sequence[str] = (), public_url: str = "") -> Authenticate:
    """Everybody on this machine is the same user; others are refused.

    So are pages from elsewhere that the user's own browser shows: a request's Host and Origin have to be
    names of this machine, of `public_url` or of `pages`.
    """
    known = {urlsplit(url).hostname for url in (*pages, public_url)} - {None}

    def is_local(name: str | None) -> bool:
        return name in known or is_loopback(name)

    async def authenticate(request: Request) -> RequestContext:
        client = request.client.host if request.client else None
        if not is_loopback(client) or not is_local(request.url.hostname):
            raise HTTPException(403, ELSEWHERE)
        origin = request.headers.get("origin")
        if origin is not None and "*" not in pages and not is_local(host_of(origin)):
            raise HTTPException(403, FOREIGN_PAGE)
        return context_of(request, LOCAL_USER)

    return authenticate


def host_of(origin: str) -> str | None:
    """The name in an origin, if it has one."""
    try:
        return urlsplit(origin).hostname
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def is_loopback(name: str | None) -> bool:
    """Whether a host's name or address is this machine's own."""
    try:
        return name == "localhost" or (name is not None and ipaddress.ip_address(name).is_loopback)
    except ValueError:
        return False
