"""Signs small JSON objects that leave the server and come back: cookies and client secrets."""

import hashlib
from collections.abc import Sequence
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

__all__ = ["Seal"]


class Seal:
    """Signs with the first of the keys and knows its own under any of them.

    What was signed for one `purpose` is worth nothing for another.
    """

    def __init__(self, keys: Sequence[str], *, purpose: str) -> None:
        self._serializer = URLSafeSerializer(
            list(reversed(keys)),  # this library signs with the last one
            salt=f"chatkit_asgi.auth.{purpose}",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def sign(self, payload: dict[str, Any]) -> str:
        """Text for headers and cookies. Whoever holds it can read the payload, and not change it."""
        signed: str | bytes = self._serializer.dumps(payload)
        return signed if isinstance(signed, str) else signed.decode()

    def open(self, text: str) -> dict[str, Any] | None:
        """The payload; None when it was not signed here."""
        try:
            payload = self._serializer.loads(text)
        except BadData:
            return None
        return payload if isinstance(payload, dict) else None
