"""Answers with the bytes of a download: all of them, a part, or word that the client has them already."""

import re
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from chatkit_asgi.attachments import Download

__all__ = ["download_response"]

RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII | re.IGNORECASE)
KEEP_SECONDS = 3600


class Part(NamedTuple):
    """From the one byte up to the other, which is not among them."""

    start: int
    end: int


async def download_response(request: Request, found: Download) -> Response:
    """The answer to a `GET` or `HEAD` (RFC 9110, 13 and 14). Of several ranges at once all bytes are sent."""
    headers = _headers(found)
    if _has_already(request, found):
        return Response(status_code=304, headers=_without_content(headers))
    part, status = _asked_for(request, found), 200
    if part is not None and part.start >= part.end:
        unsatisfiable = {**_without_content(headers), "content-range": f"bytes */{found.size}"}
        return Response(status_code=416, headers=unsatisfiable)
    if part is not None:
        headers["content-range"] = f"bytes {part.start}-{part.end - 1}/{found.size}"
        headers["content-length"] = str(part.end - part.start)
        status = 206
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    chunks = await (found.open(0, None) if part is None else found.open(*part))
    return StreamingResponse(chunks, status, headers=headers)


def _headers(found: Download) -> dict[str, str]:
    return {
        "content-type": found.served_type,
        "content-length": str(found.size),
        "content-disposition": found.disposition,
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
        "cache-control": f"private, max-age={KEEP_SECONDS}",
        "etag": found.etag,
        "accept-ranges": "bytes",
    }


def _without_content(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if not name.startswith("content-")}


def _has_already(request: Request, found: Download) -> bool:
    known = request.headers.get("if-none-match", "")
    return known.strip() == "*" or found.etag in {tag.strip().removeprefix("W/") for tag in known.split(",")}


def _asked_for(request: Request, found: Download) -> Part | None:
    """The part that is asked for, empty when there is no such one; None for everything."""
    match = RANGE.fullmatch(request.headers.get("range", ""))
    if match is None or match.groups() == ("", ""):
        return None
    if request.headers.get("if-range", found.etag).strip() != found.etag:
        return None
    first, last = match.groups()
    if not first:
        return Part(max(found.size - int(last), 0), found.size if int(last) else 0)
    if last and int(last) < int(first):
        return None  # no range at all
    return Part(int(first), min(int(last) + 1, found.size) if last else found.size)
