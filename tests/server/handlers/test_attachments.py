"""Attachments: registered in both stores, deleted from both."""

import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import BackendError, ConflictError, NotFoundError, NotSupportedError
from chatkit_asgi.store import AttachmentStore
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import ClosedStatus, LockedStatus, ThreadStatus
from tests.factories import make_attachment, make_thread
from tests.fakes import MemoryAttachmentStore, ScriptedServer
from tests.server.client import ask

FILE = {"name": "notes.txt", "size": 3, "mime_type": "text/plain"}


class DeleteOnly(AttachmentStore[object]):
    async def delete_attachment(self, attachment_id: str, context: object) -> None: ...


async def test_create_answers_with_the_attachment_and_keeps_its_metadata(
    store: MemoryStore[object], context: RequestContext
) -> None:
    server = ScriptedServer(store, attachment_store=MemoryAttachmentStore())
    answer = await ask(server, "attachments.create", context, **FILE)
    assert answer == {"id": "atc_new", "name": "notes.txt", "mime_type": "text/plain", "type": "file"}
    assert (await store.load_attachment("atc_new", context)).metadata == {"key": "blob-1"}


async def test_delete_takes_bytes_and_metadata(store: MemoryStore[object], context: RequestContext) -> None:
    await store.save_attachment(make_attachment(), context)
    blobs = MemoryAttachmentStore()
    server = ScriptedServer(store, attachment_store=blobs)
    assert await ask(server, "attachments.delete", context, attachment_id="atc_1") == {}
    assert blobs.deleted == ["atc_1"]
    with pytest.raises(NotFoundError):
        await store.load_attachment("atc_1", context)


@pytest.mark.parametrize("status", [LockedStatus(reason="paused"), ClosedStatus(reason="paused")])
async def test_what_was_sent_in_a_thread_that_is_not_active_stays_there(
    store: MemoryStore[object], context: RequestContext, status: ThreadStatus
) -> None:
    await store.save_thread(make_thread(status=status), context)
    await store.save_attachment(make_attachment(thread_id="thr_1"), context)
    blobs = MemoryAttachmentStore()
    server = ScriptedServer(store, attachment_store=blobs)
    with pytest.raises(ConflictError, match="paused"):
        await ask(server, "attachments.delete", context, attachment_id="atc_1")
    assert blobs.deleted == []
    await store.save_thread(make_thread(), context)
    assert await ask(server, "attachments.delete", context, attachment_id="atc_1") == {}


async def test_a_delete_that_fails_can_be_repeated(
    store: MemoryStore[object], context: RequestContext
) -> None:
    class Failing(MemoryAttachmentStore):
        async def delete_attachment(self, attachment_id: str, context: object) -> None:
            raise BackendError("The bucket is away.")

    await store.save_attachment(make_attachment(), context)
    with pytest.raises(BackendError):
        await ask(
            ScriptedServer(store, attachment_store=Failing()),
            "attachments.delete",
            context,
            attachment_id="atc_1",
        )
    assert await store.load_attachment("atc_1", context) == make_attachment()


async def test_somebody_elses_bytes_are_not_deleted(
    store: MemoryStore[object], context: RequestContext, other_context: RequestContext
) -> None:
    await store.save_attachment(make_attachment(), other_context)
    blobs = MemoryAttachmentStore()
    with pytest.raises(NotFoundError):
        await ask(
            ScriptedServer(store, attachment_store=blobs),
            "attachments.delete",
            context,
            attachment_id="atc_1",
        )
    assert blobs.deleted == []


@pytest.mark.parametrize(
    ("operation", "params"),
    [("attachments.create", FILE), ("attachments.delete", {"attachment_id": "atc_1"})],
)
async def test_without_an_attachment_store_there_are_no_attachments(
    store: MemoryStore[object], context: RequestContext, operation: str, params: dict[str, object]
) -> None:
    with pytest.raises(NotSupportedError):
        await ask(ScriptedServer(store), operation, context, **params)


async def test_an_attachment_store_need_not_take_two_phase_uploads(
    store: MemoryStore[object], context: RequestContext
) -> None:
    with pytest.raises(NotImplementedError):
        await ask(ScriptedServer(store, attachment_store=DeleteOnly()), "attachments.create", context, **FILE)
