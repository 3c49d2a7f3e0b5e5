"""Databases with a big thread, an owner of many threads and a lot that is hidden, in a few statements."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["AROUND", "BIG", "HIDING", "fill"]

BIG, HIDING = "thr_1", "thr_60"
"""The big thread, and the one with hidden items in a row."""
AROUND = 40
"""How many visible items stand on either side of them."""

POSTGRES_SERIES = "FROM generate_series({first}, {last}) AS numbers(n)"
SQLITE_SERIES = """FROM (
    WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})
    SELECT n FROM numbers
)"""
THREADS = """
INSERT INTO threads (id, owner, created_at, document)
SELECT 'thr_' || n, '{owner}', CURRENT_TIMESTAMP, '{document}' """
ITEMS = """
INSERT INTO items (thread_id, id, owner, hidden, created_at, document)
SELECT {thread}, 'tsk_' || n, 'alice', {hidden}, CURRENT_TIMESTAMP, '{document}' """

# Nothing in them is searched for.
THREAD = '{"id": "thr_1", "created_at": "2026-01-02T03:04:05Z", "status": {"type": "active"}}'
TASK = (
    '{"id": "tsk_1", "thread_id": "thr_1", "created_at": "2026-01-02T03:04:05Z", "type": "task",'
    ' "task": {"type": "custom", "title": "' + "word " * 40 + '"}}'
)


async def fill(engine: AsyncEngine, *, threads: int, items: int) -> None:
    """Give alice so many threads, and the big one of them so many items; others have half as much.

    Of the big thread's items every third is hidden. The hiding one has a tenth as many, nearly all hidden.
    """
    is_postgres = engine.dialect.name == "postgresql"
    series = POSTGRES_SERIES if is_postgres else SQLITE_SERIES
    statements = [
        THREADS.format(owner="alice", document=THREAD) + series.format(first=1, last=threads),
        THREADS.format(owner="bob", document=THREAD)
        + series.format(first=threads + 1, last=threads * 3 // 2),
        *(
            ITEMS.format(thread=thread, hidden=hidden, document=TASK) + series.format(first=first, last=last)
            for thread, hidden, first, last in _items(items)
        ),
    ]
    async with engine.begin() as connection:
        for switch in ("DISABLE", "ENABLE"):
            for table in ("threads", "items") if is_postgres else ():
                await connection.exec_driver_sql(f"ALTER TABLE {table} {switch} TRIGGER USER")  # of search
            for statement in statements if switch == "DISABLE" else ("ANALYZE",):
                await connection.execute(text(statement))


def _items(count: int) -> list[tuple[str, str, int, int]]:
    """Thread, whether hidden, first and last number."""
    half, between, some = count // 2, "'thr_' || (2 + n % 50)", count // 10
    return [
        (f"'{BIG}'", "n % 3 = 0", 1, half),
        (between, "n % 3 = 0", 1, half),  # between those of the big one
        (f"'{HIDING}'", f"n > {AROUND} AND n <= {some - AROUND}", 1, some),
        (f"'{BIG}'", "n % 3 = 0", half + 1, count),
    ]
