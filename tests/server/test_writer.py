"""How a turn writes: what becomes of an answer while the backend is away, and of the old one in a retry."""

import asyncio
import logging
from typing import Any

import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import BackendError, CustomStreamError
from chatkit_asgi.store import Store
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import (
    AssistantMessageContent,
    AssistantMessageContentPartAdded,
    Page,
    ThreadItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemRemovedEvent,
    ThreadItemReplacedEvent,
    ThreadItemUpdatedEvent,
    ThreadMetadata,
    is_hidden,
)
from tests.factories import make_assistant_message, make_hidden_context, make_user_message
from tests.fakes import ScriptedServer, Step
from tests.server.client import Json, message, start, stream, types_of

OLD = make_assistant_message("Old", id="msg_old")
NEW = make_assistant_message("New")
DONE = ThreadItemDoneEvent(item=NEW)
EMPTY = ThreadItemAddedEvent(item=make_assistant_message(""))
PARTIAL = ThreadItemUpdatedEvent(
    item_id=NEW.id,
    update=AssistantMessageContentPartAdded(content_index=0, content=AssistantMessageContent(text="Ne")),
)
FAILURE = CustomStreamError("No model today.")


class Shaky(MemoryStore[Any]):
    """Is away for the next so many writes and loads."""

    def __init__(self) -> None:
        super().__init__()
        self.away = 0

    def check(self) -> None:
        if self.away:
            self.away -= 1
            raise BackendError("The database is away.")

    async def save_item(self, thread_id: str, item: ThreadItem, context: Any) -> None:
        self.check()
        await super().save_item(thread_id, item, context)

    async def delete_thread_item(self, thread_id: str, item_id: str, context: Any) -> None:
        self.check()
        await super().delete_thread_item(thread_id, item_id, context)

    async def save_thread(self, thread: ThreadMetadata, context: Any) -> None:
        self.check()
        await super().save_thread(thread, context)

    async def restore_superseded_items(self, thread_id: str, items: Any, context: Any) -> None:
        self.check()
        await super().restore_superseded_items(thread_id, items, context)


class Plain(MemoryStore[Any]):
    """A store as people have written them: nothing that the published contract does not ask for."""

    transaction = Store.transaction
    load_thread_for_turn = Store.load_thread_for_turn
    supersede_items = Store.supersede_items
    restore_superseded_items = Store.restore_superseded_items
    delete_superseded_items = Store.delete_superseded_items
    load_visible_items = Store.load_visible_items


@pytest.fixture
def store() -> Shaky:
    return Shaky()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatkit_asgi.server.writer.FIRST_PAUSE", 0.001)


async def items_of(store: Store[Any], context: RequestContext) -> list[ThreadItem]:
    return (await store.load_thread_items("thr_1", None, 100, "asc", context)).data


def goes_away(store: Shaky, times: int = 3) -> Step:
    def step(thread: ThreadMetadata) -> None:
        store.away = times

    return step


async def answer(store: Store[Any], context: RequestContext, *script: Step) -> list[Json]:
    server = ScriptedServer(store, *script)
    return (await stream(server, "threads.add_user_message", context, thread_id="thr_1", input=message()))[2:]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([DONE], [NEW]),
        ([ThreadItemReplacedEvent(item=NEW)], [NEW]),
        ([DONE, ThreadItemRemovedEvent(item_id=NEW.id)], []),
    ],
    ids=["done", "replaced", "removed"],
)
async def test_what_is_answered_while_the_store_is_away_is_written_when_it_is_back(
    store: Shaky,
    thread: ThreadMetadata,
    context: RequestContext,
    caplog: pytest.LogCaptureFixture,
    events: list[Step],
    expected: list[ThreadItem],
) -> None:
    frames = await answer(store, context, *events[:-1], goes_away(store), events[-1])
    assert "error" not in types_of(frames)
    assert (await items_of(store, context))[1:] == expected
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 3


async def test_a_title_waits_for_the_store_too(
    store: Shaky, thread: ThreadMetadata, context: RequestContext
) -> None:
    rename: Step = lambda thread: setattr(thread, "title", "T")  # noqa: E731 - as in every script
    assert types_of(await answer(store, context, goes_away(store), rename)) == ["thread.updated"]
    assert (await store.load_thread("thr_1", context)).title == "T"


async def test_a_partial_answer_waits_for_the_store_too(
    store: Shaky, thread: ThreadMetadata, context: RequestContext
) -> None:
    frames = await answer(store, context, EMPTY, PARTIAL, goes_away(store), FAILURE)
    assert types_of(frames)[-1] == "error"
    assert (await items_of(store, context))[1:-1] == [make_assistant_message("Ne")]


async def test_a_stopped_answer_waits_for_the_store_too(
    store: Shaky, thread: ThreadMetadata, context: RequestContext
) -> None:
    server = ScriptedServer(store, EMPTY, PARTIAL, goes_away(store), asyncio.Event())
    result = await start(server, "threads.add_user_message", context, thread_id="thr_1", input=message())
    async for frame in result:
        if b"updated" in frame:
            store.away = 3
            break
    await result.json_events.aclose()
    assert (await items_of(store, context))[1] == make_assistant_message("Ne")


async def test_patience_has_an_end(
    store: Shaky, thread: ThreadMetadata, context: RequestContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatkit_asgi.server.writer.PATIENCE_SECONDS", 0.02)
    assert types_of(await answer(store, context, goes_away(store, 10**6), DONE)) == ["error"]


@pytest.fixture(params=[MemoryStore, Plain])
async def answered(request: pytest.FixtureRequest, context: RequestContext) -> Store[Any]:
    """A store with a thread in which a message was answered."""
    store: Store[Any] = request.param()
    await store.save_thread(ThreadMetadata(id="thr_1", created_at=OLD.created_at), context)
    for item in (make_user_message(), make_hidden_context(), OLD):
        await store.add_thread_item("thr_1", item, context)
    return store


BEFORE: list[ThreadItem] = [make_user_message(), make_hidden_context(), OLD]


async def retry(store: Store[Any], context: RequestContext, *script: Step) -> list[Json]:
    server = ScriptedServer(store, *script)
    return await stream(server, "threads.retry_after_item", context, thread_id="thr_1", item_id="msg_user")


async def test_retry_does_not_see_the_old_answer_and_replaces_it(
    answered: Store[Any], context: RequestContext
) -> None:
    seen: list[list[ThreadItem]] = []

    class Looking(ScriptedServer):
        async def respond(self, *arguments: Any) -> Any:
            seen.append(await items_of(self.store, context))
            yield DONE
            seen.append(await items_of(self.store, context))

    await stream(
        Looking(answered), "threads.retry_after_item", context, thread_id="thr_1", item_id="msg_user"
    )
    assert seen == [[make_user_message()], [make_user_message(), NEW]]
    assert (await answered.load_visible_items("thr_1", None, 9, "asc", context)).data == seen[1]


@pytest.mark.parametrize("script", [[FAILURE], [EMPTY, FAILURE]], ids=["at once", "after an empty item"])
async def test_old_answer_comes_back_when_a_retry_fails_with_nothing_to_keep(
    answered: Store[Any], context: RequestContext, script: list[Step]
) -> None:
    assert types_of(await retry(answered, context, *script))[-1] == "error"
    assert await items_of(answered, context) == BEFORE


@pytest.mark.parametrize(
    ("script", "expected"),
    [([EMPTY, PARTIAL, FAILURE], [make_assistant_message("Ne")]), ([DONE, FAILURE], [NEW]), ([], [])],
    ids=["partial", "item", "silence"],
)
async def test_old_answer_is_gone_when_there_is_another(
    answered: Store[Any], context: RequestContext, script: list[Step], expected: list[ThreadItem]
) -> None:
    await retry(answered, context, *script)
    items = [item for item in await items_of(answered, context) if not is_hidden(item)]
    assert items == [make_user_message(), *expected]


async def test_stopped_retry_keeps_either_its_partial_answer_or_the_old_one(
    answered: Store[Any], context: RequestContext
) -> None:
    cases: list[tuple[list[Step], bytes, list[ThreadItem]]] = [
        ([EMPTY, asyncio.Event()], b"added", [OLD]),
        ([EMPTY, PARTIAL, asyncio.Event()], b"updated", [make_assistant_message("Ne")]),
    ]
    for script, until, expected in cases:
        server = ScriptedServer(answered, *script)
        result = await start(
            server, "threads.retry_after_item", context, thread_id="thr_1", item_id="msg_user"
        )
        async for frame in result:
            if until in frame:
                break
        await result.json_events.aclose()
        messages = [item for item in await items_of(answered, context) if item.type == "assistant_message"]
        assert messages == expected


async def test_user_keeps_the_old_answer_while_a_retry_has_none(
    store: Shaky, thread: ThreadMetadata, context: RequestContext
) -> None:
    """A process may die before it says anything."""
    for item in BEFORE:
        await store.add_thread_item("thr_1", item, context)
    await start(
        ScriptedServer(store), "threads.retry_after_item", context, thread_id="thr_1", item_id="msg_user"
    )
    assert await items_of(store, context) == [make_user_message()]
    page = await store.load_visible_items("thr_1", None, 10, "asc", context)
    assert page == Page(data=[make_user_message(), OLD])
    assert await store.load_thread_for_turn("thr_1", context) == thread
    assert await items_of(store, context) == BEFORE


async def test_next_message_after_a_retry_that_died_follows_the_old_answer(
    store: Shaky, thread: ThreadMetadata, context: RequestContext
) -> None:
    for item in BEFORE:
        await store.add_thread_item("thr_1", item, context)
    await start(
        ScriptedServer(store), "threads.retry_after_item", context, thread_id="thr_1", item_id="msg_user"
    )
    await answer(store, context, DONE)
    assert [item.type for item in await items_of(store, context)] == [
        "user_message",
        "hidden_context_item",
        "assistant_message",
        "user_message",
        "assistant_message",
    ]


async def test_old_answer_waits_for_the_store_to_come_back(
    store: Shaky, thread: ThreadMetadata, context: RequestContext
) -> None:
    for item in BEFORE:
        await store.add_thread_item("thr_1", item, context)
    await retry(store, context, goes_away(store), FAILURE)
    assert await items_of(store, context) == BEFORE
