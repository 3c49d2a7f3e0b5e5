"""The built-in chat page: one document and its assets, read once and answered from memory.

The page speaks the protocol like any other client; nothing here knows threads, users or settings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

__all__ = ["page_routes"]

STATIC = Path(__file__).parent / "static"

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
)

HEADERS = {
    # Names carry no version, so browsers ask each time; the answer is nearly always an empty 304.
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the page. The tag is made from the content, so every process gives the same one."""

    body: bytes
    media_type: str
    etag: str


def page_routes(frame_ancestors: Sequence[str] = ("'self'",)) -> list[BaseRoute]:
    """Routes for ``/`` and ``/static/{name}``, to stand at the mount point of the app.

    `frame_ancestors` are the origins that may show the page in a frame (Content Security Policy).
    The page uses relative URLs only, so the mount point must end in a slash for the browser; the router
    redirects there (`redirect_slashes`, on by default).
    """
    assets = load_assets()
    index = assets.pop("index.html")
    policy = "; ".join([*POLICY, f"frame-ancestors {' '.join(frame_ancestors)}"])

    async def page(request: Request) -> Response:
        return answer(index, request, policy)

    async def asset(request: Request) -> Response:
        found = assets.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404, "The page has no such file.")
        return answer(found, request, policy)

    return [Route("/", page, name="page"), Route("/static/{name}", asset, name="page_asset")]


def load_assets() -> dict[str, Asset]:
    """Every file of the page by its name."""
    paths = [path for path in STATIC.iterdir() if path.suffix in MEDIA_TYPES]
    return {path.name: load_asset(path) for path in sorted(paths)}


def load_asset(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(body, MEDIA_TYPES[path.suffix], f'"{sha256(body).hexdigest()[:32]}"')


def answer(asset: Asset, request: Request, policy: str) -> Response:
    """The file, or an empty 304 when the browser has this very content."""
    headers = {**HEADERS, "Content-Security-Policy": policy, "ETag": asset.etag}
    if is_known(asset.etag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(asset.body, headers=headers, media_type=asset.media_type)


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether an ``If-None-Match`` header names the tag; proxies may have made it a weak one."""
    named = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in named or "*" in named
