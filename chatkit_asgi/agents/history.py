"""What `AgentServer` makes of a thread's history: every item becomes input, whatever it is, whatever fails.

Attachments are read and shown to the model as far as it can take them; where it cannot, a note stands in.
"""

import base64
import json
import logging
from collections.abc import Awaitable, Callable, Sequence

from agents import TResponseInputItem
from openai.types.responses import (
    ResponseInputContentParam,
    ResponseInputFileParam,
    ResponseInputImageParam,
)

from chatkit_asgi.agents.input import (
    InputItems,
    ThreadItemConverter,
    block,
    input_text,
    user_message,
)
from chatkit_asgi.types import (
    Attachment,
    HiddenContextItem,
    SDKHiddenContextItem,
    ThreadItem,
    UserMessageTagContent,
)

__all__ = ["HistoryConverter", "ReadAttachment", "to_robust_input"]

logger = logging.getLogger(__name__)

ReadAttachment = Callable[[Attachment], Awaitable[bytes]]

IMAGE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")
TEXT_TYPES = (
    "application/json",
    "application/xml",
    "application/yaml",
    "application/x-yaml",
    "application/toml",
)
MAX_INLINE_BYTES = 20 * 1024 * 1024
"""Images and PDFs that go into one request, all together."""
MAX_TEXT = 100_000
"""Characters of text files that go into one request, all together."""


class HistoryConverter(ThreadItemConverter):
    """A converter for one request: it reads attachments through `read`, within one budget for all of them.

    The budget is spent on items in the order in which they are converted.
    """

    tells_sources = True

    def __init__(
        self,
        read: ReadAttachment | None = None,
        *,
        max_inline_bytes: int = MAX_INLINE_BYTES,
        max_text: int = MAX_TEXT,
    ) -> None:
        self._read = read
        self._bytes_left = max_inline_bytes
        self._text_left = max_text

    async def attachment_to_message_content(self, attachment: Attachment) -> ResponseInputContentParam:
        """The image, PDF or text itself, or a note that names the file and says what is missing."""
        if self._read is None:
            return _note(attachment, "its content is not available")
        try:
            data = await self._read(attachment)
        except Exception:
            # storage of any make; a file that is gone must not take the conversation with it
            logger.warning("attachment %s could not be read", attachment.id, exc_info=True)
            return _note(attachment, "it is no longer available")
        return self._shown(attachment, data)

    def _shown(self, attachment: Attachment, data: bytes) -> ResponseInputContentParam:
        mime_type = attachment.mime_type.partition(";")[0].strip().lower()
        if mime_type in IMAGE_TYPES:
            return self._inline(attachment, data, _image(mime_type, data))
        if mime_type == "application/pdf":
            return self._inline(attachment, data, _pdf(attachment, data))
        if mime_type.startswith("text/") or mime_type in TEXT_TYPES:
            return self._text(attachment, data)
        return _note(attachment, "content of this type cannot be shown")

    def _inline(
        self, attachment: Attachment, data: bytes, content: ResponseInputContentParam
    ) -> ResponseInputContentParam:
        if len(data) > self._bytes_left:
            return _note(attachment, "it is too large to be shown")
        self._bytes_left -= len(data)
        return content

    def _text(self, attachment: Attachment, data: bytes) -> ResponseInputContentParam:
        if self._text_left <= 0:
            return _note(attachment, "it is too large to be shown")
        text = data.decode("utf-8", errors="replace")
        shown, self._text_left = text[: self._text_left], max(0, self._text_left - len(text))
        rest = "" if len(shown) == len(text) else f"\n(cut off: {len(text) - len(shown)} characters more)"
        return input_text(f"The user attached {attachment.name}:\n{block('file', shown + rest)}")

    async def tag_to_message_content(self, tag: UserMessageTagContent) -> ResponseInputContentParam:
        """The tag's text with its id, group and data as JSON."""
        known = {"id": tag.id, "group": tag.group, "data": tag.data or None}
        told = {name: value for name, value in known.items() if value is not None}
        return input_text(f"{tag.text}: {_json(told)}")

    async def hidden_context_to_input(self, item: HiddenContextItem) -> InputItems:
        """The content, as JSON where it is no string."""
        content = item.content if isinstance(item.content, str) else _json(item.content)
        return await self.sdk_hidden_context_to_input(
            SDKHiddenContextItem(
                id=item.id, thread_id=item.thread_id, created_at=item.created_at, content=content
            )
        )


async def to_robust_input(
    converter: ThreadItemConverter, items: Sequence[ThreadItem]
) -> list[TResponseInputItem]:
    """The converter's input; where it raises, each item by itself, and a note for those it cannot convert."""
    try:
        return await converter.to_agent_input(items)
    except Exception:
        # the application's own code; one item must not make its thread unusable for ever
        logger.exception("the thread's history could not be converted as a whole")
    found: list[TResponseInputItem] = []
    for item in items:
        found += await _item_or_note(converter, item, is_last_message=item is items[-1])
    return found


async def _item_or_note(
    converter: ThreadItemConverter, item: ThreadItem, *, is_last_message: bool
) -> list[TResponseInputItem]:
    for each in (converter, HistoryConverter()):
        try:
            return await each.item_to_input(item, is_last_message=is_last_message)
        except Exception:
            logger.warning(
                "item %s could not be converted by %s", item.id, type(each).__name__, exc_info=True
            )
    return [user_message(input_text(f"(an entry of the kind {item.type} cannot be shown)"))]


def _note(attachment: Attachment, why: str) -> ResponseInputContentParam:
    return input_text(f"(the user attached {attachment.name}, {attachment.mime_type}: {why})")


def _image(mime_type: str, data: bytes) -> ResponseInputContentParam:
    return ResponseInputImageParam(type="input_image", detail="auto", image_url=_data_url(mime_type, data))


def _pdf(attachment: Attachment, data: bytes) -> ResponseInputContentParam:
    return ResponseInputFileParam(
        type="input_file", filename=attachment.name, file_data=_data_url("application/pdf", data)
    )


def _data_url(mime_type: str, data: bytes) -> str:
    return f"data:{mime_type};base64,{base64.b64encode(data).decode('ascii')}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
