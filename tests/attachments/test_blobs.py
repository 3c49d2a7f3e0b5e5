"""The contract of `BlobStore`, on every backend."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import pytest

from chatkit_asgi.attachments import BlobStore, MemoryBlobStore, PlaceAccess
from chatkit_asgi.attachments.objects import ObjectBlobStore
from chatkit_asgi.errors import BackendError, InvalidRequestError, NotFoundError, NotSupportedError
from tests.attachments.samples import chunked
from tests.s3 import Bucket

KEY = "atc_1/5f"


@pytest.fixture(params=["memory", "disk", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    match request.param:
        case "memory":
            return MemoryBlobStore()
        case "disk":
            return ObjectBlobStore(tmp_path / "files")
    bucket: Bucket = request.getfixturevalue("bucket")
    return bucket.blobs()


async def read(blobs: BlobStore, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in await blobs.open(key, start, end)])


def names(directory: Path) -> list[str]:
    return [path.relative_to(directory).as_posix() for path in directory.rglob("*")]


async def broken(error: BaseException, *, after: int = 6 << 20) -> AsyncIterator[bytes]:
    for _ in range(0, after, 1 << 16):
        yield bytes(1 << 16)
    raise error


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (12 << 20) + 7])
async def test_what_was_put_is_read_back(blobs: BlobStore, size: int) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    assert await blobs.put(KEY, chunked(data[:size], 64 << 10)) == size
    assert await read(blobs, KEY) == data[:size]
    assert await blobs.size(KEY) == size


@pytest.mark.parametrize("range_", [(0, 1), (3, 10), (3, None), (99, 100), (99, None), (0, 100)])
async def test_any_part_can_be_read(blobs: BlobStore, range_: tuple[int, int | None]) -> None:
    data = bytes(range(100))
    await blobs.put(KEY, chunked(data, 7))
    assert await read(blobs, KEY, *range_) == data[slice(*range_)]


async def test_put_replaces(blobs: BlobStore) -> None:
    await blobs.put(KEY, chunked(b"first, and longer"))
    await blobs.put(KEY, chunked(b"second"))
    assert await read(blobs, KEY) == b"second"


async def test_copy_has_the_same_bytes_and_a_life_of_its_own(blobs: BlobStore) -> None:
    await blobs.put(KEY, chunked(b"bytes"))
    await blobs.copy(KEY, "atc_1/copy")
    await blobs.put(KEY, chunked(b"others"))
    assert await read(blobs, "atc_1/copy") == b"bytes"


async def test_missing_key_is_not_found_at_once(blobs: BlobStore) -> None:
    with pytest.raises(NotFoundError):
        await blobs.open(KEY)
    with pytest.raises(NotFoundError):
        await blobs.size(KEY)
    with pytest.raises(NotFoundError):
        await blobs.copy(KEY, "atc_1/copy")


async def test_delete_may_be_repeated(blobs: BlobStore) -> None:
    await blobs.put(KEY, chunked(b"bytes"))
    await blobs.put("atc_1/6a", chunked(b"others"))
    await blobs.delete(KEY)
    await blobs.delete(KEY)
    with pytest.raises(NotFoundError):
        await blobs.open(KEY)
    assert await read(blobs, "atc_1/6a") == b"others"


async def test_folder_is_deleted_with_all_that_is_in_it_and_nothing_else(blobs: BlobStore) -> None:
    for key in ("atc_1/a", "atc_1/b", "atc_10/a"):
        await blobs.put(key, chunked(b"bytes"))
    await blobs.delete_folder("atc_1")
    await blobs.delete_folder("atc_1")
    for key in ("atc_1/a", "atc_1/b"):
        with pytest.raises(NotFoundError):
            await blobs.size(key)
    assert await blobs.size("atc_10/a") == 5


@pytest.mark.parametrize("error", [ValueError("mine"), TimeoutError(), FileNotFoundError("theirs")])
@pytest.mark.parametrize("after", [0, 6 << 20])
async def test_failing_source_passes_unchanged_and_leaves_nothing(
    blobs: BlobStore, error: Exception, after: int
) -> None:
    with pytest.raises(type(error)) as raised:
        await blobs.put(KEY, broken(error, after=after))
    assert raised.value is error
    with pytest.raises(NotFoundError):
        await blobs.size(KEY)


async def test_failing_source_keeps_what_was_there(blobs: BlobStore) -> None:
    await blobs.put(KEY, chunked(b"before"))
    with pytest.raises(ValueError, match="mine"):
        await blobs.put(KEY, broken(ValueError("mine")))
    assert await read(blobs, KEY) == b"before"


async def test_cancelled_put_leaves_nothing(blobs: BlobStore) -> None:
    waiting = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        yield bytes(6 << 20)
        waiting.set()
        await asyncio.Event().wait()

    put = asyncio.create_task(blobs.put(KEY, stalled()))
    await asyncio.wait_for(waiting.wait(), 20)
    put.cancel()
    with pytest.raises(asyncio.CancelledError):
        await put
    with pytest.raises(NotFoundError):
        await blobs.size(KEY)


async def test_source_runs_in_the_calling_task(blobs: BlobStore) -> None:
    tasks = set()

    async def source() -> AsyncIterator[bytes]:
        for _ in range(3):
            tasks.add(asyncio.current_task())
            yield b"x"

    await blobs.put(KEY, source())
    assert tasks == {asyncio.current_task()}


async def test_nothing_but_the_blobs_lies_on_disk(tmp_path: Path) -> None:
    blobs = ObjectBlobStore(tmp_path)
    await blobs.put("atc_1/a", chunked(b"bytes"))
    with pytest.raises(ValueError, match="mine"):
        await blobs.put("atc_2/a", broken(ValueError("mine")))
    await blobs.delete("atc_2/a")
    assert names(tmp_path) == ["atc_1", "atc_1/a"]


async def test_nothing_but_the_blobs_lies_in_a_bucket(bucket: Bucket) -> None:
    blobs = bucket.blobs()
    await blobs.put("atc_1/a", chunked(b"bytes"))
    with pytest.raises(ValueError, match="mine"):
        await blobs.put("atc_2/a", broken(ValueError("mine")))
    assert bucket.names() == ["atc_1/a"]


async def test_folder_is_deleted_with_what_a_killed_process_left(tmp_path: Path) -> None:
    blobs = ObjectBlobStore(tmp_path)
    await blobs.put("atc_1/a", chunked(b"bytes"))
    (tmp_path / "atc_1" / "b#1").write_bytes(b"half of")  # what the client has before it renames
    await blobs.delete_folder("atc_1")
    assert names(tmp_path) == []


async def test_files_survive_a_new_store_on_the_same_place(tmp_path: Path) -> None:
    await ObjectBlobStore(tmp_path.as_uri()).put(KEY, chunked(b"bytes"))
    assert await read(ObjectBlobStore(str(tmp_path)), KEY) == b"bytes"


async def test_unusable_disk_is_a_backend_error(tmp_path: Path) -> None:
    blobs = ObjectBlobStore(tmp_path / "files")
    await blobs.put(KEY, chunked(b"bytes"))
    await blobs.delete_folder("atc_1")
    (tmp_path / "files").rmdir()
    (tmp_path / "files").write_text("in the way")
    with pytest.raises(BackendError):
        await blobs.put("atc_2/a", chunked(bytes(12 << 20)))


@pytest.mark.parametrize("wrong", ["secret_key", "access_key"])
async def test_keys_that_are_refused_are_a_backend_error(bucket: Bucket, wrong: str) -> None:
    blobs = ObjectBlobStore(bucket.url, PlaceAccess(**{**asdict(bucket.access), wrong: "no:such"}))
    with pytest.raises(BackendError):
        await blobs.put(KEY, chunked(b"bytes"))
    with pytest.raises(BackendError):
        await asyncio.to_thread(blobs.probe)


@pytest.mark.parametrize(
    "url", ["s3://nothing-here/x", "gs://nothing-here", "az://nothing-here/x", "file:///x"]
)
def test_constructor_touches_nothing(url: str) -> None:
    ObjectBlobStore(url)
    assert not Path("/x").exists()


def test_unknown_place_is_refused_with_a_word_on_what_works() -> None:
    with pytest.raises(NotSupportedError, match="file:///directory"):
        ObjectBlobStore("ftp://host/files")


@pytest.mark.parametrize(
    "url", ["s3://", "s3:///prefix", "gs://", "s3://key:secret@bucket/prefix", "s3://b?x=1"]
)
def test_url_without_a_plain_bucket_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequestError, match="bucket") as raised:
        ObjectBlobStore(url)
    assert "secret" not in str(raised.value)
