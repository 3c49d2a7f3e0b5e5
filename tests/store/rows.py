"""Reaching below the contract: rows as another version of the program would have written them."""

from dataclasses import replace

from sqlalchemy import update

from chatkit_asgi.store import Store
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.store.sql import SQLAlchemyStore, Tables

STRANGE = '{"type": "hologram", "from": "the future"}'


async def spoil(store: Store, table: str, id: str) -> None:
    """Replace a row's document by one that no model of ours understands."""
    if isinstance(store, SQLAlchemyStore):
        rows = Tables(store.engine.dialect.name).metadata.tables[table]
        async with store.database.write() as connection:
            await connection.execute(update(rows).where(rows.c.id == id).values(document=STRANGE))
    elif isinstance(store, MemoryStore):
        content = store._contents.get("thr_1")
        places = {"threads": store._threads, "attachments": store._attachments}
        rows_by_id = places.get(table) or (content.items if content else {})
        rows_by_id[id] = replace(rows_by_id[id], document=STRANGE)
