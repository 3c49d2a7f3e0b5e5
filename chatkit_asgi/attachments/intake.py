"""`Intake`: one upload's bytes on their way in, counted and looked at as they pass.

Knows neither HTTP nor storage; it refuses by raising in the middle of the bytes.
"""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from chatkit_asgi.attachments.sniffing import (
    HEAD_SIZE,
    SAFE_IMAGES,
    UNKNOWN_TYPE,
    image_size,
    is_enough,
    settle_type,
    sniff,
)
from chatkit_asgi.errors import InvalidRequestError, TooLargeError, UnsupportedTypeError
from chatkit_asgi.locale import user_text

__all__ = ["Content", "Intake", "UploadLimits", "read_head"]

WRAPPERS = frozenset({"application/zip", "application/x-ole-storage", "application/msword"})
"""Signatures that many formats share, so that they say nothing against a claim."""


@dataclass(frozen=True, slots=True)
class Content:
    """What an upload has turned out to be."""

    mime_type: str
    sniffed_type: str | None
    pixels: tuple[int, int] | None = None
    """Width and height of an image."""

    def metadata(self) -> dict[str, Any]:
        """As it is kept with the attachment. `Any`: values of several types."""
        size = {"width": self.pixels[0], "height": self.pixels[1]} if self.pixels else {}
        return {"sniffed_type": self.sniffed_type, **size}


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What may be uploaded: how many bytes, of which media types (``image/*`` works; None for all), and how
    many pixels an image may have.
    """

    max_bytes: int
    types: Collection[str] | None = None
    max_pixels: int = 100_000_000

    def check_size(self, size: int) -> None:
        """Raises TooLargeError, and InvalidRequestError for a negative size."""
        if size < 0:
            raise InvalidRequestError("A file has no negative size.", param="size")
        if size > self.max_bytes:
            raise TooLargeError(
                user_text("The file is too large: {most} bytes at most.", most=self.max_bytes)
            )

    def check_type(self, mime_type: str) -> None:
        """Raises UnsupportedTypeError."""
        if self.types is not None and not any(fnmatch(mime_type, allowed.lower()) for allowed in self.types):
            raise UnsupportedTypeError(
                user_text("Files of this type cannot be uploaded here: {type}.", type=mime_type)
            )

    def judge(self, head: bytes, *, name: str, claimed: str) -> Content:
        """What a file with these first bytes is. Raises UnsupportedTypeError and TooLargeError."""
        mime_type, sniffed = settle_type(head, name=name, claimed=claimed), sniff(head)
        self.check_type(mime_type)
        if sniffed is not None and sniffed not in WRAPPERS:
            self.check_type(sniffed)  # a program is one whatever it is called
        pixels = image_size(head) if mime_type in SAFE_IMAGES else None
        if pixels is not None and pixels[0] * pixels[1] > self.max_pixels:
            raise TooLargeError(
                user_text("The image has too many pixels: {most} at most.", most=self.max_pixels)
            )
        return Content(mime_type, sniffed, pixels)


class Intake:
    """The bytes of `chunks`, iterated once. `content` is known when `begin` has returned, `size` at the end.

    Raises TooLargeError and UnsupportedTypeError from within. The first bytes are held back until they
    have been looked at, so that nothing of a refused type is handed on.
    """

    def __init__(
        self, chunks: AsyncIterator[bytes], limits: UploadLimits, *, name: str, claimed: str
    ) -> None:
        self._counted = self._count(chunks)
        self._limits = limits
        self._name = name
        self._claimed = claimed
        self._head: bytes | None = None
        self.size = 0
        self.content = Content(UNKNOWN_TYPE, None)

    async def begin(self) -> None:
        """Read as much as it takes to know what it is; iterating does so by itself."""
        if self._head is None:
            self._head = await read_head(self._counted)
            self.content = self._limits.judge(self._head, name=self._name, claimed=self._claimed)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await self.begin()
        yield self._head or b""
        async for chunk in self._counted:
            yield chunk

    async def _count(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            self.size += len(chunk)
            self._limits.check_size(self.size)
            yield chunk


async def read_head(chunks: AsyncIterator[bytes]) -> bytes:
    """So many of the first bytes as it takes to judge them."""
    head, looked_at = bytearray(), HEAD_SIZE // 2
    async for chunk in chunks:
        head += chunk
        if len(head) >= 2 * looked_at:  # however small the pieces are, it is looked at a few times only
            looked_at = len(head)
            if is_enough(bytes(head)):
                break
    return bytes(head)
