"""`python -m benchmarks.http.serve NAME`: serves an app, and tells its CPU time for each line it is sent."""

import socket
import sys
import time
from threading import Thread

import uvicorn

from benchmarks.candidates import CANDIDATES
from benchmarks.http.apps import make_app

__all__ = ["main"]


def main(name: str) -> None:
    """Serve until the input ends. The first line of output is the port."""
    for candidate in CANDIDATES:
        if candidate.name == name:
            with candidate.mended():
                _serve(name)
            return
    _serve(name)


def _serve(name: str) -> None:
    app = make_app(name)
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
