"""`GET /healthz` (the process answers) and `GET /readyz` (it can do its work), for load balancers."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chatkit_asgi.errors import BackendError
from chatkit_asgi.streams import TurnRunner

__all__ = ["health_routes"]


def health_routes(ping: Callable[[], Awaitable[None]], runner: TurnRunner) -> list[Route]:
    """`ping` returns when the backends answer and raises BackendError when they do not."""

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        if runner.is_draining:
            return _unavailable("This process is about to end.")
        try:
            await ping()
        except BackendError as exc:
            return _unavailable(str(exc))
        now = runner.figures
        turns = {"live": now.live, "readers": now.readers, "unwritten_frames": now.unwritten}
        log = {
            "last_flush_ms": round(now.log.last_flush_seconds * 1000, 1),
            "leases_lost": now.log.leases_lost,
        }
        return JSONResponse({"status": "ok", "turns": turns, "log": log})

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


def _unavailable(reason: str) -> Response:
    return JSONResponse({"status": "unavailable", "reason": reason}, 503, {"retry-after": "1"})
