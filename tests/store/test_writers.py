"""Writers side by side in many processes: nobody fails, nothing is lost, the order is that of the commits."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.sql import SQLAlchemyStore
from chatkit_asgi.types import UserMessageItem
from tests.factories import make_thread

ROOT = Path(__file__).parents[2]
DUPLICATES = "SELECT count(*) - count(DISTINCT seq) FROM items"


def write_at_once(engine: AsyncEngine, processes: int, *counts: int) -> None:
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.store.writers", url, str(processes), *map(str, counts)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False)
    assert done.stderr == ""
    outcome = json.loads(done.stdout)
    assert outcome["codes"] == [0] * processes
    for figures in outcome["processes"]:
        assert (figures["has_missed"], figures["is_in_order"]) == ([], True)
    slowest = max(figures["slowest"] for figures in outcome["processes"])
    print(f"{engine.dialect.name} {processes} {counts}: {outcome['seconds']:.1f} s, slowest {slowest:.2f} s")


async def check(store: SQLAlchemyStore, context: RequestContext, threads: int, expected: int) -> None:
    """The order of each thread is that in which its transactions counted, with no number lost or twice."""
    total = 0
    for number in range(threads):
        thread = await store.load_thread(f"thr_{number}", context)
        items = (await store.load_thread_items(thread.id, None, 10**6, "asc", context)).data
        texts = [item.content[0].text for item in items if isinstance(item, UserMessageItem)]
        assert [int(text) for text in texts if text] == list(range(int(thread.title or 0)))
        total += len(items)
    assert total == expected
    async with store.engine.connect() as connection:
        assert await connection.scalar(text(DUPLICATES)) == 0


@pytest.mark.parametrize(
    ("processes", "writers", "writes"),
    [(3, 4, 6), pytest.param(8, 16, 8, marks=pytest.mark.slow)],
    ids=["few", "many"],
)
@pytest.mark.parametrize("threads", [1, 40], ids=["one thread", "many threads"])
async def test_writers_in_many_processes_lose_nothing_and_keep_the_order(
    engine: AsyncEngine, context: RequestContext, processes: int, writers: int, writes: int, threads: int
) -> None:
    store: SQLAlchemyStore = SQLAlchemyStore(engine)
    for number in range(threads):
        await store.save_thread(make_thread(id=f"thr_{number}"), context)
    write_at_once(engine, processes, writers, writes, threads)
    await check(store, context, threads, processes * writers * writes)
