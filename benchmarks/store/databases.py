"""Databases to measure on, set up as they come: what is committed stays, whatever happens to the process."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.sql import SQLAlchemyStore, create_engine, migrate
from chatkit_asgi.types import AssistantMessageContent, AssistantMessageItem, ThreadItem, ThreadMetadata
from tests.postgres import own_server

__all__ = ["CONTEXT", "DATABASES", "THREAD", "database", "filled_store", "make_item"]

DATABASES = ("PostgreSQL", "SQLite")
DURABLE = dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes", "autovacuum"), "on")
CONTEXT = RequestContext(user_id="alice")
MOMENT = "2026-01-02T03:04:05Z"
THREAD = ThreadMetadata.model_validate({"id": "thr_1", "title": "A conversation", "created_at": MOMENT})
ITEMS = 1_000
ANSWER = "An answer of some words, as assistants give them when they are asked about this and that. " * 4


@contextmanager
def database(name: str, **settings: str) -> Iterator[str]:
    """The URL of a new database, on a server with these settings."""
    if name == "SQLite":
        with TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'chatkit.db'}"
        return
    with own_server(**DURABLE, **settings) as server:
        yield server.url


@asynccontextmanager
async def filled_store(url: str) -> AsyncIterator[SQLAlchemyStore[RequestContext]]:
    """A store with a thread of some items."""
    store: SQLAlchemyStore[RequestContext] = SQLAlchemyStore(create_engine(url), owns_engine=True)
    await migrate(store.engine)
    async with store.transaction():
        await store.save_thread(THREAD, CONTEXT)
        for number in range(ITEMS):
            await store.add_thread_item(THREAD.id, make_item(f"msg_{number}"), CONTEXT)
    async with store.engine.connect() as connection:
        await connection.execute(text("ANALYZE"))
        await connection.commit()
    yield store
    await store.aclose()


def make_item(id: str) -> ThreadItem:
    return AssistantMessageItem.model_validate(
        {
            "id": id,
            "thread_id": THREAD.id,
            "created_at": MOMENT,
            "content": [AssistantMessageContent(text=ANSWER)],
        }
    )
