"""Databases with one big thread and one owner of many threads, filled in a few statements."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["fill"]

POSTGRES_SERIES = "FROM generate_series({first}, {last}) AS numbers(n)"
SQLITE_SERIES = """FROM (
    WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})
    SELECT n FROM numbers
)"""
THREADS = """
INSERT INTO threads (id, owner, created_at, document)
SELECT 'thr_' || n, '{owner}', CURRENT_TIMESTAMP, '{{}}' """
ITEMS = """
INSERT INTO items (thread_id, id, owner, hidden, created_at, document)
SELECT {thread}, 'msg_' || n, 'alice', n % 3 = 0, CURRENT_TIMESTAMP, '{document}' """
DOCUMENT = '{"type": "nothing that anybody searches for", "text": "' + "word " * 40 + '"}'


async def fill(engine: AsyncEngine, *, threads: int, items: int) -> None:
    """Give alice so many threads, and the first of them so many items; others have half as much.

    Thread ``thr_1`` has the items ``msg_1`` and so on, of which every third is hidden.
    """
    series = SQLITE_SERIES if engine.dialect.name == "sqlite" else POSTGRES_SERIES
    statements = [
        THREADS.format(owner="alice") + series.format(first=1, last=threads),
        THREADS.format(owner="bob") + series.format(first=threads + 1, last=threads * 3 // 2),
        *(
            ITEMS.format(thread=thread, document=DOCUMENT) + series.format(first=first, last=last)
            for thread, first, last in (
                ("'thr_1'", 1, items // 2),
                ("'thr_' || (2 + n % 50)", 1, items // 2),  # between those of the big one
                ("'thr_1'", items // 2 + 1, items),
            )
        ),
        "ANALYZE",
    ]
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))
