"""`SQLAlchemyStore`: the `Store` contract on SQLite and PostgreSQL, and a shorthand for each."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from copy import copy
from functools import partial
from os import PathLike, fspath
from re import compile
from typing import Any, TypeVar, cast

from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from chatkit_asgi.clock import utcnow
from chatkit_asgi.context import OwnerOf, owner_of
from chatkit_asgi.errors import InvalidRequestError, NotFoundError
from chatkit_asgi.locale import user_text
from chatkit_asgi.store.base import Store, TContext, is_overridden
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
    read_shown_item,
    read_shown_thread,
    read_thread,
    retitled,
    write_attachment,
    write_item,
    write_thread,
)
from chatkit_asgi.store.outbox import Outbox, Usage, blob_of, size_of
from chatkit_asgi.store.search import (
    SearchResult,
    make_snippet,
    query_words,
    search_limit,
    searched_text,
)
from chatkit_asgi.store.shown import ShownItem, ShownThread
from chatkit_asgi.store.sql.access import Rows
from chatkit_asgi.store.sql.database import Database
from chatkit_asgi.store.sql.engine import create_engine
from chatkit_asgi.store.sql.models import Tables
from chatkit_asgi.store.sql.outbox import SQLOutbox
from chatkit_asgi.store.sql.search import search_parameters
from chatkit_asgi.store.sql.statements import Pages, Statements
from chatkit_asgi.types import (
    Attachment,
    FeedbackKind,
    Page,
    ThreadItem,
    ThreadMetadata,
    ThreadStatus,
    is_hidden,
)

__all__ = ["PostgresStore", "SQLAlchemyStore", "SQLiteStore"]

T = TypeVar("T")

Parameters = dict[str, object]

UNSTORABLE = compile(r"[\x00\ud800-\udfff]")
"""What no database takes in a text: NUL, and halves of a surrogate pair."""
IDS_AT_ONCE = 1_000
"""Statements have room for some ten thousand parameters."""


class SQLAlchemyStore(Store[TContext]):
    """Keeps everything in a database, which may be an application's own; `migrate` makes the tables.

    `engine` is one of `create_engine`, or any AsyncEngine for SQLite or PostgreSQL; it stays as it is. The
    tables are in the `schema` (PostgreSQL), their names begin with the `table_prefix`. `owner_of` tells from
    a context whose rows it may see. Making a store opens no connection. Raises InvalidRequestError for an
    engine or names that cannot be used.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        owner_of: OwnerOf = owner_of,
        schema: str | None = None,
        table_prefix: str = "",
        owns_engine: bool = False,
    ) -> None:
        self.database = Database(engine)
        self._owner_of = owner_of
        self._owns_engine = owns_engine
        self.tables = Tables(engine.dialect.name, schema=schema, prefix=table_prefix)
        self._sql = Statements(self.tables)
        self._outbox = SQLOutbox(self.database, self.tables)

    @property
    def outbox(self) -> Outbox:
        return self._outbox

    @property
    def engine(self) -> AsyncEngine:
        """The engine it was made with."""
        return self.database.engine

    async def ping(self) -> None:
        """Raises BackendError when the database does not answer."""
        await self.database.ping()

    async def aclose(self) -> None:
        """Close the database connections, where the engine was made for this store (`owns_engine`)."""
        if self._owns_engine:
            await self.database.aclose()

    def owner_of(self, context: TContext) -> str:
        return self._owner_of(context)

    def as_owner(self, owner: str) -> "SQLAlchemyStore[object]":
        """This store, sharing its transactions, for one owner whatever context it is given."""
        sibling = cast(SQLAlchemyStore[object], copy(self))
        sibling._owner_of = lambda _context: owner
        sibling._owns_engine = False
        return sibling

    async def set_status(self, thread_id: str, status: ThreadStatus) -> None:
        """Lock, close or open a thread, whosever it is: for operators. Raises NotFoundError."""
        found = await self.database.fetch(self._sql.thread_owner, {"id_": _storable(thread_id)})
        if not found:
            raise _no_thread(thread_id)
        theirs = self.as_owner(_value(found))
        async with theirs.transaction():
            thread = await theirs.load_thread(thread_id, None)
            await theirs.save_thread(thread.model_copy(update={"status": status}), None)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        async with self.database.transaction():
            yield

    async def load_thread(self, thread_id: str, context: TContext) -> ThreadMetadata:
        return await self._load_thread(thread_id, context, read_thread)

    async def load_shown_thread(self, thread_id: str, context: TContext) -> ShownThread:
        if is_overridden(self, SQLAlchemyStore, "load_thread"):
            return await super().load_shown_thread(thread_id, context)
        return await self._load_thread(thread_id, context, read_shown_thread)

    async def save_thread(self, thread: ThreadMetadata, context: TContext) -> None:
        row = {**self._mine(context, id=thread.id), "now_": utcnow(), "document_": write_thread(thread)}
        if not await self.database.change(self._sql.save_thread, row):
            raise _no_thread(thread.id)

    async def rename_thread(self, thread_id: str, title: str, context: TContext) -> ShownThread:
        if is_overridden(self, SQLAlchemyStore, "load_thread", "save_thread"):
            return await super().rename_thread(thread_id, title, context)
        async with self.database.transaction():
            document = await self._load_thread(thread_id, context, partial(retitled, title=title))
            row = {**self._mine(context, id=thread_id), "now_": utcnow(), "document_": document}
            await self.database.change(self._sql.save_thread, row)
        shown = read_shown_thread(document, thread_id)
        if shown is None:
            raise _no_thread(thread_id)
        return shown

    async def load_threads(
        self, limit: int, after: str | None, order: str, context: TContext
    ) -> Page[ThreadMetadata]:
        return await self._thread_page(limit, after, order, context, read_thread)

    async def load_shown_threads(
        self, limit: int, after: str | None, order: str, context: TContext
    ) -> Page[ShownThread]:
        if is_overridden(self, SQLAlchemyStore, "load_threads"):
            return await super().load_shown_threads(limit, after, order, context)
        return await self._thread_page(limit, after, order, context, read_shown_thread)

    async def delete_thread(self, thread_id: str, context: TContext) -> None:
        mine = self._mine(context, id=thread_id, thread_id=thread_id)
        async with self.database.transaction():
            # its items, feedback and turns go with it; everyone locks the thread first, attachments later
            if await self.database.change(self._sql.delete_thread, mine):
                await self._outbox.add(await self.database.change(self._sql.delete_attachments, mine))

    async def delete_everything(self, context: TContext) -> None:
        mine = self._mine(context)
        async with self.database.transaction():
            await self.database.change(self._sql.delete_all_threads, mine)
            await self.database.change(self._sql.delete_all_days, mine)
            await self._outbox.add(await self.database.change(self._sql.delete_all_attachments, mine))

    async def load_thread_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: TContext
    ) -> Page[ThreadItem]:
        return await self._item_page(self._sql.items, thread_id, after, limit, order, context, read_item)

    async def load_visible_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: TContext
    ) -> Page[ThreadItem]:
        visible = self._sql.visible_items
        return await self._item_page(visible, thread_id, after, limit, order, context, read_item)

    async def load_shown_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: TContext
    ) -> Page[ShownItem]:
        if is_overridden(self, SQLAlchemyStore, "load_visible_items"):
            return await super().load_shown_items(thread_id, after, limit, order, context)
        visible = self._sql.visible_items
        return await self._item_page(visible, thread_id, after, limit, order, context, read_shown_item)

    async def add_thread_item(self, thread_id: str, item: ThreadItem, context: TContext) -> None:
        await self.save_item(thread_id, item, context)

    async def save_item(self, thread_id: str, item: ThreadItem, context: TContext) -> None:
        row = {**self._mine(context, thread_id=thread_id, id=item.id), "now_": utcnow()}
        row |= {"hidden_": is_hidden(item), "document_": write_item(item)}
        if not await self.database.change(self._sql.save_item, row):
            raise _no_thread(thread_id)

    async def load_item(self, thread_id: str, item_id: str, context: TContext) -> ThreadItem:
        mine = self._mine(context, thread_id=thread_id, id=item_id)
        found = _value(await self.database.fetch(self._sql.load_item, mine))
        item = None if found is None else read_item(found, item_id)
        if item is None:
            raise _no_item(item_id)
        return item

    async def delete_thread_item(self, thread_id: str, item_id: str, context: TContext) -> None:
        mine = self._mine(context, thread_id=thread_id, id=item_id)
        await self.database.change(self._sql.delete_item, mine)

    async def load_thread_for_turn(self, thread_id: str, context: TContext) -> ThreadMetadata:
        mine = self._mine(context, id=thread_id, thread_id=thread_id)
        async with self.database.transaction():
            found = await self.database.fetch(self._sql.load_thread_for_turn, mine)
            document, has_superseded = found[0] if found else (None, False)
            if has_superseded:
                await self.database.change(self._sql.restore_items, mine)
        return _found(thread_id, None if document is None else read_thread(document, thread_id))

    async def supersede_items(self, thread_id: str, after: str, context: TContext) -> list[ThreadItem]:
        mine = self._mine(context, thread_id=thread_id, id=after)
        async with self.database.transaction():
            position = _value(await self.database.fetch(self._sql.items.find, mine))
            if position is None:
                raise _no_item(after)
            await self.database.change(self._sql.supersede_items, {**mine, "position_": position})
        return []

    async def restore_superseded_items(
        self, thread_id: str, items: Sequence[ThreadItem], context: TContext
    ) -> None:
        await self.database.change(self._sql.restore_items, self._mine(context, thread_id=thread_id))

    async def delete_superseded_items(self, thread_id: str, context: TContext) -> None:
        await self.database.change(self._sql.delete_superseded, self._mine(context, thread_id=thread_id))

    async def save_attachment(self, attachment: Attachment, context: TContext) -> None:
        row = {**self._mine(context, id=attachment.id), "thread_id_": attachment.thread_id}
        row |= {"now_": utcnow(), "document_": write_attachment(attachment)}
        row |= {"blob_": blob_of(attachment), "size_": size_of(attachment)}
        if not await self.database.change(self._sql.save_attachment, row):
            raise _no_attachment(attachment.id)

    async def load_attachment(self, attachment_id: str, context: TContext) -> Attachment:
        mine = self._mine(context, id=attachment_id)
        in_transaction = self.database.is_in_transaction
        statement = self._sql.load_attachment_to_change if in_transaction else self._sql.load_attachment
        found = _value(await self.database.fetch(statement, mine))
        attachment = None if found is None else read_attachment(found, attachment_id)
        if attachment is None:
            raise _no_attachment(attachment_id)
        return attachment

    async def delete_attachment(self, attachment_id: str, context: TContext) -> None:
        mine = self._mine(context, id=attachment_id)
        async with self.database.transaction():
            await self._outbox.add(await self.database.change(self._sql.delete_attachment, mine))

    async def load_usage(self, context: TContext) -> Usage:
        return await self._outbox.usage(_storable(self._owner_of(context)))

    async def save_feedback(
        self, thread_id: str, item_ids: list[str], kind: FeedbackKind, context: TContext
    ) -> None:
        row = {**self._mine(context, thread_id=thread_id), "kind_": kind, "now_": utcnow()}
        ids = [item_id for item_id in item_ids if not UNSTORABLE.search(item_id)]
        thread = self._mine(context, id=thread_id)
        async with self.database.transaction():
            # locked, so that nobody deletes it meanwhile
            if not await self.database.fetch(self._sql.load_thread_to_change, thread):
                raise _no_thread(thread_id)
            async with self.database.write() as connection:
                for start in range(0, len(ids), IDS_AT_ONCE):
                    some = ids[start : start + IDS_AT_ONCE]
                    await connection.execute(self._sql.save_feedback, {**row, "ids_": some})

    async def load_feedback(self, thread_id: str, context: TContext) -> dict[str, FeedbackKind]:
        await self._require_thread(thread_id, context)
        rows = await self.database.fetch(self._sql.load_feedback, self._mine(context, thread_id=thread_id))
        return dict(rows)

    async def search(self, query: str, context: TContext, *, limit: int = 20) -> Page[SearchResult]:
        count, words = search_limit(limit), query_words(query)
        if not words:
            return Page()
        owner = _storable(self._owner_of(context))
        row = {**search_parameters(self.tables.dialect, words, owner), "count_": count + 1}
        rows = await self.database.fetch(self._sql.search, row)
        found = [_search_result(words, *row) for row in rows[:count]]
        return Page(data=[result for result in found if result is not None], has_more=len(rows) > count)

    async def _load_thread(
        self, thread_id: str, context: TContext, read: Callable[[str, str], T | None]
    ) -> T:
        in_transaction = self.database.is_in_transaction
        statement = self._sql.load_thread_to_change if in_transaction else self._sql.load_thread
        found = _value(await self.database.fetch(statement, self._mine(context, id=thread_id)))
        return _found(thread_id, None if found is None else read(found, thread_id))

    async def _thread_page(
        self,
        limit: int,
        after: str | None,
        order: str,
        context: TContext,
        read: Callable[[str, str], T | None],
    ) -> Page[T]:
        rows = await self._rows(self._sql.threads, self._mine(context), limit, after, order)
        if rows is None:
            raise unknown_cursor()
        return to_page(rows, limit, after, read)

    async def _item_page(
        self,
        pages: Pages,
        thread_id: str,
        after: str | None,
        limit: int,
        order: str,
        context: TContext,
        read: Callable[[str, str], T | None],
    ) -> Page[T]:
        mine = self._mine(context, thread_id=thread_id)
        rows = await self._rows(pages, mine, limit, after, order)
        if not rows:
            await self._require_thread(thread_id, context)
        if rows is None:
            raise unknown_cursor()
        return to_page(rows, limit, after, read)

    async def _require_thread(self, thread_id: str, context: TContext) -> None:
        if not await self.database.fetch(self._sql.threads.find, self._mine(context, id=thread_id)):
            raise _no_thread(thread_id)

    async def _rows(
        self, pages: Pages, mine: Parameters, limit: int, after: str | None, order: str
    ) -> Rows | None:
        """One row more than `limit` beyond the cursor; None when nothing is known by it."""
        ascending = is_ascending(order)
        position = (START if ascending else END) if after is None else from_cursor(after)
        if position is None:
            known = {**mine, "id_": _storable(after or "")}
            position = _value(await self.database.fetch(pages.find, known))
        if position is None:
            return None
        beyond = {**mine, "position_": position, "count_": page_size(limit) + 1}
        return await self.database.fetch(pages.asc if ascending else pages.desc, beyond)

    def _mine(self, context: TContext, **ids: str) -> Parameters:
        """The parameters of a statement: the owner and what it is about."""
        mine = {"owner": self._owner_of(context), **ids}
        return {f"{name}_": _storable(value) for name, value in mine.items()}


class SQLiteStore(SQLAlchemyStore[TContext]):
    """A store in an SQLite file, with an engine of its own."""

    def __init__(
        self, path: str | PathLike[str], *, owner_of: OwnerOf = owner_of, table_prefix: str = ""
    ) -> None:
        engine = create_engine(URL.create("sqlite", database=fspath(path)))
        super().__init__(engine, owner_of=owner_of, table_prefix=table_prefix, owns_engine=True)


class PostgresStore(SQLAlchemyStore[TContext]):
    """A store in the PostgreSQL database of a ``postgresql://…`` URL, with an engine of its own."""

    def __init__(
        self, dsn: str, *, owner_of: OwnerOf = owner_of, schema: str | None = None, table_prefix: str = ""
    ) -> None:
        super().__init__(
            create_engine(dsn),
            owner_of=owner_of,
            schema=schema,
            table_prefix=table_prefix,
            owns_engine=True,
        )


def _search_result(
    words: Sequence[str], thread_id: str, document: str, item_id: str | None, item_document: str | None
) -> SearchResult | None:
    """What was found; None when a newer release wrote it and this one does not understand it."""
    thread = read_thread(document, thread_id)
    item = read_item(item_document, item_id) if item_id and item_document else None
    if thread is None or (item_id and item is None):
        return None
    text = searched_text(item) if item else thread.title or ""
    return SearchResult(thread=thread, item_id=item_id, snippet=make_snippet(text, words))


def _value(rows: Rows) -> Any:  # Any: a column of any type
    """What a query for one value found, or None."""
    return rows[0][0] if rows else None


def _storable(value: str) -> str:
    """An id or owner as it is. Raises InvalidRequestError for what a database's text cannot hold."""
    if UNSTORABLE.search(value):
        raise InvalidRequestError("An identifier holds characters that cannot be stored.")
    return value


def _found(thread_id: str, thread: T | None) -> T:
    if thread is None:
        raise _no_thread(thread_id)
    return thread


def _no_thread(thread_id: str) -> NotFoundError:
    return NotFoundError(user_text("Thread {id} was not found.", id=thread_id))


def _no_item(item_id: str) -> NotFoundError:
    return NotFoundError(user_text("Item {id} was not found.", id=item_id))


def _no_attachment(attachment_id: str) -> NotFoundError:
    return NotFoundError(user_text("Attachment {id} was not found.", id=attachment_id))
