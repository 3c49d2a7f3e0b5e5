"""Processes that serve the app, started as an operator would, and what can be done to them."""

import asyncio
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx

__all__ = [
    "APP",
    "BOUND",
    "LOOK_SECONDS",
    "Listener",
    "Nursery",
    "Site",
    "Worker",
    "serving",
    "start",
    "until",
]

ROOT = Path(__file__).parents[2]
BOUND = 60
"""Seconds after which a test has failed that waits for something."""
LOOK_SECONDS = 0.02
APP = "chatkit_asgi:app"


async def until(condition: Callable[[], object], bound: float = BOUND) -> None:
    """Wait for what other processes do."""
    with anyio.fail_after(bound):
        while not condition():  # noqa: ASYNC110  # there is no event between processes
            await asyncio.sleep(LOOK_SECONDS)


class Listener:
    """A socket that outlives the processes which serve it: who connects meanwhile waits for the next one."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"


@dataclass
class Site:
    """Where the processes of one installation find what they share."""

    folder: Path
    database_url: str
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "gates").mkdir(exist_ok=True)

    @property
    def notes(self) -> list[str]:
        """The calls of tools so far."""
        path = self.folder / "notes"
        return path.read_text().splitlines() if path.exists() else []

    def open(self, gate: str) -> None:
        """Let all go on that wait there."""
        (self.folder / "gates" / gate).touch()

    def environment(self, **settings: float | str) -> dict[str, str]:
        """Of a process: by default it is the talker that answers."""
        return {
            **os.environ,
            "CHATKIT_ALLOW_UNAUTHENTICATED": "1",
            "CHATKIT_AUTO_MIGRATE": "0",
            "CHATKIT_DATA_DIR": str(self.folder),
            "CHATKIT_DATABASE_URL": self.database_url,
            "CHATKIT_LOG_LEVEL": "WARNING",
            "CHATKIT_SERVER": "tests.processes.talker:Talker",
            "CHATKIT_TEST_GATES": str(self.folder / "gates"),
            "CHATKIT_TEST_NOTES": str(self.folder / "notes"),
            **self.settings,
            **{f"CHATKIT_{name.upper()}": str(value) for name, value in settings.items()},
        }


class Worker:
    """A process, known by its id."""

    def __init__(self, pid: int, url: str, log: Path, child: subprocess.Popen[bytes] | None = None) -> None:
        self.pid = pid
        self.url = url
        self._log = log
        self._child = child
        self._handle = os.pidfd_open(pid)

    @property
    def log(self) -> str:
        """What it has written to its standard streams."""
        return self._log.read_text()

    @property
    def port(self) -> int:
        return int(self.url.split(":")[2].split("/")[0])

    @property
    def has_ended(self) -> bool:
        return bool(select.select([self._handle], [], [], 0)[0])

    def send(self, number: signal.Signals) -> None:
        signal.pidfd_send_signal(self._handle, number)

    async def ended(self, bound: float = BOUND) -> int | None:
        """Its exit code, where it is a child of ours."""
        await until(lambda: self.has_ended, bound)
        return self._child.wait() if self._child is not None else None

    async def stop(self, number: signal.Signals = signal.SIGKILL) -> int | None:
        self.send(number)
        return await self.ended()

    async def ready(self) -> None:
        """Wait until it answers, or fail when it has ended instead."""
        async with httpx.AsyncClient(timeout=BOUND) as client:
            asking = asyncio.create_task(client.get(f"{self.url}/readyz"))
            await until(lambda: asking.done() or self.has_ended)
            assert asking.done(), self.log
            assert asking.result().status_code == 200, asking.result().text

    def close(self) -> None:
        if not self.has_ended:
            self.send(signal.SIGCONT)
            self.send(signal.SIGKILL)
        if self._child is not None:
            self._child.wait(BOUND)
        os.close(self._handle)


@contextmanager
def _log_of(site: Site, listener: Listener) -> Iterator[tuple[Path, int]]:
    path = site.folder / f"log-{listener.port}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield path, descriptor
    finally:
        os.close(descriptor)


def start(
    site: Site,
    listener: Listener,
    *arguments: str,
    app: str = APP,
    path: str = "",
    **settings: float | str,
) -> Worker:
    """`uvicorn app --fd … arguments` with the settings in its environment; `path`: where in it the app is.

    An `app` that is run with ``python -m`` is only told the number of the socket.
    """
    descriptor = str(listener.socket.fileno())
    command = [app, descriptor]
    if ":" in app:
        command = ["uvicorn", app, "--fd", descriptor, *arguments]
    with _log_of(site, listener) as (output, log):
        child = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=site.environment(**settings),
            pass_fds=[listener.socket.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    return Worker(child.pid, f"{listener.url}{path}", output, child)


@asynccontextmanager
async def serving(
    site: Site, *arguments: str, count: int = 1, app: str = APP, path: str = "", **settings: float | str
) -> AsyncIterator[list[Worker]]:
    """So many processes, each with a socket of its own, when all of them answer."""
    listeners = [Listener() for _ in range(count)]
    workers = [start(site, listener, *arguments, app=app, path=path, **settings) for listener in listeners]
    try:
        with anyio.fail_after(BOUND):
            for worker in workers:
                await worker.ready()
        yield workers
    finally:
        for worker in workers:
            worker.close()
        for listener in listeners:
            listener.socket.close()


class Nursery:
    """Starts processes at little cost: they are forked from one that has loaded everything (`nursery.py`)."""

    def __init__(self, site: Site, listener: Listener) -> None:
        self._site = site
        self._listener = listener
        with _log_of(site, listener) as (self._path, log):
            self._parent = subprocess.Popen(
                [sys.executable, "-m", "tests.processes.nursery", str(listener.socket.fileno())],
                cwd=ROOT,
                env=site.environment(),
                pass_fds=[listener.socket.fileno()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def start(self, **settings: float | str) -> Worker:
        """The next process. Blocks for as long as a fork takes."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        environment = {f"CHATKIT_{name.upper()}": str(value) for name, value in settings.items()}
        self._parent.stdin.write(json.dumps(environment) + "\n")
        self._parent.stdin.flush()
        return Worker(int(self._parent.stdout.readline()), self._listener.url, self._path)

    def __enter__(self) -> "Nursery":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._parent.communicate(timeout=BOUND)
