"""`BlobAttachmentStore`: attachments whose bytes lie in any `BlobStore`, reached by signed links.

Uploads come in through `receive` (announced by `attachments.create`) or `receive_direct`.
"""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import anyio
from pydantic import AnyUrl

from chatkit_asgi.attachments.blobs import BlobStore
from chatkit_asgi.attachments.intake import Intake, UploadLimits, clean_name
from chatkit_asgi.attachments.signing import Signer
from chatkit_asgi.attachments.sniffing import HEAD_SIZE, SAFE_IMAGES, UNKNOWN_TYPE, settle_type
from chatkit_asgi.context import OwnerOf, RequestContext, owner_of
from chatkit_asgi.errors import ConflictError, NotFoundError, NotSupportedError
from chatkit_asgi.store import AttachmentStore, Store, TContext
from chatkit_asgi.types import (
    Attachment,
    AttachmentCreateParams,
    AttachmentUploadDescriptor,
    FileAttachment,
    ImageAttachment,
)

__all__ = ["BlobAttachmentStore", "Download", "is_ready", "request_base_url"]

request_base_url: ContextVar[str] = ContextVar("request_base_url", default="")
"""Where the app is reached in the request at hand, mount point included; without a slash at its end."""

NO_PREVIEW = AnyUrl("about:blank")
"""Stands in the rows of images; `present` puts a fresh link in its place."""

Purpose = Literal["upload", "download"]


@dataclass(frozen=True, slots=True)
class Download:
    """A blob that a link gives permission to read; `mime_type` is judged by its bytes."""

    name: str
    mime_type: str
    size: int
    chunks: AsyncIterator[bytes]

    @property
    def is_inline(self) -> bool:
        """Whether a browser may show it in place; everything else is only saved."""
        return self.mime_type in SAFE_IMAGES


class BlobAttachmentStore(AttachmentStore[TContext]):
    """Keeps bytes in `blobs`, and what is known of them in `store`, for the owner that a context stands for.

    An upload link carries its owner; `context_of` makes the context for the store calls that follow it.
    `base_url` is where clients reach the app; empty, it is where the request at hand came in.
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
        owner_of: OwnerOf = owner_of,
        context_of: Callable[
            [str], Any
        ] = RequestContext.of_owner,  # Any: the application's own kind of context
        link_seconds: float = 3600,
    ) -> None:
        self.blobs = blobs
        self.store = store
        self.limits = UploadLimits(max_bytes, allowed_types)
        self._signer = signer
        self._base_url = base_url.rstrip("/")
        self._owner_of = owner_of
        self._context_of = context_of
        self._link_seconds = link_seconds

    async def create_attachment(self, input: AttachmentCreateParams, context: TContext) -> Attachment:
        """Register an upload; the link takes the bytes as a form or raw, by POST and by PUT.

        Raises TooLargeError and UnsupportedTypeError for what is announced.
        """
        self.limits.check_size(input.size)
        claimed = input.mime_type.strip().lower()
        self.limits.check_type(claimed or UNKNOWN_TYPE)
        attachment_id = self.generate_attachment_id(input.mime_type, context)
        pending = _describe(attachment_id, clean_name(input.name), claimed or UNKNOWN_TYPE)
        pending.metadata = {"size": input.size}
        pending.upload_url = AnyUrl(self._link("upload", attachment_id, o=self._owner_of(context)))
        pending.upload_descriptor = AttachmentUploadDescriptor(url=pending.upload_url, method="POST")
        return self.present(pending)

    async def delete_attachment(self, attachment_id: str, context: TContext) -> None:
        """Delete the bytes; the row is the caller's to delete, and until then this may be repeated."""
        await self.store.load_attachment(attachment_id, context)
        await self.blobs.delete(_key(attachment_id))

    async def receive_direct(
        self, chunks: AsyncIterator[bytes], *, name: str, claimed: str, context: TContext
    ) -> Attachment:
        """Take an upload that was not announced and save its attachment.

        Raises TooLargeError, UnsupportedTypeError and what `chunks` raises; nothing is left behind then.
        """
        attachment_id = self.generate_attachment_id(claimed, context)
        intake = Intake(chunks, self.limits, name=clean_name(name), claimed=claimed)
        await self.blobs.put(_key(attachment_id), aiter(intake))
        async with self._deleted_on_failure(attachment_id):
            attachment = _describe(attachment_id, clean_name(name), intake.mime_type)
            attachment.metadata = _measured(intake)
            await self.store.save_attachment(attachment, context)
        return self.present(attachment)

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
        await self.blobs.put(_key(attachment_id), aiter(intake))
        async with self._deleted_on_failure(attachment_id, announced_to=context), self.store.transaction():
            # Loaded again: meanwhile it may have been deleted, or sent into a thread.
            current = await self.store.load_attachment(attachment_id, context)
            attachment = _describe(attachment_id, current.name, intake.mime_type)
            attachment.thread_id = current.thread_id
            attachment.metadata = {**(current.metadata or {}), **_measured(intake)}
            await self.store.save_attachment(attachment, context)
        return self.present(attachment)

    async def find_download(self, attachment_id: str, token: str) -> Download:
        """What a download link leads to. Raises NotFoundError."""
        ticket = self._verified("download", attachment_id, token)
        size = await self.blobs.size(_key(attachment_id))
        chunks = await self.blobs.open(_key(attachment_id))
        head = await anext(chunks, b"")
        # Judged again: the link may be older than the bytes, made when the upload was announced.
        mime_type = settle_type(head[:HEAD_SIZE], name=ticket["n"], claimed=ticket["m"])
        return Download(ticket["n"], mime_type, size, _chained(head, chunks))

    async def read(self, attachment: Attachment, context: TContext) -> bytes:
        """All bytes of an attachment of the context's owner. Raises NotFoundError."""
        await self.store.load_attachment(attachment.id, context)
        return b"".join([piece async for piece in await self.blobs.open(_key(attachment.id))])

    def present(self, attachment: Attachment) -> Attachment:
        """A copy fit to leave the server: an image's `preview_url` is a fresh link."""
        if not isinstance(attachment, ImageAttachment):
            return attachment
        return attachment.model_copy(update={"preview_url": AnyUrl(self.download_url(attachment))})

    def download_url(self, attachment: Attachment) -> str:
        """A link that anyone who has it may read the bytes by, until it expires."""
        return self._link("download", attachment.id, n=attachment.name, m=attachment.mime_type)

    def _link(self, purpose: Purpose, attachment_id: str, **ticket: str) -> str:
        base = self._base_url or request_base_url.get()
        if not base:
            raise NotSupportedError("Links need the address of the app: set CHATKIT_PUBLIC_URL.")
        token = self._signer.sign({"p": purpose, "a": attachment_id, **ticket}, self._link_seconds)
        return f"{base}/files/{quote(attachment_id, safe='')}?token={token}"

    def _verified(self, purpose: Purpose, attachment_id: str, token: str) -> dict[str, Any]:
        ticket = self._signer.verify(token)
        if (ticket.get("p"), ticket.get("a")) != (purpose, attachment_id):
            raise NotFoundError("The link is not valid.")
        return ticket

    async def _announced(self, attachment_id: str, token: str) -> tuple[Attachment, Any]:
        ticket = self._verified("upload", attachment_id, token)
        context = self._context_of(ticket["o"])
        attachment = await self.store.load_attachment(attachment_id, context)
        if is_ready(attachment):
            raise ConflictError("The file has been uploaded already.")
        return attachment, context

    @asynccontextmanager
    async def _deleted_on_failure(
        self, attachment_id: str, *, announced_to: Any = None
    ) -> AsyncIterator[None]:
        """Bytes without a row help nobody."""
        try:
            yield
        except BaseException:
            with anyio.CancelScope(shield=True):
                if announced_to is None or not await self._is_received(attachment_id, announced_to):
                    await self.blobs.delete(_key(attachment_id))
            raise

    async def _is_received(self, attachment_id: str, context: Any) -> bool:
        """Whether another upload by the same link was quicker."""
        try:
            return is_ready(await self.store.load_attachment(attachment_id, context))
        except NotFoundError:
            return False


def is_ready(attachment: Attachment) -> bool:
    """Whether the bytes are there: an announced attachment carries its descriptor until they are."""
    return attachment.upload_descriptor is None


def _describe(attachment_id: str, name: str, mime_type: str) -> Attachment:
    if mime_type in SAFE_IMAGES:
        return ImageAttachment(id=attachment_id, name=name, mime_type=mime_type, preview_url=NO_PREVIEW)
    return FileAttachment(id=attachment_id, name=name, mime_type=mime_type)


def _measured(intake: Intake) -> dict[str, Any]:
    return {"size": intake.size, "sniffed_type": intake.sniffed_type}


def _key(attachment_id: str) -> str:
    """Applications may make ids of their own; in a key nothing but letters, digits and ``-_.~%`` remains."""
    return quote(attachment_id, safe="")


async def _chained(head: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for chunk in chunks:
        yield chunk
