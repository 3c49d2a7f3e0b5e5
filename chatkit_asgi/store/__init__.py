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
from chatkit_asgi.store.shown import ShownItem, ShownThread, client_json, thread_json
from chatkit_asgi.types import Attachment, AttachmentCreateParams, Page, ThreadItem, ThreadMetadata

__all__ = [
    "Attachment",
    "AttachmentCreateParams",
    "AttachmentStore",
    "NotFoundError",
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
    "client_json",
    "default_generate_id",
    "thread_json",
]
