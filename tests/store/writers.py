"""Run by a test as ``python -m``: processes that write to the threads of one database at once.

Arguments: its URL, and how many processes, writers in each, writes of each, and threads there are. Half of
the writes are transactions that count themselves in the thread's title; the others just add an item.
Meanwhile each process follows one thread, page after page. Prints one JSON object.
"""

import asyncio
import json
import multiprocessing
import sys
import time
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from zlib import crc32

from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.sql import SQLAlchemyStore, create_engine
from tests.factories import make_thread, make_user_message

BOUND = 120
CONTEXT = RequestContext(user_id="alice")

Figures = dict[str, object]


async def write(store: SQLAlchemyStore, name: str, count: int, threads: int) -> list[float]:
    """How long each write took."""
    spent: list[float] = []
    for number in range(count):
        began = time.perf_counter()
        item_id = f"{name}_{number}"
        thread_id = f"thr_{crc32(item_id.encode()) % threads}"
        if number % 2:
            await store.add_thread_item(thread_id, make_user_message("", id=item_id), CONTEXT)
        else:
            await count_in(store, thread_id, item_id)
        spent.append(time.perf_counter() - began)
    return spent


async def count_in(store: SQLAlchemyStore, thread_id: str, item_id: str) -> None:
    """Add an item that says how many such were added before it."""
    async with store.transaction():
        known = int((await store.load_thread(thread_id, CONTEXT)).title or 0)
        await store.add_thread_item(thread_id, make_user_message(str(known), id=item_id), CONTEXT)
        await store.save_thread(make_thread(id=thread_id, title=str(known + 1)), CONTEXT)


class Follower:
    """Reads a thread to its end again and again, always from where it was."""

    def __init__(self, store: SQLAlchemyStore, thread_id: str) -> None:
        self.seen: list[str] = []
        self._store = store
        self._thread_id = thread_id

    async def follow(self, until: asyncio.Event) -> None:
        while not until.is_set():
            await self.catch_up()
            await asyncio.sleep(0.002)  # a poll, which leaves the writers some time

    async def catch_up(self) -> None:
        has_more = True
        while has_more:
            after = self.seen[-1] if self.seen else None
            page = await self._store.load_thread_items(self._thread_id, after, 50, "asc", CONTEXT)
            self.seen += [item.id for item in page.data]
            has_more = page.has_more


async def work(
    store: SQLAlchemyStore, process: int, barrier: Barrier, writers: int, count: int, threads: int
) -> Figures:
    follower = Follower(store, f"thr_{process % threads}")
    done = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(follower.follow(done))
        names = [f"{process}_{writer}" for writer in range(writers)]
        spent = await asyncio.gather(*(write(store, name, count, threads) for name in names))
        await asyncio.to_thread(barrier.wait, BOUND)
        done.set()
        await following
    await follower.catch_up()
    fresh = Follower(store, f"thr_{process % threads}")
    await fresh.catch_up()
    return {
        "slowest": max(map(max, spent)),
        "has_missed": sorted(set(fresh.seen) - set(follower.seen)),
        "is_in_order": fresh.seen == follower.seen,
    }


def run(url: str, process: int, counts: list[int], barrier: Barrier, answer: Connection) -> None:
    async def open_and_work() -> Figures:
        store: SQLAlchemyStore = SQLAlchemyStore(create_engine(url), owns_engine=True)
        try:
            return await work(store, process, barrier, *counts)
        finally:
            await store.aclose()

    barrier.wait(BOUND)
    answer.send(asyncio.run(open_and_work()))


if __name__ == "__main__":
    processes, *counts = map(int, sys.argv[2:])
    fork = multiprocessing.get_context("fork")  # they share the time it takes to import all this
    barrier = fork.Barrier(processes)
    pipes = [fork.Pipe(duplex=False) for _ in range(processes)]
    running = [
        fork.Process(target=run, args=(sys.argv[1], number, counts, barrier, pipes[number][1]))
        for number in range(processes)
    ]
    began = time.perf_counter()
    for process in running:
        process.start()
    for process in running:
        process.join(BOUND)
    codes = [process.exitcode for process in running]
    figures = [reading.recv() for reading, _ in pipes] if not any(codes) else []
    print(json.dumps({"codes": codes, "seconds": time.perf_counter() - began, "processes": figures}))
