"""`python -m benchmarks.http.serve NAME`: serves an app, and tells its CPU time for each line it is sent."""

import socket
import sys
import time
from threading import Thread

import uvicorn
from starlette.types import ASGIApp

from benchmarks.candidates import CANDIDATES
from benchmarks.http.apps import make_app

__all__ = ["main", "serve"]


def main(name: str) -> None:
    """Serve a candidate's app. The first line of output is the port."""
    for candidate in CANDIDATES:
        if candidate.name == name:
            with candidate.mended():
                serve(make_app(name))
            return
    serve(make_app(name))


def serve(app: ASGIApp) -> None:
    """Serve until the input ends, with a line of CPU time for each of its lines."""
    server = uvicorn.Server(uvicorn.Config(app, ws="none", access_log=False, log_level="warning"))
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        print(listener.getsockname()[1], flush=True)
        Thread(target=_tell_time, args=[server], daemon=True).start()
        server.run(sockets=[listener])


def _tell_time(server: uvicorn.Server) -> None:
    for _ in sys.stdin:
        print(time.process_time(), flush=True)
    server.should_exit = True


if __name__ == "__main__":
    main(sys.argv[1])
