"""Tokens that expire and cannot be altered: the permission that an upload or a download link carries."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from chatkit_asgi.clock import utcnow
from chatkit_asgi.errors import NotFoundError
from chatkit_asgi.locale import user_text

__all__ = ["Signer"]

EXPIRES = "exp"


class Signer:
    """Signs small JSON objects with the first of its keys and knows its own under any of them.

    To change the key, put the new one first and drop the old one when its last link has expired.
    """

    def __init__(self, keys: Sequence[str], *, now: Callable[[], datetime] = utcnow) -> None:
        if isinstance(keys, str) or not keys or not all(keys):
            raise ValueError("A Signer needs a list of keys, at least one and none of them empty.")
        self._now = now
        self._serializer = URLSafeSerializer(
            list(reversed(keys)),  # this library signs with the last one
            salt="chatkit_asgi.attachments",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def sign(self, payload: Mapping[str, Any], expires_in: float) -> str:
        """A token for `payload`, good in a URL, that is valid for so many seconds."""
        expires = int(self._now().timestamp() + expires_in)
        return self._serializer.dumps({**payload, EXPIRES: expires})

    def peek(self, token: str) -> dict[str, Any]:
        """The payload of a token that may have expired, or be anybody's: it proves nothing."""
        _, payload = self._serializer.loads_unsafe(token)
        return payload if isinstance(payload, dict) else {}

    def verify(self, token: str) -> dict[str, Any]:
        """The payload of a token of ours. Raises NotFoundError for one that was altered or has expired."""
        try:
            payload = self._serializer.loads(token)
        except BadData as exc:
            raise NotFoundError(user_text("The link is not valid.")) from exc
        if not isinstance(payload, dict) or payload.pop(EXPIRES, 0) <= self._now().timestamp():
            raise NotFoundError(user_text("The link has expired. Ask for a new one."))
        return payload
