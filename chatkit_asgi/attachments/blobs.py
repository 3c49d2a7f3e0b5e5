"""`BlobStore`, the contract for bytes under a key, and `MemoryBlobStore`, the simplest one that keeps it.

Whose bytes they are and what they mean is decided a floor above, in `store`.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from chatkit_asgi.errors import NotFoundError
from chatkit_asgi.locale import user_text

__all__ = ["READ_SIZE", "BlobLinks", "BlobStore", "MemoryBlobStore", "UploadLink"]

READ_SIZE = 256 * 1024


class BlobStore(Protocol):
    """Keeps byte strings of any length under keys made by us: ``folder/name`` of letters, digits, ``-_``.

    Raises BackendError when the storage does not answer.
    """

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Store what `chunks` yields, as it comes, and return its length; replaces what the key held.

        `chunks` is iterated in the calling task. Whatever it raises goes through unchanged, and the key
        then holds what it held before; a call that is cancelled writes all of it or nothing.
        """
        ...

    async def open(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end`, which is not among them, in pieces.

        `start` lies before the end, unless it is 0. Raises NotFoundError at once, not at the first piece.
        """
        ...

    async def size(self, key: str) -> int:
        """The length in bytes. Raises NotFoundError."""
        ...

    async def copy(self, key: str, target: str) -> None:
        """Have `target` hold the same bytes. Raises NotFoundError."""
        ...

    async def delete(self, key: str) -> None:
        """Forget the key. May be repeated."""
        ...

    async def delete_folder(self, folder: str) -> None:
        """Forget all keys ``folder/…``, and what is left of uploads that were cut off. May be repeated."""
        ...


@dataclass(frozen=True, slots=True)
class UploadLink:
    """Takes the bytes of one blob by `PUT`, with these headers."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


class BlobLinks(Protocol):
    """Links by which clients reach a `BlobStore` without us. They cannot be altered, and expire."""

    def upload(self, key: str, *, mime_type: str, size: int, seconds: float) -> UploadLink:
        """Takes just so many bytes of just this type."""
        ...

    def download(self, key: str, *, mime_type: str, disposition: str, seconds: float) -> str:
        """Gives the bytes with these words in `Content-Type` and `Content-Disposition`."""
        ...


class MemoryBlobStore:
    """A `BlobStore` in a dictionary, for tests and for programs that keep nothing."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        data = b"".join([chunk async for chunk in chunks])
        self._blobs[key] = data
        return len(data)

    async def open(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        return _pieces(self._load(key)[start:end])

    async def size(self, key: str) -> int:
        return len(self._load(key))

    async def copy(self, key: str, target: str) -> None:
        self._blobs[target] = self._load(key)

    async def delete(self, key: str) -> None:
        self._blobs.pop(key, None)

    async def delete_folder(self, folder: str) -> None:
        for key in [key for key in self._blobs if key.startswith(f"{folder}/")]:
            del self._blobs[key]

    def _load(self, key: str) -> bytes:
        if key not in self._blobs:
            raise NotFoundError(user_text("The file does not exist."))
        return self._blobs[key]


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), READ_SIZE):
        yield data[start : start + READ_SIZE]
