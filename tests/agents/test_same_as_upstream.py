"""The same scripted runs through this package and the published one: the same events, the same store calls.

What we want otherwise is left out here and tested in `test_stream.py`: citations as dicts, images side by
side, calls without an id, negative task indexes, the order of removals.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast

import pytest
from openai.types.responses import ResponseOutputRefusal
from openai.types.responses.response_output_text import AnnotationURLCitation

from tests.agents.scripts import (
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

# Any in this module: each script runs with the classes of two packages.
Script = Callable[[Any, Any], AsyncIterator[Any]]

SCRIPTS: list[Script] = []
WHERE: dict[str, Any] = {"thread_id": "thr_1", "created_at": datetime.now()}  # noqa: DTZ005 - as upstream's stores
PAGE = AnnotationURLCitation(type="url_citation", start_index=1, end_index=4, title="T", url="https://u")


async def a_moment() -> None:
    """A few turns of the loop: upstream sends tools' events when it happens to look at them."""
    for _ in range(8):
        await asyncio.sleep(0)


def script(function: Script) -> Script:
    SCRIPTS.append(function)
    return function


@script
async def answer(types: Any, context: Any) -> AsyncIterator[Any]:
    yield item_added(message())
    yield part_added(text())
    yield delta("Hel")
    yield delta("lo")
    yield annotation(PAGE)
    yield text_done("Hello")
    yield item_done(message(text("Hello", PAGE)))


@script
async def refusal(types: Any, context: Any) -> AsyncIterator[Any]:
    part = ResponseOutputRefusal(type="refusal", refusal="No.")
    yield item_added(message())
    yield part_added(part)
    yield item_done(message(part))


@script
async def thoughts(types: Any, context: Any) -> AsyncIterator[Any]:
    yield thought_done("before any workflow")
    yield item_added(reasoning())
    yield thought_delta("a")
    yield thought_delta("b", 1)
    yield thought_done("B", 1)
    yield thought_done("A")
    yield item_added(message())
    yield item_done(message(text("So.")))


@script
async def thoughts_left_open(types: Any, context: Any) -> AsyncIterator[Any]:
    yield item_added(reasoning())
    yield thought_delta("a")


@script
async def picture(types: Any, context: Any) -> AsyncIterator[Any]:
    yield partial_image(0)
    yield item_added(image())
    yield partial_image(1)
    yield item_done(image("RklO"))
    yield item_done(image("RklO"))


@script
async def picture_without_result(types: Any, context: Any) -> AsyncIterator[Any]:
    yield item_added(reasoning())
    yield item_added(image())
    yield item_done(image())
    yield thought_done("still the same workflow")


@script
async def client_tool(types: Any, context: Any) -> AsyncIterator[Any]:
    # assigned unvalidated, so that one object does for both
    context.client_tool_call = SimpleNamespace(name="look", arguments={"at": 1})
    yield called(call("other", "other"))
    yield called(call())


@script
async def client_tool_after_another_kind_of_call(types: Any, context: Any) -> AsyncIterator[Any]:
    await client_tool(types, context).__anext__()
    yield called({"type": "web_search_call", "id": "ws"})


@script
async def workflow_of_a_tool(types: Any, context: Any) -> AsyncIterator[Any]:
    await context.start_workflow(types.Workflow(type="custom", tasks=[]))
    await a_moment()
    await context.add_workflow_task(types.CustomTask(title="a"))
    await a_moment()
    yield delta("x")
    yield item_added(reasoning("r2"))
    await context.add_workflow_task(types.CustomTask(title="b"))
    await a_moment()
    yield thought_done("c")
    await context.update_workflow_task(types.CustomTask(title="d", status_indicator="complete"), 0)
    await a_moment()
    yield thought_done("e")
    await context.end_workflow(types.CustomSummary(title="S"), expanded=True)
    await a_moment()
    yield item_added(reasoning("r3"))


@script
async def workflow_ended_by_an_item(types: Any, context: Any) -> AsyncIterator[Any]:
    await context.start_workflow(types.Workflow(type="reasoning", tasks=[], expanded=True))
    await a_moment()
    yield thought_done("a")
    hidden = types.HiddenContextItem(id="h", content={"a": 1}, **WHERE)
    await context.stream(types.ThreadItemDoneEvent(item=hidden))
    await a_moment()
    yield thought_done("b")
    await context.stream(types.ThreadItemDoneEvent(item=types.EndOfTurnItem(id="e", **WHERE)))
    await a_moment()
    yield thought_done("c")


@script
async def second_workflow(types: Any, context: Any) -> AsyncIterator[Any]:
    await context.start_workflow(types.Workflow(type="custom", tasks=[types.CustomTask(title="a")]))
    await a_moment()
    yield thought_done("b")
    await context.start_workflow(types.Workflow(type="reasoning", tasks=[]))
    await a_moment()
    yield thought_done("c")


@script
async def workflow_streamed_by_hand(types: Any, context: Any) -> AsyncIterator[Any]:
    workflow = types.Workflow(type="custom", tasks=[])
    item = types.WorkflowItem(id="w", workflow=workflow, **WHERE)
    await context.stream(types.ThreadItemAddedEvent(item=item))
    await a_moment()
    yield delta("x")
    yield thought_done("a")


@script
async def failure(types: Any, context: Any) -> AsyncIterator[Any]:
    yield item_added(reasoning())
    yield item_added(message())
    raise KeyError("boom")


def make_store(package: str, items: list[Any]) -> Any:
    """A store that keeps items in a list, numbers ids and notes what is asked of it."""
    types, base = import_module(f"{package}.types"), import_module(f"{package}.store")
    numbers = iter(range(1, 1000))
    calls: list[Any] = []

    async def load_thread_items(
        thread_id: str, after: str | None, limit: int, order: str, context: object
    ) -> Any:
        calls.append(("load", thread_id, after, limit, order))
        return types.Page(data=items[::-1][:limit])

    async def add_thread_item(thread_id: str, item: Any, context: object) -> None:
        calls.append(("add", thread_id, _json(item)))

    async def load_item(thread_id: str, item_id: str, context: object) -> Any:
        raise base.NotFoundError(item_id)

    return SimpleNamespace(
        calls=calls,
        load_thread_items=load_thread_items,
        add_thread_item=add_thread_item,
        load_item=load_item,
        generate_item_id=lambda kind, thread, context: f"{kind}_{next(numbers)}",
    )


def _json(value: Any) -> Any:
    found = value.model_dump(mode="json", exclude_none=True, by_alias=True)
    item = found.get("item") or found
    item.pop("created_at", None)
    summary = item.get("workflow", {}).get("summary", {})
    if "duration" in summary:
        summary["duration"] = "some seconds"
    return found


async def outcome(
    package: str, script: Script, earlier: Callable[[Any], list[Any]]
) -> tuple[list[Any], list[Any]]:
    """The events, with the failure at their end, and the store calls."""
    agents, types = import_module(f"{package}.agents"), import_module(f"{package}.types")
    store = make_store(package, earlier(types))
    thread = types.ThreadMetadata(id="thr_1", created_at=WHERE["created_at"])
    context = agents.AgentContext(thread=thread, store=store, request_context=None)
    events: list[Any] = []
    try:
        async for event in agents.stream_agent_response(context, run(script(types, context))):
            events.append(_json(event))  # noqa: PERF401 - what came before a failure is kept
    except KeyError as failure:
        events.append(repr(failure))
    return events, store.calls


def no_items(types: Any) -> list[Any]:
    return []


def an_open_workflow(types: Any) -> list[Any]:
    workflow = types.Workflow(type="custom", tasks=[types.CustomTask(title="earlier")])
    return [types.WorkflowItem(id="wf_0", workflow=workflow, **WHERE)]


def an_open_workflow_behind_a_tool_call(types: Any) -> list[Any]:
    call_item = types.ClientToolCallItem(id="c", call_id="c", name="n", arguments={}, **WHERE)
    return [*an_open_workflow(types), call_item]


def an_old_workflow(types: Any) -> list[Any]:
    return [*an_open_workflow(types), types.EndOfTurnItem(id="e", **WHERE)]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # upstream warns when it is imported
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # upstream leaves tasks behind
@pytest.mark.parametrize(
    "earlier", [no_items, an_open_workflow, an_open_workflow_behind_a_tool_call, an_old_workflow]
)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: cast(Any, script).__name__)
async def test_scripted_run_gives_what_it_gives_upstream(
    script: Script, earlier: Callable[[Any], list[Any]]
) -> None:
    ours = await outcome("chatkit_asgi", script, earlier)
    assert ours == await outcome("chatkit", script, earlier)
