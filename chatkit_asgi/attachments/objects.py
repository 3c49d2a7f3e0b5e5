"""`ObjectBlobStore`: blobs on local disk, through the object store client that also speaks to the clouds.

The one home of `obstore`; its exceptions go no further than this file.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

import anyio
import obstore
from anyio.abc import ObjectReceiveStream
from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as KeyNotFoundError
from obstore.store import LocalStore

from chatkit_asgi.attachments.blobs import READ_SIZE
from chatkit_asgi.errors import BackendError, NotFoundError, NotSupportedError

if TYPE_CHECKING:
    from obstore import BytesStream  # exists for type checkers only

__all__ = ["ObjectBlobStore"]

PART_SIZE = 5 * 1024 * 1024
"""What object stores ask of the parts of one upload; two of them are held in memory."""


class ObjectBlobStore:
    """A `BlobStore` in the place that a URL names: ``file:///var/lib/files``, or a plain path.

    Raises NotSupportedError for a scheme that is not known. The directory is made when it is first used.
    """

    def __init__(self, url: str | Path) -> None:
        self._path = _local_path(url)

    @cached_property
    def _store(self) -> LocalStore:
        return LocalStore(prefix=self._path, mkdir=True)

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        return await _Upload(self._store, key).run(chunks)

    def probe(self) -> None:
        """Write a blob and delete it again. Raises BackendError when that cannot be done."""
        with _translated():
            obstore.put(self._store, "probe", b"")
            obstore.delete(self._store, "probe")

    async def open(self, key: str) -> AsyncIterator[bytes]:
        with _translated():
            found = await obstore.get_async(self._store, key)
        return _pieces(found.stream(min_chunk_size=READ_SIZE))

    async def size(self, key: str) -> int:
        with _translated():
            return (await obstore.head_async(self._store, key))["size"]

    async def delete(self, key: str) -> None:
        try:
            with _translated():
                await obstore.delete_async(self._store, key)
        except NotFoundError:
            pass  # local disk minds a missing key, object stores do not


class _Stopped(Exception):
    """Ends an upload from within: the client then also takes back the parts it has sent."""


class _Upload:
    """One upload. The chunks are iterated by the caller's task, which may be cancelled or see them fail;
    the client pulls them from a stream without a buffer, and is ended by an exception in that stream:
    cancelling the client instead would leave a half-sent upload at the provider.
    """

    def __init__(self, store: LocalStore, key: str) -> None:
        self._send, receive = anyio.create_memory_object_stream[bytes](0)
        self._complete = False
        self._size = 0
        chunks = self._pull(receive)
        self._put = asyncio.ensure_future(
            obstore.put_async(store, key, chunks, chunk_size=PART_SIZE, max_concurrency=2)
        )
        # An upload that fails early must not leave the sender waiting.
        self._put.add_done_callback(lambda _: receive.close())

    async def run(self, chunks: AsyncIterator[bytes]) -> int:
        try:
            with self._send:
                await self._feed(chunks)
                self._complete = True
            await self._result()
        except BaseException:
            await self._settle()
            raise
        return self._size

    async def _feed(self, chunks: AsyncIterator[bytes]) -> None:
        async for chunk in chunks:
            self._size += len(chunk)
            try:
                await self._send.send(chunk)
            except anyio.BrokenResourceError:
                await self._result()  # raises: tells why it stopped reading

    async def _result(self) -> None:
        with _translated():
            await asyncio.shield(self._put)

    async def _settle(self) -> None:
        """Wait until the client has ended, whatever its result, also when the caller was cancelled."""
        with anyio.CancelScope(shield=True):
            await asyncio.wait([self._put])
        if not self._put.cancelled():
            self._put.exception()

    async def _pull(self, receive: ObjectReceiveStream[bytes]) -> AsyncIterator[bytes]:
        async for chunk in receive:
            yield chunk
        if not self._complete:
            raise _Stopped


async def _pieces(stream: "BytesStream") -> AsyncIterator[bytes]:
    with _translated():
        async for piece in stream:
            yield bytes(piece)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, KeyNotFoundError) as exc:
        raise NotFoundError("The file does not exist.") from exc
    except (OSError, BaseError) as exc:
        raise BackendError("The file storage does not answer. Try again later.") from exc


def _local_path(url: str | Path) -> Path:
    if isinstance(url, Path):
        return url.absolute()
    parts = urlsplit(url)
    if "://" not in url and parts.scheme != "file":
        return Path(url).absolute()
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise NotSupportedError(
            f"Files cannot be kept at {parts.scheme}:// : use a path or file:///directory."
        )
    return Path(url2pathname(parts.path)).absolute()
