"""Sessions: a server of the operator's mints a token of limited life, which a page of its then sends."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request

from chatkit_asgi.auth.caller import NO_CLAIMS, Authenticate, bearer_of, context_of, refusal
from chatkit_asgi.auth.signed import Seal
from chatkit_asgi.clock import utcnow
from chatkit_asgi.context import RequestContext
from chatkit_asgi.locale import user_text

__all__ = ["PREFIX", "Sessions"]

PREFIX = "cks_"
"""Tells a session's token from others, also to programs that look for leaked secrets."""


class Sessions:
    """Mints client secrets with the first of the keys and knows those of any of them."""

    def __init__(self, keys: Sequence[str], *, now: Callable[[], datetime] = utcnow) -> None:
        self._seal = Seal(keys, purpose="session")
        self._now = now

    def mint(
        self, user: str, seconds: int, *, tenant: str = "", claims: Mapping[str, Any] = NO_CLAIMS
    ) -> tuple[str, int]:
        """A client secret for the user, and the Unix time at which it expires."""
        expires = int(self._now().timestamp()) + seconds
        payload = {"user": user, "tenant": tenant, "claims": dict(claims), "exp": expires}
        return PREFIX + self._seal.sign(payload), expires

    def beside(self, authenticate: Authenticate) -> Authenticate:
        """Takes a session's token from whoever brings one, and asks `authenticate` about everybody else."""

        async def either(request: Request) -> Any:  # Any: whatever `authenticate` gives
            token = bearer_of(request)
            if not token.startswith(PREFIX):
                return await authenticate(request)
            return self._context(request, token.removeprefix(PREFIX))

        return either

    def _context(self, request: Request, signed: str) -> RequestContext:
        """Raises HTTPException for a token that is none of ours, or has expired."""
        match self._seal.open(signed):
            case {"user": str(user), "tenant": str(tenant), "claims": dict(claims), "exp": int(expires)}:
                if expires <= self._now().timestamp():
                    raise refusal(
                        user_text("The session has expired: get a new client secret."), error="invalid_token"
                    )
                return context_of(request, user, tenant=tenant, claims=claims)
        raise refusal(user_text("This is no client secret of this server."), error="invalid_token")
