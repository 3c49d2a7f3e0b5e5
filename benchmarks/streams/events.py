"""How fast events go out through uvicorn, to one client and to many at once."""

import asyncio
import re
import time
from collections.abc import Iterator

from benchmarks.candidates import OURS, PUBLISHED
from benchmarks.http import Server, body_of, connect
from benchmarks.measure import MICROSECONDS, Result, Target, require_equal
from benchmarks.streams.apps import NO_LOG, ONE_BY_ONE, script
from benchmarks.streams.servers import MEMORY, create_thread, running

__all__ = ["measure_events"]

LOADS = {1: 20_000, 50: 2_000}
"""Clients at once, and the deltas that each of them asks for."""
PLACES = (MEMORY, "SQLite", "PostgreSQL")
BESIDE = {
    NO_LOG: Target(times=0.9),
    ONE_BY_ONE: Target(),
    PUBLISHED.name: Target(times=1),
}
IDS = re.compile(rb'"(thr|msg|message)_\w+"')


def measure_events(rounds: int) -> Iterator[Result]:
    """Microseconds on the clock for each event, from the first request to the end of the last answer.

    The published package keeps nothing but dictionaries, wherever we keep what we do.
    """
    for place in PLACES:
        with running(place, (OURS.name, *BESIDE)) as servers:
            require_equal(place, [asyncio.run(_ask(server)) for server in servers.values()])
            for clients, deltas in LOADS.items():
                for server in servers.values():
                    asyncio.run(_load(server, clients, deltas))  # it has seen such before
                samples: dict[str, list[float]] = {name: [] for name in servers}
                for _ in range(rounds):
                    for name, server in servers.items():
                        seconds = asyncio.run(_load(server, clients, deltas))
                        samples[name].append(seconds / (clients * deltas) * MICROSECONDS)
                yield from _results(f"streams: {clients} at once, {place}", samples)


def _results(name: str, samples: dict[str, list[float]]) -> Iterator[Result]:
    for beside, target in BESIDE.items():
        pair = {each: samples[each] for each in (OURS.name, beside)}
        yield Result(f"{name} / {beside}", target, "µs", pair, beside=beside)


async def _ask(server: Server) -> bytes:
    connection = await connect(server.port)
    answer = await connection.post(create_thread(script(100)))
    connection.transport.close()
    said = re.sub(rb"said \w+", b"said", body_of(answer))
    return IDS.sub(b'"id"', said)


async def _load(server: Server, clients: int, deltas: int) -> float:
    """Seconds for all of them."""
    connections = [await connect(server.port) for _ in range(clients)]
    request = create_thread(script(deltas))
    began = time.perf_counter()
    answers = await asyncio.gather(*(connection.post(request) for connection in connections))
    seconds = time.perf_counter() - began
    for connection, answer in zip(connections, answers, strict=True):
        connection.transport.close()
        assert answer.count(b"text_delta") == deltas
    return seconds
