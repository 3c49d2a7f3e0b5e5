"""How often: requests and messages of each user, and what comes from each address.

Windows slide (two counters each). In memory each process counts for itself; with Redis all count together.
"""

import ipaddress
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any

from limits import RateLimitItem, parse_many
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from chatkit_asgi.context import owner_of
from chatkit_asgi.errors import TooManyError
from chatkit_asgi.locale import user_text

__all__ = ["RateLimiter", "RateRules"]

logger = logging.getLogger(__name__)

REDIS_SECONDS = 1.0
"""How long a request waits for the counters at most; then it is served uncounted."""
SILENT_SECONDS = 60.0
"""Between two lines of the log that say the same."""
SUBNET = 64
"""Bits of an IPv6 address that tell one customer of a provider from another (RFC 6177)."""

HEADERS = (b"ratelimit-policy", b"ratelimit")


@dataclass(frozen=True, slots=True)
class RateRules:
    """Limits as ``60/minute`` or ``10/second;500/hour``; empty: none."""

    requests: str = ""
    """Of one user."""
    messages: str = ""
    """What one user asks a model: everything that is answered with a stream."""
    address: str = ""
    """Requests from one address."""
    failures: str = ""
    """Refused proofs of identity from one address, which is then asked for no more of them."""
    is_by_address: bool = False
    """Users are free to have, as with cookies for everybody: count them by their address."""

    def __bool__(self) -> bool:
        return any((self.requests, self.messages, self.address, self.failures))


class RateLimiter:
    """Counts, and raises TooManyError for what is over a limit.

    When the counters cannot be reached everything is served: a chat that is up and unlimited for a while does
    less harm than one that is down.
    """

    def __init__(self, rules: RateRules, *, url: str = "") -> None:
        self._is_by_address = rules.is_by_address
        self._requests = _Rule("requests", rules.requests)
        self._messages = _Rule("messages", rules.messages)
        self._address = _Rule("address", rules.address)
        self._failures = _Rule("failures", rules.failures)
        self._storage, self._close = _open(url)
        self._counter = SlidingWindowCounterRateLimiter(self._storage)
        self._silent_until = 0.0

    def guard(self, authenticate: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Any]]:
        """`authenticate`, with the request counted for its address before and for its user after."""

        async def guarded(request: Request) -> Any:
            address = _address_of(request)
            await self._count(self._address, address, request)
            await self._check(self._failures, address, request)
            try:
                context = await authenticate(request)
            except HTTPException as refused:
                if refused.status_code == 401:
                    await self._note(self._failures, address)
                raise
            await self._count(self._requests, self._who(request, context), request)
            return context

        return guarded

    async def count_message(self, request: Request, context: Any) -> None:
        """Raises TooManyError when the user has sent too many."""
        await self._count(self._messages, self._who(request, context), request)

    async def aclose(self) -> None:
        await self._close()

    def _who(self, request: Request, context: Any) -> str:
        owner = "" if self._is_by_address else owner_of(context)
        return f"user {owner}" if owner else _address_of(request)

    async def _count(self, rule: "_Rule", who: str, request: Request) -> None:
        for limit in rule.limits:
            try:
                passes = await self._counter.hit(limit, rule.name, who)
                if not passes or limit is rule.limits[0]:
                    await self._tell(rule, limit, who, request, passes=passes)
            except StorageError as error:
                self._complain(error)

    async def _check(self, rule: "_Rule", who: str, request: Request) -> None:
        for limit in rule.limits:
            try:
                if not await self._counter.test(limit, rule.name, who):
                    await self._tell(rule, limit, who, request, passes=False)
            except StorageError as error:
                self._complain(error)

    async def _note(self, rule: "_Rule", who: str) -> None:
        for limit in rule.limits:
            try:
                await self._counter.hit(limit, rule.name, who)
            except StorageError as error:
                self._complain(error)

    async def _tell(
        self, rule: "_Rule", limit: RateLimitItem, who: str, request: Request, *, passes: bool
    ) -> None:
        """Put what is left into the answer's headers (draft-ietf-httpapi-ratelimit-headers), or refuse."""
        stats = await self._counter.get_window_stats(limit, rule.name, who)
        seconds = max(1, ceil(stats.reset_time - time.time()))
        request.scope["chatkit.headers"] = [
            *(header for header in request.scope.get("chatkit.headers", ()) if header[0] not in HEADERS),
            (b"ratelimit-policy", f'"{rule.name}";q={limit.amount};w={limit.get_expiry()}'.encode()),
            (b"ratelimit", f'"{rule.name}";r={stats.remaining if passes else 0};t={seconds}'.encode()),
        ]
        if not passes:
            raise rule.refusal(seconds)

    def _complain(self, error: StorageError) -> None:
        now = time.monotonic()
        if now > self._silent_until:
            self._silent_until = now + SILENT_SECONDS
            logger.error("requests are not counted, their counters do not answer: %r", error.storage_error)


class _Rule:
    """A limit by its name."""

    def __init__(self, name: str, notation: str) -> None:
        self.name = name
        self.limits: Sequence[RateLimitItem] = parse_many(notation) if notation else ()

    def refusal(self, seconds: int) -> TooManyError:
        if self.name == "messages":
            text = user_text("There were too many messages: try again in {seconds} seconds.", seconds=seconds)
        else:
            text = user_text("There were too many requests: try again in {seconds} seconds.", seconds=seconds)
        return TooManyError(text, retry_after=seconds)


def _open(url: str) -> tuple[Storage, Callable[[], Awaitable[None]]]:
    if not url:
        return MemoryStorage(), _nothing
    from redis.asyncio import BlockingConnectionPool  # an extra

    pool = BlockingConnectionPool.from_url(
        url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS, timeout=REDIS_SECONDS
    )
    storage = RedisStorage(
        f"async+{url}",
        wrap_exceptions=True,
        implementation="redispy",
        connection_pool=pool,  # type: ignore[arg-type]  # handed on to the client, which takes one
    )
    return storage, pool.aclose


async def _nothing() -> None:
    pass


@lru_cache(maxsize=4096)
def _subnet(host: str) -> str:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return f"address {host}"
    if isinstance(found, ipaddress.IPv4Address):
        return f"address {found}"
    if found.ipv4_mapped is not None:
        return f"address {found.ipv4_mapped}"
    return f"address {ipaddress.ip_network((found, SUBNET), strict=False)}"


def _address_of(request: Request) -> str:
    return _subnet(request.client.host if request.client else "")
