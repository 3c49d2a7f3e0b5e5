"""A store on PostgreSQL as the published guide shows one: a connection, and a transaction, for each call."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it has no annotations
from pydantic import TypeAdapter

from benchmarks.candidates import PUBLISHED

__all__ = ["TABLES", "make_guide_store"]

TABLES = """
CREATE TABLE guide_threads (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL, created_at TIMESTAMPTZ NOT NULL, data JSONB NOT NULL
);
CREATE TABLE guide_items (
    id TEXT PRIMARY KEY, thread_id TEXT NOT NULL REFERENCES guide_threads (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL, created_at TIMESTAMPTZ NOT NULL, data JSONB NOT NULL
);
CREATE INDEX ON guide_items (thread_id, created_at);
"""

SAVE_THREAD = """
INSERT INTO guide_threads (id, user_id, created_at, data) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET data = excluded.data
"""
SAVE_ITEM = """
INSERT INTO guide_items (id, thread_id, user_id, created_at, data) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET data = excluded.data
"""
USER = "alice"


def make_guide_store(dsn: str, logged: Any) -> Any:
    """A store for the published package. `logged` hears of each query and of each connection's making."""
    types = PUBLISHED.types
    items: TypeAdapter[Any] = TypeAdapter(types.ThreadItem)

    @asynccontextmanager
    async def connect() -> AsyncIterator[Any]:
        with logged.connecting():
            connection = await asyncpg.connect(dsn)
        connection.add_query_logger(logged.query)
        try:
            async with connection.transaction():
                yield connection
        finally:
            await connection.close()

    class GuideStore(PUBLISHED.store.Store):  # type: ignore[misc, name-defined]  # a module found by name
        async def load_thread(self, thread_id: str, context: Any) -> Any:
            async with connect() as connection:
                row = await connection.fetchrow(
                    "SELECT data FROM guide_threads WHERE id = $1 AND user_id = $2", thread_id, USER
                )
            if row is None:
                raise PUBLISHED.store.NotFoundError(thread_id)
            return types.ThreadMetadata.model_validate(json.loads(row[0]))

        async def save_thread(self, thread: Any, context: Any) -> None:
            async with connect() as connection:
                data = json.dumps(thread.model_dump(mode="json"))
                await connection.execute(SAVE_THREAD, thread.id, USER, thread.created_at, data)

        async def load_thread_items(
            self, thread_id: str, after: str | None, limit: int, order: str, context: Any
        ) -> Any:
            direction = "ASC" if order == "asc" else "DESC"
            async with connect() as connection:
                rows = await connection.fetch(
                    "SELECT data FROM guide_items WHERE thread_id = $1 AND user_id = $2 "  # noqa: S608
                    f"ORDER BY created_at {direction} LIMIT $3",
                    thread_id,
                    USER,
                    limit + 1,
                )
            data = [items.validate_python(json.loads(row[0])) for row in rows]
            return types.Page(data=data[:limit], has_more=len(data) > limit)

        async def add_thread_item(self, thread_id: str, item: Any, context: Any) -> None:
            async with connect() as connection:
                data = json.dumps(item.model_dump(mode="json"))
                await connection.execute(SAVE_ITEM, item.id, thread_id, USER, item.created_at, data)

        async def save_item(self, thread_id: str, item: Any, context: Any) -> None:
            await self.add_thread_item(thread_id, item, context)

        async def load_item(self, thread_id: str, item_id: str, context: Any) -> Any: ...
        async def load_threads(self, limit: int, after: str | None, order: str, context: Any) -> Any: ...
        async def delete_thread(self, thread_id: str, context: Any) -> None: ...
        async def delete_thread_item(self, thread_id: str, item_id: str, context: Any) -> None: ...
        async def save_attachment(self, attachment: Any, context: Any) -> None: ...
        async def load_attachment(self, attachment_id: str, context: Any) -> Any: ...
        async def delete_attachment(self, attachment_id: str, context: Any) -> None: ...

    return GuideStore()
