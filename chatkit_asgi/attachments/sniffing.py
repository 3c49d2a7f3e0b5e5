"""What an upload is, judged by its first bytes; what a client says about it is only a claim.

Text formats have no signature, so HTML and SVG are never found here, and so never images. Nothing is decoded.
"""

import re
from io import BytesIO
from mimetypes import guess_type

import filetype
import imagesize

__all__ = [
    "HEAD_SIZE",
    "SAFE_IMAGES",
    "UNKNOWN_TYPE",
    "clean_type",
    "image_size",
    "is_enough",
    "settle_type",
    "sniff",
]

HEAD_SIZE = 8192
LONGEST_HEAD = 1 << 20
"""In a photo, what cameras and programs say about it comes before its size."""
UNKNOWN_TYPE = "application/octet-stream"
MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}", re.ASCII)
SAFE_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
"""What every browser draws and none can be made to run."""
WITH_SIGNATURE = frozenset({"application/pdf", "application/zip", "application/gzip"})
"""Files of these types begin in one way and no other, so that a claim can be checked."""


def clean_type(claimed: str) -> str:
    """The media type that a client names, in lower case and without parameters."""
    plain = claimed.partition(";")[0].strip().lower()
    return plain if MEDIA_TYPE.fullmatch(plain) else UNKNOWN_TYPE


def sniff(head: bytes) -> str | None:
    """The media type that the first bytes are a signature of; None for text and everything unknown."""
    found: str | None = filetype.guess_mime(head[:HEAD_SIZE])
    return found


def image_size(head: bytes) -> tuple[int, int] | None:
    """Width and height of an image of a safe type, as its header says; None when that cannot be read."""
    try:
        width, height = imagesize.get(BytesIO(head), exif_rotation=False)
    except Exception:  # a parser on bytes that may be made to break it
        return None
    return (width, height) if width > 0 and height > 0 else None


def is_enough(head: bytes) -> bool:
    """Whether more bytes would tell nothing more about the upload."""
    if len(head) < HEAD_SIZE:
        return False
    return len(head) >= LONGEST_HEAD or sniff(head) not in SAFE_IMAGES or image_size(head) is not None


def settle_type(head: bytes, *, name: str, claimed: str) -> str:
    """The media type to keep: an image type only when the bytes bear it out and the name agrees.

    A claim that is no image and not empty is kept, unless the bytes show that it is wrong: nothing is ever
    shown on the strength of it.
    """
    claimed = clean_type(claimed)
    by_name = guess_type(name)[0] or ""
    claimed = claimed if claimed != UNKNOWN_TYPE else by_name
    sniffed = sniff(head) or UNKNOWN_TYPE
    if claimed and not claimed.startswith("image/"):
        return claimed if claimed not in WITH_SIGNATURE or claimed == sniffed else UNKNOWN_TYPE
    agrees = not by_name or by_name.startswith("image/")
    if not agrees or (sniffed in SAFE_IMAGES and image_size(head) is None):
        return UNKNOWN_TYPE
    return sniffed
