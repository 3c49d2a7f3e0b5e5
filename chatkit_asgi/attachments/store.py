"""`BlobAttachmentStore`: attachments whose bytes lie in any `BlobStore`, reached by signed links.

Uploads come in through `receive` (announced by `attachments.create`) or `receive_direct`, or go straight to
the object store. Each upload has a key of its own, which the row names once all is there: so of two uploads
of one attachment the first complete one counts, and what lies under a named key never changes.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import anyio
from pydantic import AnyUrl

from chatkit_asgi.attachments.blobs import BlobLinks, BlobStore
from chatkit_asgi.attachments.downloads import Download, served_type, shown_as
from chatkit_asgi.attachments.generated import SUFFIXES, generated_id, generated_id_of, token_of
from chatkit_asgi.attachments.images import can_scale_images, thumbnail
from chatkit_asgi.attachments.intake import Content, Intake, UploadLimits, read_head
from chatkit_asgi.attachments.names import clean_name
from chatkit_asgi.attachments.quotas import Quota
from chatkit_asgi.attachments.rows import (
    BLOB,
    NO_PREVIEW,
    OWNER,
    described,
    folder,
    folder_of,
    incoming,
    is_ours,
    is_ready,
    key_of,
    new_key,
)
from chatkit_asgi.attachments.signing import Signer
from chatkit_asgi.attachments.sniffing import SAFE_IMAGES, UNKNOWN_TYPE, clean_type, sniff
from chatkit_asgi.context import OwnerOf, RequestContext, owner_of
from chatkit_asgi.errors import (
    BackendError,
    ChatKitError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    NotSupportedError,
    TooLargeError,
    UnsupportedTypeError,
)
from chatkit_asgi.locale import user_text
from chatkit_asgi.store import BLOB_FOLDER, SIZE, AttachmentStore, Store, TContext
from chatkit_asgi.types import (
    Attachment,
    AttachmentCreateParams,
    AttachmentUploadDescriptor,
    GeneratedImageItem,
    ImageAttachment,
)

__all__ = ["BlobAttachmentStore", "Upload", "request_base_url"]

logger = logging.getLogger(__name__)

request_base_url: ContextVar[str] = ContextVar("request_base_url", default="")
"""Where the app is reached in the request at hand, mount point included; without a slash at its end."""

PREVIEW, PREVIEW_SIDE = "preview", 512
"""Ends the key of an image's small copy, which has so many pixels in each direction at most."""

Purpose = Literal["upload", "download", "preview"]
UPLOADS: tuple[Purpose, ...] = ("upload",)
DOWNLOADS: tuple[Purpose, ...] = ("download", "preview")


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that is complete and not accepted yet, for a hook that looks at it."""

    attachment: Attachment
    size: int
    open: Callable[[], Awaitable[AsyncIterator[bytes]]]
    """The bytes, from the beginning. May be called again."""


OnUpload = Callable[[Upload, Any], Awaitable[None]]
"""Given an upload and the context of its owner; refuses it by raising. `Any`: the application's own kind."""


class BlobAttachmentStore(AttachmentStore[TContext]):
    """Keeps bytes in `blobs`, and what is known of them in `store`, for the owner that a context stands for.

    An upload link carries its owner; `context_of` makes the context for the store calls that follow it.
    `base_url` is where clients reach the app; empty, it is where the request at hand came in. With `links`
    announced uploads and previews go straight to the object store. `on_upload` may refuse what is complete.

    Where `store` has an outbox, a `BlobSweeper` deletes the bytes of what is deleted; the app runs one.
    """

    def __init__(
        self,
        blobs: BlobStore,
        store: Store[TContext],
        signer: Signer,
        *,
        base_url: str = "",
        max_bytes: int = 50 * 1024 * 1024,
        allowed_types: Collection[str] | None = None,
        max_pixels: int = 100_000_000,
        quota: Quota | None = None,
        links: BlobLinks | None = None,
        on_upload: OnUpload | None = None,
        owner_of: OwnerOf = owner_of,
        context_of: Callable[
            [str], Any
        ] = RequestContext.of_owner,  # Any: the application's own kind of context
        link_seconds: float = 3600,
    ) -> None:
        self.blobs = blobs
        self.store = store
        self.limits = UploadLimits(max_bytes, allowed_types, max_pixels)
        self.link_seconds = link_seconds
        self._signer = signer
        self._base_url = base_url.rstrip("/")
        self._quota = quota or Quota()
        self._links = links
        self._on_upload = on_upload
        self._owner_of = owner_of
        self._context_of = context_of

    async def create_attachment(self, input: AttachmentCreateParams, context: TContext) -> Attachment:
        """Register an upload. Our link takes the bytes as a form or raw, by POST and by PUT.

        That of an object store takes them raw, by PUT, just as many and of the type that were announced.

        Raises TooLargeError, TooManyError and UnsupportedTypeError for what is announced.
        """
        self.limits.check_size(input.size)
        mime_type = clean_type(input.mime_type)
        self.limits.check_type(mime_type)
        pending = self._pending(clean_name(input.name), mime_type, input.size, context)
        pending.upload_url = AnyUrl(self._link("upload", pending))  # all that older clients know
        pending.upload_descriptor = self._descriptor(pending, input.size)
        await self._register(pending, context)
        return pending

    async def delete_attachment(self, attachment_id: str, context: TContext) -> None:
        """See that the bytes are deleted with the row, which is the caller's to delete. May be repeated."""
        attachment = await self.store.load_attachment(attachment_id, context)
        if self.store.outbox is None:
            await self.blobs.delete_folder(folder(attachment))

    async def require_ready(self, attachment: Attachment, context: TContext) -> None:
        """Raises ConflictError while the bytes are not there, and what is said against those that are."""
        if is_ready(attachment) or await self._take_incoming(attachment, context):
            return
        raise ConflictError(
            user_text(
                "The file {name} is not uploaded yet: wait for that, or leave it out.", name=attachment.name
            )
        )

    async def receive_direct(
        self, chunks: AsyncIterator[bytes], *, name: str, claimed: str, context: TContext
    ) -> Attachment:
        """Take an upload that was not announced and save its attachment.

        Raises TooLargeError, TooManyError, UnsupportedTypeError and what `chunks` raises; nothing is left
        behind then.
        """
        intake = Intake(chunks, self.limits, name=clean_name(name), claimed=claimed)
        await intake.begin()
        pending = self._pending(clean_name(name), intake.content.mime_type, 0, context)
        await self._register(pending, context)
        try:
            return await self._receive(pending, intake, context)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self.store.delete_attachment(pending.id, context)
            raise

    async def announced(self, attachment_id: str, token: str) -> Attachment:
        """The attachment whose bytes an upload link takes. Call it before reading the body.

        Raises NotFoundError for a link that does not fit, ConflictError when the bytes are there already.
        """
        attachment, _ = await self._announced(attachment_id, token)
        return attachment

    async def receive(self, attachment_id: str, token: str, chunks: AsyncIterator[bytes]) -> Attachment:
        """Take the bytes of an upload that was announced; raises as `announced` and `receive_direct` do."""
        pending, context = await self._announced(attachment_id, token)
        intake = Intake(chunks, self.limits, name=pending.name, claimed=pending.mime_type)
        await intake.begin()
        return await self._receive(pending, intake, context)

    async def find_download(self, attachment_id: str, token: str) -> Download:
        """What a download or a preview link leads to, the latter to a small copy. Raises NotFoundError."""
        ticket = self._verified(DOWNLOADS, attachment_id, token)
        context = self._context_of(ticket["o"])
        attachment = await self.store.load_attachment(attachment_id, context)
        if not is_ready(attachment):  # the link was made when the upload was announced
            if not await self._take_incoming(attachment, context):
                raise NotFoundError(user_text("The file is not uploaded yet."))
            attachment = await self.store.load_attachment(attachment_id, context)
        if ticket["p"] == "preview" and (key := await self._thumbnail(attachment)) is not None:
            return await self._download(key, f"{PurePosixPath(attachment.name).stem}.webp", "image/webp")
        return await self._download(key_of(attachment), attachment.name, attachment.mime_type)

    async def _download(self, key: str, name: str, mime_type: str) -> Download:
        size = await self.blobs.size(key)
        etag = f'"{key.rpartition("/")[2]}"'
        return Download(name, mime_type, size, etag, partial(self.blobs.open, key))

    async def _thumbnail(self, attachment: Attachment) -> str | None:
        """Where an image has its small copy, made when first asked for; None where there can be none."""
        if attachment.mime_type not in SAFE_IMAGES or not can_scale_images():
            return None
        key = f"{key_of(attachment)}-{PREVIEW}"  # in the attachment's folder: it is deleted with it
        if await self._has(key):
            return key
        try:
            small = await thumbnail(await self.blobs.open(key_of(attachment)), PREVIEW_SIDE)
        except (InvalidRequestError, TooLargeError) as exc:
            logger.info("the image %s has no preview of its own: %s", attachment.id, exc)
            return None
        await self.blobs.put(key, _at_once(small))
        return key

    async def open(self, attachment: Attachment, context: TContext) -> AsyncIterator[bytes]:
        """The bytes of an attachment of the context's owner, in pieces. Raises NotFoundError."""
        found = await self.store.load_attachment(attachment.id, context)
        if not is_ready(found):
            raise NotFoundError(user_text("The file is not uploaded yet."))
        return await self.blobs.open(key_of(found))

    async def read(self, attachment: Attachment, context: TContext) -> bytes:
        """All of them at once."""
        return b"".join([piece async for piece in await self.open(attachment, context)])

    async def save_image(
        self, data: bytes, *, image_id: str, thread_id: str, context: TContext
    ) -> Attachment:
        """Keep an image that was made for a thread, until the thread is deleted.

        Raises UnsupportedTypeError for what is no image, TooLargeError and TooManyError beyond the quota.
        """
        mime_type = sniff(data) or UNKNOWN_TYPE
        if mime_type not in SUFFIXES:
            raise UnsupportedTypeError(user_text("This is no image: {type}.", type=mime_type))
        metadata = self._metadata(attachment_id := generated_id(thread_id, image_id), len(data), context)
        image = described(attachment_id, f"image{SUFFIXES[mime_type]}", mime_type, metadata)
        image.thread_id = thread_id
        await self._register(image, context)
        key = new_key(image)
        try:
            async with self._deleted_on_failure(key):
                await self.blobs.put(key, _at_once(data))
                image.metadata = {**metadata, BLOB: key}
                await self.store.save_attachment(image, context)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self.store.delete_attachment(image.id, context)
            raise
        return image

    def image_url(self, image: Attachment) -> str:
        """The address for an item that shows an image of `save_image`."""
        return self._link("download", image)

    def image_of(self, item: GeneratedImageItem) -> Attachment | None:
        """The attachment that an item shows; None when its image is not one of ours."""
        if (attachment_id := generated_id_of(item)) is None or item.image is None:
            return None
        owner = self._signer.peek(token_of(item.image.url)).get("o", "")
        return ImageAttachment(
            id=attachment_id,
            name="image",
            mime_type="image/png",
            preview_url=NO_PREVIEW,
            thread_id=item.thread_id,
            metadata={OWNER: owner},
        )

    def present_image(self, item: GeneratedImageItem) -> GeneratedImageItem:
        """A copy with a fresh link, when its image is one of ours."""
        image = self.image_of(item)
        if image is None or item.image is None or not self.base_url:
            return item
        fresh = item.image.model_copy(update={"url": self.image_url(image)})
        return item.model_copy(update={"image": fresh})

    def present(self, attachment: Attachment) -> Attachment:
        """A copy fit to leave the server: an image's `preview_url` is a fresh link."""
        if not isinstance(attachment, ImageAttachment) or not is_ours(attachment):
            return attachment
        return attachment.model_copy(update={"preview_url": AnyUrl(self.preview_url(attachment))})

    def preview_url(self, attachment: Attachment) -> str:
        """A link to what a client draws for the attachment."""
        if self.base_url and can_scale_images():
            return self._link("preview", attachment)  # the object store has no small ones
        return self._download_link("preview", attachment)

    def download_url(self, attachment: Attachment) -> str:
        """A link that anyone who has it may read the bytes by, until it expires."""
        return self._download_link("download", attachment)

    def _download_link(self, purpose: Purpose, attachment: Attachment) -> str:
        if self._links is None or not is_ready(attachment):
            return self._link(purpose, attachment)
        return self._links.download(
            key_of(attachment),
            mime_type=served_type(attachment.mime_type),
            disposition=shown_as(attachment.name, attachment.mime_type),
            seconds=self.link_seconds,
        )

    def _descriptor(self, pending: Attachment, size: int) -> AttachmentUploadDescriptor:
        if self._links is None:
            assert pending.upload_url is not None  # noqa: S101 - set just before
            return AttachmentUploadDescriptor(url=pending.upload_url, method="POST")
        link = self._links.upload(
            incoming(pending), mime_type=pending.mime_type, size=size, seconds=self.link_seconds
        )
        return AttachmentUploadDescriptor(url=AnyUrl(link.url), method="PUT", headers=dict(link.headers))

    @property
    def base_url(self) -> str:
        """What links begin with; empty where that is not known, and none can be made."""
        return self._base_url or request_base_url.get()

    @property
    def link_origins(self) -> list[str]:
        """Where links lead that do not begin with the address of the request at hand."""
        links = [self._base_url]
        if self._links is not None:
            links.append(self._links.download("any", mime_type="", disposition="", seconds=1))
        parts = [urlsplit(link) for link in links if link]
        return [f"{each.scheme}://{each.netloc}" for each in parts]

    def _link(self, purpose: Purpose, attachment: Attachment) -> str:
        base = self.base_url
        if not base:
            raise NotSupportedError("Links need the address of the app: set CHATKIT_PUBLIC_URL.")
        ticket = {"p": purpose, "a": attachment.id, "o": (attachment.metadata or {}).get(OWNER, "")}
        token = self._signer.sign(ticket, self.link_seconds)
        return f"{base}/files/{quote(attachment.id, safe='')}?token={token}"

    def _verified(self, purposes: Collection[Purpose], attachment_id: str, token: str) -> dict[str, Any]:
        ticket = self._signer.verify(token)
        if ticket.get("p") not in purposes or ticket.get("a") != attachment_id:
            raise NotFoundError(user_text("The link is not valid."))
        return ticket

    async def _announced(self, attachment_id: str, token: str) -> tuple[Attachment, Any]:
        ticket = self._verified(UPLOADS, attachment_id, token)
        context = self._context_of(ticket["o"])
        attachment = await self.store.load_attachment(attachment_id, context)
        if is_ready(attachment):
            raise _already_there()
        return attachment, context

    def _pending(self, name: str, mime_type: str, size: int, context: TContext) -> Attachment:
        """An attachment without bytes."""
        attachment_id = self.generate_attachment_id(mime_type, context)
        return described(attachment_id, name, mime_type, self._metadata(attachment_id, size, context))

    def _metadata(self, attachment_id: str, size: int, context: TContext) -> dict[str, Any]:
        return {SIZE: size, BLOB_FOLDER: folder_of(attachment_id), OWNER: self._owner_of(context)}

    async def _register(self, pending: Attachment, context: TContext) -> None:
        async with self.store.transaction():
            await self._check_quota(context, files=1, size=(pending.metadata or {})[SIZE])
            await self.store.save_attachment(pending, context)

    async def _check_quota(self, context: TContext, *, files: int, size: int) -> None:
        """Whether so much more would be too much. In a transaction nobody adds to it until that ends."""
        if self._quota:
            self._quota.check(await self.store.load_usage(context), files=files, size=size)

    async def _receive(self, pending: Attachment, intake: Intake, context: TContext) -> Attachment:
        key = new_key(pending)
        async with self._deleted_on_failure(key):
            size = await self.blobs.put(key, aiter(intake))
            return await self._accept(pending, key, size, intake.content, context)

    async def _take_incoming(self, pending: Attachment, context: TContext) -> bool:
        """Take over what was sent straight to the object store; whether there is anything.

        The link there stays good: so it is first put out of reach, and looked at then.
        """
        if self._links is None or not await self._has(incoming(pending)):
            return False
        key = new_key(pending)
        try:
            async with self._deleted_on_failure(key):
                await self.blobs.copy(incoming(pending), key)
                size = await self.blobs.size(key)
                self.limits.check_size(size)
                head = await read_head(await self.blobs.open(key))
                content = self.limits.judge(head, name=pending.name, claimed=pending.mime_type)
                await self._accept(pending, key, size, content, context)
        except BackendError:
            raise  # another attempt may go better
        except ConflictError:
            pass  # another request was quicker
        except ChatKitError:
            await self.blobs.delete(incoming(pending))
            raise
        await self.blobs.delete(incoming(pending))
        return True

    async def _has(self, key: str) -> bool:
        try:
            await self.blobs.size(key)
        except NotFoundError:
            return False
        return True

    async def _accept(
        self, pending: Attachment, key: str, size: int, content: Content, context: TContext
    ) -> Attachment:
        """Make the row name the bytes. Raises ConflictError when it names some already."""
        attachment = described(pending.id, pending.name, content.mime_type, pending.metadata)
        if self._on_upload is not None:
            await self._on_upload(Upload(attachment, size, partial(self.blobs.open, key)), context)
        async with self.store.transaction():
            # Loaded again: meanwhile it may have been deleted.
            current = await self.store.load_attachment(pending.id, context)
            if is_ready(current):
                raise _already_there()
            before = current.metadata or {}
            await self._check_quota(context, files=0, size=size - before.get(SIZE, 0))
            attachment.thread_id = current.thread_id
            attachment.metadata = {**before, **content.metadata(), SIZE: size, BLOB: key}
            await self.store.save_attachment(attachment, context)
        return self.present(attachment)

    @asynccontextmanager
    async def _deleted_on_failure(self, key: str) -> AsyncIterator[None]:
        """Bytes that no row names help nobody."""
        try:
            yield
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self.blobs.delete(key)
            raise


async def _at_once(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _already_there() -> ConflictError:
    return ConflictError(user_text("The file has been uploaded already."))
