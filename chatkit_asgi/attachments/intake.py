"""`Intake`: one upload's bytes on their way in, counted and looked at as they pass.

Knows neither HTTP nor storage; it refuses by raising in the middle of the bytes.
"""

import re
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath
from unicodedata import category

from chatkit_asgi.attachments.sniffing import HEAD_SIZE, SAFE_IMAGES, UNKNOWN_TYPE, settle_type, sniff
from chatkit_asgi.errors import InvalidRequestError, TooLargeError, UnsupportedTypeError

__all__ = ["Intake", "UploadLimits", "clean_name"]

MAX_NAME = 200
BIDI_CONTROLS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What may be uploaded: how many bytes, and of which media types (``image/*`` works; None for all)."""

    max_bytes: int
    types: Collection[str] | None = None

    def check_size(self, size: int) -> None:
        """Raises TooLargeError, and InvalidRequestError for a negative size."""
        if size < 0:
            raise InvalidRequestError("A file has no negative size.", param="size")
        if size > self.max_bytes:
            raise TooLargeError(f"The file is too large: {self.max_bytes} bytes at most.")

    def check_type(self, mime_type: str) -> None:
        """Raises UnsupportedTypeError."""
        if self.types is not None and not any(fnmatch(mime_type, allowed.lower()) for allowed in self.types):
            raise UnsupportedTypeError(f"Files of this type cannot be uploaded here: {mime_type}.")


class Intake:
    """Iterated once: the bytes of `chunks`; afterwards `size` and the types are those of what has passed.

    Raises TooLargeError and UnsupportedTypeError from within. The first bytes are held back until they
    have been looked at, so that nothing of a refused type is handed on.
    """

    def __init__(
        self, chunks: AsyncIterator[bytes], limits: UploadLimits, *, name: str, claimed: str
    ) -> None:
        self._chunks = chunks
        self._limits = limits
        self._name = name
        self._claimed = claimed
        self.size = 0
        self.mime_type = UNKNOWN_TYPE
        self.sniffed_type: str | None = None

    @property
    def is_image(self) -> bool:
        """Whether the bytes are an image that is safe to show."""
        return self.mime_type in SAFE_IMAGES

    async def __aiter__(self) -> AsyncIterator[bytes]:
        counted = self._counted()
        yield await self._head(counted)
        async for chunk in counted:
            yield chunk

    async def _head(self, counted: AsyncIterator[bytes]) -> bytes:
        head = bytearray()
        async for chunk in counted:
            head += chunk
            if len(head) >= HEAD_SIZE:
                break
        self.sniffed_type = sniff(bytes(head[:HEAD_SIZE]))
        self.mime_type = settle_type(bytes(head[:HEAD_SIZE]), name=self._name, claimed=self._claimed)
        self._limits.check_type(self.mime_type)
        return bytes(head)

    async def _counted(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            self.size += len(chunk)
            self._limits.check_size(self.size)
            yield chunk


def clean_name(name: str) -> str:
    """The last part of a name that a client gave, without what could deceive a reader or break a header."""
    shown = "".join(char for char in name if category(char) not in ("Cc", "Cs") and char not in BIDI_CONTROLS)
    last = re.split(r"[/\\]", shown)[-1].strip(" .")
    suffix = PurePosixPath(last).suffix[:20]
    if len(last) > MAX_NAME:
        last = last[: MAX_NAME - len(suffix)] + suffix
    return last or "file"
