"""Images that a model makes: kept with the files, so that neither rows nor streams carry them."""

import base64
import logging
from collections.abc import Mapping
from typing import Any

from chatkit_asgi.agents.output import ResponseStreamConverter
from chatkit_asgi.attachments import BlobAttachmentStore
from chatkit_asgi.errors import ChatKitError, NotSupportedError
from chatkit_asgi.types import Attachment, GeneratedImageItem

__all__ = ["ImageKeeper", "data_of_url", "partial_images_of"]

logger = logging.getLogger(__name__)


class ImageKeeper(ResponseStreamConverter):
    """Keeps the images of one run. Where that fails, they are sent as data URLs, and stored so."""

    def __init__(
        self,
        attachments: BlobAttachmentStore[Any],
        thread_id: str,
        context: Any,  # Any: the application's own kind
        *,
        partial_images: int | None = None,
    ) -> None:
        super().__init__(partial_images=partial_images)
        self._attachments = attachments
        self._thread_id = thread_id
        self._context = context
        self._kept: dict[str, list[Attachment]] = {}

    async def base64_image_to_url(
        self, image_id: str, base64_image: str, partial_image_index: int | None = None
    ) -> str:
        """A link to the image, which is good as long as its thread is: it is made anew when it is read."""
        try:
            image = await self._keep(image_id, base64_image)
        except (ChatKitError, ValueError) as exc:
            logger.warning("the image %s of thread %s was not kept: %s", image_id, self._thread_id, exc)
            return await super().base64_image_to_url(image_id, base64_image, partial_image_index)
        self._kept.setdefault(image_id, []).append(image)
        if partial_image_index is None:
            await self._drop(self._kept[image_id][:-1])
            del self._kept[image_id][:-1]
        return self._attachments.image_url(image)

    async def aclose(self) -> None:
        """Delete, when the run is over, what newer states of the same image have replaced."""
        for images in self._kept.values():
            await self._drop(images[:-1])
            del images[:-1]

    async def forget(self) -> None:
        """Delete all images of the run: what showed them was taken back."""
        for images in self._kept.values():
            await self._drop(images)
        self._kept.clear()

    async def _keep(self, image_id: str, base64_image: str) -> Attachment:
        if not self._attachments.base_url:
            raise NotSupportedError("Links need the address of the app: set CHATKIT_PUBLIC_URL.")
        data = base64.b64decode(base64_image, validate=True)
        return await self._attachments.save_image(
            data, image_id=image_id, thread_id=self._thread_id, context=self._context
        )

    async def _drop(self, images: list[Attachment]) -> None:
        for image in images:
            try:
                await self._attachments.delete_attachment(image.id, self._context)
                await self._attachments.store.delete_attachment(image.id, self._context)
            except ChatKitError as exc:  # it goes with its thread
                logger.warning("the unfinished image %s was not deleted: %s", image.id, exc)


def data_of_url(item: GeneratedImageItem) -> bytes | None:
    """The image that the item's address holds itself; None for a link."""
    url = item.image.url if item.image else ""
    head, _, encoded = url.partition(";base64,")
    if not head.startswith("data:"):
        return None
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        return b""


def partial_images_of(tools: list[Any]) -> int | None:  # Any: tools of every kind
    """How many unfinished pictures the image tool among an agent's tools was told to send of each image."""
    for tool in tools:
        config = getattr(tool, "tool_config", None)
        if isinstance(config, Mapping) and config.get("type") == "image_generation":
            found = config.get("partial_images")
            return found if isinstance(found, int) else None
    return None
