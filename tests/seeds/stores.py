"""Stores as applications write them: the one in memory of the quickstart, and one on PostgreSQL."""

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid4

from chatkit_asgi.store import NotFoundError, Store
from chatkit_asgi.types import (
    ATTACHMENT_ADAPTER,
    THREAD_ITEM_ADAPTER,
    Attachment,
    Page,
    ThreadItem,
    ThreadMetadata,
)

__all__ = ["TABLES", "Context", "MyChatKitStore", "PostgresStore"]

Context = dict[str, Any]  # Any: the application's own
Row = TypeVar("Row")


class MyChatKitStore(Store[Context]):
    """Keeps values as they are, in lists, pages by time, and takes no attachments."""

    def __init__(self) -> None:
        self.threads: dict[str, ThreadMetadata] = {}
        self.items: dict[str, list[ThreadItem]] = defaultdict(list)

    async def load_thread(self, thread_id: str, context: Context) -> ThreadMetadata:
        if thread_id not in self.threads:
            raise NotFoundError(f"Thread {thread_id} not found")
        return self.threads[thread_id]

    async def save_thread(self, thread: ThreadMetadata, context: Context) -> None:
        self.threads[thread.id] = thread

    async def load_threads(
        self, limit: int, after: str | None, order: str, context: Context
    ) -> Page[ThreadMetadata]:
        threads = list(self.threads.values())
        return self._paginate(threads, after, limit, order, lambda t: t.created_at, lambda t: t.id)

    async def load_thread_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: Context
    ) -> Page[ThreadItem]:
        items = self.items.get(thread_id, [])
        return self._paginate(items, after, limit, order, lambda i: i.created_at, lambda i: i.id)

    async def add_thread_item(self, thread_id: str, item: ThreadItem, context: Context) -> None:
        self.items[thread_id].append(item)

    async def save_item(self, thread_id: str, item: ThreadItem, context: Context) -> None:
        items = self.items[thread_id]
        for index, existing in enumerate(items):
            if existing.id == item.id:
                items[index] = item
                return
        items.append(item)

    async def load_item(self, thread_id: str, item_id: str, context: Context) -> ThreadItem:
        for item in self.items.get(thread_id, []):
            if item.id == item_id:
                return item
        raise NotFoundError(f"Item {item_id} not found in thread {thread_id}")

    async def delete_thread(self, thread_id: str, context: Context) -> None:
        self.threads.pop(thread_id, None)
        self.items.pop(thread_id, None)

    async def delete_thread_item(self, thread_id: str, item_id: str, context: Context) -> None:
        self.items[thread_id] = [item for item in self.items[thread_id] if item.id != item_id]

    def _paginate(
        self,
        rows: list[Row],
        after: str | None,
        limit: int,
        order: str,
        sort_key: Callable[[Row], Any],
        cursor_key: Callable[[Row], str],
    ) -> Page[Row]:
        rows = sorted(rows, key=sort_key, reverse=order == "desc")
        start = next((at + 1 for at, row in enumerate(rows) if cursor_key(row) == after), 0)
        data = rows[start : start + limit]
        has_more = start + limit < len(rows)
        return Page(data=data, has_more=has_more, after=cursor_key(data[-1]) if has_more and data else None)

    async def save_attachment(self, attachment: Attachment, context: Context) -> None:
        raise NotImplementedError

    async def load_attachment(self, attachment_id: str, context: Context) -> Attachment:
        raise NotImplementedError

    async def delete_attachment(self, attachment_id: str, context: Context) -> None:
        raise NotImplementedError


TABLES = """
CREATE TABLE threads (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, data JSONB NOT NULL);
CREATE TABLE items (
    number BIGSERIAL,
    id TEXT PRIMARY KEY,
    thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    data JSONB NOT NULL
);
CREATE TABLE attachments (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, data JSONB NOT NULL);
"""

THREAD = "SELECT data FROM threads WHERE id = $1 AND user_id = $2"
UPSERT_THREAD = """
INSERT INTO threads (id, user_id, data) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET data = excluded.data
"""
UPSERT_ITEM = """
INSERT INTO items (id, thread_id, data) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET data = excluded.data
"""
UPSERT_ATTACHMENT = """
INSERT INTO attachments (id, user_id, data) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET data = excluded.data
"""


class PostgresStore(Store[Context]):
    """One JSON document a row, through a pool of asyncpg's; ids of its own, shorter than the usual ones."""

    def __init__(self, pool: Any) -> None:  # Any: asyncpg has no annotations
        self.pool = pool

    def generate_thread_id(self, context: Context) -> str:
        return f"thr_{uuid4().hex[:12]}"

    async def load_thread(self, thread_id: str, context: Context) -> ThreadMetadata:
        async with self.pool.acquire() as conn:
            row = await conn.fetchrow(THREAD, thread_id, context["user_id"])
        if not row:
            raise NotFoundError(f"Thread {thread_id} not found")
        return ThreadMetadata.model_validate(json.loads(row["data"]))

    async def save_thread(self, thread: ThreadMetadata, context: Context) -> None:
        await self._execute(UPSERT_THREAD, thread.id, context["user_id"], thread.model_dump_json())

    async def load_threads(
        self, limit: int, after: str | None, order: str, context: Context
    ) -> Page[ThreadMetadata]:
        rows = await self._fetch("SELECT data FROM threads WHERE user_id = $1", context["user_id"])
        threads = [ThreadMetadata.model_validate(json.loads(row["data"])) for row in rows]
        return Page(data=threads[:limit], has_more=len(threads) > limit)

    async def load_thread_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: Context
    ) -> Page[ThreadItem]:
        rows = await self._fetch("SELECT data FROM items WHERE thread_id = $1 ORDER BY number", thread_id)
        items = [THREAD_ITEM_ADAPTER.validate_python(json.loads(row["data"])) for row in rows]
        items = items if order == "asc" else items[::-1]
        start = next((at + 1 for at, item in enumerate(items) if item.id == after), 0)
        data, has_more = items[start : start + limit], start + limit < len(items)
        return Page(data=data, has_more=has_more, after=data[-1].id if has_more else None)

    async def add_thread_item(self, thread_id: str, item: ThreadItem, context: Context) -> None:
        await self._execute(UPSERT_ITEM, item.id, thread_id, item.model_dump_json())

    async def save_item(self, thread_id: str, item: ThreadItem, context: Context) -> None:
        await self.add_thread_item(thread_id, item, context)

    async def load_item(self, thread_id: str, item_id: str, context: Context) -> ThreadItem:
        rows = await self._fetch("SELECT data FROM items WHERE id = $1", item_id)
        if not rows:
            raise NotFoundError(f"Item {item_id} not found")
        return THREAD_ITEM_ADAPTER.validate_python(json.loads(rows[0]["data"]))

    async def delete_thread(self, thread_id: str, context: Context) -> None:
        await self._execute(
            "DELETE FROM threads WHERE id = $1 AND user_id = $2", thread_id, context["user_id"]
        )

    async def delete_thread_item(self, thread_id: str, item_id: str, context: Context) -> None:
        await self._execute("DELETE FROM items WHERE id = $1", item_id)

    async def save_attachment(self, attachment: Attachment, context: Context) -> None:
        row = (attachment.id, context["user_id"], attachment.model_dump_json())
        await self._execute(UPSERT_ATTACHMENT, *row)

    async def load_attachment(self, attachment_id: str, context: Context) -> Attachment:
        rows = await self._fetch("SELECT data FROM attachments WHERE id = $1", attachment_id)
        if not rows:
            raise NotFoundError(f"Attachment {attachment_id} not found")
        return ATTACHMENT_ADAPTER.validate_python(json.loads(rows[0]["data"]))

    async def delete_attachment(self, attachment_id: str, context: Context) -> None:
        await self._execute("DELETE FROM attachments WHERE id = $1", attachment_id)

    async def _execute(self, statement: str, *values: object) -> None:
        async with self.pool.acquire() as conn:
            await conn.execute(statement, *values)

    async def _fetch(self, statement: str, *values: object) -> list[Any]:
        async with self.pool.acquire() as conn:
            return list(await conn.fetch(statement, *values))
