"""Users whom a reverse proxy has authenticated: it names them in a header."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from starlette.exceptions import HTTPException
from starlette.requests import Request

from chatkit_asgi.auth.caller import Authenticate, context_of, is_name, peer_of, refusal
from chatkit_asgi.context import RequestContext
from chatkit_asgi.locale import user_text

__all__ = ["proxy_header"]

NO_PROXY = (
    "This server answers only its reverse proxy. Its operator can name the proxy's address in "
    "CHATKIT_TRUSTED_PROXIES, and run uvicorn with --no-proxy-headers (`chatkit-asgi serve` does)."
)
NOBODY = user_text("Sign in first: the reverse proxy did not say who is asking.")


def proxy_header(header: str, trusted: Sequence[str], *, tenant_header: str = "") -> Authenticate:
    """Believes the header in requests that come from the trusted networks, and answers no others."""
    networks = [ipaddress.ip_network(network, strict=False) for network in trusted]

    @lru_cache(maxsize=1024)
    def is_trusted(address: str | None) -> bool:
        try:
            found = ipaddress.ip_address(address or "")
        except ValueError:
            return False
        # IPv4 over a socket of IPv6
        found = getattr(found, "ipv4_mapped", None) or found
        return any(found in network for network in networks)

    async def authenticate(request: Request) -> RequestContext:
        if not is_trusted(peer_of(request)):
            raise HTTPException(403, NO_PROXY)
        tenant = _only(request, tenant_header) if tenant_header else ""
        return context_of(request, _only(request, header), tenant=tenant)

    return authenticate


def _only(request: Request, header: str) -> str:
    """The header's value. Raises HTTPException unless there is exactly one: who sent the other?"""
    values = request.headers.getlist(header)
    if len(values) != 1 or not is_name(values[0].strip()):
        raise refusal(NOBODY)
    return values[0].strip()
