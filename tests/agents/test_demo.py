"""The demo model, through the whole path: engine, store, the SDK's runner, its tools."""

from typing import Any

import pytest
from agents import RunConfig, Runner

from chatkit_asgi.agents import AgentServer, demo_agent
from chatkit_asgi.agents.demo import WORDS
from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.memory import MemoryStore
from tests.agents.chat import Chat, Event

SHOWN = {
    "widget": {"widget"},
    "list": {"widget"},
    "form": {"widget"},
    "stream-widget": {"widget", "widget.streaming_text.value_delta", "widget.root.updated"},
    "workflow": {"workflow", "workflow.task.added", "workflow.task.updated"},
    "reasoning": {"workflow", "workflow.task.added", "workflow.task.updated", "assistant_message"},
    "image": {"generated_image", "generated_image.updated"},
    "citations": {"assistant_message.content_part.annotation_added"},
    "tool": {"progress_update", "assistant_message"},
    "client-tool": {"client_tool_call"},
    "structured": {"structured_input"},
    "task": {"task"},
    "hidden": {"assistant_message"},
    "effect": {"client_effect"},
    "notice": {"notice"},
    "progress": {"progress_update"},
    "title": {"thread.updated"},
    "replace": {"task", "thread.item.replaced"},
    "remove": {"task", "thread.item.removed"},
    "end-of-turn": {"end_of_turn"},
    "error": {"error"},
    "fail": {"error"},
    "slow": {"assistant_message"},
    "long": {"assistant_message"},
    "help": {"assistant_message"},
}
"""What each word shows: types of events, of items or of updates."""


@pytest.fixture
def chat(context: RequestContext) -> Chat:
    server: AgentServer[RequestContext] = AgentServer(MemoryStore(), agent=demo_agent(delay=0))
    return Chat(server, context)


def kinds(events: list[Event]) -> set[str]:
    """The types of events, of their items and of their updates."""
    inner = [event.get("item") or event.get("update") or {} for event in events]
    return {event["type"] for event in events} | {each["type"] for each in inner if each}


def answer(events: list[Event]) -> str:
    """The text of the assistant's message."""
    done = [event["item"] for event in events if event["type"] == "thread.item.done"]
    return str(done[-1]["content"][0]["text"])


async def test_the_demo_answers_whatever_model_was_chosen(context: RequestContext) -> None:
    server: AgentServer[RequestContext] = AgentServer(
        MemoryStore(), agent=demo_agent(delay=0), models={"large": "Large"}
    )
    events = await Chat(server, context).create("Hi", inference_options={"model": "large"})
    assert "demo model" in answer(events)
    await server.aclose()


async def test_plain_message_is_answered_word_by_word_by_a_model_that_says_what_it_is(chat: Chat) -> None:
    events = await chat.create("What is the weather?")
    deltas = [event["update"]["delta"] for event in events if event.get("update", {}).get("delta")]
    text = answer(events)
    assert "".join(deltas) == text
    assert len(deltas) > 20
    for part in ("demo model", "“What is the weather?”", "OPENAI_API_KEY", "OPENAI_BASE_URL", "/help"):
        assert part in text


async def test_demo_model_also_answers_without_streaming() -> None:
    run = await Runner.run(demo_agent(delay=0), "Hi", run_config=RunConfig(tracing_disabled=True))
    assert "demo model" in run.final_output


async def test_help_names_every_word(chat: Chat) -> None:
    text = answer(await chat.create("/help"))
    assert all(f"`/{word}`" in text for word in WORDS)


@pytest.mark.parametrize("word", SHOWN)
async def test_each_word_shows_what_it_says_and_the_thread_goes_on(chat: Chat, word: str) -> None:
    events = await chat.create(f"/{word}")
    assert kinds(events) >= SHOWN[word]
    assert "demo model" in answer(await chat.say("and then?"))


def test_every_word_is_tested() -> None:
    assert set(SHOWN) == set(WORDS)


async def test_workflow_has_a_task_of_every_kind(chat: Chat) -> None:
    await chat.create("/workflow")
    workflow = (await chat.items())[1]["workflow"]
    assert [task["type"] for task in workflow["tasks"]] == [
        "custom",
        "web_search",
        "thought",
        "file",
        "image",
    ]
    assert workflow["summary"] == {"title": "Showed a task of each kind", "icon": "check"}


async def test_client_tool_goes_on_when_the_output_comes(chat: Chat) -> None:
    await chat.create("/client-tool")
    params: dict[str, Any] = {"thread_id": chat.thread_id, "result": {"title": "My page"}}
    events = await chat.ask("threads.add_client_tool_output", **params)
    assert answer(events) == 'The page answered: {"title": "My page"}'


async def test_structured_input_goes_on_when_it_is_answered(chat: Chat) -> None:
    await chat.create("/structured")
    item = (await chat.items())[1]
    submission = {"status": "answered", "answers": {"color": {"values": ["red"]}}}
    params = {"thread_id": chat.thread_id, "item_id": item["id"], "input": submission}
    events = await chat.ask("threads.add_structured_input", **params)
    assert "Which color do you like?: red" in answer(events)


async def test_error_says_its_message_and_failure_can_be_retried(chat: Chat) -> None:
    error = next(event for event in await chat.create("/error no luck") if event["type"] == "error")
    assert (error["code"], error["message"], error["allow_retry"]) == ("custom", "no luck", False)
    error = next(event for event in await chat.say("/fail") if event["type"] == "error")
    assert (error["code"], error["allow_retry"]) == ("stream.error", True)


async def test_title_is_the_one_asked_for(chat: Chat) -> None:
    await chat.create("/title Summer plans")
    thread = await chat.ask("threads.get_by_id", thread_id=chat.thread_id)
    assert thread["title"] == "Summer plans"


async def test_hidden_context_is_stored_and_not_shown(chat: Chat, context: RequestContext) -> None:
    await chat.create("/hidden secret")
    assert [item["type"] for item in await chat.items()] == ["user_message", "assistant_message"]
    page = await chat.server.store.load_thread_items(chat.thread_id, None, 10, "asc", context)
    assert [getattr(item, "content", None) for item in page.data][1] == "secret"


async def test_actions_of_its_widgets_replace_them(chat: Chat) -> None:
    await chat.create("/form")
    form = (await chat.items())[1]
    replaced = (await chat.act(form["id"], "demo.submit", name="Ada"))[1]
    assert replaced["type"] == "thread.item.replaced"
    assert "Ada" in str((await chat.items())[1]["widget"])


async def test_form_values_are_found_where_clients_nest_them(chat: Chat) -> None:
    await chat.create("/form")
    form = (await chat.items())[1]
    await chat.act(form["id"], "demo.submit", formData={"name": "Ada"})
    assert "**name**: Ada" in str((await chat.items())[1]["widget"])
