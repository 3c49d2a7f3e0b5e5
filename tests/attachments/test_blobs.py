"""The contract of `BlobStore`, on every backend."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatkit_asgi.attachments import BlobStore, MemoryBlobStore
from chatkit_asgi.attachments.objects import ObjectBlobStore
from chatkit_asgi.errors import BackendError, NotFoundError, NotSupportedError
from tests.attachments.samples import chunked


@pytest.fixture(params=["memory", "disk"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return MemoryBlobStore() if request.param == "memory" else ObjectBlobStore(tmp_path / "files")


async def read(blobs: BlobStore, key: str) -> bytes:
    return b"".join([piece async for piece in await blobs.open(key)])


def names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


async def broken(error: BaseException, *, after: int = 6 << 20) -> AsyncIterator[bytes]:
    for _ in range(0, after, 1 << 16):
        yield bytes(1 << 16)
    raise error


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (12 << 20) + 7])
async def test_what_was_put_is_read_back(blobs: BlobStore, size: int) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    assert await blobs.put("atc_1", chunked(data[:size], 64 << 10)) == size
    assert await read(blobs, "atc_1") == data[:size]
    assert await blobs.size("atc_1") == size


async def test_put_replaces(blobs: BlobStore) -> None:
    await blobs.put("atc_1", chunked(b"first, and longer"))
    await blobs.put("atc_1", chunked(b"second"))
    assert await read(blobs, "atc_1") == b"second"


async def test_missing_key_is_not_found_at_once(blobs: BlobStore) -> None:
    with pytest.raises(NotFoundError):
        await blobs.open("atc_1")
    with pytest.raises(NotFoundError):
        await blobs.size("atc_1")


async def test_delete_may_be_repeated(blobs: BlobStore) -> None:
    await blobs.put("atc_1", chunked(b"bytes"))
    await blobs.delete("atc_1")
    await blobs.delete("atc_1")
    with pytest.raises(NotFoundError):
        await blobs.open("atc_1")


@pytest.mark.parametrize("error", [ValueError("mine"), TimeoutError(), FileNotFoundError("theirs")])
@pytest.mark.parametrize("after", [0, 6 << 20])
async def test_failing_source_passes_unchanged_and_leaves_nothing(
    blobs: BlobStore, error: Exception, after: int
) -> None:
    with pytest.raises(type(error)) as raised:
        await blobs.put("atc_1", broken(error, after=after))
    assert raised.value is error
    with pytest.raises(NotFoundError):
        await blobs.size("atc_1")


async def test_failing_source_keeps_what_was_there(blobs: BlobStore) -> None:
    await blobs.put("atc_1", chunked(b"before"))
    with pytest.raises(ValueError, match="mine"):
        await blobs.put("atc_1", broken(ValueError("mine")))
    assert await read(blobs, "atc_1") == b"before"


async def test_cancelled_put_leaves_nothing(blobs: BlobStore) -> None:
    waiting = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        yield bytes(6 << 20)
        waiting.set()
        await asyncio.Event().wait()

    put = asyncio.create_task(blobs.put("atc_1", stalled()))
    await asyncio.wait_for(waiting.wait(), 5)
    put.cancel()
    with pytest.raises(asyncio.CancelledError):
        await put
    with pytest.raises(NotFoundError):
        await blobs.size("atc_1")


async def test_source_runs_in_the_calling_task(blobs: BlobStore) -> None:
    tasks = set()

    async def source() -> AsyncIterator[bytes]:
        for _ in range(3):
            tasks.add(asyncio.current_task())
            yield b"x"

    await blobs.put("atc_1", source())
    assert tasks == {asyncio.current_task()}


async def test_nothing_but_the_blobs_lies_on_disk(tmp_path: Path) -> None:
    blobs = ObjectBlobStore(tmp_path)
    await blobs.put("atc_1", chunked(b"bytes"))
    with pytest.raises(ValueError, match="mine"):
        await blobs.put("atc_2", broken(ValueError("mine")))
    assert names(tmp_path) == ["atc_1"]


async def test_files_survive_a_new_store_on_the_same_place(tmp_path: Path) -> None:
    await ObjectBlobStore(tmp_path.as_uri()).put("atc_1", chunked(b"bytes"))
    assert await read(ObjectBlobStore(str(tmp_path)), "atc_1") == b"bytes"


async def test_unusable_disk_is_a_backend_error(tmp_path: Path) -> None:
    blobs = ObjectBlobStore(tmp_path / "files")
    await blobs.put("atc_1", chunked(b"bytes"))
    (tmp_path / "files" / "atc_1").unlink()
    (tmp_path / "files").rmdir()
    (tmp_path / "files").write_text("in the way")
    with pytest.raises(BackendError):
        await blobs.put("atc_2", chunked(bytes(12 << 20)))


def test_constructor_touches_no_disk(tmp_path: Path) -> None:
    ObjectBlobStore(tmp_path / "files")
    assert not (tmp_path / "files").exists()


def test_unknown_place_is_refused_with_a_word_on_what_works() -> None:
    with pytest.raises(NotSupportedError, match="file:///directory"):
        ObjectBlobStore("ftp://host/files")
