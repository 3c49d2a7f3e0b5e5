"""Actions of widgets, streaming and at once."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatkit_asgi.actions import Action
from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import InvalidRequestError, NotFoundError
from chatkit_asgi.server import ChatKitServer
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import (
    ThreadItemReplacedEvent,
    ThreadMetadata,
    ThreadStreamEvent,
    UserMessageItem,
)
from tests.factories import make_assistant_message, make_widget, make_widget_item
from tests.fakes import ScriptedServer
from tests.server.client import ask, stream, types_of

pytestmark = pytest.mark.filterwarnings("ignore:Named widget classes:DeprecationWarning")
"""Widgets are read from the store as the named classes."""

ACTION = {"type": "pick", "payload": {"n": None}, "handler": "server", "streaming": True}


class Plain(ChatKitServer[Any]):
    """Overrides nothing that it need not."""

    def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Any
    ) -> AsyncIterator[ThreadStreamEvent]:
        raise AssertionError("nobody asked")


@pytest.fixture
async def widget(store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext) -> str:
    await store.add_thread_item("thr_1", make_widget_item(), context)
    return "msg_widget"


async def test_an_action_gets_its_widget_and_replaces_it(
    store: MemoryStore[object], widget: str, context: RequestContext
) -> None:
    replaced = make_widget_item(widget=make_widget("picked"))
    server = ScriptedServer(store, ThreadItemReplacedEvent(item=replaced))
    events = await stream(
        server, "threads.custom_action", context, thread_id="thr_1", item_id=widget, action=ACTION
    )
    assert types_of(events) == ["stream_options", "thread.item.replaced"]
    [(_, action, sender, _)] = server.actions
    assert action == Action(type="pick", payload={"n": None})
    assert sender is not None
    assert sender.model_dump() == make_widget_item().model_dump()
    assert (await store.load_item("thr_1", widget, context)).model_dump() == replaced.model_dump()


@pytest.mark.parametrize("item_id", [None, ""])
async def test_an_action_may_come_from_nowhere(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext, item_id: str | None
) -> None:
    server = ScriptedServer(store)
    events = await stream(
        server, "threads.custom_action", context, thread_id="thr_1", item_id=item_id, action={"type": "x"}
    )
    assert types_of(events) == ["stream_options"]
    assert server.actions[0][2] is None


async def test_an_action_from_another_kind_of_item_is_one_error_event(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    await store.add_thread_item("thr_1", make_assistant_message(), context)
    server = ScriptedServer(store)
    [event] = await stream(
        server, "threads.custom_action", context, thread_id="thr_1", item_id="msg_assistant", action=ACTION
    )
    assert (event["type"], event["code"], event["allow_retry"]) == ("error", "stream.error", False)
    assert server.actions == []


@pytest.mark.parametrize("operation", ["threads.custom_action", "threads.sync_custom_action"])
async def test_an_action_from_an_unknown_item_is_not_found(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext, operation: str
) -> None:
    with pytest.raises(NotFoundError):
        await ask(
            ScriptedServer(store), operation, context, thread_id="thr_1", item_id="msg_none", action=ACTION
        )


async def test_a_server_without_actions_answers_with_an_error_event(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    events = await stream(Plain(store), "threads.custom_action", context, thread_id="thr_1", action=ACTION)
    assert types_of(events) == ["stream_options", "error"]
    assert events[1]["allow_retry"] is True


async def test_a_sync_action_answers_with_the_item(
    store: MemoryStore[object], widget: str, context: RequestContext
) -> None:
    server = ScriptedServer(store)
    params = {"thread_id": "thr_1", "item_id": widget, "action": ACTION}
    assert await ask(server, "threads.sync_custom_action", context, **params) == {}
    server.updated_item = make_widget_item(widget=make_widget("picked"))
    answer = await ask(server, "threads.sync_custom_action", context, **params)
    assert answer["updated_item"]["widget"]["children"][0]["value"] == "picked"
    kept = await store.load_item("thr_1", widget, context)
    assert kept.model_dump() == make_widget_item().model_dump()


async def test_a_sync_action_from_another_kind_of_item_is_refused(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    await store.add_thread_item("thr_1", make_assistant_message(), context)
    with pytest.raises(InvalidRequestError):
        await ask(
            ScriptedServer(store),
            "threads.sync_custom_action",
            context,
            thread_id="thr_1",
            item_id="msg_assistant",
            action=ACTION,
        )


async def test_a_server_without_sync_actions_says_so(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    with pytest.raises(NotImplementedError):
        await ask(Plain(store), "threads.sync_custom_action", context, thread_id="thr_1", action=ACTION)
