"""What becomes of bytes whose rows are deleted: on every store."""

from datetime import timedelta

import pytest

from chatkit_asgi.clock import utcnow
from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import NotFoundError, NotSupportedError
from chatkit_asgi.store import BLOB_FOLDER, SIZE, Outbox, Store, Usage
from chatkit_asgi.types import Attachment
from tests.factories import make_attachment, make_thread
from tests.seeds.stores import MyChatKitStore


def with_bytes(id: str = "atc_1", size: int = 10, **fields: object) -> Attachment:
    return make_attachment(id=id, metadata={BLOB_FOLDER: f"{id}_blob", SIZE: size}, **fields)


def outbox_of(store: Store) -> Outbox:
    assert store.outbox is not None
    return store.outbox


async def due(store: Store) -> list[str]:
    return sorted([each.blob for each in await outbox_of(store).take(100)])


async def test_deleted_attachment_leaves_word_of_its_bytes(store: Store, context: RequestContext) -> None:
    await store.save_attachment(with_bytes(), context)
    assert await due(store) == []
    await store.delete_attachment("atc_1", context)
    await store.delete_attachment("atc_1", context)
    assert await due(store) == ["atc_1_blob"]


async def test_deleted_thread_leaves_word_of_the_bytes_of_its_attachments(
    store: Store, context: RequestContext, other_context: RequestContext
) -> None:
    await store.save_thread(make_thread(), context)
    await store.save_attachment(with_bytes("atc_1", thread_id="thr_1"), context)
    await store.save_attachment(with_bytes("atc_2", thread_id="thr_1"), context)
    await store.save_attachment(with_bytes("atc_3"), context)
    await store.delete_thread("thr_1", other_context)
    assert await due(store) == []
    await store.delete_thread("thr_1", context)
    assert await due(store) == ["atc_1_blob", "atc_2_blob"]


async def test_everything_of_an_owner_can_be_deleted_and_nothing_else_is(
    store: Store, context: RequestContext, other_context: RequestContext
) -> None:
    await store.save_thread(make_thread(), context)
    await store.save_attachment(with_bytes("atc_1", thread_id="thr_1"), context)
    await store.save_attachment(with_bytes("atc_2"), context)
    await store.save_thread(make_thread(id="thr_2"), other_context)
    await store.save_attachment(with_bytes("atc_3"), other_context)
    await store.delete_everything(context)
    await store.delete_everything(context)
    assert await due(store) == ["atc_1_blob", "atc_2_blob"]
    for gone in (store.load_thread("thr_1", context), store.load_attachment("atc_2", context)):
        with pytest.raises(NotFoundError):
            await gone
    assert (await store.load_thread("thr_2", other_context)).id == "thr_2"
    assert (await store.load_attachment("atc_3", other_context)).id == "atc_3"


@pytest.mark.parametrize("thread", [True, False])
async def test_what_is_undone_leaves_no_word(store: Store, context: RequestContext, thread: bool) -> None:
    await store.save_thread(make_thread(), context)
    await store.save_attachment(with_bytes(thread_id="thr_1"), context)

    async def delete_and_fail() -> None:
        async with store.transaction():
            delete = store.delete_thread if thread else store.delete_attachment
            await delete("thr_1" if thread else "atc_1", context)
            raise RuntimeError("undo")

    with pytest.raises(RuntimeError, match="undo"):
        await delete_and_fail()
    assert await due(store) == []
    assert (await store.load_attachment("atc_1", context)).id == "atc_1"


async def test_attachments_whose_bytes_are_elsewhere_leave_no_word(
    store: Store, context: RequestContext
) -> None:
    await store.save_attachment(make_attachment(metadata={"size": 5, BLOB_FOLDER: 7}), context)
    assert await outbox_of(store).drop_unsent(utcnow() + timedelta(days=1), 10) == 0
    await store.delete_attachment("atc_1", context)
    assert await due(store) == []


async def test_bytes_are_not_forgotten_when_the_metadata_are(store: Store, context: RequestContext) -> None:
    await store.save_attachment(with_bytes(), context)
    await store.save_attachment(make_attachment(), context)
    await store.delete_attachment("atc_1", context)
    assert await due(store) == ["atc_1_blob"]


async def test_deletion_is_given_to_one_and_kept_until_it_is_done(
    store: Store, context: RequestContext
) -> None:
    for number in range(3):
        await store.save_attachment(with_bytes(f"atc_{number}"), context)
        await store.delete_attachment(f"atc_{number}", context)
    outbox = outbox_of(store)
    first, second = await outbox.take(2), await outbox.take(2)
    assert [len(first), len(second), len(await outbox.take(2))] == [2, 1, 0]
    assert len({each.blob for each in [*first, *second]}) == 3
    assert abs(utcnow() - first[0].created_at) < timedelta(minutes=1)
    await outbox.done(first[0].blob)
    await outbox.done(first[1].blob, again_at=utcnow() - timedelta(seconds=1))
    assert await due(store) == [first[1].blob]


async def test_done_may_be_repeated(store: Store, context: RequestContext) -> None:
    await outbox_of(store).done("nothing")
    assert await due(store) == []


async def test_uploads_never_sent_are_dropped_when_they_are_old(
    store: Store, context: RequestContext, other_context: RequestContext
) -> None:
    await store.save_attachment(with_bytes("atc_1"), context)
    await store.save_attachment(with_bytes("atc_2", thread_id="thr_1"), context)
    await store.save_attachment(with_bytes("atc_3"), other_context)
    outbox, later = outbox_of(store), utcnow() + timedelta(hours=1)
    assert await outbox.drop_unsent(utcnow() - timedelta(hours=1), 10) == 0
    assert [await outbox.drop_unsent(later, 1) for _ in range(3)] == [1, 1, 0]
    assert await due(store) == ["atc_1_blob", "atc_3_blob"]
    assert (await store.load_attachment("atc_2", context)).id == "atc_2"
    with pytest.raises(NotFoundError):
        await store.load_attachment("atc_1", context)


async def test_usage_counts_the_owners_attachments_with_bytes(
    store: Store, context: RequestContext, other_context: RequestContext
) -> None:
    assert await store.load_usage(context) == Usage(0, 0)
    await store.save_attachment(with_bytes("atc_1", 5 << 32), context)
    await store.save_attachment(with_bytes("atc_2", 7, thread_id="thr_1"), context)
    await store.save_attachment(make_attachment(id="atc_3"), context)
    await store.save_attachment(with_bytes("atc_4", 100), other_context)
    assert await store.load_usage(context) == Usage(2, (5 << 32) + 7)
    await store.save_attachment(with_bytes("atc_1", 1), context)
    async with store.transaction():
        await store.delete_attachment("atc_2", context)
        assert await store.load_usage(context) == Usage(1, 1)


async def test_stores_made_for_the_published_package_go_on_without() -> None:
    store = MyChatKitStore()
    assert store.outbox is None
    assert await store.load_usage({}) == Usage()
    with pytest.raises(NotSupportedError):
        await store.delete_everything({})
