"""Rows as text: each thread, item and attachment is kept as the JSON document that pydantic writes for it.

A document that no longer validates (another version wrote it) is logged, counted and not shown.
"""

import logging
from collections import Counter
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from chatkit_asgi.errors import InvalidRequestError
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
    "read_thread",
    "unreadable_documents",
    "write_attachment",
    "write_item",
    "write_thread",
]

T = TypeVar("T")

logger = logging.getLogger(__name__)

unreadable_documents: Counter[str] = Counter()
"""How many documents of each kind were left out since the process started."""

_THREAD_ADAPTER = TypeAdapter(ThreadMetadata)


def write_thread(thread: ThreadMetadata) -> str:
    """The document of a thread, without the items that a `Thread` carries. Raises InvalidRequestError."""
    return _write(thread, exclude={"items"} if isinstance(thread, Thread) else None)


def read_thread(document: str, thread_id: str) -> ThreadMetadata | None:
    """The thread of a document; None when it does not validate."""
    return _read(_THREAD_ADAPTER, document, "thread", thread_id)


def write_item(item: ThreadItem) -> str:
    """The document of an item. Raises InvalidRequestError for what JSON cannot hold."""
    return _write(item)


def read_item(document: str, item_id: str) -> ThreadItem | None:
    """The item of a document; None when it does not validate."""
    return _read(THREAD_ITEM_ADAPTER, document, "item", item_id)


def write_attachment(attachment: Attachment) -> str:
    """The document of an attachment. Raises InvalidRequestError for what JSON cannot hold."""
    return _write(attachment)


def read_attachment(document: str, attachment_id: str) -> Attachment | None:
    """The attachment of a document; None when it does not validate."""
    return _read(ATTACHMENT_ADAPTER, document, "attachment", attachment_id)


def _write(value: ThreadMetadata | ThreadItem | Attachment, *, exclude: set[str] | None = None) -> str:
    try:
        return value.model_dump_json(exclude=exclude)
    except PydanticSerializationError as error:
        raise InvalidRequestError(
            "The text or data holds something that cannot be stored as JSON."
        ) from error


def _read(adapter: TypeAdapter[T], document: str, kind: str, id: str) -> T | None:
    try:
        return adapter.validate_json(document)
    except ValidationError:
        unreadable_documents[kind] += 1
        logger.warning("%s %s is left out: its document does not validate", kind, id)
        return None
