"""What is in the database, whoever wrote it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
from sqlalchemy import select

from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.sql import SQLAlchemyStore, create_engine
from chatkit_asgi.types import (
    AssistantMessageItem,
    SDKHiddenContextItem,
    ThreadItem,
    UserMessageItem,
)
from tests.processes.workers import BOUND, LOOK_SECONDS

__all__ = ["EVERYBODY", "Database", "Turn", "database", "notes_of", "questions_of", "texts_of"]

EVERYBODY = RequestContext(user_id="local")
"""The one user of an app without authentication."""


@dataclass(frozen=True)
class Turn:
    """A row of the table of turns."""

    id: str
    thread_id: str
    status: str
    error: str | None
    has_finished: bool


class Database:
    """Looks into the database of an installation."""

    def __init__(self, store: SQLAlchemyStore[Any]) -> None:
        self.store = store

    async def turns(self, thread_id: str | None = None) -> list[Turn]:
        """All turns, oldest first; or those of one thread."""
        turns = self.store.tables.turns
        columns = turns.c.id, turns.c.thread_id, turns.c.status, turns.c.error, turns.c.finished_at
        asked = select(*columns).order_by(turns.c.started_at)
        async with self.store.database.read() as connection:
            rows = (await connection.execute(asked)).all()
        found = [Turn(row[0], row[1], row[2], row[3], row[4] is not None) for row in rows]
        return [turn for turn in found if thread_id in (None, turn.thread_id)]

    async def no_turn_runs(self, thread_id: str | None = None, bound: float = BOUND) -> None:
        """Wait until all turns have ended, or those of one thread."""
        with anyio.fail_after(bound):
            while any(turn.status == "running" for turn in await self.turns(thread_id)):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)

    async def statuses(self) -> Counter[str]:
        """How many turns are in each state."""
        return Counter(turn.status for turn in await self.turns())

    async def items(self, thread_id: str) -> Sequence[ThreadItem]:
        """All current items of a thread, hidden ones included."""
        return (await self.store.load_thread_items(thread_id, None, 1000, "asc", EVERYBODY)).data

    async def shown(self, thread_id: str) -> Sequence[ThreadItem]:
        """What the user sees of a thread: while an answer is replaced, the old one too."""
        return (await self.store.load_visible_items(thread_id, None, 1000, "asc", EVERYBODY)).data

    async def thread_ids(self) -> list[str]:
        threads = self.store.tables.threads
        async with self.store.database.read() as connection:
            return [row[0] for row in await connection.execute(select(threads.c.id))]


def texts_of(items: Sequence[ThreadItem]) -> dict[str, str]:
    """The assistant's messages by id."""
    messages = [item for item in items if isinstance(item, AssistantMessageItem)]
    return {item.id: "".join(part.text for part in item.content) for item in messages}


def questions_of(items: Sequence[ThreadItem]) -> list[str]:
    """What the user has said."""
    asked = [item for item in items if isinstance(item, UserMessageItem)]
    return ["".join(part.text for part in item.content) for item in asked]


def notes_of(items: Sequence[ThreadItem]) -> list[str]:
    """What only the model is told."""
    return [str(item.content) for item in items if isinstance(item, SDKHiddenContextItem)]


@asynccontextmanager
async def database(url: str) -> AsyncIterator[Database]:
    store: SQLAlchemyStore[Any] = SQLAlchemyStore(create_engine(url), owns_engine=True)
    try:
        yield Database(store)
    finally:
        await store.aclose()
