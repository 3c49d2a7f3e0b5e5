"""AgentContext: its fields, its ids, and the workflows it keeps."""

import asyncio
from typing import Any

import pytest

from chatkit_asgi.agents import AgentContext, stream_agent_response
from chatkit_asgi.context import RequestContext
from chatkit_asgi.store import StoreItemType
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import CustomSummary, CustomTask, ThreadItemAddedEvent, ThreadMetadata, Workflow
from tests.agents.scripts import RunEvents, run
from tests.factories import make_thread, make_widget, make_workflow_item

Context = AgentContext[RequestContext]


async def sent(context: Context) -> list[dict[str, Any]]:
    """What the context has streamed, as JSON."""

    async def no_events() -> RunEvents:
        return
        yield

    events = [event async for event in stream_agent_response(context, run(no_events()))]
    return [event.model_dump(mode="json", exclude_none=True) for event in events]


async def test_the_thread_is_the_very_object(
    store: MemoryStore[RequestContext], thread: ThreadMetadata, context: RequestContext
) -> None:
    agent_context = AgentContext(thread=thread, store=store, request_context=context)
    assert agent_context.thread is thread
    assert agent_context.store is store


async def test_store_and_context_may_be_anything(thread: ThreadMetadata) -> None:
    store: Any = object()
    agent_context = AgentContext(thread=thread, store=store, request_context=None)
    assert (agent_context.store, agent_context.request_context) == (store, None)


async def test_each_context_has_a_line_of_its_own(agent_context: Context) -> None:
    other = Context(**dict(agent_context))
    await agent_context.stream_progress("mine")
    assert await sent(other) == []
    assert len(await sent(agent_context)) == 1


async def test_subclasses_have_fields_of_any_class(agent_context: Context) -> None:
    class Own(AgentContext[RequestContext]):
        lock: asyncio.Lock

    lock = asyncio.Lock()
    assert Own(**dict(agent_context), lock=lock).lock is lock


async def test_ids_come_from_the_store(agent_context: Context) -> None:
    kinds: tuple[StoreItemType, ...] = (
        "thread",
        "message",
        "tool_call",
        "task",
        "workflow",
        "attachment",
        "sdk_hidden_context",
    )
    prefixes = [agent_context.generate_id(kind).partition("_")[0] for kind in kinds]
    assert prefixes == ["thr", "msg", "tc", "tsk", "wf", "atc", "shcx"]


async def test_an_id_may_be_for_an_item_of_another_thread(
    agent_context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And stores take generators of ids by assignment too."""
    monkeypatch.setattr(
        agent_context.store, "generate_item_id", lambda kind, thread, context: f"{thread.id}-{kind}"
    )
    assert agent_context.generate_id("task") == "thr_1-task"
    assert agent_context.generate_id("task", make_thread(id="thr_2")) == "thr_2-task"


async def test_workflow_without_tasks_is_shown_with_its_first_task(agent_context: Context) -> None:
    await agent_context.start_workflow(Workflow(type="custom", tasks=[]))
    await agent_context.add_workflow_task(CustomTask(title="a"))
    await agent_context.add_workflow_task(CustomTask(title="a"))
    added, second = await sent(agent_context)
    assert [task["title"] for task in added["item"]["workflow"]["tasks"]] == ["a"]
    assert (second["update"]["type"], second["update"]["task_index"]) == ("workflow.task.added", 1)


async def test_task_can_be_updated_from_the_end(agent_context: Context) -> None:
    await agent_context.start_workflow(
        Workflow(type="custom", tasks=[CustomTask(title="a"), CustomTask(title="b")])
    )
    await agent_context.update_workflow_task(CustomTask(title="c"), -1)
    _, updated = await sent(agent_context)
    assert (updated["update"]["task_index"], updated["update"]["task"]["title"]) == (1, "c")


async def test_update_needs_a_workflow_and_a_task(agent_context: Context) -> None:
    with pytest.raises(ValueError, match="no workflow"):
        await agent_context.update_workflow_task(CustomTask(title="a"), 0)
    await agent_context.start_workflow(Workflow(type="custom", tasks=[]))
    with pytest.raises(IndexError):
        await agent_context.update_workflow_task(CustomTask(title="a"), 0)


@pytest.mark.parametrize(
    ("own", "given", "told"),
    [
        (None, None, {"duration": 0}),
        (CustomSummary(title="own"), None, {"title": "own"}),
        (CustomSummary(title="own"), CustomSummary(title="given"), {"title": "given"}),
    ],
)
async def test_workflow_ends_with_a_summary(
    agent_context: Context, own: CustomSummary | None, given: CustomSummary | None, told: dict[str, Any]
) -> None:
    await agent_context.start_workflow(Workflow(type="reasoning", tasks=[], summary=own))
    await agent_context.end_workflow(given, expanded=True)
    await agent_context.end_workflow()
    _, done = await sent(agent_context)
    assert done["item"]["workflow"] == {"type": "reasoning", "tasks": [], "expanded": True, "summary": told}
    assert agent_context.workflow_item is None


async def test_later_changes_of_a_task_do_not_change_what_was_sent(agent_context: Context) -> None:
    task = CustomTask(title="before")
    await agent_context.start_workflow(Workflow(type="custom", tasks=[task]))
    task.title = "after"
    (added,) = await sent(agent_context)
    assert added["item"]["workflow"]["tasks"][0]["title"] == "before"


async def test_a_workflow_streamed_by_hand_is_the_current_one(agent_context: Context) -> None:
    await agent_context.start_workflow(Workflow(type="reasoning", tasks=[]))
    await agent_context.stream(ThreadItemAddedEvent(item=make_workflow_item()))
    await agent_context.add_workflow_task(CustomTask(title="next"))
    events = await sent(agent_context)
    assert [event["type"].rpartition(".")[2] for event in events] == ["added", "done", "added", "updated"]
    assert events[3]["item_id"] == "wf_1"


async def test_widget_is_sent_with_an_id_of_the_store(agent_context: Context) -> None:
    await agent_context.stream_widget(make_widget("Hi"), copy_text="Hi")
    (done,) = await sent(agent_context)
    assert done["item"]["id"].startswith("msg_")
    assert done["item"]["copy_text"] == "Hi"


async def test_progress_has_a_text_and_an_icon(agent_context: Context) -> None:
    await agent_context.stream_progress(icon="document", text="Loading…")
    assert await sent(agent_context) == [{"type": "progress_update", "icon": "document", "text": "Loading…"}]
