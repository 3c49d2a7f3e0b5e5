"""Conversations that the model's server remembers (`previous_response_id` of the Responses API).

It is told only what came since. What that is, the thread itself knows: which response was the last one, and
which of its items was there then. Whatever does not fit together, the whole history is sent.
"""

from collections.abc import Sequence
from typing import Any

from openai import BadRequestError, NotFoundError

from chatkit_asgi.types import ThreadItem, ThreadMetadata

__all__ = ["FORGOTTEN", "forget", "remember", "unknown_to"]

KEY = "previous_response"
"""In the thread's metadata: ``{"id": of the response, "item": the newest item then}``."""
FORGOTTEN = (BadRequestError, NotFoundError)
"""What servers answer that know a response no more."""


def unknown_to(
    thread: ThreadMetadata, items: Sequence[ThreadItem]
) -> tuple[str | None, Sequence[ThreadItem]]:
    """The response that the server goes on from, and what it does not know yet; else None and all items."""
    known: Any = thread.metadata.get(KEY)
    if not isinstance(known, dict) or not isinstance(known.get("id"), str):
        return None, items
    places = [place for place, item in enumerate(items) if item.id == known.get("item")]
    news = items[places[0] + 1 :] if places else ()
    return (known["id"], news) if news else (None, items)


def remember(thread: ThreadMetadata, response_id: str, newest: ThreadItem) -> None:
    thread.metadata = {**thread.metadata, KEY: {"id": response_id, "item": newest.id}}


def forget(thread: ThreadMetadata) -> None:
    thread.metadata = {name: value for name, value in thread.metadata.items() if name != KEY}
