"""Anonymous users: each browser is one, by a signed cookie that it gets with its first answer."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal
from uuid import uuid4

from starlette.requests import Request

from chatkit_asgi.auth.caller import Authenticate, context_of, is_name
from chatkit_asgi.auth.signed import Seal
from chatkit_asgi.clock import utcnow
from chatkit_asgi.context import RequestContext

__all__ = ["SameSite", "anonymous_cookie"]

SameSite = Literal["lax", "strict", "none"]

NAME = "chatkit-visitor"
DAY = 86_400
LIFETIME = 400 * DAY
"""As long as browsers keep a cookie at most; each visit begins it anew."""


def anonymous_cookie(
    keys: Sequence[str],
    *,
    public_url: str = "",
    same_site: SameSite = "lax",
    now: Callable[[], datetime] = utcnow,
) -> Authenticate:
    """Who brings a cookie of ours is the user it names, who brings none a new one.

    The cookie is renewed once a day, with the first of the keys.
    """
    seal = Seal(keys, purpose="cookie")

    async def authenticate(request: Request) -> RequestContext:
        place = _Place(request, public_url)
        age, user = _read(seal, request.cookies.get(place.name, ""), now)
        if age >= DAY:
            signed = seal.sign({"user": user, "at": int(now().timestamp())})
            # the middleware puts it into the answer
            request.scope.setdefault("chatkit.headers", []).append(
                (b"set-cookie", place.cookie(signed, same_site).encode())
            )
        return context_of(request, user)

    return authenticate


def _read(seal: Seal, cookie: str, now: Callable[[], datetime]) -> tuple[float, str]:
    """How long ago the cookie was made, in seconds, and whom it names; somebody new where that is unknown."""
    match seal.open(cookie):
        case {"user": str(user), "at": int(at)} if is_name(user):
            age = now().timestamp() - at
            if age < LIFETIME:
                return age, user
    return LIFETIME, f"anon_{uuid4().hex}"


class _Place:
    """Where a browser keeps the cookie. Its name's prefix keeps other hosts of the domain from writing it."""

    def __init__(self, request: Request, public_url: str) -> None:
        self.path = request.scope.get("root_path", "").rstrip("/") or "/"
        self.is_secure = request.url.scheme == "https" or public_url.startswith("https:")
        prefix = ("__Host-" if self.path == "/" else "__Secure-") if self.is_secure else ""
        self.name = f"{prefix}{NAME}"

    def cookie(self, value: str, same_site: SameSite) -> str:
        secure = "; Secure" if self.is_secure else ""
        return (
            f"{self.name}={value}; Path={self.path}; Max-Age={LIFETIME}; HttpOnly; "
            f"SameSite={same_site.capitalize()}{secure}"
        )
