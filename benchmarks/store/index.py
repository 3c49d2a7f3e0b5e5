"""What the index of words costs whoever writes."""

import asyncio
from itertools import count

from sqlalchemy import text

from benchmarks.candidates import OURS
from benchmarks.measure import MICROSECONDS, Result, Target
from benchmarks.store.calls import Store, seconds_for
from benchmarks.store.databases import CONTEXT, DATABASES, THREAD, database, filled_store, make_item
from chatkit_asgi.store.sql import create_engine

__all__ = ["measure_index"]

WITHOUT = "without"
TIMES = 800

TRIGGERS = {
    "SQLite": ("DROP TRIGGER items_search_add", "DROP TRIGGER items_search_change"),
    "PostgreSQL": ("DROP TRIGGER search_item ON items",),
}


def measure_index(rounds: int) -> list[Result]:
    """Adding an item, beside the same without the index."""
    return [_measure_on(name, rounds) for name in DATABASES]


def _measure_on(name: str, rounds: int) -> Result:
    with database(name) as url, database(name) as other_url:
        return asyncio.run(_measure(name, url, other_url, rounds))


async def _measure(name: str, url: str, other_url: str, rounds: int) -> Result:
    async with filled_store(url) as store, filled_store(other_url) as other:
        engine = create_engine(other_url)
        async with engine.begin() as connection:
            for statement in TRIGGERS[name]:
                await connection.execute(text(statement))
        await engine.dispose()
        samples: dict[str, list[float]] = {OURS.name: [], WITHOUT: []}
        numbers = count()

        async def add(to: Store) -> None:
            await to.add_thread_item(THREAD.id, make_item(f"new_{next(numbers)}"), CONTEXT)

        for _ in range(rounds):
            for candidate, each in ((OURS.name, store), (WITHOUT, other)):
                seconds = await seconds_for(lambda each=each: add(each), TIMES, 1)  # type: ignore[misc]
                samples[candidate].append(seconds / TIMES * MICROSECONDS)
    return Result(f"store: index of words, {name}", Target(), "µs", samples, WITHOUT)
