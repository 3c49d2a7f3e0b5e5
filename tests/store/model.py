"""What a store promises, as simply as it can be said: dictionaries, and lists that are sorted when needed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import TypeVar

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import InvalidRequestError, NotFoundError
from chatkit_asgi.types import Attachment, FeedbackKind, Page, ThreadItem, ThreadMetadata, is_hidden

__all__ = ["Cursor", "Model"]

T = TypeVar("T")

Cursor = int | str | None
"""The position of the last row seen, a row's id, or nothing yet."""


@dataclass(frozen=True)
class _Thread:
    position: int
    owner: str
    value: ThreadMetadata


@dataclass(frozen=True)
class _Item:
    position: int
    value: ThreadItem
    superseded: bool = False


class Model:
    """The methods of `Store`, at once instead of awaited. Pages carry the last position as their cursor."""

    def __init__(self) -> None:
        self._positions = count()
        self._threads: dict[str, _Thread] = {}
        self._items: dict[str, dict[str, _Item]] = {}
        self._feedback: dict[str, dict[str, FeedbackKind]] = {}
        self._attachments: dict[str, tuple[str, Attachment]] = {}

    def load_thread(self, thread_id: str, context: RequestContext) -> ThreadMetadata:
        return self._mine(thread_id, context).value

    def save_thread(self, thread: ThreadMetadata, context: RequestContext) -> None:
        if thread.id in self._threads:
            self._threads[thread.id] = replace(self._mine(thread.id, context), value=thread)
            return
        self._threads[thread.id] = _Thread(next(self._positions), context.user_id, thread)
        self._items[thread.id] = {}
        self._feedback[thread.id] = {}

    def load_threads(
        self, limit: int, after: Cursor, order: str, context: RequestContext
    ) -> Page[ThreadMetadata]:
        mine = {
            id: (row.position, row.value) for id, row in self._threads.items() if row.owner == context.user_id
        }
        return _page(mine.values(), _position(after, {id: row[0] for id, row in mine.items()}), limit, order)

    def delete_thread(self, thread_id: str, context: RequestContext) -> None:
        if not self._is_mine(thread_id, context):
            return
        del self._threads[thread_id], self._items[thread_id], self._feedback[thread_id]
        self._attachments = {
            id: (owner, attachment)
            for id, (owner, attachment) in self._attachments.items()
            if (owner, attachment.thread_id) != (context.user_id, thread_id)
        }

    def load_thread_items(
        self, thread_id: str, after: Cursor, limit: int, order: str, context: RequestContext
    ) -> Page[ThreadItem]:
        items = self._items_of(thread_id, context)
        rows = [(row.position, row.value) for row in items.values() if not row.superseded]
        return _page(rows, _position(after, _positions(items)), limit, order)

    def load_visible_items(
        self, thread_id: str, after: Cursor, limit: int, order: str, context: RequestContext
    ) -> Page[ThreadItem]:
        items = self._items_of(thread_id, context)
        rows = [(row.position, row.value) for row in items.values() if not is_hidden(row.value)]
        return _page(rows, _position(after, _positions(items)), limit, order)

    def add_thread_item(self, thread_id: str, item: ThreadItem, context: RequestContext) -> None:
        items = self._items_of(thread_id, context)
        known = items.get(item.id)
        items[item.id] = _Item(next(self._positions) if known is None else known.position, item)

    save_item = add_thread_item

    def load_item(self, thread_id: str, item_id: str, context: RequestContext) -> ThreadItem:
        row = self._items_of(thread_id, context).get(item_id)
        if row is None or row.superseded:
            raise NotFoundError
        return row.value

    def delete_thread_item(self, thread_id: str, item_id: str, context: RequestContext) -> None:
        if self._is_mine(thread_id, context):
            self._items[thread_id].pop(item_id, None)

    def load_thread_for_turn(self, thread_id: str, context: RequestContext) -> ThreadMetadata:
        self.restore_superseded_items(thread_id, [], context)
        return self.load_thread(thread_id, context)

    def supersede_items(self, thread_id: str, after: str, context: RequestContext) -> list[ThreadItem]:
        items = self._items_of(thread_id, context)
        if after not in items:
            raise NotFoundError
        for id, row in items.items():
            if row.position > items[after].position:
                items[id] = replace(row, superseded=True)
        return []

    def restore_superseded_items(
        self, thread_id: str, items: Sequence[ThreadItem], context: RequestContext
    ) -> None:
        if self._is_mine(thread_id, context):
            rows = self._items[thread_id]
            self._items[thread_id] = {id: replace(row, superseded=False) for id, row in rows.items()}

    def delete_superseded_items(self, thread_id: str, context: RequestContext) -> None:
        if self._is_mine(thread_id, context):
            rows = self._items[thread_id]
            self._items[thread_id] = {id: row for id, row in rows.items() if not row.superseded}

    def save_attachment(self, attachment: Attachment, context: RequestContext) -> None:
        if attachment.id in self._attachments:
            self.load_attachment(attachment.id, context)
        self._attachments[attachment.id] = (context.user_id, attachment)

    def load_attachment(self, attachment_id: str, context: RequestContext) -> Attachment:
        owner, attachment = self._attachments.get(attachment_id, (None, None))
        if attachment is None or owner != context.user_id:
            raise NotFoundError
        return attachment

    def delete_attachment(self, attachment_id: str, context: RequestContext) -> None:
        if self._attachments.get(attachment_id, (None, None))[0] == context.user_id:
            del self._attachments[attachment_id]

    def save_feedback(
        self, thread_id: str, item_ids: list[str], kind: FeedbackKind, context: RequestContext
    ) -> None:
        items = self._items_of(thread_id, context)
        self._feedback[thread_id] |= {id: kind for id in item_ids if id in items}

    def load_feedback(self, thread_id: str, context: RequestContext) -> dict[str, FeedbackKind]:
        self._mine(thread_id, context)
        return self._feedback[thread_id]

    def _is_mine(self, thread_id: str, context: RequestContext) -> bool:
        return thread_id in self._threads and self._threads[thread_id].owner == context.user_id

    def _mine(self, thread_id: str, context: RequestContext) -> _Thread:
        if not self._is_mine(thread_id, context):
            raise NotFoundError
        return self._threads[thread_id]

    def _items_of(self, thread_id: str, context: RequestContext) -> dict[str, _Item]:
        self._mine(thread_id, context)
        return self._items[thread_id]


def _positions(items: dict[str, _Item]) -> dict[str, int]:
    return {id: row.position for id, row in items.items()}


def _position(after: Cursor, known: dict[str, int]) -> int | None:
    if not isinstance(after, str):
        return after
    if after not in known:
        raise InvalidRequestError(after)
    return known[after]


def _page(rows: Iterable[tuple[int, T]], after: int | None, limit: int, order: str) -> Page[T]:
    """A page whose cursor is the position of its last row, or `after` when it has none."""
    beyond = sorted(rows, key=lambda row: row[0], reverse=order == "desc")
    if after is not None:
        beyond = [row for row in beyond if (row[0] < after if order == "desc" else row[0] > after)]
    shown = beyond[:limit]
    last = shown[-1][0] if shown else after
    return Page(data=[value for _, value in shown], has_more=len(beyond) > limit, after=str(last))
