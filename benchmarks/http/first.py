"""How soon a stream begins to speak when many open at once, with all that it stores going to PostgreSQL."""

import asyncio
import json
from contextlib import ExitStack
from statistics import quantiles
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it has no annotations
from sqlalchemy.engine import make_url

from benchmarks.candidates import CANDIDATES
from benchmarks.http.apps import STORE, script
from benchmarks.http.client import connect
from benchmarks.http.loads import serving
from benchmarks.measure import Result, Target
from benchmarks.store.databases import database
from benchmarks.store.guide import TABLES
from benchmarks.turns import add_user_message

__all__ = ["NAME", "measure_first_events"]

NAME = "http: first event of 500 streams (p99)"
STREAMS = 500
SECONDS = 2.0
"""In which all of them open."""
DELTAS, PAUSE = 20, 0.1
CONNECTIONS = "550"
"""The guide's store opens one for each call; with fewer it fails instead of waiting."""


def measure_first_events(rounds: int) -> Result:
    """Milliseconds from the request to the first event, of which one in a hundred takes longer."""
    samples: dict[str, list[float]] = {candidate.name: [] for candidate in CANDIDATES}
    with ExitStack() as stack:
        url = stack.enter_context(database("PostgreSQL", max_connections=CONNECTIONS))
        dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        asyncio.run(_make_tables(dsn))
        settings = {STORE: dsn, "CHATKIT_DATABASE_URL": dsn, "CHATKIT_AUTO_MIGRATE": "1"}
        ports = {name: stack.enter_context(serving(name, settings)).port for name in samples}
        for _ in range(rounds):
            for name, port in ports.items():
                samples[name].append(asyncio.run(_slowest(port)))
    return Result(NAME, Target(times=20), "ms", samples)


async def _make_tables(dsn: str) -> None:
    connection: Any = await asyncpg.connect(dsn)
    await connection.execute(TABLES)
    await connection.close()


async def _slowest(port: int) -> float:
    await _stream(port, 0)  # the server has seen one before
    async with asyncio.TaskGroup() as group:
        streams = [group.create_task(_stream(port, SECONDS * number / STREAMS)) for number in range(STREAMS)]
    return quantiles([stream.result() for stream in streams], n=100)[-1] * 1000


async def _stream(port: int, delay: float) -> float:
    """Seconds to the first event of a new thread."""
    await asyncio.sleep(delay)
    connection = await connect(port)
    answer = await connection.post(_create_thread())
    connection.transport.close()
    assert b'"thread.item.done","item":{"id":"msg_' in answer, answer[-2000:]
    assert connection.first_event is not None
    return connection.first_event


def _create_thread() -> bytes:
    params = json.loads(add_user_message("", script(DELTAS, PAUSE)))["params"]
    return json.dumps({"type": "threads.create", "params": {"input": params["input"]}}).encode()
