"""Whether a process that answers for long grows. Run as ``python -m`` it is that process."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.candidates import OURS
from benchmarks.measure import Result, Target
from benchmarks.store.databases import database
from benchmarks.store.turns import answer, new_thread, respond_with
from benchmarks.turns import add_user_message
from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.sql import SQLAlchemyStore, create_engine, migrate

__all__ = ["measure_memory"]

TURNS = 100_000
SETTLED = 10_000
"""After so many turns all that is kept for good is there."""
IN_A_THREAD = 10


def measure_memory(_rounds: int) -> list[Result]:
    """Growth in percent, in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.store.memory", str(TURNS)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    settled, ended = map(float, output.split())
    samples = {OURS.name: [100 * (ended / settled - 1)]}
    return [Result(f"store: memory after {TURNS} turns", Target(at_most=5), "%", samples)]


async def _run(url: str, turns: int) -> None:
    """Print how big the process is after a tenth of the turns, and at the end."""
    store: SQLAlchemyStore[RequestContext] = SQLAlchemyStore(create_engine(url), owns_engine=True)
    await migrate(store.engine)
    server = OURS.make_server(respond_with(OURS), store)
    for number in range(1, turns + 1):
        if number % IN_A_THREAD == 1:
            thread_id = await new_thread(server)
        else:
            await answer(server, add_user_message(thread_id))
        if number in (turns // (TURNS // SETTLED), turns):
            print(_resident())
    await store.aclose()


def _resident() -> int:
    """Kibibytes."""
    found = re.search(r"VmRSS:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


if __name__ == "__main__":
    with database("SQLite") as url:
        asyncio.run(_run(url, int(sys.argv[1])))
