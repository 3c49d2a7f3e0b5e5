"""Images that a model made, as attachments of their thread: how an item's address leads back to one.

Such an address is a link that expires, kept in the item. Its path names the attachment, whose id is bound to
the item: a fresh link is made only for what the item was about, whatever an address may say.
"""

import hashlib
import secrets
from urllib.parse import unquote, urlsplit

from chatkit_asgi.types import GeneratedImageItem

__all__ = ["SUFFIXES", "generated_id", "generated_id_of", "token_of"]

SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/avif": ".avif",
}
PREFIX = "atc_"
HALF = 16


def generated_id(thread_id: str, image_id: str) -> str:
    """A new attachment id for an image in a thread."""
    return _bound(secrets.token_hex(HALF // 2), thread_id, image_id)


def generated_id_of(item: GeneratedImageItem) -> str | None:
    """The id of the attachment that the item's address leads to; None for other addresses."""
    if item.image is None or item.image.url.startswith("data:"):
        return None
    try:
        named = unquote(urlsplit(item.image.url).path.rpartition("/files/")[2])
    except ValueError:
        return None
    salt = named.removeprefix(PREFIX)[:HALF]
    return named if named == _bound(salt, item.thread_id, item.image.id) else None


def token_of(url: str) -> str:
    """The token that a link carries."""
    return urlsplit(url).query.removeprefix("token=")


def _bound(salt: str, thread_id: str, image_id: str) -> str:
    digest = hashlib.sha256("\0".join((salt, thread_id, image_id)).encode()).hexdigest()
    return f"{PREFIX}{salt}{digest[:HALF]}"
