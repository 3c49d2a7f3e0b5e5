"""`python -m benchmarks.files.serve NAME PLACE`: takes and gives files, as we do or as others do."""

import json
import re
import socket
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import obstore
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from chatkit_asgi.attachments import BlobAttachmentStore, PlaceAccess, Signer, request_base_url
from chatkit_asgi.attachments.objects import PART_SIZE, ObjectBlobStore
from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.web.uploads import base_url_of, upload_routes

__all__ = ["main"]

LARGEST = 4 << 30


def main(name: str, place: str) -> None:
    """Serve until the input ends. The first line of output is the port; a line of input asks for the size."""
    url, access = json.loads(place)
    blobs = ObjectBlobStore(url, PlaceAccess(**access))
    app = Starlette(routes=ours(blobs) if name == "ours" else bare(blobs, url))
    server = uvicorn.Server(uvicorn.Config(app, ws="none", access_log=False, log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        Thread(target=_tell_size, args=[server], daemon=True).start()
        server.run(sockets=[listener])


def ours(blobs: ObjectBlobStore) -> list[Route]:
    """The routes of the app."""

    async def anybody(request: Request) -> RequestContext:
        return RequestContext(user_id="alice")

    attachments: BlobAttachmentStore[Any] = BlobAttachmentStore(
        blobs, MemoryStore(), Signer(["key"]), max_bytes=LARGEST
    )

    async def link(request: Request) -> Response:
        attachment = await attachments.store.load_attachment(
            request.query_params["id"], RequestContext(user_id="alice")
        )
        request_base_url.set(base_url_of(request))
        return Response(attachments.download_url(attachment))

    return [Route("/link", link), *upload_routes(attachments, anybody)]


def bare(blobs: ObjectBlobStore, url: str) -> list[Route]:
    """The store library behind an endpoint that does nothing else, and Starlette's way to send a file."""

    async def put(request: Request) -> Response:
        await obstore.put_async(
            blobs._store, "bare", request.stream(), chunk_size=PART_SIZE, max_concurrency=2
        )
        return Response()

    async def get(request: Request) -> Response:
        return FileResponse(Path(url) / "bare")

    return [Route("/files", put, methods=["POST"]), Route("/files", get)]


def _tell_size(server: uvicorn.Server) -> None:
    """Kibibytes: now, and at the most so far."""
    for _ in sys.stdin:
        status = Path("/proc/self/status").read_text()
        print(*re.findall(r"Vm(?:RSS|HWM):\s*(\d+) kB", status)[::-1], flush=True)
    server.should_exit = True


if __name__ == "__main__":
    main(*sys.argv[1:])
