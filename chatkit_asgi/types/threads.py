"""Threads: what is known about a conversation, and the form with its items that clients get."""

from typing import Annotated, Any, Literal

from pydantic import Field

from chatkit_asgi.types.base import ProtocolModel
from chatkit_asgi.types.items import ThreadItem
from chatkit_asgi.types.pagination import Page
from chatkit_asgi.types.timestamps import Timestamp

__all__ = ["ActiveStatus", "ClosedStatus", "LockedStatus", "Thread", "ThreadMetadata", "ThreadStatus"]


class ActiveStatus(ProtocolModel):
    """The thread takes input."""

    type: Literal["active"] = Field(default="active", frozen=True)


class LockedStatus(ProtocolModel):
    """The thread takes no input for now."""

    type: Literal["locked"] = Field(default="locked", frozen=True)
    reason: str | None = None


class ClosedStatus(ProtocolModel):
    """The thread takes no input any more."""

    type: Literal["closed"] = Field(default="closed", frozen=True)
    reason: str | None = None


ThreadStatus = Annotated[ActiveStatus | LockedStatus | ClosedStatus, Field(discriminator="type")]
"""Whether a thread takes input, told by its type."""


class ThreadMetadata(ProtocolModel):
    """A thread without its items, as stores keep it. `metadata` is the server's own."""

    title: str | None = None
    id: str
    created_at: Timestamp
    status: ThreadStatus = Field(default_factory=ActiveStatus)
    allowed_image_domains: list[str] | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


class Thread(ThreadMetadata):
    """A thread with a page of its items, as clients get it."""

    items: Page[ThreadItem]
