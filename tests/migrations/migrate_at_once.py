"""Run by a test as ``python -m``: several processes that migrate one database (argument: its URL) at once.

Prints one JSON object: how each process ended, which revisions it applied, and how long it took.
"""

import asyncio
import json
import logging
import multiprocessing
import re
import sys
import time
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier

from chatkit_asgi.store.sql import create_engine, migrate

PROCESSES = 8
BOUND = 20


class Applied(logging.Handler):
    """The revisions that Alembic says it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.revisions: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if found := re.match(r"Running upgrade .*-> (\w+)", record.getMessage()):
            self.revisions.append(found[1])


async def migrate_new(url: str) -> None:
    engine = create_engine(url)
    await migrate(engine)
    await engine.dispose()


def run(url: str, barrier: Barrier, answer: Connection) -> None:
    applied, logger = Applied(), logging.getLogger("alembic.runtime.migration")
    logger.addHandler(applied)
    logger.setLevel(logging.INFO)
    barrier.wait(BOUND)
    began = time.perf_counter()
    asyncio.run(migrate_new(url))
    answer.send((applied.revisions, time.perf_counter() - began))


if __name__ == "__main__":
    fork = multiprocessing.get_context("fork")  # they share the time it takes to import all this
    barrier = fork.Barrier(PROCESSES)
    pipes = [fork.Pipe(duplex=False) for _ in range(PROCESSES)]
    processes = [fork.Process(target=run, args=(sys.argv[1], barrier, pipe)) for _, pipe in pipes]
    for process in processes:
        process.start()
    for process in processes:
        process.join(BOUND)
    codes = [process.exitcode for process in processes]
    answers = [reading.recv() for reading, _ in pipes] if not any(codes) else []
    applied, seconds = zip(*answers, strict=True) if answers else ((), ())
    print(json.dumps({"codes": codes, "applied": applied, "seconds": seconds}))
