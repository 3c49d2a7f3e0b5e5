"""The same requests to the published SDK and to ours, on the same store, ids and script: the same bytes.

Differences that are wanted, and evened out here: times (theirs are local), and the message of `error` events.
"""

import json
import re
import warnings
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import count
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from chatkit_asgi import server as our_server
from chatkit_asgi import store as our_store
from chatkit_asgi import types as our_types
from tests.server.client import message

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from chatkit import errors as peer_errors
    from chatkit import server as peer_server
    from chatkit import store as peer_store
    from chatkit import types as peer_types

from chatkit_asgi import errors as our_errors

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

MOMENT = "2026-01-02T03:04:05Z"
Script = Callable[[Any], Sequence[Any]]  # Any: the modules of either package
OURS = SimpleNamespace(types=our_types, errors=our_errors, server=our_server, store=our_store)
PEER = SimpleNamespace(types=peer_types, errors=peer_errors, server=peer_server, store=peer_store)


def make_store(package: Any) -> Any:
    """A store of lists for either package, that keeps copies and counts its ids."""

    class ListStore(package.store.Store):  # type: ignore[misc]  # either package's
        def __init__(self) -> None:
            self.numbers = count(1)
            self.threads: dict[str, Any] = {}
            self.kept: dict[str, list[Any]] = {}

        def generate_thread_id(self, context: Any) -> str:
            return f"thr_{next(self.numbers)}"

        def generate_item_id(self, item_type: str, thread: Any, context: Any) -> str:
            return f"{item_type}_{next(self.numbers)}"

        async def load_thread(self, thread_id: str, context: Any) -> Any:
            return self.threads[thread_id].model_copy(deep=True)

        async def save_thread(self, thread: Any, context: Any) -> None:
            fields = {name: value for name, value in thread.model_copy(deep=True) if name != "items"}
            self.threads[thread.id] = package.types.ThreadMetadata(**fields)
            self.kept.setdefault(thread.id, [])

        async def load_thread_items(
            self, thread_id: str, after: str | None, limit: int, order: str, context: Any
        ) -> Any:
            assert after is None
            items = self.kept[thread_id] if order == "asc" else self.kept[thread_id][::-1]
            has_more = len(items) > limit
            after = items[limit - 1].id if has_more else None
            return package.types.Page(data=items[:limit], has_more=has_more, after=after)

        async def load_threads(self, limit: int, after: str | None, order: str, context: Any) -> Any:
            return package.types.Page(data=list(self.threads.values()))

        async def add_thread_item(self, thread_id: str, item: Any, context: Any) -> None:
            await self.delete_thread_item(thread_id, item.id, context)
            self.kept[thread_id].append(item.model_copy(deep=True))

        async def save_item(self, thread_id: str, item: Any, context: Any) -> None:
            copy = item.model_copy(deep=True)
            self.kept[thread_id] = [copy if kept.id == item.id else kept for kept in self.kept[thread_id]]

        async def load_item(self, thread_id: str, item_id: str, context: Any) -> Any:
            return next(item for item in self.kept[thread_id] if item.id == item_id).model_copy(deep=True)

        async def delete_thread(self, thread_id: str, context: Any) -> None:
            del self.threads[thread_id], self.kept[thread_id]

        async def delete_thread_item(self, thread_id: str, item_id: str, context: Any) -> None:
            self.kept[thread_id] = [item for item in self.kept[thread_id] if item.id != item_id]

        async def save_attachment(self, attachment: Any, context: Any) -> None: ...
        async def load_attachment(self, attachment_id: str, context: Any) -> Any: ...
        async def delete_attachment(self, attachment_id: str, context: Any) -> None: ...

    return ListStore()


def make_server(package: Any, script: Script) -> Any:
    class Server(package.server.ChatKitServer):  # type: ignore[misc]  # either package's
        async def respond(self, thread: Any, input_user_message: Any, context: Any) -> AsyncIterator[Any]:
            for step in script(package):
                if isinstance(step, Exception):
                    raise step
                if callable(step):
                    step(thread)
                else:
                    yield step

        def action(self, thread: Any, action: Any, sender: Any, context: Any) -> AsyncIterator[Any]:
            return self.respond(thread, None, context)

    return Server(make_store(package))


async def talk(
    package: Any, script: Script, requests: Sequence[dict[str, Any]]
) -> tuple[list[str], list[str]]:
    """The lines that a client gets, and the items that are stored in the end."""
    server = make_server(package, script)
    lines = []
    for request in requests:
        result = await server.process(json.dumps(request), {})
        frames = [result.json] if hasattr(result, "json") else [frame async for frame in result]
        lines += [without_time(frame.decode()) for frame in frames]
    items = [item for kept in server.store.kept.values() for item in kept]
    return lines, [without_time(item.model_dump_json(exclude_none=True)) for item in items]


def without_time(line: str) -> str:
    line = re.sub(r'"created_at":"[^"]*"', '"created_at":"now"', line)
    message = re.escape(f',"message":{json.dumps(our_server.DEFAULT_ERROR_MESSAGE)}')
    return re.sub(message, "", line)


def item(types: ModuleType, kind: str, id: str, **fields: Any) -> dict[str, Any]:
    made = getattr(types, kind)(id=id, thread_id="thr_1", created_at=MOMENT, **fields)
    return {"item": made}


def said(types: ModuleType, *texts: str) -> dict[str, Any]:
    content = [types.AssistantMessageContent(text=text) for text in texts]
    return item(types, "AssistantMessageItem", "msg_a", content=content)


def messages(package: Any) -> Sequence[Any]:
    t = package.types
    source = t.URLSource(title="Source", url="https://example.com/?q=é")

    def update(**fields: Any) -> Any:
        return t.ThreadItemUpdatedEvent(item_id="msg_a", update=fields.pop("update"))

    return [
        t.ProgressUpdateEvent(text="Looking…", icon="search"),
        t.ThreadItemAddedEvent(**said(t)),
        update(
            update=t.AssistantMessageContentPartAdded(
                content_index=0, content=t.AssistantMessageContent(text="")
            )
        ),
        *[
            update(update=t.AssistantMessageContentPartTextDelta(content_index=0, delta=delta))
            for delta in ('He"llo\n', "\u2028<é>", "\x01", "")
        ],
        lambda thread: setattr(thread, "title", "Grüße"),
        update(
            update=t.AssistantMessageContentPartAnnotationAdded(
                content_index=0, annotation_index=0, annotation=t.Annotation(source=source, index=3)
            )
        ),
        t.ThreadItemDoneEvent(**said(t, "Hello")),
        t.ThreadItemDoneEvent(**item(t, "HiddenContextItem", "msg_h", content={"a": None})),
        lambda thread: thread.metadata.update(seen=True),
        t.ClientEffectEvent(name="blink", data={"n": None}),
        t.NoticeEvent(level="warning", message="**Careful**"),
    ]


def workflows(package: Any) -> Sequence[Any]:
    t = package.types
    workflow = t.Workflow(type="reasoning", tasks=[t.ThoughtTask(content="Hm")])
    task = t.SearchTask(title="Search", queries=["q"], sources=[t.URLSource(title="S", url="https://e.com")])
    done = t.Workflow(type="reasoning", tasks=[], summary=t.DurationSummary(duration=3), expanded=True)
    image = t.GeneratedImage(id="img_1", url="data:image/png;base64,AA==")
    return [
        t.ThreadItemAddedEvent(**item(t, "WorkflowItem", "wf_1", workflow=workflow)),
        t.ThreadItemUpdatedEvent(item_id="wf_1", update=t.WorkflowTaskAdded(task_index=1, task=task)),
        t.ThreadItemUpdatedEvent(item_id="wf_1", update=t.WorkflowTaskUpdated(task_index=0, task=task)),
        t.ThreadItemDoneEvent(**item(t, "WorkflowItem", "wf_1", workflow=done)),
        t.ThreadItemAddedEvent(**item(t, "GeneratedImageItem", "msg_i")),
        t.ThreadItemUpdatedEvent(item_id="msg_i", update=t.GeneratedImageUpdated(image=image, progress=0.5)),
        t.ThreadItemReplacedEvent(**item(t, "GeneratedImageItem", "msg_i", image=image)),
        t.ThreadItemDoneEvent(**item(t, "TaskItem", "tsk_1", task=t.CustomTask(title="T", icon="vendor:x"))),
        t.ThreadItemRemovedEvent(item_id="tsk_1"),
        t.ThreadItemDoneEvent(**item(t, "EndOfTurnItem", "msg_e")),
    ]


def widgets(package: Any) -> Sequence[Any]:
    t = package.types
    text = {"type": "Text", "id": "text", "value": "Hi", "streaming": True, "size": None}
    card = {"type": "Card", "children": [text], "size": None}
    fields = item(t, "WidgetItem", "msg_w", widget=card, copy_text="Hi")
    delta = t.WidgetStreamingTextValueDelta(component_id="text", delta="!", done=False)
    return [
        t.ThreadItemAddedEvent(**fields),
        t.ThreadItemUpdatedEvent(item_id="msg_w", update=delta),
        t.ThreadItemDoneEvent(**fields),
    ]


def form(package: Any) -> Sequence[Any]:
    t = package.types
    options = [{"value": "red"}, {"value": "blue"}]
    questions = [
        t.StructuredInputMultipleChoice(id="color", question="Which?", options=options),
        t.StructuredInputFreeform(id="why", question="Why?", description="In short."),
    ]
    return [t.ThreadItemDoneEvent(**item(t, "StructuredInputItem", "msg_f", inputs=questions))]


def tool_call(package: Any) -> Sequence[Any]:
    t = package.types
    call = item(t, "ClientToolCallItem", "tc_1", call_id="call_1", name="look", arguments={"a": None})
    return [t.ThreadItemDoneEvent(**call)]


def request(operation: str, **params: Any) -> dict[str, Any]:
    return {"type": operation, "params": params}


def create(text: str = "Hello") -> dict[str, Any]:
    input = message(text, attachments=[], inference_options={"model": "m", "tool_choice": {"id": "t"}})
    return request("threads.create", input={**input, "quoted_text": ""})


def in_thread(operation: str, **params: Any) -> dict[str, Any]:
    return request(operation, thread_id="thr_1", **params)


READING = [
    in_thread("threads.get_by_id"),
    in_thread("items.list"),
    in_thread("items.list", limit=1, order="asc"),
    request("threads.list", limit=0),
    in_thread("threads.update", title=""),
    in_thread("items.feedback", item_ids=["x"], kind="positive"),
]


@pytest.mark.parametrize(
    ("script", "requests"),
    [
        (lambda package: [], [create()]),
        (messages, [create("“é” \u2028"), *READING[3:]]),
        (workflows, [create(), *READING]),
        (widgets, [create()]),
        (lambda package: [package.errors.CustomStreamError("No.", allow_retry=True)], [create()]),
        (lambda package: [package.errors.StreamError(package.errors.ErrorCode.STREAM_ERROR)], [create()]),
        (lambda package: [lambda thread: setattr(thread, "title", "T"), RuntimeError("x")], [create()]),
        (lambda package: [package.types.ErrorEvent(message="Hm.", allow_retry=True)], [create()]),
        (
            form,
            [
                create(),
                in_thread(
                    "threads.add_structured_input",
                    item_id="msg_f",
                    input={"answers": {"color": {"values": ["red", "blue"]}}},
                ),
            ],
        ),
        (
            form,
            [
                create(),
                in_thread("threads.add_structured_input", item_id="msg_f", input={"status": "skipped"}),
            ],
        ),
        (tool_call, [create(), in_thread("threads.add_client_tool_output", result={"b": None})]),
        (messages, [create(), in_thread("threads.retry_after_item", item_id="message_2")]),
        (workflows, [create(), in_thread("threads.custom_action", item_id="", action={"type": "x"})]),
        (messages, [create(), in_thread("threads.custom_action", item_id="msg_a", action={"type": "x"})]),
        (messages, [create(), in_thread("threads.delete"), request("threads.list")]),
    ],
)
async def test_the_bytes_are_those_of_the_published_sdk(
    script: Script, requests: list[dict[str, Any]]
) -> None:
    ours, our_items = await talk(OURS, script, requests)
    theirs, their_items = await talk(PEER, script, requests)
    assert ours == theirs
    assert our_items == their_items
