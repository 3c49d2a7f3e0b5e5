"""What a trusted reverse proxy says of its clients: their address, and whether they came by TLS."""

from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

__all__ = ["ProxyMiddleware"]


class ProxyMiddleware:
    """Believes ``X-Forwarded-For`` and ``X-Forwarded-Proto`` of the trusted, and keeps who the peer was.

    Where the ASGI server has believed such headers itself, the peer it shows is their client.
    """

    def __init__(self, app: ASGIApp, *, trusted: Sequence[str]) -> None:
        self._app = ProxyHeadersMiddleware(app, list(trusted))  # type: ignore[arg-type]  # uvicorn has its own types of ASGI

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["chatkit.peer"] = scope.get("client")
        await self._app(scope, receive, send)  # type: ignore[arg-type]  # as above
