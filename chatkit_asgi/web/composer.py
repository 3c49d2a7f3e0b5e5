"""`GET /composer`: what the composer of a page offers here: tools, models, dictation."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from chatkit_asgi.web.middleware import note

__all__ = ["composer_routes"]


def composer_routes(
    options: Callable[[], Mapping[str, Any]],  # Any: JSON
    authenticate: Callable[[Request], Awaitable[Any]],
) -> list[Route]:
    """The route, for those who may talk here. `authenticate` raises what is then answered."""

    async def composer(request: Request) -> JSONResponse:
        note(request, operation="composer")
        await authenticate(request)
        return JSONResponse(options(), headers={"cache-control": "no-store"})

    return [Route("/composer", composer, methods=["GET"])]
