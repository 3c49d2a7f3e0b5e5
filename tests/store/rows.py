"""Reaching below the contract: rows as another version of the program would have written them."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Table, select, update

from chatkit_asgi.store import Store
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.store.sql import SQLAlchemyStore

STRANGE = '{"type": "hologram", "from": "the future"}'

Json = dict[str, Any]  # Any: JSON


async def spoil(store: Store, table: str, id: str) -> None:
    """Replace a row's document by one that no model of ours understands."""
    await _write(store, table, id, STRANGE)


async def rewrite(store: Store, table: str, id: str, change: Callable[[Json], object]) -> None:
    """Let `change` do to a row's document what it likes."""
    document = await read(store, table, id)
    change(document)
    await _write(store, table, id, json.dumps(document))


async def read(store: Store, table: str, id: str) -> Json:
    """A row's document as it lies there."""
    if isinstance(store, SQLAlchemyStore):
        rows = _table(store, table)
        async with store.database.read() as connection:
            text = await connection.scalar(select(rows.c.document).where(rows.c.id == id))
    else:
        text = _memory_rows(store, table)[id].document
    document: Json = json.loads(text or "")
    return document


async def _write(store: Store, table: str, id: str, document: str) -> None:
    if isinstance(store, SQLAlchemyStore):
        rows = _table(store, table)
        async with store.database.write() as connection:
            await connection.execute(update(rows).where(rows.c.id == id).values(document=document))
    else:
        found = _memory_rows(store, table)
        found[id] = replace(found[id], document=document)


def _table(store: SQLAlchemyStore, name: str) -> Table:
    table: Table = getattr(store.tables, name)
    return table


def _memory_rows(store: Store, table: str) -> Any:  # Any: rows are private
    assert isinstance(store, MemoryStore)
    if table == "items":
        return store._contents["thr_1"].items
    return {"threads": store._threads, "attachments": store._attachments}[table]
