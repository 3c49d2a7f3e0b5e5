"""MCP servers of a real kind, in a process and over HTTP: their tools, their failures, and what is shown."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from agents import Agent, function_tool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from chatkit_asgi.agents import AgentServer, create_provider, create_run_config
from chatkit_asgi.agents import mcp_servers as module
from chatkit_asgi.agents.mcp_servers import McpServer
from chatkit_asgi.agents.models import ModelApi as Api
from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import BackendError
from chatkit_asgi.store.memory import MemoryStore
from tests.agents.chat import Chat, Event
from tests.live import serving
from tests.mcp_server import make_server
from tests.model_api import Call, ModelApi, Say

BOTH = pytest.mark.parametrize("api", ["responses", "chat_completions"])


def stdio(**options: Any) -> McpServer:
    return McpServer("box", command=sys.executable, args=["-m", "tests.mcp_server"], **options)


class Switch:
    """An MCP server over HTTP that may be down."""

    def __init__(self) -> None:
        self.app: ASGIApp = make_server().streamable_http_app()
        self.is_down = False
        self.headers: list[dict[bytes, bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.headers.append(dict(scope["headers"]))
            if self.is_down:
                return await PlainTextResponse("away", 503)(scope, receive, send)
        await self.app(scope, receive, send)
        return None


@pytest.fixture
async def remote() -> AsyncIterator[tuple[Switch, str]]:
    switch = Switch()
    async with serving(switch) as url:
        yield switch, f"{url}/mcp"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow one another at once."""
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)


@asynccontextmanager
async def chatting(
    model: ModelApi, context: RequestContext, *servers: McpServer, api: Api = "responses", **options: Any
) -> AsyncIterator[Chat]:
    provider = create_provider(base_url=model.url, api=api, model="small")
    agent = options.pop("agent", None) or Agent(name="assistant")
    run_config = create_run_config(provider)
    server = AgentServer(MemoryStore(), agent=agent, run_config=run_config, mcp=servers, **options)
    try:
        yield Chat(server, context)
    finally:
        await server.aclose()


def tasks_of(events: list[Event]) -> list[dict[str, Any]]:
    """Every state of every task that was shown."""
    items = [event["item"] for event in events if event["type"] == "thread.item.added"]
    added = [task for item in items if item["type"] == "workflow" for task in item["workflow"]["tasks"]]
    updates = [event["update"] for event in events if event["type"] == "thread.item.updated"]
    return added + [update["task"] for update in updates if "task" in update]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the other end of a socket brings it about
            await asyncio.sleep(0.01)


def kinds(events: list[Event]) -> list[str]:
    return [event["type"] for event in events]


@BOTH
async def test_tool_of_a_process_is_called_and_shown(
    model: ModelApi, context: RequestContext, api: Api
) -> None:
    async with chatting(model, context, stdio(), api=api) as chat:
        model.reply(Call("box_add", {"a": 2, "b": 3}))
        model.reply(Say("Five."))
        events = await chat.create("2 + 3?")
        items = await chat.items()
    first, second = model.requests
    assert "The sum of two numbers." in str(first.body["tools"])
    assert second.input[-1].get("output", second.input[-1].get("content")) == "5"
    shown = [(task["title"], task["status_indicator"]) for task in tasks_of(events)]
    assert shown == [("box: Adding up", "loading"), ("box: Adding up", "complete")]
    assert [item["type"] for item in items] == ["user_message", "workflow", "assistant_message"]
    assert items[1]["workflow"]["tasks"] == [
        {"type": "custom", "title": "box: Adding up", "icon": "cube", "status_indicator": "complete"}
    ]


async def test_tool_over_http_is_called_with_the_headers(
    model: ModelApi, context: RequestContext, remote: tuple[Switch, str]
) -> None:
    switch, url = remote
    server = McpServer("far", url=url, headers={"Authorization": "Bearer key"})
    async with chatting(model, context, server) as chat:
        model.reply(Call("far_add", {"a": 2, "b": 3}))
        await chat.create("2 + 3?")
    assert model.requests[1].input[-1]["output"] == "5"
    assert {headers.get(b"authorization") for headers in switch.headers} == {b"Bearer key"}


async def test_progress_is_shown_as_it_comes(
    model: ModelApi, context: RequestContext, remote: tuple[Switch, str]
) -> None:
    for server in (stdio(), McpServer("box", url=remote[1])):
        async with chatting(model, context, server) as chat:
            model.reply(Call("box_count", {"to": 4}))
            model.reply(Say("Done."))
            contents = [task.get("content") for task in tasks_of(await chat.create("Count"))]
        assert contents[0] is None
        assert len(set(contents)) > 2, "it was shown before it was over"
        assert contents[-1] == "at 4 (100%)"


async def test_calls_at_once_have_a_task_each(model: ModelApi, context: RequestContext) -> None:
    async with chatting(model, context, stdio()) as chat:
        model.reply(*(Call("box_count", {"to": number}) for number in (1, 2, 3)))
        model.reply(Say("Done."))
        await chat.create("Count")
        workflow = (await chat.items())[1]["workflow"]
    assert [task["status_indicator"] for task in workflow["tasks"]] == ["complete"] * 3
    assert {task["content"] for task in workflow["tasks"]} == {"at 1 (100%)", "at 2 (100%)", "at 3 (100%)"}


async def test_failure_of_a_tool_is_told_to_the_model_and_shown(
    model: ModelApi, context: RequestContext
) -> None:
    async with chatting(model, context, stdio()) as chat:
        model.reply(Call("box_refuse"))
        model.reply(Say("It is out of stock."))
        events = await chat.create("Order")
    assert "error" not in kinds(events)
    assert "out of stock" in model.requests[1].input[-1]["output"]
    assert (tasks_of(events)[-1]["status_indicator"], tasks_of(events)[-1]["content"]) == (
        "none",
        "This step failed.",
    )


async def test_arguments_that_are_none_are_told_to_the_model(
    model: ModelApi, context: RequestContext
) -> None:
    no_object: Any = ["a", 1]
    async with chatting(model, context, stdio()) as chat:
        model.reply(Call("box_add", no_object))
        events = await chat.create("Add")
    assert "error" not in kinds(events)
    assert "The call failed." in model.requests[1].input[-1]["output"]


async def test_silent_tool_is_given_up_and_others_go_on(model: ModelApi, context: RequestContext) -> None:
    async with chatting(model, context, stdio(timeout=5)) as chat:
        await chat.create("Hi")
        chat.server._mcp.servers[0].timeout = 0.6  # type: ignore[attr-defined]  # connected by now
        model.reply(Call("box_hang"))
        model.reply(Call("box_count", {"to": 16}))
        await chat.say("Go")
    hung, counted = (request.input[-1]["output"] for request in model.requests[2:])
    assert "took too long" in hung
    assert counted == "counted to 16", "progress counts as a sign of life"


@pytest.mark.usefixtures("quick")
async def test_server_that_is_down_at_first_joins_later(
    model: ModelApi, context: RequestContext, remote: tuple[Switch, str], caplog: pytest.LogCaptureFixture
) -> None:
    switch, url = remote
    switch.is_down = True
    server = McpServer("far", url=f"{url}?key=hunter22", headers={"Authorization": "Bearer swordfish"})
    async with chatting(model, context, server, stdio()) as chat:
        assert "error" not in kinds(await chat.create("Hi"))
        switch.is_down = False
        await until(lambda: server.is_connected)
        await chat.say("Hi")
    before, after = (str(request.body.get("tools")) for request in model.requests)
    assert "box_add" in before
    assert ("far_add" in before, "far_add" in after) == (False, True)
    note = model.requests[0].input[-1]
    assert note["role"] == "user"
    assert "cannot be reached at the moment: far." in str(note)
    assert "cannot be reached" not in str(model.requests[1].input)
    assert "MCP server far is away" in caplog.text
    assert "hunter22" not in caplog.text
    assert "swordfish" not in caplog.text


@pytest.mark.usefixtures("quick")
async def test_process_that_ends_in_a_call_is_started_again(model: ModelApi, context: RequestContext) -> None:
    async with chatting(model, context, stdio()) as chat:
        model.reply(Call("box_leave"))
        model.reply(Call("box_add", {"a": 1, "b": 1}))
        model.reply(Say("Two."))
        events = await chat.create("Go")
    assert "error" not in kinds(events)
    left, added = (request.input[-1]["output"] for request in model.requests[1:])
    assert "could not carry it out" in left
    assert added == "2"


@pytest.mark.usefixtures("quick")
async def test_session_that_is_lost_is_begun_anew(
    model: ModelApi, context: RequestContext, remote: tuple[Switch, str]
) -> None:
    switch, url = remote
    server = McpServer("far", url=url)
    async with chatting(model, context, server) as chat:
        await chat.create("Hi")
        switch.is_down = True
        model.reply(Call("far_add", {"a": 1, "b": 1}))
        await chat.say("Add")
        await until(lambda: not server.is_connected)
        switch.is_down = False
        await until(lambda: server.is_connected)
        model.reply(Call("far_add", {"a": 1, "b": 1}))
        await chat.say("Add")
    assert "could not carry it out" in str(model.requests[2].input)
    assert model.requests[-1].input[-1]["output"] == "2"


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"include": ["add", "count"]}, {"box_add", "box_count"}),
        ({"include": ["add", "count"], "exclude": ["count"]}, {"box_add"}),
    ],
)
async def test_tools_are_filtered(
    model: ModelApi, context: RequestContext, options: dict[str, Any], names: set[str]
) -> None:
    async with chatting(model, context, stdio(**options)) as chat:
        await chat.create("Hi")
    assert {tool["name"] for tool in model.requests[0].body["tools"]} == names


async def test_agents_own_tools_go_before_those_of_servers(model: ModelApi, context: RequestContext) -> None:
    @function_tool
    def box_add() -> str:
        """Ours."""
        return "ours"

    agent = Agent(name="assistant", tools=[box_add])
    async with chatting(model, context, stdio(include=["add"]), agent=agent) as chat:
        model.reply(Call("box_add"))
        await chat.create("Hi")
    assert model.requests[1].input[-1]["output"] == "ours"


async def test_tool_of_a_server_may_be_chosen_by_users(model: ModelApi, context: RequestContext) -> None:
    async with chatting(model, context, stdio(), tools=["box_add"]) as chat:
        await chat.create("Hi", inference_options={"tool_choice": {"id": "box_add"}})
    assert model.requests[0].body["tool_choice"] == {"type": "function", "name": "box_add"}


async def test_environment_reaches_the_process(model: ModelApi, context: RequestContext) -> None:
    async with chatting(model, context, stdio(env={"STAND_IN_SECRET": "sesame"})) as chat:
        model.reply(Call("box_secret"))
        await chat.create("Hi")
    assert model.requests[1].input[-1]["output"] == "sesame"


@BOTH
async def test_images_and_long_results_reach_the_model(
    model: ModelApi, context: RequestContext, api: Api
) -> None:
    async with chatting(model, context, stdio(), api=api) as chat:
        model.reply(Call("box_draw"), Call("box_talk", {"words": 30_000}))
        events = await chat.create("Hi")
    assert "error" not in kinds(events)
    results = str(model.requests[1].input)
    assert "The result was cut here: it has 150000 characters." in results
    assert len(results) < 110_000
    if api == "responses":
        assert "data:image/png;base64,iVBOR" in results


async def test_check_names_the_tools_or_says_what_is_wrong(remote: tuple[Switch, str]) -> None:
    switch, url = remote
    assert "add" in await stdio().probe()
    assert "add" in await McpServer("far", url=url).probe()
    switch.is_down = True
    for server in (
        McpServer("far", url=url),
        McpServer("gone", command="/nowhere/server"),
        McpServer("mute", command="/bin/true"),
        McpServer("deaf", command="/bin/sleep", args=["60"], timeout=0.2),
    ):
        with pytest.raises(BackendError, match=f"The MCP server {server.name} cannot be used"):
            await server.probe()


async def test_secrets_that_a_server_repeats_are_not_told_on(caplog: pytest.LogCaptureFixture) -> None:
    async def repeat(request: Request) -> Response:
        asked = await request.json()
        told = f"{request.headers['authorization'].split()[1]} at {request.url.query} is no key"
        return JSONResponse(
            {"jsonrpc": "2.0", "id": asked.get("id"), "error": {"code": -32001, "message": told}}
        )

    async with serving(Starlette(routes=[Route("/mcp", repeat, methods=["POST"])])) as url:
        headers = {"Authorization": "Bearer swordfish"}
        server = McpServer("far", url=f"{url}/mcp?key=hunter22", headers=headers)
        with pytest.raises(BackendError, match=r"\*\*\* at key=\*\*\* is no key") as caught:
            await server.probe()
        server.start()
        await server.settled()
        await server.aclose()
    for told in (str(caught.value), caplog.text):
        assert "is no key" in told
        assert "swordfish" not in told
        assert "hunter22" not in told


async def test_closing_while_a_server_does_not_answer_ends_soon() -> None:
    server = McpServer("deaf", command="/bin/sleep", args=["60"])
    server.start()
    await asyncio.sleep(0)
    async with asyncio.timeout(9):
        await server.aclose()
    assert not server.is_connected
