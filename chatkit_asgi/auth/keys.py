"""An issuer's public keys, from its JWKS URL (RFC 7517): fetched rarely, and kept while it is away."""

import asyncio
import logging
import time
from collections.abc import Callable

from jwt import PyJWK, PyJWKClient, PyJWKClientError, PyJWKSet, PyJWKSetError

from chatkit_asgi.errors import BackendError

__all__ = ["PublicKeys"]

logger = logging.getLogger(__name__)

FRESH_SECONDS = 300.0
"""After this long the keys are fetched again: one that its issuer has withdrawn is believed no longer."""
PAUSE_SECONDS = 30.0
"""Between two fetches for the sake of unknown keys, whose names callers may make up."""
RETRY_SECONDS = 5.0
"""Between two fetches where the first one failed."""
FETCH_SECONDS = 5.0

KINDS = ("RSA", "EC", "OKP")
"""Kinds of keys that have a public half. A JWKS that offers another one is not believed in that."""
AWAY = "Who you are cannot be checked just now. Try again in a while."


class PublicKeys:
    """The issuer's keys by their name. Each is good for one algorithm: its own, whatever a token says."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        # only for its fetch, which follows no redirect: it would ask again and again while the issuer is away
        self._client = PyJWKClient(url, cache_jwk_set=False, timeout=FETCH_SECONDS)
        self._clock = clock
        self._keys: dict[str | None, PyJWK] = {}
        self._lock = asyncio.Lock()
        self._fetched_at = float("-inf")
        self._next_try = float("-inf")

    async def find(self, name: str | None) -> PyJWK | None:
        """The key of that name, or, without a name, the only key that there is; None when there is none.

        Raises BackendError while there are no keys to be had.
        """
        if self._is_stale() or self._get(name) is None:
            await self._refresh(name)
        if self._fetched_at == float("-inf"):
            raise BackendError(AWAY)
        return self._get(name)

    def _get(self, name: str | None) -> PyJWK | None:
        if name is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(name)

    def _is_stale(self) -> bool:
        return self._clock() >= self._fetched_at + FRESH_SECONDS

    async def _refresh(self, name: str | None) -> None:
        """Fetch, unless that was tried just now; who has a key need not wait for somebody else's fetch."""
        if self._clock() < self._next_try or (self._lock.locked() and self._get(name) is not None):
            return
        async with self._lock:
            if self._clock() < self._next_try:
                return
            try:
                self._keys = await asyncio.to_thread(self._fetch)
            except (PyJWKClientError, PyJWKSetError, ValueError, NotImplementedError, OSError) as exc:
                self._next_try = self._clock() + RETRY_SECONDS
                logger.warning("the keys at CHATKIT_JWT_JWKS_URL cannot be had: %s", exc)
            else:
                self._fetched_at = self._clock()
                self._next_try = self._fetched_at + PAUSE_SECONDS

    def _fetch(self) -> dict[str | None, PyJWK]:
        offered = PyJWKSet.from_dict(self._client.fetch_data()).keys
        usable = [key for key in offered if key.key_type in KINDS and key.public_key_use in (None, "sig")]
        return {key.key_id: key for key in usable}
