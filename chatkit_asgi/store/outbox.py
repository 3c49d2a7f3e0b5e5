"""`Outbox`: blobs that nobody's row names any more, kept with the rows until they have been deleted.

An attachment store that keeps bytes says in an attachment's metadata where they are (`BLOB_FOLDER`) and how
many (`SIZE`). Whatever deletes such a row notes its blob here, in the same transaction.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chatkit_asgi.types import Attachment

__all__ = ["BLOB_FOLDER", "SIZE", "TAKEN_SECONDS", "BlobDeletion", "Outbox", "Usage", "blob_of", "size_of"]

BLOB_FOLDER = "blob_folder"
SIZE = "size"
TAKEN_SECONDS = 60.0
"""How long nobody else is given a deletion that somebody has taken."""


@dataclass(frozen=True, slots=True)
class BlobDeletion:
    """A folder of blobs that are to be deleted, and since when."""

    blob: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Usage:
    """What the attachments of one owner amount to."""

    files: int = 0
    bytes: int = 0


class Outbox(Protocol):
    """What is left to delete, for any number of processes at once. Raises BackendError."""

    async def take(self, count: int) -> list[BlobDeletion]:
        """Up to `count` deletions that are due, oldest first.

        What is not reported as done is due again after `TAKEN_SECONDS`: who took it may have died.
        """
        ...

    async def done(self, blob: str, *, again_at: datetime | None = None) -> None:
        """The blob is deleted; `again_at`: and will be once more then, as somebody may still write to it."""
        ...

    async def drop_unsent(self, before: datetime, count: int) -> int:
        """Delete up to `count` attachments with bytes, of any owner, saved first before then and never sent.

        Gives the number of those that were deleted.
        """
        ...


def blob_of(attachment: Attachment) -> str | None:
    """The folder of the attachment's blobs; None for one whose bytes are nobody's business here."""
    found = (attachment.metadata or {}).get(BLOB_FOLDER)
    return found if isinstance(found, str) else None


def size_of(attachment: Attachment) -> int:
    """The attachment's length in bytes, as far as it is known."""
    found = (attachment.metadata or {}).get(SIZE)
    return found if isinstance(found, int) else 0
