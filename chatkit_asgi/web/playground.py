"""The chat page: the built one, with a script for other sites, or the small one where nobody has built it.

Both speak the protocol like any other client; nothing here knows threads, users or settings.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from chatkit_asgi.web.assets import Asset, answer, load_assets

__all__ = ["page_routes"]

STATIC = Path(__file__).parent / "static"
BUILT = Path(__file__).parent / "page"
"""Where `npm run build` in the folder ``page/`` writes; absent where nobody has run it."""

NOT_BUILT = (
    "This server has only the small page. To build the other one and its script, run npm ci && npm run build "
    "in the folder page/ of a checkout, with Node 20 or newer, and start the server again."
)

SMALL_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
)

Endpoint = Callable[[Request], Awaitable[Response]]

# Names that carry no version: browsers ask each time, and the answer is nearly always an empty 304.
HEADERS = {
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# What pages of other sites may load: it is the same for everybody, and says nothing of anybody.
SHARED = HEADERS | {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
# Names made of the content, which therefore never changes.
HASHED = SHARED | {"Cache-Control": "public, max-age=31536000, immutable"}


def page_routes(
    frame_ancestors: Sequence[str] = ("'self'",),
    link_origins: Sequence[str] = (),
    *,
    built: Path | None = BUILT,
) -> list[BaseRoute]:
    """Routes for ``/``, its files and ``/chatkit.js``, to stand at the mount point of the app.

    `frame_ancestors` are the origins that may show the page in a frame, `link_origins` those beside the
    page's own that uploads go to and downloads come from (Content Security Policy). `built` is the folder of
    the built page; None, or a folder without one: the small page. Files are read here, once.

    The page uses relative URLs only, so the mount point must end in a slash for the browser; the router
    redirects there (`redirect_slashes`, on by default).
    """
    framed = f"frame-ancestors {' '.join(frame_ancestors)}"
    if built is not None and (built / "index.html").is_file():
        return _built_page(built, "; ".join([*_policy(link_origins), framed]))
    return _small_page("; ".join([*SMALL_POLICY, framed]))


def _policy(link_origins: Sequence[str]) -> list[str]:
    """What the built page may load. Pictures come from anywhere: widgets and sources name them by URL."""
    origins = "".join(f" {origin}" for origin in link_origins)
    return [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        f"img-src 'self' data: blob: https:{origins}",
        f"connect-src 'self'{origins}",
        "media-src blob:",
        "form-action 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
    ]


def _built_page(folder: Path, policy: str) -> list[BaseRoute]:
    files = load_assets(folder)
    return _routes(
        page=_file(files["index.html"], HEADERS | {"Content-Security-Policy": policy}),
        script=_file(files["chatkit.js"], SHARED),
        licenses=_file(files["licenses.md"], HEADERS),
        asset=_files(load_assets(folder / "static"), HASHED | {"Content-Security-Policy": policy}),
    )


def _small_page(policy: str) -> list[BaseRoute]:
    headers = HEADERS | {"Content-Security-Policy": policy}
    assets = load_assets(STATIC)
    return _routes(
        page=_file(assets.pop("index.html"), headers),
        script=_not_built,
        licenses=_not_built,
        asset=_files(assets, headers),
    )


def _routes(*, page: Endpoint, script: Endpoint, licenses: Endpoint, asset: Endpoint) -> list[BaseRoute]:
    return [
        Route("/", page, name="page"),
        Route("/chatkit.js", script, name="page_script"),
        Route("/licenses.md", licenses, name="page_licenses"),
        Route("/static/{name}", asset, name="page_asset"),
    ]


def _file(asset: Asset, headers: Mapping[str, str]) -> Endpoint:
    async def file(request: Request) -> Response:
        return answer(asset, request, headers)

    return file


def _files(assets: Mapping[str, Asset], headers: Mapping[str, str]) -> Endpoint:
    async def files(request: Request) -> Response:
        found = assets.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404, "The page has no such file.")
        return answer(found, request, headers)

    return files


async def _not_built(request: Request) -> Response:
    raise HTTPException(404, NOT_BUILT)
