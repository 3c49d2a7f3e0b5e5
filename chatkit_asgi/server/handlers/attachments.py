"""Attachments: register an upload, forget one. The bytes go elsewhere."""

from chatkit_asgi.errors import NotSupportedError
from chatkit_asgi.store import AttachmentStore, Store, TContext
from chatkit_asgi.types import Attachment, AttachmentCreateParams, AttachmentDeleteParams

__all__ = ["create_attachment", "delete_attachment"]


async def create_attachment(
    store: Store[TContext],
    attachment_store: AttachmentStore[TContext] | None,
    params: AttachmentCreateParams,
    context: TContext,
) -> Attachment:
    """Raises NotSupportedError without an attachment store."""
    attachment = await _required(attachment_store).create_attachment(params, context)
    await store.save_attachment(attachment, context)
    return attachment


async def delete_attachment(
    store: Store[TContext],
    attachment_store: AttachmentStore[TContext] | None,
    params: AttachmentDeleteParams,
    context: TContext,
) -> None:
    """Raises NotSupportedError without an attachment store, NotFoundError for an unknown attachment."""
    blobs = _required(attachment_store)
    # whose it is, the store knows; the attachment store may be a bucket and nothing more
    await store.load_attachment(params.attachment_id, context)
    # bytes first: while the metadata is there, a failed delete can be repeated
    await blobs.delete_attachment(params.attachment_id, context)
    await store.delete_attachment(params.attachment_id, context)


def _required(attachment_store: AttachmentStore[TContext] | None) -> AttachmentStore[TContext]:
    if attachment_store is None:
        raise NotSupportedError("This server takes no attachments: it was given no attachment store.")
    return attachment_store
