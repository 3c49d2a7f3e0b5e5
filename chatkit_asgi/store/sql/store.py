"""`SQLAlchemyStore`: the `Store` contract on SQLite and PostgreSQL, and a shorthand for each."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from os import PathLike, fspath
from re import compile

from sqlalchemy import Row
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chatkit_asgi.clock import utcnow
from chatkit_asgi.context import OwnerOf, owner_of
from chatkit_asgi.errors import InvalidRequestError, NotFoundError
from chatkit_asgi.store.base import Store, TContext
from chatkit_asgi.store.cursors import (
    END,
    START,
    from_cursor,
    is_ascending,
    page_size,
    to_page,
    unknown_cursor,
)
from chatkit_asgi.store.documents import (
    read_attachment,
    read_item,
    read_thread,
    write_attachment,
    write_item,
    write_thread,
)
from chatkit_asgi.store.sql.engine import Database, create_engine
from chatkit_asgi.store.sql.models import Tables
from chatkit_asgi.store.sql.statements import Pages, Statements
from chatkit_asgi.types import Attachment, FeedbackKind, Page, ThreadItem, ThreadMetadata, is_hidden

__all__ = ["PostgresStore", "SQLAlchemyStore", "SQLiteStore"]

Parameters = dict[str, object]

UNSTORABLE = compile(r"[\x00\ud800-\udfff]")
"""What no database takes in a text: NUL, and halves of a surrogate pair."""
IDS_AT_ONCE = 1_000
"""Statements have room for some ten thousand parameters."""


class SQLAlchemyStore(Store[TContext]):
    """Keeps everything in a database; `create_engine` makes the engine, `migrate` the tables.

    `owner_of` tells from a context whose rows it may see. Making a store opens no connection.
    """

    def __init__(self, engine: AsyncEngine, *, owner_of: OwnerOf = owner_of) -> None:
        self.database = Database(engine)
        self._owner_of = owner_of
        self._sql = Statements(Tables(engine.dialect.name))

    @property
    def engine(self) -> AsyncEngine:
        """The engine it was made with."""
        return self.database.engine

    async def ping(self) -> None:
        """Raises BackendError when the database does not answer."""
        await self.database.ping()

    async def aclose(self) -> None:
        """Close the database connections."""
        await self.database.aclose()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        async with self.database.transaction():
            yield

    async def load_thread(self, thread_id: str, context: TContext) -> ThreadMetadata:
        in_transaction = self.database.is_in_transaction
        statement = self._sql.load_thread_to_change if in_transaction else self._sql.load_thread
        async with self.database.read() as connection:
            found = await connection.scalar(statement, self._mine(context, id=thread_id))
        thread = None if found is None else read_thread(found, thread_id)
        if thread is None:
            raise _no_thread(thread_id)
        return thread

    async def save_thread(self, thread: ThreadMetadata, context: TContext) -> None:
        row = {**self._mine(context, id=thread.id), "now_": utcnow(), "document_": write_thread(thread)}
        async with self.database.write() as connection:
            if await connection.scalar(self._sql.save_thread, row) is None:
                raise _no_thread(thread.id)

    async def load_threads(
        self, limit: int, after: str | None, order: str, context: TContext
    ) -> Page[ThreadMetadata]:
        mine = self._mine(context)
        async with self.database.read() as connection:
            rows = await _rows(connection, self._sql.threads, mine, limit, after, order)
        if rows is None:
            raise unknown_cursor()
        return to_page(rows, limit, after, read_thread)

    async def delete_thread(self, thread_id: str, context: TContext) -> None:
        mine = self._mine(context, id=thread_id, thread_id=thread_id)
        async with self.database.write() as connection:
            # its items, feedback and turns go with it; everyone locks the thread first, attachments later
            if (await connection.execute(self._sql.delete_thread, mine)).rowcount:
                await connection.execute(self._sql.delete_attachments, mine)

    async def load_thread_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: TContext
    ) -> Page[ThreadItem]:
        return await self._item_page(self._sql.items, thread_id, after, limit, order, context)

    async def load_visible_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: TContext
    ) -> Page[ThreadItem]:
        return await self._item_page(self._sql.visible_items, thread_id, after, limit, order, context)

    async def add_thread_item(self, thread_id: str, item: ThreadItem, context: TContext) -> None:
        await self.save_item(thread_id, item, context)

    async def save_item(self, thread_id: str, item: ThreadItem, context: TContext) -> None:
        row = {**self._mine(context, thread_id=thread_id, id=item.id), "now_": utcnow()}
        row |= {"hidden_": is_hidden(item), "document_": write_item(item)}
        async with self.database.write() as connection:
            if await connection.scalar(self._sql.save_item, row) is None:
                raise _no_thread(thread_id)

    async def load_item(self, thread_id: str, item_id: str, context: TContext) -> ThreadItem:
        async with self.database.read() as connection:
            mine = self._mine(context, thread_id=thread_id, id=item_id)
            found = await connection.scalar(self._sql.load_item, mine)
        item = None if found is None else read_item(found, item_id)
        if item is None:
            raise _no_item(item_id)
        return item

    async def delete_thread_item(self, thread_id: str, item_id: str, context: TContext) -> None:
        async with self.database.write() as connection:
            await connection.execute(
                self._sql.delete_item, self._mine(context, thread_id=thread_id, id=item_id)
            )

    async def load_thread_for_turn(self, thread_id: str, context: TContext) -> ThreadMetadata:
        mine = self._mine(context, id=thread_id, thread_id=thread_id)
        async with self.database.write() as connection:
            found = (await connection.execute(self._sql.load_thread_for_turn, mine)).first()
            if found is not None and found.has_superseded:
                await connection.execute(self._sql.restore_items, mine)
        thread = None if found is None else read_thread(found.document, thread_id)
        if thread is None:
            raise _no_thread(thread_id)
        return thread

    async def supersede_items(self, thread_id: str, after: str, context: TContext) -> list[ThreadItem]:
        mine = self._mine(context, thread_id=thread_id, id=after)
        async with self.database.write() as connection:
            position = await connection.scalar(self._sql.items.find, mine)
            if position is None:
                raise _no_item(after)
            await connection.execute(self._sql.supersede_items, {**mine, "position_": position})
        return []

    async def restore_superseded_items(
        self, thread_id: str, items: Sequence[ThreadItem], context: TContext
    ) -> None:
        async with self.database.write() as connection:
            await connection.execute(self._sql.restore_items, self._mine(context, thread_id=thread_id))

    async def delete_superseded_items(self, thread_id: str, context: TContext) -> None:
        async with self.database.write() as connection:
            await connection.execute(self._sql.delete_superseded, self._mine(context, thread_id=thread_id))

    async def save_attachment(self, attachment: Attachment, context: TContext) -> None:
        row = {**self._mine(context, id=attachment.id), "thread_id_": attachment.thread_id}
        row |= {"now_": utcnow(), "document_": write_attachment(attachment)}
        async with self.database.write() as connection:
            if await connection.scalar(self._sql.save_attachment, row) is None:
                raise _no_attachment(attachment.id)

    async def load_attachment(self, attachment_id: str, context: TContext) -> Attachment:
        async with self.database.read() as connection:
            found = await connection.scalar(self._sql.load_attachment, self._mine(context, id=attachment_id))
        attachment = None if found is None else read_attachment(found, attachment_id)
        if attachment is None:
            raise _no_attachment(attachment_id)
        return attachment

    async def delete_attachment(self, attachment_id: str, context: TContext) -> None:
        async with self.database.write() as connection:
            await connection.execute(self._sql.delete_attachment, self._mine(context, id=attachment_id))

    async def save_feedback(
        self, thread_id: str, item_ids: list[str], kind: FeedbackKind, context: TContext
    ) -> None:
        row = {**self._mine(context, thread_id=thread_id), "kind_": kind, "now_": utcnow()}
        ids = [item_id for item_id in item_ids if not UNSTORABLE.search(item_id)]
        async with self.database.write() as connection:
            await self._require_thread(connection, thread_id, context)
            for start in range(0, len(ids), IDS_AT_ONCE):
                some = ids[start : start + IDS_AT_ONCE]
                await connection.execute(self._sql.save_feedback, {**row, "ids_": some})

    async def load_feedback(self, thread_id: str, context: TContext) -> dict[str, FeedbackKind]:
        async with self.database.read() as connection:
            await self._require_thread(connection, thread_id, context)
            rows = await connection.execute(self._sql.load_feedback, self._mine(context, thread_id=thread_id))
        return {row.item_id: row.kind for row in rows}

    async def _item_page(
        self, pages: Pages, thread_id: str, after: str | None, limit: int, order: str, context: TContext
    ) -> Page[ThreadItem]:
        mine = self._mine(context, thread_id=thread_id)
        async with self.database.read() as connection:
            rows = await _rows(connection, pages, mine, limit, after, order)
            if not rows:
                await self._require_thread(connection, thread_id, context)
        if rows is None:
            raise unknown_cursor()
        return to_page(rows, limit, after, read_item)

    async def _require_thread(self, connection: AsyncConnection, thread_id: str, context: TContext) -> None:
        if await connection.scalar(self._sql.threads.find, self._mine(context, id=thread_id)) is None:
            raise _no_thread(thread_id)

    def _mine(self, context: TContext, **ids: str) -> Parameters:
        """The parameters of a statement: the owner and what it is about."""
        mine = {"owner": self._owner_of(context), **ids}
        return {f"{name}_": _storable(value) for name, value in mine.items()}


class SQLiteStore(SQLAlchemyStore[TContext]):
    """A store in an SQLite file."""

    def __init__(self, path: str | PathLike[str], *, owner_of: OwnerOf = owner_of) -> None:
        super().__init__(create_engine(URL.create("sqlite", database=fspath(path))), owner_of=owner_of)


class PostgresStore(SQLAlchemyStore[TContext]):
    """A store in the PostgreSQL database of a ``postgresql://…`` URL."""

    def __init__(self, dsn: str, *, owner_of: OwnerOf = owner_of) -> None:
        super().__init__(create_engine(dsn), owner_of=owner_of)


async def _rows(
    connection: AsyncConnection, pages: Pages, mine: Parameters, limit: int, after: str | None, order: str
) -> Sequence[Row[int, str, str]] | None:
    """One row more than `limit` beyond the cursor; None when nothing is known by it."""
    ascending = is_ascending(order)
    position = (START if ascending else END) if after is None else from_cursor(after)
    if position is None:
        position = await connection.scalar(pages.find, {**mine, "id_": _storable(after or "")})
    if position is None:
        return None
    beyond = {**mine, "position_": position, "count_": page_size(limit) + 1}
    return (await connection.execute(pages.asc if ascending else pages.desc, beyond)).all()


def _storable(value: str) -> str:
    """An id or owner as it is. Raises InvalidRequestError for what a database's text cannot hold."""
    if UNSTORABLE.search(value):
        raise InvalidRequestError("An identifier holds characters that cannot be stored.")
    return value


def _no_thread(thread_id: str) -> NotFoundError:
    return NotFoundError(f"Thread {thread_id} was not found.")


def _no_item(item_id: str) -> NotFoundError:
    return NotFoundError(f"Item {item_id} was not found.")


def _no_attachment(attachment_id: str) -> NotFoundError:
    return NotFoundError(f"Attachment {attachment_id} was not found.")
