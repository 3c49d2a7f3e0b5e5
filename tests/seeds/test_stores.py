"""Stores of applications' own on a database, and what the contracts give without being asked."""

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it has no annotations
import pytest
from sqlalchemy.engine import make_url

from chatkit_asgi.context import RequestContext
from chatkit_asgi.store import AttachmentStore, NotFoundError
from chatkit_asgi.types import AttachmentCreateParams, ThreadMetadata
from tests.factories import make_attachment, make_thread
from tests.postgres import new_database
from tests.seeds.stores import TABLES, Context, MyChatKitStore, PostgresStore
from tests.seeds.test_quickstart import MyChatKitServer
from tests.server.client import ask, message, stream


@pytest.fixture(scope="module")
def database(postgres_server: str) -> Iterator[str]:
    with new_database(postgres_server) as url:
        yield url


@pytest.fixture
async def postgres_store(database: str) -> AsyncIterator[PostgresStore]:
    dsn = make_url(database).set(drivername="postgresql").render_as_string(hide_password=False)
    async with asyncpg.create_pool(dsn, min_size=1, max_size=2) as pool:
        await pool.execute(TABLES)
        yield PostgresStore(pool)


async def test_store_on_postgres_serves_every_request(postgres_store: PostgresStore, caller: Context) -> None:
    server = MyChatKitServer(postgres_store)
    await postgres_store.save_attachment(make_attachment(), caller)
    events = await stream(server, "threads.create", caller, input=message(attachments=["atc_1"]))
    thread_id, first = events[0]["thread"]["id"], events[1]["item"]["id"]
    assert len(thread_id) == len("thr_") + 12
    await stream(server, "threads.retry_after_item", caller, thread_id=thread_id, item_id=first)
    await ask(server, "threads.update", caller, thread_id=thread_id, title="Mine")
    opened = await ask(server, "threads.get_by_id", caller, thread_id=thread_id)
    assert opened["title"] == "Mine"
    assert [item["type"] for item in opened["items"]["data"]] == ["user_message", "assistant_message"]
    assert (await postgres_store.load_attachment("atc_1", caller)).thread_id == thread_id
    with pytest.raises(NotFoundError):
        await ask(server, "threads.get_by_id", {"user_id": "bob"}, thread_id=thread_id)
    await ask(server, "threads.delete", caller, thread_id=thread_id)
    assert (await ask(server, "threads.list", caller))["data"] == []


class RowStore(MyChatKitStore):
    """Keeps threads as rows of JSON, through a driver that blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.conn = sqlite3.connect(":memory:")
        self.conn.execute(
            "CREATE TABLE threads (id TEXT PRIMARY KEY, user_id TEXT, created_at TEXT, data TEXT)"
        )

    async def load_thread(self, thread_id: str, context: Any) -> ThreadMetadata:
        statement = "SELECT data FROM threads WHERE id = ? AND user_id = ?"
        row = self.conn.execute(statement, (thread_id, context.user_id)).fetchone()
        if row is None:
            raise NotFoundError(f"Thread {thread_id} not found")
        return ThreadMetadata.model_validate(json.loads(row[0]))

    async def save_thread(self, thread: ThreadMetadata, context: Any) -> None:
        payload = json.dumps(thread.model_dump(mode="json"))
        row = (thread.id, context.user_id, thread.created_at.isoformat(), payload)
        self.conn.execute("INSERT OR REPLACE INTO threads VALUES (?, ?, ?, ?)", row)


async def test_store_of_dict_rows_takes_what_the_server_saves(context: RequestContext) -> None:
    store = RowStore()
    server = MyChatKitServer(store)
    events = await stream(server, "threads.create", context, input=message())
    thread_id = events[0]["thread"]["id"]
    opened = await ask(server, "threads.get_by_id", context, thread_id=thread_id)
    store.conn.close()
    assert [item["type"] for item in opened["items"]["data"]] == ["user_message", "assistant_message"]


class DeletingStore(AttachmentStore[Context]):
    async def delete_attachment(self, attachment_id: str, context: Context) -> None: ...


async def test_attachment_store_has_to_delete_and_may_create(caller: Context) -> None:
    attachments = DeletingStore()
    params = AttachmentCreateParams(name="a", size=1, mime_type="text/plain")
    with pytest.raises(NotImplementedError, match="DeletingStore"):
        await attachments.create_attachment(params, caller)
    assert attachments.generate_attachment_id("text/plain", caller).startswith("atc_")


async def test_ids_can_be_of_the_application_s_own_making(caller: Context) -> None:
    class OwnIds(MyChatKitStore):
        def generate_thread_id(self, context: Context) -> str:
            return f"{context['user_id']}-thread"

        def generate_item_id(self, item_type: str, thread: ThreadMetadata, context: Context) -> str:
            return f"{thread.id}-{item_type}-{len(self.items[thread.id])}"

    events = await stream(MyChatKitServer(OwnIds()), "threads.create", caller, input=message())
    assert events[0]["thread"]["id"] == "alice-thread"
    items = [event["item"]["id"] for event in events if event["type"] == "thread.item.done"]
    assert items == ["alice-thread-message-0", "alice-thread-message-1"]


def test_generated_ids_differ(store: MyChatKitStore, caller: Context) -> None:
    thread = make_thread()
    assert len({store.generate_item_id("message", thread, caller) for _ in range(1000)}) == 1000
