"""What a stream takes in memory while nothing is said, beside one of an app that does nothing at all."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.candidates import OURS
from benchmarks.http import Connection, Server, connect
from benchmarks.http.apps import BARE
from benchmarks.measure import Result, Target
from benchmarks.streams.apps import IDLE
from benchmarks.streams.servers import create_thread, running

__all__ = ["measure_idle"]

PLACE = "SQLite"
FIRST, STREAMS = 200, 1_000
"""Those that are open before, and those that are counted."""
SETTLE_SECONDS = 2.0
"""Until all that happens at the beginning of turns has happened."""


def measure_idle(rounds: int) -> Sequence[Result]:
    """Kibibytes by which the process grows for each stream that is open and silent."""
    samples: dict[str, list[float]] = {OURS.name: [], BARE: []}
    for _ in range(rounds):
        for name, sizes in samples.items():
            with ExitStack() as stack:
                server = stack.enter_context(running(PLACE, [name]))[name]
                sizes.append(asyncio.run(_growth(server)) / STREAMS)
    return [Result("streams: memory of an idle stream", Target(at_most=40), "KiB", samples, beside=BARE)]


async def _growth(server: Server) -> float:
    streams = await _open(server.port, FIRST)
    before = _resident(server)
    streams += await _open(server.port, STREAMS)
    after = _resident(server)
    for connection, answer in streams:
        answer.cancel()
        connection.transport.abort()
    return after - before


async def _open(port: int, count: int) -> list[tuple[Connection, asyncio.Future[bytes]]]:
    """So many streams, each of which has begun to speak."""
    connections = [await connect(port) for _ in range(count)]
    streams = [(connection, connection.begin(create_thread(IDLE))) for connection in connections]
    while not all(connection.first_event for connection in connections):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await asyncio.sleep(SETTLE_SECONDS)
    return streams


def _resident(server: Server) -> float:
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024
