"""A thread's history as plain messages, for functions that answer with any framework, or none."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from agents import TResponseInputItem

from chatkit_asgi.agents.history import ImageOf
from chatkit_asgi.agents.input import GENERATED, ThreadItemConverter
from chatkit_asgi.errors import NotSupportedError
from chatkit_asgi.types import Attachment, GeneratedImageItem, ThreadItem, UserMessageItem

__all__ = ["ChatMessage", "MessageAttachment", "to_messages"]

logger = logging.getLogger(__name__)

Read = Callable[[Attachment], Awaitable[bytes | AsyncIterator[bytes]]]


@dataclass(frozen=True, slots=True)
class MessageAttachment:
    """A file of a message; its bytes are fetched when they are asked for."""

    id: str
    name: str
    mime_type: str
    _attachment: Attachment = field(repr=False)
    _read: Read | None = field(repr=False)

    async def read(self) -> bytes:
        """All bytes. Raises NotFoundError when they are gone, NotSupportedError where nothing keeps them."""
        return b"".join([chunk async for chunk in self.open()])

    async def open(self) -> AsyncIterator[bytes]:
        """The bytes in pieces, for what need not be held in memory. Raises as `read` does."""
        if self._read is None:
            raise NotSupportedError("This server's attachment store does not give bytes: pass read_blob=….")
        found = await self._read(self._attachment)
        if isinstance(found, bytes):
            yield found
            return
        async for chunk in found:
            yield chunk


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One entry of the history: `role` says whose, and `text` is what a model has to know of it.

    What is neither the user's message nor an answer, for example a form that was filled in, a widget that was
    shown or context that the user does not see, comes in the user's role and says what it is.
    """

    role: Literal["user", "assistant"]
    text: str
    attachments: Sequence[MessageAttachment] = ()
    item: ThreadItem | None = field(default=None, repr=False)
    """The thread's own entry, for those who want more of it."""


async def to_messages(
    items: Sequence[ThreadItem],
    converter: ThreadItemConverter,
    *,
    read: Read | None = None,
    image_of: ImageOf = lambda item: None,
) -> list[ChatMessage]:
    """The items as messages, oldest first: the converter's words without its files. Fails for no item."""
    found: list[ChatMessage] = []
    for item in items:
        attachments = [
            MessageAttachment(each.id, each.name, each.mime_type, each, read)
            for each in _attachments_of(item, image_of)
        ]
        for role, text in await _said(item, converter, is_last_message=item is items[-1]):
            found.append(ChatMessage(role, text, tuple(attachments), item))
            attachments = []  # those of a message belong to its first part
    return found


def _attachments_of(item: ThreadItem, image_of: ImageOf) -> Sequence[Attachment]:
    match item:
        case UserMessageItem():
            return item.attachments
        case GeneratedImageItem():
            return [image] if (image := image_of(item)) else []
    return ()


async def _said(
    item: ThreadItem, converter: ThreadItemConverter, *, is_last_message: bool
) -> list[tuple[Literal["user", "assistant"], str]]:
    if isinstance(item, GeneratedImageItem):
        return [("user", GENERATED)] if item.image else []
    if isinstance(item, UserMessageItem):
        item = item.model_copy(update={"attachments": []})
    try:
        converted = await converter.item_to_input(item, is_last_message=is_last_message)
    except Exception:
        # the application's own code; one item must not make its thread unusable for ever
        logger.warning("item %s could not be converted", item.id, exc_info=True)
        return [("user", f"(an entry of the kind {item.type} cannot be shown)")]
    parts = [_role_and_text(each) for each in converted]
    if not isinstance(item, UserMessageItem):
        return [(role, text) for role, text in parts if text]
    return [("user", "\n\n".join(text for _, text in parts if text))]


def _role_and_text(entry: TResponseInputItem) -> tuple[Literal["user", "assistant"], str]:
    fields: Mapping[str, Any] = entry  # a union of fifty kinds of dictionaries
    match fields.get("type"):
        case "function_call":
            return "assistant", f"(called {fields['name']} with {fields['arguments']})"
        case "function_call_output":
            return "user", f"(that call gave {_text_of(fields['output'])})"
    return "assistant" if fields.get("role") == "assistant" else "user", _text_of(fields.get("content", ""))


def _text_of(content: Any) -> str:  # a string, or a list of parts of many kinds
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part.get("text"))
