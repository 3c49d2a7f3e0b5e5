"""What the row of an attachment says of its bytes, and the keys they have. Nothing here reads or writes."""

import hashlib
import re
import secrets
from typing import Any

from pydantic import AnyUrl

from chatkit_asgi.attachments.sniffing import SAFE_IMAGES
from chatkit_asgi.errors import NotFoundError
from chatkit_asgi.locale import user_text
from chatkit_asgi.store import BLOB_FOLDER
from chatkit_asgi.types import Attachment, FileAttachment, ImageAttachment

__all__ = [
    "BLOB",
    "NO_PREVIEW",
    "OWNER",
    "described",
    "folder",
    "folder_of",
    "incoming",
    "is_ours",
    "is_ready",
    "key_of",
    "new_key",
]

NO_PREVIEW = AnyUrl("about:blank")
"""Stands in the rows of images; `present` puts a fresh link in its place."""
BLOB, OWNER = "blob", "owner"
"""In an attachment's metadata: the key of its bytes, once they are there, and whose it is."""
INCOMING = "incoming"
"""What an upload that goes straight to the object store is called there, until we have looked at it."""
PLAIN_ID = re.compile(r"[a-z0-9_-]{1,100}")


def is_ready(attachment: Attachment) -> bool:
    """Whether the bytes are there, as far as they are our business."""
    return not is_ours(attachment) or BLOB in (attachment.metadata or {})


def is_ours(attachment: Attachment) -> bool:
    """Whether a `BlobAttachmentStore` made it; applications may save others beside them."""
    return BLOB_FOLDER in (attachment.metadata or {})


def described(attachment_id: str, name: str, mime_type: str, metadata: dict[str, Any] | None) -> Attachment:
    """An attachment as its row says it; its kind is told by its type."""
    if mime_type in SAFE_IMAGES:
        return ImageAttachment(
            id=attachment_id, name=name, mime_type=mime_type, preview_url=NO_PREVIEW, metadata=metadata
        )
    return FileAttachment(id=attachment_id, name=name, mime_type=mime_type, metadata=metadata)


def folder_of(attachment_id: str) -> str:
    """The folder for an id. Applications may make ids of their own, which must lead nowhere else."""
    if PLAIN_ID.fullmatch(attachment_id):
        return attachment_id
    return hashlib.sha256(attachment_id.encode()).hexdigest()


def folder(attachment: Attachment) -> str:
    """Where everything of an attachment lies."""
    return str((attachment.metadata or {}).get(BLOB_FOLDER) or folder_of(attachment.id))


def key_of(attachment: Attachment) -> str:
    """Where the bytes are. Raises NotFoundError for an attachment that has none here."""
    found = (attachment.metadata or {}).get(BLOB)
    if not isinstance(found, str):
        raise NotFoundError(user_text("The file does not exist."))
    return found


def new_key(pending: Attachment) -> str:
    """A place for one upload of the bytes, in the folder."""
    return f"{folder(pending)}/{secrets.token_hex(8)}"


def incoming(pending: Attachment) -> str:
    """The place of an upload that goes straight to the object store."""
    return f"{folder(pending)}/{INCOMING}"
