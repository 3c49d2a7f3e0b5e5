"""Items: pages and feedback."""

import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import NotFoundError
from chatkit_asgi.server.handlers.items import MAX_ITEMS
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import Page, ThreadItem, ThreadMetadata
from tests.factories import (
    make_assistant_message,
    make_attachment,
    make_hidden_context,
    make_sdk_hidden_context,
    make_user_message,
)
from tests.fakes import ScriptedServer
from tests.server.client import ask


async def test_items_come_newest_first(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    for number in range(3):
        await store.add_thread_item("thr_1", make_assistant_message(id=f"msg_{number}"), context)
    answer = await ask(ScriptedServer(store), "items.list", context, thread_id="thr_1")
    assert [item["id"] for item in answer["data"]] == ["msg_2", "msg_1", "msg_0"]
    assert answer["has_more"] is False


async def test_a_page_is_full_although_hidden_items_lie_between(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    for number in range(3):
        await store.add_thread_item("thr_1", make_assistant_message(id=f"msg_{number}"), context)
        await store.add_thread_item("thr_1", make_hidden_context(id=f"hid_{number}"), context)
        await store.add_thread_item("thr_1", make_sdk_hidden_context(id=f"shcx_{number}"), context)
    server = ScriptedServer(store)
    first = await ask(server, "items.list", context, thread_id="thr_1", limit=2, order="asc")
    assert ([item["id"] for item in first["data"]], first["has_more"]) == (["msg_0", "msg_1"], True)
    rest = await ask(server, "items.list", context, thread_id="thr_1", order="asc", after=first["after"])
    assert ([item["id"] for item in rest["data"]], rest["has_more"]) == (["msg_2"], False)


async def test_what_the_store_says_of_a_thread_is_the_answer(context: RequestContext) -> None:
    """Also of one that does not exist; and it is never asked for more than it can be expected to read."""

    class Lenient(MemoryStore[object]):
        async def load_visible_items(
            self, thread_id: str, after: str | None, limit: int, order: str, context: object
        ) -> Page[ThreadItem]:
            limits.append(limit)
            return Page()

    limits: list[int] = []
    server = ScriptedServer(Lenient())
    answer = await ask(server, "items.list", context, thread_id="thr_none", limit=10**9)
    assert answer == {"data": [], "has_more": False}
    assert limits == [MAX_ITEMS]


async def test_the_metadata_of_attachments_stays_with_us(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    await store.add_thread_item("thr_1", make_user_message(attachments=[make_attachment()]), context)
    answer = await ask(ScriptedServer(store), "items.list", context, thread_id="thr_1")
    assert "metadata" not in answer["data"][0]["attachments"][0]


async def test_feedback_is_kept(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    await store.add_thread_item("thr_1", make_assistant_message(id="msg_1"), context)
    server = ScriptedServer(store)
    params = {"thread_id": "thr_1", "item_ids": ["msg_1", "msg_none"]}
    assert await ask(server, "items.feedback", context, **params, kind="negative") == {}
    assert await ask(server, "items.feedback", context, **params, kind="positive") == {}
    assert await store.load_feedback("thr_1", context) == {"msg_1": "positive"}


async def test_feedback_on_somebody_elses_thread_is_not_found(
    store: MemoryStore[object], thread: ThreadMetadata, other_context: RequestContext
) -> None:
    with pytest.raises(NotFoundError):
        await ask(
            ScriptedServer(store),
            "items.feedback",
            other_context,
            thread_id="thr_1",
            item_ids=[],
            kind="positive",
        )
