"""`ObjectBlobStore`: blobs on local disk or in an object store, through one client for all of them.

The one home of `obstore`; its exceptions go no further than this file.
"""

import asyncio
import secrets
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import obstore
from anyio.abc import ObjectReceiveStream
from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as KeyNotFoundError
from obstore.store import AzureStore, GCSStore, LocalStore, S3Store

from chatkit_asgi.attachments.blobs import READ_SIZE, BlobLinks
from chatkit_asgi.attachments.places import Place, PlaceAccess, place_of
from chatkit_asgi.attachments.presigning import S3Links
from chatkit_asgi.attachments.signing import Signer
from chatkit_asgi.attachments.store import BlobAttachmentStore
from chatkit_asgi.errors import BackendError, NotFoundError
from chatkit_asgi.locale import user_text
from chatkit_asgi.store import Store, TContext

if TYPE_CHECKING:
    from obstore import BytesStream, PutResult  # exist for type checkers only

__all__ = ["BlobStorageStore", "ObjectBlobStore"]

PART_SIZE = 5 * 1024 * 1024
"""What object stores ask of the parts of one upload; two of them are held in memory."""
OPAQUE = {"Content-Type": "application/octet-stream"}
"""What lies in a bucket says nothing that a browser could act on, should somebody open the bucket."""

# No limit on a whole answer: somebody may read it slowly. On silence there is one.
CLIENT: Any = {"connect_timeout": "5s", "read_timeout": "30s", "timeout": "1day", "allow_http": "true"}
RETRIES: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=15)}

ObjectStore = LocalStore | S3Store | GCSStore | AzureStore


class ObjectBlobStore:
    """A `BlobStore` in the place that a URL names: a path, ``file:///…``, ``s3://bucket/prefix``, ``gs://…``…

    Raises NotSupportedError for a scheme that is not known. Nothing is opened, and no directory made, before
    it is first used.
    """

    def __init__(self, url: str | Path, access: PlaceAccess | None = None) -> None:
        self._place = place_of(url)
        self._access = access or PlaceAccess()

    @property
    def links(self) -> BlobLinks | None:
        """Links that lead clients to the place itself; None where none can be made that are safe enough."""
        if self._place.scheme != "s3" or not self._access.secret_key:
            return None
        return S3Links(self._place, self._access)

    @cached_property
    def _store(self) -> ObjectStore:
        with _translated():
            return _opened(self._place, self._access)

    @property
    def _is_local(self) -> bool:
        return self._place.scheme == "file"

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        return await _Upload(self._start, key).run(chunks)

    def probe(self) -> None:
        """Write a blob, read it and delete it again. Raises BackendError when that cannot be done."""
        with _translated():
            obstore.put(self._store, "probe", b"")
            obstore.head(self._store, "probe")
            obstore.delete(self._store, "probe")

    async def open(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        if self._is_local:  # several times as fast as through the client
            await self.size(key)
            return _read(self._place.path / key, start, end)
        options: Any = {}  # Any: a type that exists for type checkers only
        if end is not None:
            options = {"range": (start, end)}
        elif start:
            options = {"range": {"offset": start}}
        with _translated():
            found = await obstore.get_async(self._store, key, options=options)
        return _pieces(found.stream(min_chunk_size=READ_SIZE))

    async def size(self, key: str) -> int:
        with _translated():
            return (await obstore.head_async(self._store, key))["size"]

    async def copy(self, key: str, target: str) -> None:
        with _translated():
            await obstore.copy_async(self._store, key, target)

    async def delete(self, key: str) -> None:
        if self._is_local:
            await asyncio.to_thread(_unlink, self._place.path / key)
            return
        with _translated(), suppress(FileNotFoundError, KeyNotFoundError):
            await obstore.delete_async(self._store, key)

    async def delete_folder(self, folder: str) -> None:
        if self._is_local:  # also the beginnings of files, which the client does not list
            await asyncio.to_thread(_remove, self._place.path / folder)
            return
        with _translated():
            async for found in obstore.list(self._store, prefix=f"{folder}/"):
                await obstore.delete_async(self._store, [each["path"] for each in found])

    def _start(self, key: str, chunks: AsyncIterator[bytes]) -> "asyncio.Future[PutResult]":
        attributes: Any = None if self._is_local else OPAQUE  # local disk keeps none
        return asyncio.ensure_future(
            obstore.put_async(
                self._store, key, chunks, attributes=attributes, chunk_size=PART_SIZE, max_concurrency=2
            )
        )


class BlobStorageStore(BlobAttachmentStore[TContext]):
    """A `BlobAttachmentStore` beside a data store: on local disk, or wherever the URL says.

    `keys` sign its links; without any, links end with the process. `options` are those of its base.
    """

    def __init__(
        self,
        data_store: Store[TContext],
        url: str | Path = "chatkit-data/files",
        *,
        access: PlaceAccess | None = None,
        keys: Sequence[str] = (),
        **options: Any,  # Any: each has its own type
    ) -> None:
        blobs = ObjectBlobStore(url, access)
        signer = Signer(keys or [secrets.token_urlsafe(32)])
        super().__init__(blobs, data_store, signer, **{"links": blobs.links, **options})


class _Stopped(Exception):
    """Ends an upload from within: the client then also takes back the parts it has sent."""


class _Upload:
    """One upload. The chunks are iterated by the caller's task, which may be cancelled or see them fail;
    the client pulls them from a stream without a buffer, and is ended by an exception in that stream:
    cancelling the client instead would leave a half-sent upload at the provider.
    """

    def __init__(
        self, start: "Callable[[str, AsyncIterator[bytes]], asyncio.Future[PutResult]]", key: str
    ) -> None:
        self._send, receive = anyio.create_memory_object_stream[bytes](0)
        self._complete = False
        self._size = 0
        self._put = start(key, self._pull(receive))
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


async def _read(path: Path, start: int, end: int | None) -> AsyncIterator[bytes]:
    left = sys.maxsize if end is None else end - start
    with _translated():
        async with await anyio.open_file(path, "rb") as file:
            await file.seek(start)
            while left > 0 and (piece := await file.read(min(READ_SIZE, left))):
                left -= len(piece)
                yield piece


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, KeyNotFoundError) as exc:
        raise NotFoundError(user_text("The file does not exist.")) from exc
    except (OSError, BaseError) as exc:
        raise BackendError(user_text("The file storage does not answer. Try again later.")) from exc


def _opened(place: Place, access: PlaceAccess) -> ObjectStore:
    match place.scheme:
        case "s3":
            given = {
                "endpoint": access.endpoint,
                "region": access.region,
                "access_key_id": access.access_key,
                "secret_access_key": access.secret_key,
                "session_token": access.session_token,
            }
            known: Any = {name: value for name, value in given.items() if value}
            return S3Store(
                place.bucket,
                prefix=place.prefix or None,
                virtual_hosted_style_request=not access.has_path_style,
                client_options=CLIENT,
                retry_config=RETRIES,
                **known,
            )
        case "gs":
            return GCSStore(
                place.bucket, prefix=place.prefix or None, client_options=CLIENT, retry_config=RETRIES
            )
        case "az":
            return AzureStore(
                place.bucket, prefix=place.prefix or None, client_options=CLIENT, retry_config=RETRIES
            )
    return LocalStore(prefix=place.path, mkdir=True)


def _remove(folder: Path) -> None:
    with _translated(), suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _unlink(path: Path) -> None:
    with _translated():
        path.unlink(missing_ok=True)
    with suppress(OSError):  # other files are in the folder, or there is none
        path.parent.rmdir()
