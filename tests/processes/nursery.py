"""Run by a test as ``python -m``: forks a uvicorn for each line of its standard input, and says its id.

The argument is the number of the listening socket; a line is a JSON object of environment variables. Most of
the time that a process takes to start goes into loading; this has been done when it is forked.
"""

import json
import os
import signal
import sys

import uvicorn

import chatkit_asgi.application  # noqa: F401  # what the app needs
import tests.processes.talker  # noqa: F401  # and what it is told to serve


def serve(socket: int, environment: dict[str, str]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_RDWR), sys.stdin.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    uvicorn.run("chatkit_asgi:app", fd=socket, access_log=False, log_level="warning")


def main(socket: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    while line := sys.stdin.readline():
        if pid := os.fork():
            print(pid, flush=True)
        else:
            serve(socket, json.loads(line))
            os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
