"""Which pages may use what browsers send by themselves: cookies, and identities that a proxy adds."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from chatkit_asgi.auth.caller import Authenticate
from chatkit_asgi.auth.local import FOREIGN_PAGE, host_of, is_loopback

__all__ = ["OwnPages"]


class OwnPages:
    """Pages of the app's own host and those the operator names; on one's own machine, all of its pages."""

    def __init__(self, pages: Sequence[str] = (), public_url: str = "") -> None:
        own = urlsplit(public_url)
        origins = (*pages, f"{own.scheme}://{own.netloc}" if own.netloc else "")
        self._known = {origin.rstrip("/").lower() for origin in origins} - {"", "*"}

    def only(self, authenticate: Authenticate, *, with_cookies: bool = False) -> Authenticate:
        """`authenticate`, for requests that no other page has made (cross-site request forgery).

        A bearer token is nothing that a browser sends by itself. `with_cookies`: nothing but cookies is.
        """

        async def checked(request: Request) -> Any:  # Any: whatever `authenticate` gives
            if self._is_foreign(request) and (not with_cookies or "cookie" in request.headers):
                raise HTTPException(403, FOREIGN_PAGE)
            return await authenticate(request)

        return checked

    def _is_foreign(self, request: Request) -> bool:
        origin = request.headers.get("origin")
        if origin is None or origin.lower() in self._known:
            return False
        if request.headers.get("authorization", "").lower().startswith("bearer "):
            return False
        _, _, name = origin.partition("://")
        if name and name.lower() == request.headers.get("host", "").lower():
            return False  # whatever the scheme: TLS often ends before us
        return not (is_loopback(host_of(origin)) and is_loopback(request.url.hostname))
