"""What the servers are asked, and what it costs them."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from benchmarks.candidates import CANDIDATES
from benchmarks.http.apps import BARE, OWN, PLAIN, SETTINGS, STORE, TURNS_THREAD, script, thread_of
from benchmarks.http.client import body_of, connect
from benchmarks.measure import MICROSECONDS, Result, Target, require_equal
from benchmarks.operations import OPERATIONS
from benchmarks.turns import add_user_message

__all__ = ["ROWS", "HttpRow", "Server", "measure_http", "serving"]


@dataclass(frozen=True)
class HttpRow:
    """Some clients at once, each of which makes some requests one after another."""

    name: str
    target: Target
    body: bytes
    clients: int
    requests: int
    events: int = 1
    """For which the costs of a request are divided."""
    spread: float = 0
    """Seconds over which the clients begin."""
    bare: bool = False
    """Also ask the bare server."""
    store: str = PLAIN


@dataclass(frozen=True)
class Server:
    """A candidate in a process of its own."""

    process: subprocess.Popen[str]
    port: int

    def cpu_time(self) -> float:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def measure_http(row: HttpRow, rounds: int) -> Result:
    """The servers' CPU time. Raises AssertionError when their answers differ."""
    names = [candidate.name for candidate in CANDIDATES] + ([BARE] if row.bare else [])
    samples: dict[str, list[float]] = {name: [] for name in names}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(serving(name, {STORE: row.store})) for name in names}
        require_equal(row.name, [asyncio.run(_ask(server.port, row)) for server in servers.values()])
        for _ in range(rounds):
            for name, server in servers.items():
                began = server.cpu_time()
                asyncio.run(_put_under_load(server.port, row))
                seconds = server.cpu_time() - began
                samples[name].append(seconds / (row.clients * row.requests * row.events) * MICROSECONDS)
    return Result(row.name, row.target, "µs", samples)


@contextmanager
def serving(
    name: str, settings: dict[str, str], *, module: str = "benchmarks.http.serve"
) -> Iterator[Server]:
    """The candidate's app, with these variables in its environment."""
    command = [sys.executable, "-W", "ignore", "-m", module, name]
    with (
        TemporaryDirectory() as data,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **SETTINGS, "CHATKIT_DATA_DIR": data, **settings},
        ) as process,
    ):
        assert process.stdout is not None
        yield Server(process, int(process.stdout.readline()))
        process.communicate(timeout=30)


async def _ask(port: int, row: HttpRow) -> bytes:
    """The body of one answer, which also warms the server up."""
    connection = await connect(port)
    answer = await connection.post(row.body)
    connection.transport.close()
    return body_of(answer)


async def _put_under_load(port: int, row: HttpRow) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(row.clients):
            group.create_task(_client(port, row, number))


async def _client(port: int, row: HttpRow, number: int) -> None:
    """Its turns are in a thread of its own: there is one at a time in each."""
    await asyncio.sleep(row.spread * number / row.clients)
    connection = await connect(port)
    body = row.body.replace(TURNS_THREAD.encode(), thread_of(number).encode())
    for _ in range(row.requests):
        await connection.post(body)
    connection.transport.close()


def _streams(
    name: str, target: Target, *, clients: int, deltas: int, pause: float = 0, bare: bool = False
) -> HttpRow:
    body = add_user_message(TURNS_THREAD, script(deltas, pause))
    return HttpRow(name, target, body, clients, 1, events=deltas, spread=1 if pause else 0, bare=bare)


def _operations(targets: dict[str, float]) -> Sequence[HttpRow]:
    return [
        HttpRow(f"http: {name}", Target(times=times), OPERATIONS[name], clients=8, requests=200, store=OWN)
        for name, times in targets.items()
    ]


ROWS = [
    _streams("http: 50 streams at full speed", Target(times=4.5), clients=50, deltas=500),
    _streams(
        "http: 500 paced streams",
        Target(times=2.5, over_bare=1.7),
        clients=500,
        deltas=40,
        pause=0.1,
        bare=True,
    ),
    HttpRow(
        "http: short replies",
        Target(times=10),
        add_user_message(TURNS_THREAD, script(10)),
        clients=8,
        requests=50,
    ),
    *_operations({"threads.list": 15, "items.list": 35, "threads.get_by_id": 35, "threads.update": 35}),
]
