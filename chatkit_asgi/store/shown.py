"""The form that clients get, for rows as well: a page of them need not be read and written again.

A document is kept in that form where it says everything, and bears a mark that only this form has.
"""

from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_json

from chatkit_asgi.store.extras import has_extras
from chatkit_asgi.types import (
    THREAD_ITEM_ADAPTER,
    GeneratedImage,
    GeneratedImageItem,
    ThreadItem,
    ThreadMetadata,
    UserMessageItem,
    is_hidden,
)

__all__ = [
    "END",
    "MARK",
    "THREAD_ADAPTER",
    "WIRE_VERSION",
    "ShownItem",
    "ShownThread",
    "client_json",
    "is_marked",
    "shown_thread",
    "thread_json",
    "with_item_shown",
    "with_thread_shown",
    "with_title",
]

T = TypeVar("T", ThreadMetadata, ThreadItem)

ShownItem = ThreadItem | str
"""An item, or the JSON that clients get of it."""
ShownThread = ThreadMetadata | str
"""A thread's metadata, or the JSON that clients get of it: an object without `metadata` and `items`."""

WIRE_VERSION = 1
"""Counts the changes of what clients get of items and threads; a test says when it has to go up."""
MARK = "\n" + f"{WIRE_VERSION:08b}".translate({ord("0"): " ", ord("1"): "\t"})
"""Ends a document in the form of this version. To all who read JSON it is nothing, and who writes the
document anew drops it: another release, a database's functions, an operator's script."""
END = -len(MARK)
"""Where such a document ends without its mark: that of an item is what clients get of it."""

ID, METADATA = '"id":', ',"metadata":'
"""Where the title of a thread ends, and what clients see of it: inside a text the quotes would be escaped."""

CLIENT_CONTEXT = {"exclude_metadata": True}
"""Serialization context of everything a client gets: the metadata of attachments stays with us."""
_SHOWN = {"id", "title", "created_at", "status", "allowed_image_domains"}
"""What clients see of a thread."""

THREAD_ADAPTER = TypeAdapter(ThreadMetadata)


def client_json(model: BaseModel) -> bytes:
    """JSON for the client: aliases, no null fields, nothing that is ours alone."""
    return model.__pydantic_serializer__.to_json(
        model, by_alias=True, exclude_none=True, context=CLIENT_CONTEXT
    )


def thread_json(thread: ThreadMetadata) -> bytes:
    """The JSON of what clients see of a thread, without `metadata` and `items`."""
    return thread.__pydantic_serializer__.to_json(
        thread, by_alias=True, exclude_none=True, include=_SHOWN, context=CLIENT_CONTEXT
    )


def with_item_shown(document: str, item: ThreadItem) -> str:
    """The item's document in the form for clients and with the mark, where that is as good; else as it is.

    Not for what clients never see, nor for attachments and images with links that are made anew each time.
    """
    if is_hidden(item) or has_extras(item) or _has_links(item):
        return document
    shown = client_json(item)
    again = _read_again(THREAD_ITEM_ADAPTER, shown)
    if again is None or client_json(again) != shown or again.model_dump_json() != document:
        return document
    return shown.decode() + MARK


def _has_links(item: ThreadItem) -> bool:
    match item:
        case UserMessageItem(attachments=attachments):
            return bool(attachments)
        case GeneratedImageItem(image=GeneratedImage(url=url)):
            return "?" in url  # signed, so that it expires
    return False


def with_thread_shown(document: str, thread: ThreadMetadata) -> str:
    """The same for a thread's document, which ends with its metadata."""
    shown = thread_json(thread)
    if has_extras(thread):
        return document
    marked = shown.decode()[:-1] + METADATA + document.partition(METADATA)[2]
    again = _read_again(THREAD_ADAPTER, marked)
    if again is None or thread_json(again) != shown or again.model_dump_json() != document:
        return document
    return marked + MARK


def is_marked(document: str) -> bool:
    """Whether the document is in this version's form: it was read before it was kept, and is complete."""
    return document.endswith(MARK)


def shown_thread(document: str) -> str:
    """What clients get of a thread's document in this version's form."""
    return document.partition(METADATA)[0] + "}"


def with_title(document: str, title: str) -> str:
    """A thread's document in this version's form with another title, which comes first there."""
    return '{"title":' + to_json(title).decode() + "," + ID + document.partition(ID)[2]


def _read_again(adapter: TypeAdapter[T], document: str | bytes) -> T | None:
    try:
        return adapter.validate_json(document)
    except ValidationError:
        return None
