"""`BlobStore`, the contract for bytes under a key, and `MemoryBlobStore`, the simplest one that keeps it.

Whose bytes they are and what they mean is decided a floor above, in `store`.
"""

from collections.abc import AsyncIterator
from typing import Protocol

from chatkit_asgi.errors import NotFoundError

__all__ = ["READ_SIZE", "BlobStore", "MemoryBlobStore"]

READ_SIZE = 256 * 1024


class BlobStore(Protocol):
    """Keeps byte strings of any length under keys made by us (letters, digits, ``_``).

    Raises BackendError when the storage does not answer.
    """

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Store what `chunks` yields, as it comes, and return its length; replaces what the key held.

        `chunks` is iterated in the calling task. Whatever it raises goes through unchanged, and the key
        then holds what it held before; a call that is cancelled writes all of it or nothing.
        """
        ...

    async def open(self, key: str) -> AsyncIterator[bytes]:
        """The bytes, in pieces, from the beginning. Raises NotFoundError at once, not at the first piece."""
        ...

    async def size(self, key: str) -> int:
        """The length in bytes. Raises NotFoundError."""
        ...

    async def delete(self, key: str) -> None:
        """Forget the key. May be repeated."""
        ...


class MemoryBlobStore:
    """A `BlobStore` in a dictionary, for tests and for programs that keep nothing."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        data = b"".join([chunk async for chunk in chunks])
        self._blobs[key] = data
        return len(data)

    async def open(self, key: str) -> AsyncIterator[bytes]:
        return _pieces(self._load(key))

    async def size(self, key: str) -> int:
        return len(self._load(key))

    async def delete(self, key: str) -> None:
        self._blobs.pop(key, None)

    def _load(self, key: str) -> bytes:
        if key not in self._blobs:
            raise NotFoundError("The file does not exist.")
        return self._blobs[key]


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), READ_SIZE):
        yield data[start : start + READ_SIZE]
