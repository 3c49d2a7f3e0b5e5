"""How long a delta takes from `respond()` to the client that reads it live, with a log and without."""

import asyncio
import re
import time
from collections.abc import Iterator
from statistics import quantiles

from benchmarks.candidates import OURS
from benchmarks.http import Connection, Server
from benchmarks.measure import MICROSECONDS, Result, Target
from benchmarks.streams.apps import NO_LOG, script
from benchmarks.streams.servers import create_thread, running

__all__ = ["measure_delays"]

STREAMS, DELTAS, PAUSE = 50, 100, 0.02
BEGIN_SECONDS = 0.5
"""In which all of them begin; what was said meanwhile is not looked at."""
MADE = re.compile(rb'"delta":"(\d+) "')
PLACES = ("SQLite", "PostgreSQL")
WITHIN = Target(at_most=1)


class StampedConnection(Connection):
    """Notes how old deltas are when they come."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.delays: list[float] = []
        """In milliseconds."""

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        self.delays += [(now - int(made)) / 1e6 for made in MADE.findall(data)]
        super().data_received(data)


def measure_delays(rounds: int) -> Iterator[Result]:
    """Milliseconds of paced deltas in many streams at once, and the server's CPU time for each of them."""
    for place in PLACES:
        with running(place, (OURS.name, NO_LOG)) as servers:
            halves: dict[str, list[float]] = {name: [] for name in servers}
            slowest: dict[str, list[float]] = {name: [] for name in servers}
            costs: dict[str, list[float]] = {name: [] for name in servers}
            for server in servers.values():
                asyncio.run(_delays(server))  # it has seen such before
            for _ in range(rounds):
                for name, server in servers.items():
                    began = server.cpu_time()
                    delays = quantiles(asyncio.run(_delays(server)), n=100)
                    costs[name].append((server.cpu_time() - began) / (STREAMS * DELTAS) * MICROSECONDS)
                    halves[name].append(delays[49])
                    slowest[name].append(delays[98])
        added = [ours - bare for ours, bare in zip(slowest[OURS.name], slowest[NO_LOG], strict=True)]
        name = f"streams: delay of a delta, {place}"
        yield Result(f"{name}: p50", Target(), "ms", halves, beside=NO_LOG)
        yield Result(f"{name}: p99", Target(), "ms", slowest, beside=NO_LOG)
        yield Result(f"{name}: added to p99", WITHIN, "ms", {OURS.name: added})
        yield Result(f"streams: CPU of a paced delta, {place}", Target(), "µs", costs, beside=NO_LOG)


async def _delays(server: Server) -> list[float]:
    """Of all deltas that were made when all streams had begun."""
    async with asyncio.TaskGroup() as group:
        streams = [
            group.create_task(_stream(server.port, BEGIN_SECONDS * number / STREAMS))
            for number in range(STREAMS)
        ]
    first = int(BEGIN_SECONDS / PAUSE)
    return [delay for stream in streams for delay in stream.result()[first:]]


async def _stream(port: int, wait: float) -> list[float]:
    await asyncio.sleep(wait)
    loop = asyncio.get_running_loop()
    transport, connection = await loop.create_connection(StampedConnection, "127.0.0.1", port)
    await connection.post(create_thread(script(DELTAS, PAUSE)))
    transport.close()
    assert len(connection.delays) == DELTAS
    return connection.delays
