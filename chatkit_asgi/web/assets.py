"""Files of the page, read once and answered from memory; no path of a request ever reaches the disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

__all__ = ["Asset", "answer", "load_assets"]

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
}

CODINGS = {"br": ".br", "gzip": ".gz"}
"""What a file may lie compressed as beside itself, and how its name then ends; the smallest first."""


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes of a file in one coding. The tag is made from them, so every process gives the same one."""

    content: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is and in the codings that it was compressed in when it was built."""

    media_type: str
    plain: Body
    compressed: Mapping[str, Body]


def load_assets(folder: Path) -> dict[str, Asset]:
    """Every file of a folder by its name, but for those in folders within."""
    paths = [path for path in folder.iterdir() if path.suffix in MEDIA_TYPES]
    return {path.name: _load(path) for path in sorted(paths)}


def answer(asset: Asset, request: Request, headers: Mapping[str, str]) -> Response:
    """The file in the coding that the client likes best, or an empty 304 when it has this very content."""
    coding = _coding(asset, request.headers.get("accept-encoding", ""))
    body = asset.compressed[coding] if coding else asset.plain
    headers = {**headers, "ETag": body.etag}
    if asset.compressed:
        headers["Vary"] = "Accept-Encoding"
    if _is_known(body.etag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    if coding:
        headers["Content-Encoding"] = coding
    return Response(body.content, headers=headers, media_type=asset.media_type)


def _load(path: Path) -> Asset:
    beside = {coding: path.with_name(path.name + ending) for coding, ending in CODINGS.items()}
    compressed = {coding: _body(copy) for coding, copy in beside.items() if copy.is_file()}
    return Asset(MEDIA_TYPES[path.suffix], _body(path), compressed)


def _body(path: Path) -> Body:
    content = path.read_bytes()
    return Body(content, f'"{sha256(content).hexdigest()[:32]}"')


def _coding(asset: Asset, accept_encoding: str) -> str:
    """The best coding that the file has and the client takes (RFC 9110, 12.5.3); empty: as it is."""
    taken = {}
    for entry in accept_encoding.lower().split(","):
        name, _, weight = entry.partition(";")
        taken[name.strip()] = weight.replace(" ", "").rstrip("0").rstrip(".") not in {"q=", "q=0"}
    return next((coding for coding in asset.compressed if taken.get(coding, taken.get("*", False))), "")


def _is_known(etag: str, if_none_match: str) -> bool:
    """Whether an ``If-None-Match`` header names the tag; proxies may have made it a weak one."""
    named = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in named or "*" in named
