"""Rows as text: each thread, item and attachment is kept as a JSON document that pydantic reads and writes.

A document that does not validate (another release wrote it) is logged, counted and not shown. Fields that
this release does not know stay in it when it is saved again.
"""

import logging
from collections import Counter
from contextlib import suppress
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.store.extras import has_extras, mark_extras, restore_extras
from chatkit_asgi.store.shown import (
    END,
    MARK,
    THREAD_ADAPTER,
    ShownItem,
    ShownThread,
    is_marked,
    shown_thread,
    with_item_shown,
    with_thread_shown,
    with_title,
)
from chatkit_asgi.types import (
    ATTACHMENT_ADAPTER,
    THREAD_ITEM_ADAPTER,
    Attachment,
    Thread,
    ThreadItem,
    ThreadMetadata,
)

__all__ = [
    "read_attachment",
    "read_item",
    "read_shown_item",
    "read_shown_thread",
    "read_thread",
    "retitled",
    "unreadable_documents",
    "write_attachment",
    "write_item",
    "write_thread",
]

T = TypeVar("T", ThreadMetadata, ThreadItem, Attachment)

logger = logging.getLogger(__name__)

unreadable_documents: Counter[str] = Counter()
"""How many documents of each kind were left out since the process started."""

WIDGET = '"type":"widget"'


def write_thread(thread: ThreadMetadata) -> str:
    """The document of a thread, without the items that a `Thread` carries. Raises InvalidRequestError."""
    document = _write(thread, exclude={"items"} if isinstance(thread, Thread) else None)
    return with_thread_shown(document, thread)


def read_thread(document: str, thread_id: str) -> ThreadMetadata | None:
    """The thread of a document; None when it does not validate."""
    return _read(THREAD_ADAPTER, document, "thread", thread_id)


def read_shown_thread(document: str, thread_id: str) -> ShownThread | None:
    """What clients get of a thread's document, or the thread; None when it does not validate."""
    return shown_thread(document) if is_marked(document) else read_thread(document, thread_id)


def retitled(document: str, thread_id: str, *, title: str) -> str | None:
    """A thread's document with another title; None when it does not validate. Raises InvalidRequestError."""
    if is_marked(document) and title.isprintable():  # half a surrogate pair is not
        return with_title(document, title)
    thread = read_thread(document, thread_id)
    return None if thread is None else write_thread(thread.model_copy(update={"title": title}))


def write_item(item: ThreadItem) -> str:
    """The document of an item. Raises InvalidRequestError for what JSON cannot hold."""
    return with_item_shown(_write(item), item)


def read_item(document: str, item_id: str) -> ThreadItem | None:
    """The item of a document; None when it does not validate."""
    return _read(THREAD_ITEM_ADAPTER, document, "item", item_id)


def read_shown_item(document: str, item_id: str) -> ShownItem | None:
    """What clients get of an item's document, or the item; None when it does not validate."""
    # all said here: every row of every page comes by
    return document[:END] if document.endswith(MARK) else read_item(document, item_id)


def write_attachment(attachment: Attachment) -> str:
    """The document of an attachment. Raises InvalidRequestError for what JSON cannot hold."""
    return _write(attachment)


def read_attachment(document: str, attachment_id: str) -> Attachment | None:
    """The attachment of a document; None when it does not validate."""
    return _read(ATTACHMENT_ADAPTER, document, "attachment", attachment_id)


def _write(value: ThreadMetadata | ThreadItem | Attachment, *, exclude: set[str] | None = None) -> str:
    try:
        document = _dump(value, exclude)
        from_json(document)  # JSON can be written deeper, and with longer numbers, than it can be read
    except ValueError as error:
        raise InvalidRequestError(
            "The text or data holds something that cannot be stored as JSON."
        ) from error
    return document


def _dump(value: ThreadMetadata | ThreadItem | Attachment, exclude: set[str] | None) -> str:
    if not has_extras(value):
        return value.model_dump_json(exclude=exclude)
    form = value.model_dump(mode="json", exclude=exclude)
    restore_extras(form, value)
    return to_json(form).decode()


def _read(adapter: TypeAdapter[T], document: str, kind: str, id: str) -> T | None:
    try:
        return _validate(adapter, document)
    except ValidationError:
        unreadable_documents[kind] += 1
        logger.warning("%s %s is left out: its document does not validate", kind, id)
        return None


def _validate(adapter: TypeAdapter[T], document: str) -> T:
    if is_marked(document):
        return adapter.validate_json(document)
    if WIDGET not in document:  # its components may have any property
        with suppress(ValidationError):
            return adapter.validate_json(document, extra="forbid")
    value = adapter.validate_json(document)
    if value.model_dump_json() == document:
        return value
    value = adapter.validate_json(document, extra="allow")
    mark_extras(value)
    return value
