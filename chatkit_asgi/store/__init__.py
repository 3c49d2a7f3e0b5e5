"""The contracts of persistence. Backends: `chatkit_asgi.store.memory`, `chatkit_asgi.store.sql`."""

from chatkit_asgi.store.base import (
    AttachmentStore,
    NotFoundError,
    Store,
    StoreItemType,
    TContext,
    default_generate_id,
)
from chatkit_asgi.store.search import SearchResult, SnippetPart
from chatkit_asgi.types import Attachment, AttachmentCreateParams, Page, ThreadItem, ThreadMetadata

__all__ = [
    "Attachment",
    "AttachmentCreateParams",
    "AttachmentStore",
    "NotFoundError",
    "Page",
    "SearchResult",
    "SnippetPart",
    "Store",
    "StoreItemType",
    "TContext",
    "ThreadItem",
    "ThreadMetadata",
    "default_generate_id",
]
