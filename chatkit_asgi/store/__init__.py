"""The contracts of persistence. Backends: `chatkit_asgi.store.memory`, `chatkit_asgi.store.sql`."""

from chatkit_asgi.store.base import (
    AttachmentStore,
    NotFoundError,
    Store,
    StoreItemType,
    TContext,
    default_generate_id,
)

__all__ = ["AttachmentStore", "NotFoundError", "Store", "StoreItemType", "TContext", "default_generate_id"]
