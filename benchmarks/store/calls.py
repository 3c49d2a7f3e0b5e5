"""One call of a store, over and over: time on the clock, for most of it is waiting for the database."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import count

from benchmarks.candidates import OURS
from benchmarks.measure import MICROSECONDS, Result, Target
from benchmarks.store.by_hand import ByHand, by_hand
from benchmarks.store.databases import CONTEXT, DATABASES, THREAD, database, filled_store, make_item
from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.sql import SQLAlchemyStore

__all__ = ["BY_HAND", "CALLS", "Call", "measure_call", "seconds_for"]

BY_HAND = "by hand"
TARGETS = {"PostgreSQL": 0.7, "SQLite": 0.6}
TIMES = 800

Store = SQLAlchemyStore[RequestContext]
Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Call:
    """One call on one kind of database, by some tasks at once."""

    what: str
    database: str
    tasks: int

    @property
    def name(self) -> str:
        return f"store: {self.what}, {self.database}, {self.tasks} at once"


CALLS = [
    Call(what, database, tasks)
    for database in DATABASES
    for tasks in (1, 8)
    for what in ("add an item", "page of 20", "load a thread")
]


def measure_call(call: Call, rounds: int) -> Result:
    with database(call.database) as url:
        return asyncio.run(_measure(call, url, rounds))


async def _measure(call: Call, url: str, rounds: int) -> Result:
    async with filled_store(url) as store, by_hand(url) as hand:
        works = {OURS.name: _ours(call.what, store), BY_HAND: _by_hand(call.what, hand)}
        first, second = [await work() for work in works.values()]
        assert first == second, call.name
        samples: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(rounds):
            for name, work in works.items():
                seconds = await seconds_for(work, TIMES, call.tasks)
                samples[name].append(seconds / TIMES * MICROSECONDS)
    return Result(call.name, Target(times=TARGETS[call.database]), "µs", samples, BY_HAND)


async def seconds_for(work: Work, times: int, tasks: int) -> float:
    """How long it takes so many tasks to do the work so many times in all."""

    async def run() -> None:
        for _ in range(times // tasks):
            await work()

    gc.collect()
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(tasks):
            group.create_task(run())
    return time.perf_counter() - began


def _ours(what: str, store: Store) -> Work:
    numbers = count()

    async def add() -> object:
        await store.add_thread_item(THREAD.id, make_item(f"ours_{next(numbers)}"), CONTEXT)
        return None

    async def page() -> object:
        return (await store.load_thread_items(THREAD.id, None, 20, "desc", CONTEXT)).data

    async def load() -> object:
        return await store.load_thread(THREAD.id, CONTEXT)

    return _named(what, add, page, load)


def _by_hand(what: str, hand: ByHand) -> Work:
    numbers = count()

    async def add() -> object:
        await hand.add(make_item(f"hand_{next(numbers)}"))
        return None

    return _named(what, add, hand.page, hand.load)


def _named(what: str, *works: Work) -> Work:
    names: Sequence[str] = ("add an item", "page of 20", "load a thread")
    return dict(zip(names, works, strict=True))[what]
