"""Whether bytes are text, and which: by what the file is called, and by trying."""

import codecs
from mimetypes import guess_type

from chatkit_asgi.types import Attachment

__all__ = ["decode_text", "is_text_claim", "looks_like_text"]

TEXT_TYPES = frozenset(
    {
        "application/ecmascript",
        "application/graphql",
        "application/javascript",
        "application/json",
        "application/sql",
        "application/toml",
        "application/typescript",
        "application/x-httpd-php",
        "application/x-javascript",
        "application/x-ndjson",
        "application/x-python-code",
        "application/x-sh",
        "application/x-tex",
        "application/x-yaml",
        "application/xml",
        "application/yaml",
    }
)
TEXT_SUFFIXES = ("+json", "+xml", "+yaml")
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""By which some files say how they are written; those of UTF-32 begin like those of UTF-16."""
FALLBACK = "cp1252"
"""What text on old Western systems is written in."""
CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\b\x1b")


def is_text_claim(attachment: Attachment) -> bool:
    """Whether its media type or its name say that it is text."""
    claimed = attachment.mime_type.partition(";")[0].strip().lower()
    return any(_is_text(mime_type) for mime_type in (claimed, guess_type(attachment.name)[0] or ""))


def looks_like_text(head: bytes, *, is_claimed: bool) -> bool:
    """Whether a file that begins so can be read as text."""
    return decode_text(head, "", is_claimed=is_claimed) is not None


def decode_text(data: bytes, mime_type: str, *, is_claimed: bool) -> str | None:
    """The text, whose last character may be cut; None when the bytes are none.

    What is not said to be text has to be UTF-8 without control characters.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _decoded(data, encoding, errors="replace")
    if b"\0" in data or not (is_claimed or CONTROLS.isdisjoint(data)):
        return None
    try:
        return _decoded(data, "utf-8", errors="strict")
    except UnicodeDecodeError:
        return _decoded(data, _charset(mime_type), errors="replace") if is_claimed else None


def _is_text(mime_type: str) -> bool:
    return (
        mime_type.startswith("text/")
        or mime_type in TEXT_TYPES
        or (mime_type.startswith("application/") and mime_type.endswith(TEXT_SUFFIXES))
    )


def _charset(mime_type: str) -> str:
    named = mime_type.lower().partition("charset=")[2].partition(";")[0].strip("\"' ")
    try:
        b"?".decode(named)
    except (LookupError, ValueError):
        return FALLBACK
    return named


def _decoded(data: bytes, encoding: str, *, errors: str) -> str:
    return codecs.getincrementaldecoder(encoding)(errors).decode(data)
