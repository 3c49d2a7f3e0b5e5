"""`/threads/…`: what the protocol's one endpoint has no request for. Search."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chatkit_asgi.context import owner_of
from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.server import search_threads
from chatkit_asgi.store import Store
from chatkit_asgi.web.middleware import note

__all__ = ["thread_routes"]


def thread_routes(
    store: Store[Any],  # Any: the context is whatever `authenticate` gives
    authenticate: Callable[[Request], Awaitable[Any]],
) -> list[Route]:
    """The routes under ``/threads``. `authenticate` raises what is then answered."""

    async def search(request: Request) -> Response:
        """`GET /threads/search?q=…&limit=…`: a page of what was found, best first."""
        note(request, operation="threads.search")
        context = await authenticate(request)
        note(request, user=owner_of(context))
        found = await search_threads(store, _query(request), _limit(request), context)
        return Response(found, media_type="application/json", headers={"cache-control": "no-store"})

    return [Route("/threads/search", search, methods=["GET"])]


def _query(request: Request) -> str:
    query = request.query_params.get("q")
    if query is None:
        raise InvalidRequestError("Say what to search for: /threads/search?q=…", param="q")
    return query


def _limit(request: Request) -> int | None:
    limit = request.query_params.get("limit")
    if not limit:
        return None
    if not limit.isascii() or not limit.isdigit() or len(limit) > 9:
        raise InvalidRequestError("`limit` is a number.", param="limit")
    return int(limit)
