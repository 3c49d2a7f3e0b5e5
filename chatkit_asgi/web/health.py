"""`GET /healthz` (the process answers) and `GET /readyz` (it can do its work), for load balancers."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chatkit_asgi.errors import BackendError

__all__ = ["health_routes"]


def health_routes(ping: Callable[[], Awaitable[None]]) -> list[Route]:
    """`ping` returns when the backends answer and raises BackendError when they do not."""

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        try:
            await ping()
        except BackendError as exc:
            return JSONResponse({"status": "unavailable", "reason": str(exc)}, 503, {"retry-after": "1"})
        return JSONResponse({"status": "ok"})

    return [Route("/healthz", healthz), Route("/readyz", readyz)]
