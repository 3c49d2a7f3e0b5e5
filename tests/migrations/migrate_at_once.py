"""Run by a test as ``python -m``: several processes that migrate one database (argument: its URL) at once."""

import asyncio
import multiprocessing
import sys
from multiprocessing.synchronize import Barrier

from chatkit_asgi.store.sql import create_engine, migrate

PROCESSES = 8
BOUND = 20


async def migrate_new(url: str) -> None:
    engine = create_engine(url)
    await migrate(engine)
    await engine.dispose()


def run(url: str, barrier: Barrier) -> None:
    barrier.wait(BOUND)
    asyncio.run(migrate_new(url))


if __name__ == "__main__":
    fork = multiprocessing.get_context("fork")  # they share the time it takes to import all this
    barrier = fork.Barrier(PROCESSES)
    processes = [fork.Process(target=run, args=(sys.argv[1], barrier)) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(BOUND)
    print([process.exitcode for process in processes])
