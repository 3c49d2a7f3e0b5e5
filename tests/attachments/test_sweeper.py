import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from chatkit_asgi.attachments import BlobSweeper, MemoryBlobStore
from chatkit_asgi.clock import utcnow
from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import BackendError
from chatkit_asgi.store import BLOB_FOLDER, SIZE, Store
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.store.sql import SQLiteStore, migrate
from tests.attachments.samples import chunked
from tests.factories import make_attachment

LONG_AGO = -3600
"""So many seconds after their deletion the last links have expired: before it."""


class Flaky(MemoryBlobStore):
    """Deletes nothing until it is told that it is back."""

    is_away = True

    async def delete_folder(self, folder: str) -> None:
        if self.is_away:
            raise BackendError("The file storage does not answer.")
        await super().delete_folder(folder)


def sweeper_of(store: Store[Any], blobs: MemoryBlobStore, **seconds: float) -> BlobSweeper:
    assert store.outbox is not None
    return BlobSweeper(store.outbox, blobs, **{"link_seconds": LONG_AGO, **seconds})


async def add(store: Store[Any], blobs: MemoryBlobStore, context: RequestContext, *ids: str) -> None:
    for id in ids:
        await blobs.put(f"{id}/1", chunked(b"bytes"))
        await blobs.put(f"{id}/thumbnail", chunked(b"bytes"))
        await store.save_attachment(make_attachment(id=id, metadata={BLOB_FOLDER: id, SIZE: 5}), context)


def deletions(store: Store) -> list[str]:
    """What the outbox would give once everything in it is due."""
    assert isinstance(store, MemoryStore)
    return [*store._blob_deletions]


async def test_bytes_go_when_the_row_has_gone(context: RequestContext) -> None:
    store: Store = MemoryStore()
    blobs = MemoryBlobStore()
    await add(store, blobs, context, "atc_1", "atc_2")
    await store.delete_attachment("atc_1", context)
    await sweeper_of(store, blobs).sweep()
    assert sorted(blobs._blobs) == ["atc_2/1", "atc_2/thumbnail"]
    assert deletions(store) == []


async def test_bytes_that_a_link_brings_later_go_when_it_has_expired(context: RequestContext) -> None:
    store: Store = MemoryStore()
    blobs = MemoryBlobStore()
    await add(store, blobs, context, "atc_1")
    await store.delete_attachment("atc_1", context)
    await sweeper_of(store, blobs, link_seconds=3600).sweep()
    await blobs.put("atc_1/incoming", chunked(b"late"))
    await sweeper_of(store, blobs, link_seconds=3600).sweep()  # not yet
    assert [*blobs._blobs] == ["atc_1/incoming"]
    assert isinstance(store, MemoryStore)
    due_at, created_at = store._blob_deletions["atc_1"]
    assert (due_at - created_at).total_seconds() > 3600
    store._blob_deletions["atc_1"] = (utcnow(), created_at - (due_at - created_at))  # an hour later
    await sweeper_of(store, blobs, link_seconds=3600).sweep()
    assert (blobs._blobs, deletions(store)) == ({}, [])


async def test_uploads_that_were_never_sent_go(context: RequestContext) -> None:
    store: Store = MemoryStore()
    blobs = MemoryBlobStore()
    await add(store, blobs, context, "atc_1")
    for seconds, left in ((3600, 2), (-1, 0)):
        sweeper = sweeper_of(store, blobs, unsent_seconds=seconds)
        await sweeper.drop_unsent()
        await sweeper.sweep()
        assert len(blobs._blobs) == left


async def test_nothing_is_forgotten_while_the_storage_is_away(context: RequestContext) -> None:
    store: Store = MemoryStore()
    blobs = Flaky()
    await add(store, blobs, context, "atc_1")
    await store.delete_attachment("atc_1", context)
    with pytest.raises(BackendError):
        await sweeper_of(store, blobs).sweep()
    assert deletions(store) == ["atc_1"]


async def test_task_goes_on_after_failures_and_ends_when_told(
    context: RequestContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatkit_asgi.attachments.sweeper.SWEEP_SECONDS", 0.01)
    monkeypatch.setattr("chatkit_asgi.store.memory.TAKEN_SECONDS", 0.0)
    store: Store = MemoryStore()
    gone = asyncio.Event()

    class Watched(Flaky):
        attempts = 0

        async def delete_folder(self, folder: str) -> None:
            self.attempts += 1
            self.is_away = self.attempts < 3
            await super().delete_folder(folder)
            gone.set()

    blobs = Watched()
    await add(store, blobs, context, "atc_1")
    await store.delete_attachment("atc_1", context)
    sweeper = sweeper_of(store, blobs)
    await sweeper.start()
    await asyncio.wait_for(gone.wait(), 10)
    await asyncio.wait_for(sweeper.aclose(), 10)
    assert blobs._blobs == {}


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[list[SQLiteStore[RequestContext]]]:
    """Two on one database, as two processes have them."""
    pair = [SQLiteStore[RequestContext](tmp_path / "chatkit.db") for _ in range(2)]
    await migrate(pair[0].engine)
    yield pair
    for store in pair:
        await store.aclose()


async def test_two_processes_share_the_work(
    stores: list[SQLiteStore[RequestContext]], context: RequestContext
) -> None:
    done: list[str] = []

    class Counting(MemoryBlobStore):
        async def delete_folder(self, folder: str) -> None:
            await asyncio.sleep(0)
            done.append(folder)
            await super().delete_folder(folder)

    blobs = Counting()
    await add(stores[0], blobs, context, *(f"atc_{number}" for number in range(250)))
    await stores[1].delete_everything(context)
    await asyncio.gather(*(sweeper_of(store, blobs).sweep() for store in stores))
    assert len(done) == len(set(done)) == 250
    assert blobs._blobs == {}
