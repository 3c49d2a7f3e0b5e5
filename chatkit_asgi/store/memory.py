"""`MemoryStore`: the reference of what a store does, for tests and trials. Nothing outlives the process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from math import log
from operator import attrgetter
from typing import Any, TypeVar

from chatkit_asgi.clock import utcnow
from chatkit_asgi.context import OwnerOf, owner_of
from chatkit_asgi.errors import NotFoundError
from chatkit_asgi.locale import user_text
from chatkit_asgi.store.base import Store, TContext, is_overridden
from chatkit_asgi.store.cursors import (
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
from chatkit_asgi.store.outbox import (
    TAKEN_SECONDS,
    BlobDeletion,
    Outbox,
    Usage,
    blob_of,
    size_of,
)
from chatkit_asgi.store.search import (
    SearchResult,
    folded_words,
    is_match,
    make_snippet,
    query_words,
    search_limit,
    searched_text,
)
from chatkit_asgi.store.shown import ShownItem, ShownThread
from chatkit_asgi.types import Attachment, FeedbackKind, Page, ThreadItem, ThreadMetadata, is_hidden

__all__ = ["MemoryStore"]

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Row:
    """What is kept of a thread, item or attachment; never changed, only replaced."""

    seq: int
    id: str
    owner: str
    document: str
    hidden: bool = False
    superseded: bool = False
    thread_id: str | None = None
    blob: str | None = None
    size: int = 0
    created_at: datetime = field(default_factory=utcnow)


@dataclass(slots=True)
class _Content:
    """What a thread holds."""

    items: dict[str, _Row] = field(default_factory=dict)
    feedback: dict[str, FeedbackKind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where something was found, and how good that is."""

    score: float
    seq: int
    result: SearchResult


Rows = list[tuple[int, str, str]]
"""Sequence number, id and document of each."""
Undo = list[Callable[[], object]]


class MemoryStore(Store[TContext]):
    """Keeps everything in this process, as JSON documents like the database stores do."""

    def __init__(self, *, owner_of: OwnerOf = owner_of) -> None:
        self._owner_of = owner_of
        self._numbers = count(1)
        self._threads: dict[str, _Row] = {}
        self._contents: dict[str, _Content] = {}
        self._attachments: dict[str, _Row] = {}
        self._blob_deletions: dict[str, tuple[datetime, datetime]] = {}  # due, and since when
        self._writing = asyncio.Lock()
        self._undo: ContextVar[Undo | None] = ContextVar("undo", default=None)

    def owner_of(self, context: TContext) -> str:
        return self._owner_of(context)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        if self._undo.get() is not None:
            yield
            return
        async with self._writing:
            undo: Undo = []
            token = self._undo.set(undo)
            try:
                yield
            except BaseException:
                for step in reversed(undo):
                    step()
                raise
            finally:
                self._undo.reset(token)

    async def load_thread(self, thread_id: str, context: TContext) -> ThreadMetadata:
        return _found(thread_id, read_thread(self._thread(thread_id, context).document, thread_id))

    async def load_shown_thread(self, thread_id: str, context: TContext) -> ShownThread:
        if is_overridden(self, MemoryStore, "load_thread"):
            return await super().load_shown_thread(thread_id, context)
        thread = read_shown_thread(self._thread(thread_id, context).document, thread_id)
        if thread is None:
            raise _no_thread(thread_id)
        return thread

    async def save_thread(self, thread: ThreadMetadata, context: TContext) -> None:
        document = write_thread(thread)
        async with self.transaction():
            known = self._threads.get(thread.id)
            if known is not None and known.owner != self._owner_of(context):
                raise _no_thread(thread.id)
            if known is None:
                self._put(self._contents, thread.id, _Content())
            self._put(self._threads, thread.id, self._row(known, thread.id, document, context))

    async def rename_thread(self, thread_id: str, title: str, context: TContext) -> ShownThread:
        if is_overridden(self, MemoryStore, "load_thread", "save_thread"):
            return await super().rename_thread(thread_id, title, context)
        async with self.transaction():
            row = self._thread(thread_id, context)
            document = _found(thread_id, retitled(row.document, thread_id, title=title))
            self._put(self._threads, thread_id, replace(row, document=document))
        shown = read_shown_thread(document, thread_id)
        if shown is None:
            raise _no_thread(thread_id)
        return shown

    async def load_threads(
        self, limit: int, after: str | None, order: str, context: TContext
    ) -> Page[ThreadMetadata]:
        return to_page(self._thread_rows(limit, after, order, context), limit, after, read_thread)

    async def load_shown_threads(
        self, limit: int, after: str | None, order: str, context: TContext
    ) -> Page[ShownThread]:
        if is_overridden(self, MemoryStore, "load_threads"):
            return await super().load_shown_threads(limit, after, order, context)
        return to_page(self._thread_rows(limit, after, order, context), limit, after, read_shown_thread)

    async def delete_thread(self, thread_id: str, context: TContext) -> None:
        owner = self._owner_of(context)
        async with self.transaction():
            if (row := self._threads.get(thread_id)) is None or row.owner != owner:
                return
            self._drop(self._threads, thread_id)
            self._drop(self._contents, thread_id)
            for attachment in list(self._attachments.values()):
                if attachment.thread_id == thread_id and attachment.owner == owner:
                    self._drop_attachment(attachment)

    async def delete_everything(self, context: TContext) -> None:
        owner = self._owner_of(context)
        async with self.transaction():
            for thread in [row for row in self._threads.values() if row.owner == owner]:
                self._drop(self._threads, thread.id)
                self._drop(self._contents, thread.id)
            for attachment in [row for row in self._attachments.values() if row.owner == owner]:
                self._drop_attachment(attachment)

    async def load_thread_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: TContext
    ) -> Page[ThreadItem]:
        items = self._content(thread_id, context).items
        current = [row for row in items.values() if not row.superseded]
        return to_page(_rows(current, items, limit, after, order), limit, after, read_item)

    async def load_visible_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: TContext
    ) -> Page[ThreadItem]:
        rows = self._visible_rows(thread_id, after, limit, order, context)
        return to_page(rows, limit, after, read_item)

    async def load_shown_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: TContext
    ) -> Page[ShownItem]:
        if is_overridden(self, MemoryStore, "load_visible_items"):
            return await super().load_shown_items(thread_id, after, limit, order, context)
        rows = self._visible_rows(thread_id, after, limit, order, context)
        return to_page(rows, limit, after, read_shown_item)

    async def add_thread_item(self, thread_id: str, item: ThreadItem, context: TContext) -> None:
        await self.save_item(thread_id, item, context)

    async def save_item(self, thread_id: str, item: ThreadItem, context: TContext) -> None:
        document = write_item(item)
        async with self.transaction():
            items = self._content(thread_id, context).items
            row = self._row(items.get(item.id), item.id, document, context)
            self._put(items, item.id, replace(row, hidden=is_hidden(item), superseded=False))

    async def load_item(self, thread_id: str, item_id: str, context: TContext) -> ThreadItem:
        row = self._content(thread_id, context).items.get(item_id)
        item = None if row is None or row.superseded else read_item(row.document, item_id)
        if item is None:
            raise _no_item(item_id)
        return item

    async def delete_thread_item(self, thread_id: str, item_id: str, context: TContext) -> None:
        async with self.transaction():
            row = self._threads.get(thread_id)
            if row is not None and row.owner == self._owner_of(context):
                self._drop(self._contents[thread_id].items, item_id)

    async def load_thread_for_turn(self, thread_id: str, context: TContext) -> ThreadMetadata:
        async with self.transaction():
            await self.restore_superseded_items(thread_id, (), context)
            return await self.load_thread(thread_id, context)

    async def supersede_items(self, thread_id: str, after: str, context: TContext) -> list[ThreadItem]:
        async with self.transaction():
            items = self._content(thread_id, context).items
            if after not in items:
                raise _no_item(after)
            for row in [row for row in items.values() if row.seq > items[after].seq]:
                self._put(items, row.id, replace(row, superseded=True))
        return []

    async def restore_superseded_items(
        self, thread_id: str, items: Sequence[ThreadItem], context: TContext
    ) -> None:
        async with self.transaction():
            for row in self._superseded(thread_id, context):
                self._put(self._contents[thread_id].items, row.id, replace(row, superseded=False))

    async def delete_superseded_items(self, thread_id: str, context: TContext) -> None:
        async with self.transaction():
            for row in self._superseded(thread_id, context):
                self._drop(self._contents[thread_id].items, row.id)

    async def save_attachment(self, attachment: Attachment, context: TContext) -> None:
        document = write_attachment(attachment)
        async with self.transaction():
            known = self._attachments.get(attachment.id)
            if known is not None and known.owner != self._owner_of(context):
                raise _no_attachment(attachment.id)
            row = self._row(known, attachment.id, document, context)
            row = replace(row, thread_id=attachment.thread_id, size=size_of(attachment))
            self._put(self._attachments, attachment.id, replace(row, blob=blob_of(attachment) or row.blob))

    async def load_attachment(self, attachment_id: str, context: TContext) -> Attachment:
        row = self._attachments.get(attachment_id)
        mine = row is not None and row.owner == self._owner_of(context)
        attachment = read_attachment(row.document, attachment_id) if row is not None and mine else None
        if attachment is None:
            raise _no_attachment(attachment_id)
        return attachment

    async def delete_attachment(self, attachment_id: str, context: TContext) -> None:
        async with self.transaction():
            row = self._attachments.get(attachment_id)
            if row is not None and row.owner == self._owner_of(context):
                self._drop_attachment(row)

    @property
    def outbox(self) -> Outbox:
        return _MemoryOutbox(self)

    async def load_usage(self, context: TContext) -> Usage:
        owner = self._owner_of(context)
        sizes = [row.size for row in self._attachments.values() if row.owner == owner and row.blob]
        return Usage(len(sizes), sum(sizes))

    def _drop_attachment(self, row: _Row) -> None:
        self._drop(self._attachments, row.id)
        if row.blob is not None:
            now = utcnow()
            self._put(self._blob_deletions, row.blob, (now, now))

    async def search(self, query: str, context: TContext, *, limit: int = 20) -> Page[SearchResult]:
        words, count, owner = query_words(query), search_limit(limit), self._owner_of(context)
        mine = [row for row in self._threads.values() if words and row.owner == owner]
        found = [best for row in mine if (best := self._best(row, words)) is not None]
        found.sort(key=lambda place: (place.score, place.seq), reverse=True)
        return Page(data=[place.result for place in found[:count]], has_more=len(found) > count)

    def _best(self, row: _Row, words: list[str]) -> _Place | None:
        """Where in a thread the words fit best."""
        thread = read_thread(row.document, row.id)
        if thread is None:
            return None
        items = [read_item(item.document, item.id) for item in self._contents[row.id].items.values()]
        texts = [(item.id, searched_text(item), 1) for item in items if item and not is_hidden(item)]
        places = [
            _Place(score, row.seq, SearchResult(thread=thread, item_id=id, snippet=make_snippet(text, words)))
            for id, text, weight in [*texts[::-1], (None, thread.title or "", 10)]
            if (score := weight * _score(text, words))
        ]
        return max(places, key=lambda place: place.score, default=None)

    async def save_feedback(
        self, thread_id: str, item_ids: list[str], kind: FeedbackKind, context: TContext
    ) -> None:
        async with self.transaction():
            content = self._content(thread_id, context)
            for item_id in content.items.keys() & item_ids:
                self._put(content.feedback, item_id, kind)

    async def load_feedback(self, thread_id: str, context: TContext) -> dict[str, FeedbackKind]:
        return dict(self._content(thread_id, context).feedback)

    def _thread_rows(self, limit: int, after: str | None, order: str, context: TContext) -> Rows:
        owner = self._owner_of(context)
        mine = {row.id: row for row in self._threads.values() if row.owner == owner}
        return _rows(mine.values(), mine, limit, after, order)

    def _visible_rows(
        self, thread_id: str, after: str | None, limit: int, order: str, context: TContext
    ) -> Rows:
        items = self._content(thread_id, context).items
        visible = [row for row in items.values() if not row.hidden]
        return _rows(visible, items, limit, after, order)

    def _thread(self, thread_id: str, context: TContext) -> _Row:
        row = self._threads.get(thread_id)
        if row is None or row.owner != self._owner_of(context):
            raise _no_thread(thread_id)
        return row

    def _content(self, thread_id: str, context: TContext) -> _Content:
        return self._contents[self._thread(thread_id, context).id]

    def _superseded(self, thread_id: str, context: TContext) -> list[_Row]:
        known = self._threads.get(thread_id)
        if known is None or known.owner != self._owner_of(context):
            return []
        return [row for row in self._contents[thread_id].items.values() if row.superseded]

    def _row(self, known: _Row | None, id: str, document: str, context: TContext) -> _Row:
        """A row for the document, in the place of the one that is known."""
        if known is not None:
            return replace(known, document=document)
        return _Row(next(self._numbers), id, self._owner_of(context), document)

    def _put(self, table: dict[K, V], key: K, value: V) -> None:
        self._remember(table, key)
        table[key] = value

    def _drop(self, table: dict[K, V], key: K) -> None:
        self._remember(table, key)
        table.pop(key, None)

    def _remember(self, table: dict[K, V], key: K) -> None:
        """Note how the transaction's next change is undone."""
        undo = self._undo.get()
        if undo is not None:
            before = {key: table[key]} if key in table else {}
            undo.append(lambda: (table.pop(key, None), table.update(before)))


class _MemoryOutbox:
    """The `Outbox` of a store in memory, of which it is a part."""

    def __init__(self, store: MemoryStore[Any]) -> None:
        self._store = store
        self._deletions = store._blob_deletions

    async def take(self, count: int) -> list[BlobDeletion]:
        now = utcnow()
        due = [blob for blob, (due_at, _) in self._deletions.items() if due_at <= now][:count]
        taken = [BlobDeletion(blob, self._deletions[blob][1]) for blob in due]
        for each in taken:
            self._deletions[each.blob] = (now + timedelta(seconds=TAKEN_SECONDS), each.created_at)
        return taken

    async def done(self, blob: str, *, again_at: datetime | None = None) -> None:
        _, created_at = self._deletions.pop(blob, (None, utcnow()))
        if again_at is not None:
            self._deletions[blob] = (again_at, created_at)

    async def drop_unsent(self, before: datetime, count: int) -> int:
        store = self._store
        async with store.transaction():
            unsent = [
                row
                for row in store._attachments.values()
                if row.thread_id is None and row.blob is not None and row.created_at < before
            ][:count]
            for row in unsent:
                store._drop_attachment(row)
        return len(unsent)


def _rows(rows: Iterable[_Row], known: dict[str, _Row], limit: int, after: str | None, order: str) -> Rows:
    """One row more than `limit` beyond the cursor, which may be the id of any of the `known` rows."""
    ascending = is_ascending(order)
    if after is not None:
        position = _position(after, known)
        rows = [row for row in rows if (row.seq > position if ascending else row.seq < position)]
    ordered = sorted(rows, key=attrgetter("seq"), reverse=not ascending)
    return [(row.seq, row.id, row.document) for row in ordered[: page_size(limit) + 1]]


def _score(text: str, query: list[str]) -> float:
    """How often the words are in the text, in relation to its length; 0 unless all of them are."""
    words, known = folded_words(" ".join(query)), folded_words(text)
    has_last = any(word.startswith(words[-1]) for word in known)
    if not has_last or not set(words) - {words[-1]} <= set(known):
        return 0
    return sum(is_match(word, words) for word in known) / (1 + log(1 + len(known)))


def _position(after: str, known: dict[str, _Row]) -> int:
    position = from_cursor(after)
    if position is not None:
        return position
    if after not in known:
        raise unknown_cursor()
    return known[after].seq


def _found(thread_id: str, thread: V | None) -> V:
    if thread is None:
        raise _no_thread(thread_id)
    return thread


def _no_thread(thread_id: str) -> NotFoundError:
    return NotFoundError(user_text("Thread {id} was not found.", id=thread_id))


def _no_item(item_id: str) -> NotFoundError:
    return NotFoundError(user_text("Item {id} was not found.", id=item_id))


def _no_attachment(attachment_id: str) -> NotFoundError:
    return NotFoundError(user_text("Attachment {id} was not found.", id=attachment_id))
