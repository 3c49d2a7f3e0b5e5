"""Attachments: register an upload, forget one. The bytes go elsewhere."""

from chatkit_asgi.errors import NotFoundError, NotSupportedError
from chatkit_asgi.server.handlers.threads import MAX_ATTACHMENTS, require_active
from chatkit_asgi.store import AttachmentStore, Store, TContext
from chatkit_asgi.types import (
    Attachment,
    AttachmentCreateParams,
    AttachmentDeleteParams,
    StreamingReq,
    ThreadsAddUserMessageReq,
    ThreadsCreateReq,
)

__all__ = ["create_attachment", "delete_attachment", "require_ready"]


async def create_attachment(
    store: Store[TContext],
    attachment_store: AttachmentStore[TContext] | None,
    params: AttachmentCreateParams,
    context: TContext,
) -> Attachment:
    """Raises NotSupportedError without an attachment store."""
    blobs = _required(attachment_store)
    attachment = await blobs.create_attachment(params, context)
    await store.save_attachment(attachment, context)
    return blobs.present(attachment)


async def delete_attachment(
    store: Store[TContext],
    attachment_store: AttachmentStore[TContext] | None,
    params: AttachmentDeleteParams,
    context: TContext,
) -> None:
    """Raises NotSupportedError without an attachment store, NotFoundError for an unknown attachment.

    Raises ConflictError when it was sent in a conversation that is locked or closed.
    """
    blobs = _required(attachment_store)
    # whose it is, the store knows; the attachment store may be a bucket and nothing more
    attachment = await store.load_attachment(params.attachment_id, context)
    await _require_open(store, attachment, context)
    # bytes first: while the metadata is there, a failed delete can be repeated
    await blobs.delete_attachment(params.attachment_id, context)
    await store.delete_attachment(params.attachment_id, context)


async def require_ready(
    store: Store[TContext],
    attachment_store: AttachmentStore[TContext] | None,
    request: StreamingReq,
    context: TContext,
) -> None:
    """Check that the bytes of what a message names are there, which may mean to ask an object store.

    Raises NotFoundError for an unknown attachment, ConflictError for one without bytes. Whether there are too
    many is checked later.
    """
    if attachment_store is None or not isinstance(request, ThreadsCreateReq | ThreadsAddUserMessageReq):
        return
    for attachment_id in dict.fromkeys(request.params.input.attachments[:MAX_ATTACHMENTS]):
        attachment = await store.load_attachment(attachment_id, context)
        await attachment_store.require_ready(attachment, context)


async def _require_open(store: Store[TContext], attachment: Attachment, context: TContext) -> None:
    if attachment.thread_id is None:
        return
    try:
        thread = await store.load_thread(attachment.thread_id, context)
    except NotFoundError:  # a store may forget the one before the other
        return
    require_active(thread)


def _required(attachment_store: AttachmentStore[TContext] | None) -> AttachmentStore[TContext]:
    if attachment_store is None:
        raise NotSupportedError("This server takes no attachments: it was given no attachment store.")
    return attachment_store
