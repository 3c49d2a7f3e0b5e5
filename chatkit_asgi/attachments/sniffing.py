"""What an upload is, judged by its first bytes; what a client says about it is only a claim.

Text formats have no signature, so HTML and SVG are never found here, and so never images.
"""

from mimetypes import guess_type

import filetype

__all__ = ["HEAD_SIZE", "SAFE_IMAGES", "UNKNOWN_TYPE", "settle_type", "sniff"]

HEAD_SIZE = 8192
UNKNOWN_TYPE = "application/octet-stream"
SAFE_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
"""What every browser draws and none can be made to run."""


def sniff(head: bytes) -> str | None:
    """The media type that the first bytes are a signature of; None for text and everything unknown."""
    found: str | None = filetype.guess_mime(head)
    return found


def settle_type(head: bytes, *, name: str, claimed: str) -> str:
    """The media type to keep: an image type only when the bytes bear it out and the name agrees.

    A claim that is no image and not empty is kept: nothing is ever shown on the strength of it.
    """
    claimed = claimed.partition(";")[0].strip().lower()
    by_name = guess_type(name)[0] or ""
    claimed = claimed if claimed not in ("", UNKNOWN_TYPE) else by_name
    if claimed and not claimed.startswith("image/"):
        return claimed
    sniffed = sniff(head) or UNKNOWN_TYPE
    agrees = not by_name or by_name.startswith("image/")
    return sniffed if agrees else UNKNOWN_TYPE
