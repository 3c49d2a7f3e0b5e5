"""Tools that the model's server runs: asked for, and shown as tasks with what they found."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from agents import Agent

from chatkit_asgi import Settings, create_app
from chatkit_asgi.agents import AgentServer, create_provider, create_run_config
from chatkit_asgi.agents.hosted import with_hosted_tools
from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.memory import MemoryStore
from tests.agents.chat import Chat, Event
from tests.live import serving
from tests.responses_api import Json, ResponsesApi, message, responses_api
from tests.web.chat import Chat as WebChat

ALL = ("web_search", "file_search", "code_interpreter", "image_generation")


@pytest.fixture
async def api() -> AsyncIterator[ResponsesApi]:
    async with responses_api() as api:
        yield api


@pytest.fixture
async def chat(api: ResponsesApi, context: RequestContext) -> AsyncIterator[Chat]:
    provider = create_provider(base_url=api.url, model="small")
    server = AgentServer(
        MemoryStore(),
        agent=Agent(name="assistant"),
        run_config=create_run_config(provider),
        hosted_tools=ALL,
        vector_stores=["vs_1"],
    )
    yield Chat(server, context)
    await server.aclose()


def added(item: Json, index: int = 0) -> Json:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def done(item: Json, index: int = 0) -> Json:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def search(action: Json, **fields: Any) -> list[Json]:
    call = {"id": "ws_1", "type": "web_search_call"}
    states = [
        {"type": f"response.web_search_call.{state}", "item_id": "ws_1", "output_index": 0}
        for state in ("in_progress", "searching", "completed")
    ]
    finished = {**call, "status": "completed", "action": action, **fields}
    return [added({**call, "status": "in_progress"}), *states, done(finished)]


async def task_of(chat: Chat, index: int = 0) -> Any:
    (workflow,) = [item["workflow"] for item in await chat.items() if item["type"] == "workflow"]
    return workflow["tasks"][index]


def shown(events: list[Event]) -> list[tuple[str, str]]:
    """What was shown when: kinds of events and, of tasks, how they stood."""
    found = []
    for event in events:
        match event:
            case {"type": "thread.item.added", "item": {"type": "workflow", "workflow": workflow}}:
                found.append(("workflow", workflow["tasks"][0]["status_indicator"]))
            case {"type": "thread.item.updated", "update": {"task": task}}:
                found.append(("task", task["status_indicator"]))
            case {"type": "thread.item.added" | "thread.item.done", "item": {"type": kind}}:
                found.append((kind, event["type"].rpartition(".")[2]))
    return found


async def test_web_search_is_shown_from_its_begin_and_with_its_sources(chat: Chat, api: ResponsesApi) -> None:
    sources = [
        {"type": "url", "url": "https://www.example.org/a"},
        {"type": "url", "url": "https://www.example.org/a"},
        {"type": "url", "url": "javascript:alert(1)"},
    ]
    action = {"type": "search", "query": "oslo weather", "queries": ["oslo weather"], "sources": sources}
    api.scripts.append([*search(action), *message("Sunny.", index=1)])
    events = await chat.create("Weather?")
    assert shown(events) == [
        ("user_message", "done"),
        ("workflow", "loading"),
        ("task", "complete"),
        ("workflow", "done"),
        ("assistant_message", "added"),
        ("assistant_message", "done"),
    ]
    assert await task_of(chat) == {
        "type": "web_search",
        "status_indicator": "complete",
        "title": "Web search",
        "title_query": "oslo weather",
        "queries": ["oslo weather"],
        "sources": [{"type": "url", "title": "example.org", "url": "https://www.example.org/a"}],
    }
    asked = api.requests[0]
    assert {tool["type"] for tool in asked["tools"]} == set(ALL)
    assert set(asked["include"]) == {
        "web_search_call.action.sources",
        "code_interpreter_call.outputs",
        "file_search_call.results",
    }


@pytest.mark.parametrize(
    ("action", "queries"),
    [
        ({"type": "open_page", "url": "https://example.org/b"}, []),
        ({"type": "find_in_page", "url": "https://example.org/b", "pattern": "rain"}, ["rain"]),
    ],
)
async def test_pages_that_are_opened_are_shown(
    chat: Chat, api: ResponsesApi, action: Json, queries: list[str]
) -> None:
    api.scripts.append([*search(action), *message("Sunny.", index=1)])
    await chat.create("Weather?")
    task = await task_of(chat)
    assert (task["title"], task["queries"]) == ("Web page", queries)
    assert [source["url"] for source in task["sources"]] == ["https://example.org/b"]


async def test_citations_are_on_the_text(chat: Chat, api: ResponsesApi) -> None:
    cited = {
        "type": "url_citation",
        "url": "https://example.org/a",
        "title": "A",
        "start_index": 0,
        "end_index": 6,
    }
    api.scripts.append([*search({"type": "search", "query": "x"}), *message("Sunny.", cited, index=1)])
    await chat.create("Weather?")
    (answer,) = [item for item in await chat.items() if item["type"] == "assistant_message"]
    (annotation,) = answer["content"][0]["annotations"]
    assert annotation["source"]["url"] == "https://example.org/a"


async def test_searched_files_are_shown_by_name(chat: Chat, api: ResponsesApi) -> None:
    call = {"id": "fs_1", "type": "file_search_call", "queries": ["notice period"], "results": None}
    results = [{"file_id": f"f{n}", "filename": "contract.pdf", "text": "…", "score": 0.9} for n in range(2)]
    finished = {**call, "status": "completed", "results": results}
    api.scripts.append(
        [added({**call, "status": "searching"}), done(finished), *message("3 months.", index=1)]
    )
    await chat.create("How long?")
    assert await task_of(chat) == {
        "type": "file",
        "status_indicator": "complete",
        "title": "notice period",
        "sources": [{"type": "file", "title": "contract.pdf", "filename": "contract.pdf"}],
    }


async def test_program_is_shown_when_it_is_written_and_with_what_it_wrote(
    chat: Chat, api: ResponsesApi
) -> None:
    call = {"id": "ci_1", "type": "code_interpreter_call", "container_id": "c", "code": "", "outputs": None}
    written = {"type": "response.code_interpreter_call_code.done", "item_id": "ci_1", "output_index": 0}
    outputs = [{"type": "logs", "logs": "4\n```"}, {"type": "image", "url": "https://example.org/plot.png"}]
    finished = {**call, "status": "completed", "code": "print(4)", "outputs": outputs}
    api.scripts.append(
        [
            added({**call, "status": "in_progress"}),
            {**written, "code": "print(4)"},
            done(finished),
            *message("Four.", index=1),
        ]
    )
    events = await chat.create("2 + 2?")
    contents = [
        event["update"]["task"].get("content") for event in events if "task" in event.get("update", {})
    ]
    assert contents == ["```python\nprint(4)\n```", "```python\nprint(4)\n```\n````\n4\n```\n````"]
    assert (await task_of(chat))["title"] == "Program"


async def test_image_is_a_task_while_it_is_made(chat: Chat, api: ResponsesApi) -> None:
    call = {"id": "ig_1", "type": "image_generation_call", "result": None}
    api.scripts.append(
        [
            added({**call, "status": "in_progress"}),
            done({**call, "status": "completed", "result": "AAAA"}),
            *message("Here.", index=1),
        ]
    )
    events = await chat.create("Draw")
    assert "error" not in [event["type"] for event in events]
    assert await task_of(chat) == {"type": "image", "status_indicator": "complete", "title": "Picture"}
    assert [item["type"] for item in await chat.items()].count("generated_image") == 1


async def test_several_calls_share_a_workflow(chat: Chat, api: ResponsesApi) -> None:
    calls = [{"id": f"ws_{n}", "type": "web_search_call", "status": "in_progress"} for n in range(3)]
    begun = [added(call, index) for index, call in enumerate(calls)]
    ended = [
        done({**call, "status": "completed", "action": {"type": "search", "query": f"q{index}"}}, index)
        for index, call in enumerate(calls)
    ]
    api.scripts.append([*begun, *reversed(ended), *message("Sunny.", index=3)])
    await chat.create("Weather?")
    tasks = [await task_of(chat, index) for index in range(3)]
    assert [task["title_query"] for task in tasks] == ["q0", "q1", "q2"]


async def test_call_that_fails_is_not_shown_as_done(chat: Chat, api: ResponsesApi) -> None:
    action = {"type": "search", "query": "x"}
    api.scripts.append([*search(action, status="failed"), *message("Sorry.", index=1)])
    await chat.create("Weather?")
    assert (await task_of(chat))["status_indicator"] == "none"


async def test_call_that_is_told_of_at_its_end_alone_is_shown(chat: Chat, api: ResponsesApi) -> None:
    api.scripts.append([search({"type": "search", "query": "x"})[-1], *message("Sunny.", index=1)])
    await chat.create("Weather?")
    assert (await task_of(chat))["title_query"] == "x"


async def test_tools_of_remote_servers_are_shown(chat: Chat, api: ResponsesApi) -> None:
    call = {"id": "mcp_1", "type": "mcp_call", "server_label": "crm", "name": "find", "arguments": "{}"}
    api.scripts.append([added(call), done({**call, "output": "Ann"}), *message("Ann.", index=1)])
    await chat.create("Who?")
    assert (await task_of(chat))["title"] == "crm: find"


async def test_reasoning_and_calls_are_steps_of_one_workflow(chat: Chat, api: ResponsesApi) -> None:
    thought = {"id": "rs_1", "type": "reasoning", "summary": []}
    place = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
    thinking = [
        added(thought),
        {"type": "response.reasoning_summary_text.delta", **place, "delta": "Look it up."},
        {"type": "response.reasoning_summary_text.done", **place, "text": "Look it up."},
        done(thought),
    ]
    api.scripts.append([*thinking, *search({"type": "search", "query": "x"}), *message("Sunny.", index=2)])
    await chat.create("Weather?")
    assert [(await task_of(chat, index))["type"] for index in (0, 1)] == ["thought", "web_search"]


async def test_hosted_tools_are_set_in_the_environment(
    api: ResponsesApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATKIT_HOSTED_TOOLS", "web_search,file_search")
    monkeypatch.setenv("CHATKIT_VECTOR_STORES", "vs_1,vs_2")
    monkeypatch.setenv("CHATKIT_TOOLS", "web_search=The web")
    app = create_app(Settings.model_validate({"data_dir": tmp_path, "openai_base_url": api.url}))
    api.scripts.append([*search({"type": "search", "query": "x"}), *message("Sunny.", index=1)])
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as http:
        choice = {"inference_options": {"tool_choice": {"id": "web_search"}}}
        events = await WebChat(http).create("Weather?", **choice)
        assert (await http.get("/composer")).json()["tools"] == [{"id": "web_search", "label": "The web"}]
    assert ("task", "complete") in shown(events)
    assert api.requests[0]["tools"][1]["vector_store_ids"] == ["vs_1", "vs_2"]
    assert api.requests[0]["tool_choice"] == {"type": "web_search"}


async def test_users_may_choose_a_hosted_tool(chat: Chat, api: ResponsesApi) -> None:
    await chat.create("Weather?", inference_options={"tool_choice": {"id": "web_search"}})
    assert api.requests[0]["tool_choice"] == {"type": "web_search"}


def test_agents_own_tools_and_settings_are_kept() -> None:
    agent = with_hosted_tools(Agent(name="a"), ["web_search"])
    assert with_hosted_tools(agent, ["web_search"]) is agent
