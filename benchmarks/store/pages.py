"""Pages of very long lists: what the slowest place in a list costs, beside the fastest."""

import asyncio
from collections.abc import Iterator
from itertools import product
from statistics import median
from time import perf_counter
from typing import NamedTuple

from sqlalchemy import text

from benchmarks.candidates import OURS
from benchmarks.measure import MICROSECONDS, Result, Target
from benchmarks.store.calls import Store
from benchmarks.store.databases import CONTEXT, DATABASES, database
from chatkit_asgi.store.sql import SQLAlchemyStore, create_engine, migrate
from tests.store.filling import AROUND, BIG, HIDING, fill

__all__ = ["measure_pages"]

THREADS, ITEMS, PAGE = 100_000, 1_000_000, 20
TIMES = 40
FASTEST = "the fastest place"
LISTS = ("load_threads", "load_thread_items", "load_visible_items")


class Place(NamedTuple):
    """A list, and where in it a page begins."""

    method: str
    order: str
    after: str | None
    thread: str = BIG


def measure_pages(rounds: int) -> Iterator[Result]:
    """First, middle and last pages, both ways, and visible items behind many hidden ones in a row."""
    for name in DATABASES:
        with database(name) as url:
            yield from asyncio.run(_measure_on(name, url, rounds))


async def _measure_on(name: str, url: str, rounds: int) -> list[Result]:
    store: Store = SQLAlchemyStore(create_engine(url), owns_engine=True)
    await migrate(store.engine)
    await fill(store.engine, threads=THREADS, items=ITEMS)
    results = [await _measure(store, name, each, rounds) for each in LISTS]
    await store.aclose()
    return results


async def _measure(store: Store, name: str, method: str, rounds: int) -> Result:
    places = await _places(store, method)
    samples: dict[str, list[float]] = {OURS.name: [], FASTEST: []}
    for _ in range(rounds):
        spent: dict[Place, list[float]] = {place: [] for place in places}
        for _ in range(TIMES):
            for place in places:
                spent[place].append(await _seconds_for(store, place) * MICROSECONDS)
        costs = {place: median(seconds) for place, seconds in spent.items()}
        samples[OURS.name].append(max(costs.values()))
        samples[FASTEST].append(min(costs.values()))
    return Result(f"store: slowest page of {method}, {name}", Target(times=0.5), "µs", samples, FASTEST)


async def _places(store: Store, method: str) -> list[Place]:
    length, rows = ITEMS, f"items WHERE thread_id = '{BIG}'"
    if method == "load_threads":
        length, rows = THREADS, "threads WHERE owner = 'alice'"
    found = [await _cursor(store, rows, at) for at in (2 * PAGE, length // 2, length - 2 * PAGE)]
    afters = [None, *found]
    places = [Place(method, order, after) for order, after in product(("asc", "desc"), afters)]
    if method == "load_visible_items":
        hiding = f"items WHERE thread_id = '{HIDING}' AND NOT hidden"
        for order, at in (("asc", AROUND - 1), ("desc", AROUND)):
            places.append(Place(method, order, await _cursor(store, hiding, at), HIDING))
    return places


async def _cursor(store: Store, rows: str, at: int) -> str:
    sql = f"SELECT seq FROM {rows} ORDER BY seq LIMIT 1 OFFSET {at}"  # noqa: S608
    async with store.engine.connect() as connection:
        return f"seq:{await connection.scalar(text(sql))}"


async def _seconds_for(store: Store, place: Place) -> float:
    began = perf_counter()
    if place.method == "load_threads":
        count = len((await store.load_threads(PAGE, place.after, place.order, CONTEXT)).data)
    else:
        load = store.load_thread_items if place.method == "load_thread_items" else store.load_visible_items
        count = len((await load(place.thread, place.after, PAGE, place.order, CONTEXT)).data)
    spent = perf_counter() - began
    assert count == PAGE, place
    return spent
