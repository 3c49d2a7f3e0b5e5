"""The same statements by hand: asyncpg with its own pool, and `sqlite3` with one connection in one thread."""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it has no annotations
from sqlalchemy.engine import make_url

from benchmarks.store.databases import CONTEXT, THREAD
from chatkit_asgi.store.documents import read_item, read_thread, write_item
from chatkit_asgi.store.sql.sqlite import PRAGMAS
from chatkit_asgi.types import ThreadItem, ThreadMetadata

__all__ = ["ByHand", "by_hand"]

CONNECTIONS = 10
END = 2**63 - 1

ADD = """
INSERT INTO items (thread_id, owner, id, hidden, created_at, document)
SELECT threads.id, threads.owner, $1, $2, $3, $4
FROM threads WHERE threads.id = $5 AND threads.owner = $6 {lock}
ON CONFLICT (thread_id, id) DO UPDATE
SET document = excluded.document, hidden = excluded.hidden, superseded = false
RETURNING seq
"""
PAGE = """
SELECT seq, id, document FROM items
WHERE thread_id = $1 AND owner = $2 AND NOT superseded AND seq < $3 ORDER BY seq DESC LIMIT $4
"""
LOAD = "SELECT document FROM threads WHERE id = $1 AND owner = $2"


class ByHand(ABC):
    """What somebody would write who needs these three calls and nothing else."""

    @abstractmethod
    async def fetch(self, sql: str, *arguments: object) -> Sequence[Any]:
        """The rows of one statement. `Any`: a row of either driver."""

    async def add(self, item: ThreadItem) -> None:
        row = (item.id, False, self.now(), write_item(item), THREAD.id, CONTEXT.owner)
        await self.fetch(self.add_sql, *row)

    async def page(self) -> list[ThreadItem | None]:
        rows = await self.fetch(PAGE, THREAD.id, CONTEXT.owner, END, 21)
        return [read_item(row[2], row[1]) for row in rows[:20]]

    async def load(self) -> ThreadMetadata | None:
        rows = await self.fetch(LOAD, THREAD.id, CONTEXT.owner)
        return read_thread(rows[0][0], THREAD.id)

    add_sql = ADD.format(lock="")

    def now(self) -> object:
        return datetime.now(UTC)


class ByAsyncpg(ByHand):
    add_sql = ADD.format(lock="FOR NO KEY UPDATE")

    def __init__(self, pool: Any) -> None:  # Any: asyncpg has no annotations
        self._pool = pool

    async def fetch(self, sql: str, *arguments: object) -> Sequence[Any]:
        async with self._pool.acquire() as connection:
            rows: Sequence[Any] = await connection.fetch(sql, *arguments)
        return rows


class BySqlite3(ByHand):
    def __init__(self, path: str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1)

    async def open(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def fetch(self, sql: str, *arguments: object) -> Sequence[Any]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(self._fetch, sql, arguments))

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()

    def now(self) -> object:
        return datetime.now(UTC).isoformat(" ")

    def _open(self) -> None:
        self._connection = sqlite3.connect(self._path, isolation_level=None)
        for pragma in PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}")

    def _fetch(self, sql: str, arguments: Sequence[Any]) -> Sequence[Any]:
        return self._connection.execute(sql.replace("$", "?"), arguments).fetchall()


@asynccontextmanager
async def by_hand(url: str) -> AsyncIterator[ByHand]:
    """Access to the database of a filled store."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        sqlite = BySqlite3(address.database or "")
        await sqlite.open()
        yield sqlite
        await sqlite.close()
        return
    dsn = address.set(drivername="postgresql").render_as_string(hide_password=False)
    async with asyncpg.create_pool(dsn, min_size=1, max_size=CONNECTIONS) as pool:
        yield ByAsyncpg(pool)
