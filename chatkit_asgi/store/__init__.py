"""The contracts of persistence. Backends: `chatkit_asgi.store.memory`, `chatkit_asgi.store.sql`."""

from chatkit_asgi.store.base import (
    AttachmentStore,
    NotFoundError,
    Store,
    StoreItemType,
    TContext,
    default_generate_id,
)
from chatkit_asgi.store.outbox import BLOB_FOLDER, SIZE, BlobDeletion, Outbox, Usage
from chatkit_asgi.store.search import SearchResult, SnippetPart
from chatkit_asgi.store.shown import ShownItem, ShownThread, client_json, thread_json
from chatkit_asgi.types import Attachment, AttachmentCreateParams, Page, ThreadItem, ThreadMetadata

__all__ = [
    "BLOB_FOLDER",
    "SIZE",
    "Attachment",
    "AttachmentCreateParams",
    "AttachmentStore",
    "BlobDeletion",
    "NotFoundError",
    "Outbox",
    "Page",
    "SearchResult",
    "ShownItem",
    "ShownThread",
    "SnippetPart",
    "Store",
    "StoreItemType",
    "TContext",
    "ThreadItem",
    "ThreadMetadata",
    "Usage",
    "client_json",
    "default_generate_id",
    "thread_json",
]
