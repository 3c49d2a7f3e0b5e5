"""Tokens that the operator hands out: each belongs to a user, and may be known by its hash alone."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping

from starlette.requests import Request

from chatkit_asgi.auth.caller import Authenticate, bearer_of, context_of, refusal
from chatkit_asgi.context import RequestContext
from chatkit_asgi.locale import user_text

__all__ = ["bearer_token", "is_known_key"]

HASHED = "sha256:"
WANTED = user_text("This server wants a token: send the header Authorization: Bearer TOKEN.")


def bearer_token(users: Mapping[str, str]) -> Authenticate:
    """Wants ``Authorization: Bearer TOKEN``; `users` maps tokens, or ``sha256:HEX`` of them, to user ids."""
    known = [(_digest(token), user) for token, user in users.items()]

    async def authenticate(request: Request) -> RequestContext:
        given = hashlib.sha256(bearer_of(request).encode()).digest()
        # every token is compared, so that the time taken tells nothing about them
        matches = [user for digest, user in known if hmac.compare_digest(digest, given)]
        if not matches:
            raise refusal(WANTED)
        return context_of(request, matches[0])

    return authenticate


def is_known_key(request: Request, keys: Iterable[str]) -> bool:
    """Whether the request's bearer token is one of the keys, which may be ``sha256:HEX`` of it."""
    given = hashlib.sha256(bearer_of(request).encode()).digest()
    return any([hmac.compare_digest(_digest(key), given) for key in keys])  # noqa: C419 - all are compared


def _digest(token: str) -> bytes:
    if token.startswith(HASHED):
        return bytes.fromhex(token.removeprefix(HASHED))
    return hashlib.sha256(token.encode()).digest()
