"""Tools of the agent: what they raise is told to the model; those of the browser bring answers back."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from agents import Agent, FunctionTool, StopAtTools, function_tool
from agents.tool_context import ToolContext

from chatkit_asgi import Settings, create_app
from chatkit_asgi.agents import AgentContext, AgentServer, ClientToolCall, create_provider, create_run_config
from chatkit_asgi.agents.models import ModelApi as Api
from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import NotFoundError
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import CustomTask
from tests.agents.chat import Chat, Event
from tests.live import serving
from tests.model_api import Call, ModelApi, Say
from tests.web.chat import Chat as WebChat

BOTH = pytest.mark.parametrize("api", ["responses", "chat_completions"])
NOTHING = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


@asynccontextmanager
async def chatting(
    model: ModelApi, context: RequestContext, *tools: Any, api: Api = "responses", **options: Any
) -> AsyncIterator[Chat]:
    provider = create_provider(base_url=model.url, api=api, model="small")
    agent = Agent(name="assistant", tools=list(tools), **options)
    server = AgentServer(MemoryStore(), agent=agent, run_config=create_run_config(provider))
    try:
        yield Chat(server, context)
    finally:
        await server.aclose()


def kinds(events: list[Event]) -> list[str]:
    return [event["type"] for event in events]


def items_of(events: list[Event]) -> list[Event]:
    return [event["item"] for event in events if event["type"] == "thread.item.done"]


def tool_raising(exc: Exception) -> FunctionTool:
    """One that nobody has wrapped."""

    async def invoke(context: ToolContext[Any], arguments: str) -> str:
        raise exc

    return FunctionTool("order", "Orders.", NOTHING, invoke)


@function_tool
def order() -> str:
    """Orders."""
    raise ValueError("s3cret")


@BOTH
@pytest.mark.parametrize("tool", [order, tool_raising(ValueError("s3cret"))], ids=["made", "raw"])
async def test_what_a_tool_raises_is_told_to_the_model_without_details(
    model: ModelApi, context: RequestContext, api: Api, tool: FunctionTool
) -> None:
    async with chatting(model, context, tool, api=api) as chat:
        model.reply(Call("order"))
        model.reply(Say("There is none left."))
        events = await chat.create("Order it")
    assert "error" not in kinds(events)
    assert events[-1]["item"]["content"][0]["text"] == "There is none left."
    told = str(model.requests[1].input)
    assert "The tool order failed (ValueError)." in told
    assert "s3cret" not in told


@pytest.mark.parametrize("is_made", [True, False])
async def test_errors_that_are_fit_for_users_are_told_whole(
    model: ModelApi, context: RequestContext, is_made: bool
) -> None:
    async def invoke(context: ToolContext[Any], arguments: str) -> str:
        raise NotFoundError("There is no order 7.")

    async def look() -> str:
        """Looks."""
        raise NotFoundError("There is no order 7.")

    tool = function_tool(look) if is_made else FunctionTool("look", "Looks.", NOTHING, invoke)
    async with chatting(model, context, tool) as chat:
        model.reply(Call("look"))
        await chat.create("Where is it?")
    assert model.requests[1].input[-1]["output"] == "The tool look failed. There is no order 7."


@BOTH
async def test_call_of_a_tool_that_there_is_not_is_told_to_the_model(
    model: ModelApi, context: RequestContext, api: Api
) -> None:
    async with chatting(model, context, order, api=api) as chat:
        model.reply(Call("conjure"))
        model.reply(Say("I cannot."))
        events = await chat.create("Conjure it")
    assert "error" not in kinds(events)
    assert "conjure" in str(model.requests[1].input[-1])


async def test_arguments_that_do_not_fit_are_told_to_the_model(
    model: ModelApi, context: RequestContext
) -> None:
    @function_tool
    def add(a: int) -> int:
        """Adds."""
        return a

    async with chatting(model, context, add) as chat:
        model.reply(Call("add", {"a": "many"}))
        assert "error" not in kinds(await chat.create("Add"))
    assert "The tool add failed. Invalid" in model.requests[1].input[-1]["output"]


async def test_tool_that_asks_for_it_ends_the_turn_with_words(
    model: ModelApi, context: RequestContext
) -> None:
    @function_tool(failure_error_function=None)
    def strict() -> str:
        """Fails."""
        raise ValueError("secret detail")

    async with chatting(model, context, strict) as chat:
        model.reply(Say("Let me see."), Call("strict"))
        events = await chat.create("Go")
        items = await chat.items()
    (error,) = [event for event in events if event["type"] == "error"]
    assert error["message"]
    assert "secret" not in error["message"]
    assert items[1]["content"][0]["text"] == "Let me see."


async def test_steps_of_a_turn_that_fails_do_not_seem_to_go_on(
    model: ModelApi, context: RequestContext
) -> None:
    @function_tool(failure_error_function=None)
    async def strict(context: ToolContext[AgentContext[Any]]) -> str:
        """Fails."""
        await context.context.add_workflow_task(CustomTask(title="Looking", status_indicator="loading"))
        raise ValueError

    async with chatting(model, context, strict) as chat:
        model.reply(Call("strict"))
        await chat.create("Go")
        (workflow,) = [item["workflow"] for item in await chat.items() if item["type"] == "workflow"]
    assert [task["status_indicator"] for task in workflow["tasks"]] == ["none"]


async def test_steps_of_a_turn_that_is_stopped_do_not_seem_to_go_on(
    model: ModelApi, context: RequestContext
) -> None:
    begun = asyncio.Event()

    @function_tool
    async def slow(context: ToolContext[AgentContext[Any]]) -> str:
        """Takes its time."""
        await context.context.add_workflow_task(CustomTask(title="Looking", status_indicator="loading"))
        await asyncio.Event().wait()
        return "never"

    async with chatting(model, context, slow) as chat:
        model.reply(Call("slow"))
        input = {"content": [{"type": "input_text", "text": "Go"}]}
        request = {"type": "threads.create", "params": {"input": input}}
        result: Any = await chat.server.process(json.dumps(request), context)
        chat.thread_id = result.thread_id

        async def listen() -> None:
            async for frame in result:
                if b"Looking" in frame:
                    begun.set()

        listening = asyncio.create_task(listen())
        await asyncio.wait_for(begun.wait(), 10)
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
        (workflow,) = [item["workflow"] for item in await chat.items() if item["type"] == "workflow"]
    assert [task["status_indicator"] for task in workflow["tasks"]] == ["none"]


async def test_agent_that_never_comes_to_an_end_is_stopped_with_words(
    model: ModelApi, context: RequestContext
) -> None:
    async with chatting(model, context, order) as chat:
        for _ in range(12):
            model.reply(Call("order"))
        events = await chat.create("Order it")
    (error,) = [event for event in events if event["type"] == "error"]
    assert error["message"]
    assert len(model.requests) == 10


# Tools of the browser.


@function_tool
async def pick_colour(context: ToolContext[AgentContext[Any]]) -> str:
    """Has the user pick a colour."""
    context.context.client_tool_call = ClientToolCall(name="pick_colour", arguments={"of": "walls"})
    return "asked"


BROWSER = Agent[Any](
    name="painter",
    tools=[pick_colour],
    tool_use_behavior=StopAtTools(stop_at_tool_names=["pick_colour"]),
)


@BOTH
async def test_tool_of_the_browser_brings_its_answer_back(tmp_path: Path, model: ModelApi, api: Api) -> None:
    given = {
        "data_dir": tmp_path,
        "openai_base_url": model.url,
        "model_api": api,
        "model": "small",
        "agent": "tests.agents.test_tools:BROWSER",
    }
    async with (
        serving(create_app(Settings.model_validate(given))) as url,
        httpx.AsyncClient(base_url=url) as http,
    ):
        chat = WebChat(http)
        model.reply(Call("pick_colour"))
        events = await chat.create("Paint", inference_options={"tool_choice": {"id": "pick_colour"}})
        call, thread = items_of(events)[-1], events[0]["thread"]["id"]
        assert (call["type"], call["status"], call["arguments"]) == (
            "client_tool_call",
            "pending",
            {"of": "walls"},
        )
        model.reply(Say("Blue it is."))
        after = await chat.stream(
            "threads.add_client_tool_output", thread_id=thread, result={"colour": "blue"}
        )
        assert items_of(after)[-1]["content"][0]["text"] == "Blue it is."
        await chat.say(thread, "Thanks")
    first, second, third = model.requests
    assert first.body["tool_choice"] != "auto"
    assert second.body.get("tool_choice") in (None, "auto"), "the tool has been called"
    for request in (second, third):
        assert '{"colour": "blue"}' in str(request.input[2])
    assert len(model.requests) == 3


async def test_answer_of_the_browser_may_be_asked_for_again_after_a_failure(
    model: ModelApi, context: RequestContext
) -> None:
    options: Any = {"tool_use_behavior": BROWSER.tool_use_behavior}
    async with chatting(model, context, pick_colour, **options) as chat:
        model.reply(Call("pick_colour"))
        await chat.create("Paint")
        model.fail(400)
        failed = await chat.ask("threads.add_client_tool_output", thread_id=chat.thread_id, result="blue")
        assert "error" in kinds(failed)
        assert "error" not in kinds(await chat.say("Go on"))
    assert '"blue"' in str(model.requests[-1].input)
