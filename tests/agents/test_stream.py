"""stream_agent_response: what each event of a run becomes."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from agents import (
    GuardrailFunctionOutput,
    InputGuardrail,
    InputGuardrailResult,
    InputGuardrailTripwireTriggered,
)
from openai.types.responses import ResponseOutputRefusal
from openai.types.responses.response_content_part_added_event import PartReasoningText
from openai.types.responses.response_output_text import (
    AnnotationContainerFileCitation,
    AnnotationFileCitation,
    AnnotationFilePath,
    AnnotationURLCitation,
)

from chatkit_asgi.agents import AgentContext, ClientToolCall, ResponseStreamConverter, stream_agent_response
from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import (
    CustomSummary,
    CustomTask,
    ProgressUpdateEvent,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadStreamEvent,
    Workflow,
)
from tests.agents.scripts import (
    RunEvents,
    annotation,
    call,
    called,
    delta,
    image,
    item_added,
    item_done,
    message,
    part_added,
    partial_image,
    reasoning,
    run,
    text,
    text_done,
    thought_delta,
    thought_done,
)
from tests.factories import make_client_tool_call, make_hidden_context, make_task, make_workflow_item

Context = AgentContext[RequestContext]
Store = MemoryStore[RequestContext]

PAGE = AnnotationURLCitation(type="url_citation", start_index=1, end_index=4, title="T", url="https://u")
FILE = AnnotationFileCitation(type="file_citation", file_id="f", filename="a.txt", index=7)
CONTAINER_FILE = AnnotationContainerFileCitation(
    type="container_file_citation",
    container_id="c",
    file_id="f",
    filename="b.txt",
    start_index=1,
    end_index=9,
)
PATH = AnnotationFilePath(type="file_path", file_id="f", index=1)
NAMELESS = AnnotationFileCitation(type="file_citation", file_id="f", filename="", index=7)


async def streamed(
    context: Context, events: RunEvents, converter: ResponseStreamConverter | None = None
) -> list[ThreadStreamEvent]:
    stream = stream_agent_response(context, run(events), converter=converter or ResponseStreamConverter())
    return [event async for event in stream]


async def collect(events: list[ThreadStreamEvent], stream: AsyncIterator[ThreadStreamEvent]) -> None:
    async for event in stream:
        events.append(event)  # noqa: PERF401 - what came before a failure is kept


def told(events: list[ThreadStreamEvent]) -> list[Any]:
    """Each event as its type and what is particular to it."""
    return [_told(event.model_dump(mode="json", exclude_none=True)) for event in events]


def _told(event: dict[str, Any]) -> Any:
    kind = event["type"].removeprefix("thread.item.")
    if "item" in event:
        return kind, event["item"]["type"]
    if "update" in event:
        update = event["update"]
        rest = {name: value for name, value in update.items() if name not in ("type", "content_index")}
        return update["type"].rpartition(".")[2], rest
    return kind, event.get("item_id") or event.get("text")


async def nothing() -> RunEvents:
    return
    yield


async def test_message_is_added_streamed_and_done(agent_context: Context) -> None:
    async def script() -> RunEvents:
        yield item_added(message())
        yield part_added(text())
        yield delta("Hel")
        yield delta("lo")
        yield text_done("Hello")
        yield item_done(message(text("Hello")))

    events = await streamed(agent_context, script())
    empty = {"annotations": [], "text": "", "type": "output_text"}
    assert told(events) == [
        ("added", "assistant_message"),
        ("added", {"content": empty}),
        ("text_delta", {"delta": "Hel"}),
        ("text_delta", {"delta": "lo"}),
        ("done", {"content": {**empty, "text": "Hello"}}),
        ("done", "assistant_message"),
    ]
    assert {getattr(event, "item_id", "m1") for event in events} == {"m1"}


async def test_refusal_is_shown_as_text(agent_context: Context) -> None:
    refusal = ResponseOutputRefusal(type="refusal", refusal="No.")

    async def script() -> RunEvents:
        yield part_added(refusal)
        yield item_done(message(refusal))

    part, done = await streamed(agent_context, script())
    assert told([part])[0][1]["content"]["text"] == "No."
    assert isinstance(done, ThreadItemDoneEvent)


async def test_parts_of_other_kinds_are_not_shown(agent_context: Context) -> None:
    async def script() -> RunEvents:
        yield part_added(PartReasoningText(type="reasoning_text", text="Hm."))

    assert await streamed(agent_context, script()) == []


@pytest.mark.parametrize("as_dict", [False, True])
async def test_citations_become_annotations_whatever_class_they_come_in(
    agent_context: Context, as_dict: bool
) -> None:
    citations = [PAGE, PATH, FILE, NAMELESS, CONTAINER_FILE]

    async def script() -> RunEvents:
        for citation in citations:
            yield annotation(citation.model_dump() if as_dict else citation)
        yield annotation(None)
        yield annotation({"type": "unheard_of"})
        yield annotation(PAGE, content_index=1)

    updates = [update for _, update in told(await streamed(agent_context, script()))]
    assert [update["annotation_index"] for update in updates] == [0, 1, 2, 0]
    assert [update["annotation"]["index"] for update in updates] == [4, 7, 9, 4]
    assert [update["annotation"]["source"]["title"] for update in updates] == ["T", "a.txt", "b.txt", "T"]


async def test_first_thought_is_streamed_and_later_ones_come_whole(agent_context: Context) -> None:
    async def script() -> RunEvents:
        yield item_added(reasoning())
        yield thought_delta("think")
        yield thought_delta("ing")
        yield thought_done("thinking")
        yield thought_delta("mo", 1)
        yield thought_done("more", 1)
        yield item_added(reasoning("r2"))
        yield item_added(message())

    events = told(await streamed(agent_context, script()))
    assert [kind for kind, _ in events] == ["added", "added", "updated", "updated", "added", "done", "added"]
    thoughts = [each["task"]["content"] for _, each in events if isinstance(each, dict)]
    assert thoughts == ["think", "thinking", "thinking", "more"]
    assert events[5] == ("done", "workflow")
    assert agent_context.workflow_item is None


async def test_image_comes_in_parts_with_its_progress(agent_context: Context) -> None:
    async def script() -> RunEvents:
        yield item_added(image())
        yield partial_image(1)
        yield partial_image(7)
        yield item_done(image("RklO"))

    events = await streamed(agent_context, script(), ResponseStreamConverter(partial_images=4))
    assert [update["progress"] for _, update in told(events[1:3])] == [0.25, 1.0]
    assert isinstance(events[3], ThreadItemDoneEvent)
    done = events[3].item.model_dump()
    assert done["image"] == {"id": "ig1", "url": "data:image/png;base64,RklO"}
    assert agent_context.generated_image_item is None


async def test_converter_is_called_by_the_names_of_its_parameters(agent_context: Context) -> None:
    """An application's own may have them in any order; the final image has no index."""

    async def note_image(self: object, *, partial_image_index: int | None = None, **given: Any) -> str:
        calls.append({**given, "index": partial_image_index})
        return "https://images.example/1"

    async def note(self: object, **given: Any) -> None:
        calls.append(given)

    def note_progress(self: object, **given: Any) -> float:
        calls.append(given)
        return 0.5

    async def script() -> RunEvents:
        yield item_added(image())
        yield partial_image(1)
        yield item_done(image("RklO"))
        for citation in (FILE, CONTAINER_FILE, PAGE):
            yield annotation(citation)
        yield item_done(message(text("Hello", PAGE)))

    calls: list[dict[str, Any]] = []
    citations = ("file_citation", "container_file_citation", "url_citation")
    methods: dict[str, Any] = {f"{name}_to_annotation": note for name in citations}
    images = {"base64_image_to_url": note_image, "partial_image_index_to_progress": note_progress}
    own = type("Own", (ResponseStreamConverter,), {**methods, **images})
    *_, done = await streamed(agent_context, script(), own())
    assert calls == [
        {"image_id": "ig1", "base64_image": "UEFSVA==", "index": 1},
        {"partial_image_index": 1},
        {"image_id": "ig1", "base64_image": "RklO", "index": None},
        {"file_citation": FILE},
        {"container_file_citation": CONTAINER_FILE},
        {"url_citation": PAGE},
        {"url_citation": PAGE},
    ]
    assert done.item.content[0].annotations == []  # type: ignore[union-attr]  # a message's `done`


async def test_images_made_side_by_side_keep_their_own_items(agent_context: Context) -> None:
    async def script() -> RunEvents:
        yield item_added(image(item_id="a"))
        yield item_added(image(item_id="b"), 1)
        yield item_done(image("QQ==", "a"))
        yield item_done(image("Qg==", "b"), 1)

    events = await streamed(agent_context, script())
    items = [event.item for event in events if isinstance(event, ThreadItemAddedEvent | ThreadItemDoneEvent)]
    assert [item.id for item in items[2:]] == [item.id for item in items[:2]]


async def test_tool_events_come_out_while_the_model_is_silent(agent_context: Context) -> None:
    async def script() -> RunEvents:
        await agent_context.stream_progress("early")
        yield item_added(message())
        await agent_context.stream_progress("middle")
        yield delta("x")
        await agent_context.stream_progress("late")

    kinds = [kind for kind, _ in told(await streamed(agent_context, script()))]
    assert kinds == ["progress_update", "added", "progress_update", "text_delta", "progress_update"]


async def test_an_item_of_a_tool_ends_the_workflow_before_it(agent_context: Context) -> None:
    async def script() -> RunEvents:
        await agent_context.start_workflow(
            Workflow(type="custom", tasks=[CustomTask(title="a")], expanded=True)
        )
        await agent_context.stream(ThreadItemDoneEvent(item=make_task()))
        yield delta("x")

    events = await streamed(agent_context, script())
    assert told(events)[:3] == [("added", "workflow"), ("done", "workflow"), ("done", "task")]
    assert events[1].item.workflow.expanded is False  # type: ignore[union-attr]  # a workflow's `done`


@pytest.mark.parametrize("item", [make_client_tool_call(), make_hidden_context()])
async def test_calls_and_hidden_context_leave_the_workflow_open(agent_context: Context, item: Any) -> None:
    async def script() -> RunEvents:
        await agent_context.start_workflow(Workflow(type="custom", tasks=[CustomTask(title="a")]))
        await agent_context.stream(ThreadItemDoneEvent(item=item))
        yield delta("x")

    await streamed(agent_context, script())
    assert agent_context.workflow_item is not None


async def test_a_workflow_is_not_ended_before_the_client_saw_it_begin(agent_context: Context) -> None:
    """A tool streams an item and begins a workflow at once: the item comes first, the workflow stays open."""

    async def script() -> RunEvents:
        await agent_context.stream(ThreadItemDoneEvent(item=make_task()))
        await agent_context.start_workflow(Workflow(type="custom", tasks=[CustomTask(title="a")]))
        yield delta("x")

    events = told(await streamed(agent_context, script()))
    assert events[:2] == [("done", "task"), ("added", "workflow")]
    assert ("done", "workflow") not in events


async def test_an_open_workflow_is_stored_and_goes_on_in_the_next_turn(
    agent_context: Context, store: Store, context: RequestContext
) -> None:
    async def first() -> RunEvents:
        await agent_context.add_workflow_task(CustomTask(title="one"))
        yield item_added(reasoning())

    async def second() -> RunEvents:
        yield thought_done("two")
        yield item_added(message())

    await streamed(agent_context, first())
    next_context: Context = AgentContext(thread=agent_context.thread, store=store, request_context=context)
    events = await streamed(next_context, second())
    assert [kind for kind, _ in told(events)] == ["added", "done", "added"]
    assert events[1].item.id == agent_context.workflow_item.id  # type: ignore[union-attr]  # it is a `done`


async def test_a_workflow_goes_on_behind_a_client_tool_call(
    agent_context: Context, store: Store, context: RequestContext
) -> None:
    workflow = make_workflow_item()
    await store.add_thread_item("thr_1", workflow, context)
    await store.add_thread_item("thr_1", make_client_tool_call(status="completed"), context)
    await streamed(agent_context, nothing())
    assert agent_context.workflow_item == workflow


@pytest.mark.parametrize("raw", [call(), call().model_dump()])
async def test_client_tool_call_takes_the_ids_of_the_last_call(agent_context: Context, raw: Any) -> None:
    async def script() -> RunEvents:
        yield called(call("other", "other"))
        yield called(raw)
        agent_context.client_tool_call = ClientToolCall(name="look", arguments={"at": 1})

    (event,) = await streamed(agent_context, script())
    assert event.item.model_dump(exclude={"created_at"}) == {  # type: ignore[union-attr]  # it is a `done`
        "id": "fc1",
        "thread_id": "thr_1",
        "type": "client_tool_call",
        "status": "pending",
        "call_id": "call1",
        "name": "look",
        "arguments": {"at": 1},
        "output": None,
    }


async def test_client_tool_call_without_a_call_gets_fresh_ids(agent_context: Context) -> None:
    agent_context.client_tool_call = ClientToolCall(name="look", arguments={})
    (event,) = await streamed(agent_context, nothing())
    call_item = event.item  # type: ignore[union-attr]  # it is a `done`
    assert call_item.id.startswith("tc_")
    assert call_item.call_id.startswith("tc_")  # type: ignore[union-attr]  # of a client tool call


async def test_a_tripped_guardrail_takes_back_everything_shown(agent_context: Context) -> None:
    guardrail = InputGuardrail(guardrail_function=lambda *_: GuardrailFunctionOutput(None, True))
    result = InputGuardrailResult(guardrail=guardrail, output=GuardrailFunctionOutput(None, True))

    async def script() -> RunEvents:
        yield item_added(message())
        yield called(call())
        await agent_context.stream(ThreadItemDoneEvent(item=make_task()))
        yield item_added(image(), 1)
        await agent_context.stream_progress("never seen")
        raise InputGuardrailTripwireTriggered(result)

    events: list[ThreadStreamEvent] = []
    with pytest.raises(InputGuardrailTripwireTriggered):
        await collect(events, stream_agent_response(agent_context, run(script())))
    shown = [
        event.item.id for event in events if isinstance(event, ThreadItemAddedEvent | ThreadItemDoneEvent)
    ]
    removed = [item_id for kind, item_id in told(events) if kind == "removed"]
    assert sorted(removed) == sorted([*shown, "fc1"])
    assert not any(isinstance(event, ProgressUpdateEvent) for event in events)


async def test_another_failure_goes_on_after_what_came_before_it(
    agent_context: Context, store: Store, context: RequestContext
) -> None:
    """And that is all: no call goes to the client, and no workflow waits for a next turn."""
    agent_context.client_tool_call = ClientToolCall(name="look", arguments={})
    await agent_context.add_workflow_task(CustomTask(title="a"))

    async def script() -> RunEvents:
        await agent_context.stream_progress("seen")
        yield delta("seen too")
        raise KeyError("boom")

    events: list[ThreadStreamEvent] = []
    with pytest.raises(KeyError, match="boom"):
        await collect(events, stream_agent_response(agent_context, run(script())))
    assert told(events) == [
        ("added", "workflow"),
        ("progress_update", "seen"),
        ("text_delta", {"delta": "seen too"}),
    ]
    assert (await store.load_thread_items("thr_1", None, 9, "asc", context)).data == []


async def test_summary_given_before_stays_when_a_message_ends_the_workflow(agent_context: Context) -> None:
    async def script() -> RunEvents:
        summary = CustomSummary(title="Done")
        await agent_context.start_workflow(
            Workflow(type="custom", tasks=[CustomTask(title="a")], summary=summary)
        )
        yield delta("x")
        yield item_added(message())

    events = await streamed(agent_context, script())
    assert events[2].item.workflow.summary == CustomSummary(title="Done")  # type: ignore[union-attr]  # `done`
