"""What `AgentServer` makes of a thread's history: every item becomes input, whatever it is, whatever fails.

What it shows of attachments is decided in `attachments`.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from agents import TResponseInputItem
from openai.types.responses import ResponseInputContentParam
from pydantic import AnyUrl

from chatkit_asgi.agents.attachments import AttachmentConverter, Converted, InputLimits, ReadAttachment
from chatkit_asgi.agents.generated import data_of_url
from chatkit_asgi.agents.input import (
    GENERATED,
    InputItems,
    ThreadItemConverter,
    block,
    input_text,
    user_message,
)
from chatkit_asgi.types import (
    Attachment,
    GeneratedImageItem,
    HiddenContextItem,
    ImageAttachment,
    SDKHiddenContextItem,
    ThreadItem,
    UserMessageItem,
    UserMessageTagContent,
)

__all__ = ["HistoryConverter", "ImageOf", "ResolveTag", "to_robust_input"]

logger = logging.getLogger(__name__)

ImageOf = Callable[[GeneratedImageItem], Attachment | None]
"""Gives the attachment that is behind a generated image; None for one that lies elsewhere."""

ResolveTag = Callable[[UserMessageTagContent], Awaitable[ResponseInputContentParam | str | None]]
"""Says what an @-mention stands for, or gives it; None where the mention speaks for itself."""

DEFAULT_LIMITS = InputLimits()
MENTION = "mention"
NOTHING = "(a message without text)"
_IMAGE = ImageAttachment(id="image", name="image", mime_type="image/png", preview_url=AnyUrl("about:blank"))
"""Stands for an image that is its own address."""


class HistoryConverter(ThreadItemConverter):
    """A converter for one request: it reads attachments through `read`, within `limits` for all of them.

    The newest come first: what an old message had is left out before what was just sent.
    """

    tells_sources = True

    def __init__(
        self,
        read: ReadAttachment | None = None,
        limits: InputLimits = DEFAULT_LIMITS,
        *,
        converted: Converted | None = None,
        image_of: ImageOf = lambda item: None,
        resolve_tag: ResolveTag | None = None,
    ) -> None:
        self._attachments = AttachmentConverter(read, limits, converted)
        self._image_of = image_of
        self._resolve_tag = resolve_tag

    async def to_agent_input(
        self, thread_items: Sequence[ThreadItem] | ThreadItem
    ) -> list[TResponseInputItem]:
        """The input for a run, from items in their order or from a single one."""
        items = list(thread_items) if isinstance(thread_items, Sequence) else [thread_items]
        return await _newest_first(items, self.item_to_input)

    async def user_message_to_input(self, item: UserMessageItem, is_last_message: bool = True) -> InputItems:
        """As ever, but with the quote of older messages, too. Each message has its own allowance."""
        self._attachments.begin_message()
        return _without_blanks(await super().user_message_to_input(item, is_last_message=True))

    async def generated_image_to_input(self, item: GeneratedImageItem) -> InputItems:
        """As ever, but for images that we keep ourselves: nobody else has to follow a link to them."""
        self._attachments.begin_message()
        image, data = self._image_of(item), data_of_url(item)
        if image is None and data is None:
            return await super().generated_image_to_input(item)
        shown = await self._attachments.convert_generated(image or _IMAGE, data)
        return user_message(input_text(GENERATED), shown)

    async def with_images(self, items: Sequence[ThreadItem]) -> list[ThreadItem]:
        """The items with images of ours as data URLs, for converters that know nothing of our links."""
        return [await self._with_image(item) for item in reversed(items)][::-1]

    async def _with_image(self, item: ThreadItem) -> ThreadItem:
        if not isinstance(item, GeneratedImageItem) or item.image is None:
            return item
        if (image := self._image_of(item)) is None:
            return item
        self._attachments.begin_message()
        shown = await self._attachments.convert_generated(image)
        if shown["type"] != "input_image":
            return item.model_copy(update={"image": None})
        url = shown.get("image_url")
        return item.model_copy(update={"image": item.image.model_copy(update={"url": url})})

    async def attachment_to_message_content(self, attachment: Attachment) -> ResponseInputContentParam:
        """The image, PDF or text itself, or a note that names the file and says what is missing."""
        return await self._attachments.convert(attachment)

    async def tag_to_message_content(self, tag: UserMessageTagContent) -> ResponseInputContentParam:
        """What the application says of it, else the tag's text with its id, group and data as JSON."""
        found = await self._found(tag)
        if found is not None:
            return (
                found if not isinstance(found, str) else input_text(f"{tag.text}:\n{block(MENTION, found)}")
            )
        known = {"id": tag.id, "group": tag.group, "data": tag.data or None}
        told = {name: value for name, value in known.items() if value is not None}
        return input_text(f"{tag.text}: {_json(told)}")

    async def _found(self, tag: UserMessageTagContent) -> ResponseInputContentParam | str | None:
        if self._resolve_tag is None:
            return None
        try:
            return await self._resolve_tag(tag)
        except Exception:
            # the application's own code; the message can do without
            logger.exception("the mention %s could not be resolved", tag.id)
            return None

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

    async def convert(item: ThreadItem, *, is_last_message: bool) -> list[TResponseInputItem]:
        return await _item_or_note(converter, item, is_last_message=is_last_message)

    return await _newest_first(list(items), convert)


async def _newest_first(
    items: list[ThreadItem], convert: Callable[..., Awaitable[list[TResponseInputItem]]]
) -> list[TResponseInputItem]:
    """What becomes of the items, in their order; they are converted from the last to the first."""
    found = [await convert(item, is_last_message=item is items[-1]) for item in reversed(items)]
    return [each for converted in reversed(found) for each in converted]


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


def _without_blanks(found: InputItems) -> InputItems:
    """The entries without texts that are empty, which some models' servers refuse."""
    for entry in found if isinstance(found, list) else [found] if found else []:
        content: Any = cast(Any, entry).get("content")
        if isinstance(content, list):
            content[:] = [part for part in content if part.get("text") != ""] or [input_text(NOTHING)]
    return found


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
