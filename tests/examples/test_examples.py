"""Each example does what it says it does, over HTTP, without a key and without a network."""

import hashlib
import importlib.util
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.examples.conftest import ROOT
from tests.model_api import Call, Say, model_api
from tests.s3 import Bucket
from tests.web.chat import Chat, Event

Start = Callable[..., Awaitable[Chat]]


def require(library: str) -> None:
    """Skip a test whose library is not installed; where everything is installed that is a failure."""
    if importlib.util.find_spec(library) is None:
        told = f"{library} is not installed: pip install 'chatkit-asgi[examples]'"
        pytest.fail(told) if os.environ.get("CI") else pytest.skip(told)


def text_of(events: list[Event]) -> str:
    """What the answer says, message by message."""
    done = [event["item"] for event in events if event["type"] == "thread.item.done"]
    return "\n".join(item["content"][0]["text"] for item in done if item["type"] == "assistant_message")


def thread_of(events: list[Event]) -> str:
    return str(events[0]["thread"]["id"])


def deltas_of(events: list[Event]) -> list[str]:
    return [event["update"]["delta"] for event in events if "delta" in event.get("update", {})]


def item_of(events: list[Event], kind: str) -> Any:
    """The one finished item of the kind."""
    (item,) = [
        event["item"]
        for event in events
        if event["type"] == "thread.item.done" and event["item"]["type"] == kind
    ]
    return item


def test_every_example_is_listed_and_tested() -> None:
    names = {path.stem for path in (ROOT / "examples").glob("*.py")} - {"__init__"}
    readme, tests = (ROOT / "README.md").read_text(), Path(__file__).read_text()
    assert names
    assert {name for name in names if f"examples/{name}.py" in readme} == names
    assert {name for name in names if re.search(rf'start\(\s*"{name}"', tests)} == names


async def test_quickstart_calls_its_tool_and_says_that_no_model_is_configured(start: Start) -> None:
    chat = await start("quickstart")
    events = await chat.create("Hello")
    assert "no real model is configured" in text_of(events)
    answer = await chat.say(thread_of(events), "/find_order 1001")
    assert "two pairs of shoes" in text_of(answer)
    assert {"type": "progress_update", "icon": "search", "text": "Looking for order 1001"} in answer


async def test_quickstart_asks_the_model_that_is_configured_in_the_users_language(start: Start) -> None:
    async with model_api() as model:
        model.reply(Call("find_order", {"text": "1002"}))
        model.reply(Say("Ein Hut, noch nicht bezahlt."))
        chat = await start("quickstart", OPENAI_BASE_URL=model.url, CHATKIT_MODEL="small")
        chat.http.headers["accept-language"] = "de-AT, en;q=0.5"
        events = await chat.create("Was ist mit 1002?")
    assert text_of(events) == "Ein Hut, noch nicht bezahlt."
    assert "a hat, not paid yet" in str(model.requests[1].input)
    for request in model.requests:
        assert "The user's language is German (Austria)." in request.body["instructions"]


async def test_fastapi_host_lets_its_users_chat_each_by_themselves(start: Start) -> None:
    chat = await start("fastapi_host")
    host = chat.http
    assert (await host.post("/chat/chatkit", json={"type": "threads.list", "params": {}})).status_code == 401
    assert (await host.post("/login", json={"name": "alice", "password": "guess"})).status_code == 401
    assert (await host.post("/login", json={"name": "alice", "password": "wonderland"})).json() == {
        "user": "alice"
    }
    host.base_url = httpx.URL(f"{str(host.base_url).rstrip('/')}/chat")
    created = await chat.create("Curiouser")
    assert [thread["id"] for thread in (await chat.ask("threads.list"))["data"]] == [thread_of(created)]

    root = str(host.base_url).removesuffix("/chat/")
    async with httpx.AsyncClient(base_url=f"{root}/chat", trust_env=False) as other:
        await other.post(f"{root}/login", json={"name": "bob", "password": "builder"})
        assert (await Chat(other).ask("threads.list"))["data"] == []
        assert (await Chat(other).post("threads.get_by_id", thread_id=thread_of(created))).status_code == 404


async def test_widgets_take_an_order_and_cancel_it(start: Start) -> None:
    chat = await start("widgets")
    created = await chat.create("A coffee, please")
    widget = item_of(created, "widget")

    async def act(kind: str, **payload: object) -> list[Event]:
        action = {"type": kind, "payload": payload}
        return await chat.stream(
            "threads.custom_action", thread_id=thread_of(created), item_id=widget["id"], action=action
        )

    assert text_of(await act("order.place", name="Ann", size="huge")) == "Please choose one of the sizes."
    ordered = await act("order.place", name="Ann", size="large")
    assert text_of(ordered) == "A large coffee for Ann is on its way."
    (replaced,) = [event["item"] for event in ordered if event["type"] == "thread.item.replaced"]
    button = replaced["widget"]["children"][-1]["onClickAction"]
    cancelled = await act(button["type"], **button["payload"])
    assert text_of(cancelled) == "The large coffee is cancelled."
    stored = next(item for item in await chat.items(thread_of(created)) if item["type"] == "widget")
    assert stored["widget"]["children"][0]["type"] == "Form"


async def test_client_tool_is_run_by_the_page(start: Start) -> None:
    chat = await start("client_tools")
    created = await chat.create("How late is it?")
    call = item_of(created, "client_tool_call")
    assert (call["name"], call["status"]) == ("get_local_time", "pending")
    answer = await chat.stream(
        "threads.add_client_tool_output", thread_id=thread_of(created), result={"time": "12:30"}
    )
    assert text_of(answer) == "Where you are it is 12:30."


async def test_workflow_shows_each_of_its_tasks(start: Start) -> None:
    chat = await start("workflow")
    events = await chat.create("Starlette")
    workflow = item_of(events, "workflow")["workflow"]
    assert "Read README.md" in [task["title"] for task in workflow["tasks"]]
    assert {task["status_indicator"] for task in workflow["tasks"]} == {"complete"}
    assert workflow["summary"]["title"] == f"Read {len(workflow['tasks'])} files"
    assert "- `README.md`: " in text_of(events)
    assert any(event["type"] == "progress_update" for event in events)


async def test_uploads_go_straight_to_s3_and_are_read_from_there(start: Start, bucket: Bucket) -> None:
    chat = await start(
        "s3_uploads",
        CHATKIT_FILES_URL=bucket.url,
        AWS_ENDPOINT_URL=bucket.access.endpoint,
        AWS_REGION=bucket.access.region,
        AWS_ACCESS_KEY_ID=bucket.access.access_key,
        AWS_SECRET_ACCESS_KEY=bucket.access.secret_key,
    )
    data = b"fingerprints" * 9000
    created = await chat.ask("attachments.create", name="notes.txt", size=len(data), mime_type="text/plain")
    descriptor = created["upload_descriptor"]
    assert descriptor["url"].startswith(bucket.access.endpoint)
    async with httpx.AsyncClient(trust_env=False) as browser:
        sent = await browser.request(
            descriptor["method"], descriptor["url"], content=data, headers=descriptor["headers"]
        )
    assert sent.status_code == 200
    events = await chat.create("What is it?", attachments=[created["id"]])
    assert text_of(events) == f"notes.txt: {len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}\n"


async def test_structured_input_is_asked_and_answered(start: Start) -> None:
    chat = await start("structured_input")
    created = await chat.create("Where shall I go?")
    form = item_of(created, "structured_input")
    assert (form["status"], [each["id"] for each in form["inputs"]]) == ("pending", ["city", "wish"])
    given = {"city": {"values": ["Oslo", "Tokyo"]}, "wish": {"values": ["fish"]}}
    answer = await chat.stream(
        "threads.add_structured_input",
        thread_id=thread_of(created),
        item_id=form["id"],
        input={"status": "answered", "answers": given},
    )
    assert text_of(answer) == "So it is Oslo and Tokyo, for fish."


async def test_langgraph_streams_its_answers(start: Start) -> None:
    require("langgraph")
    chat = await start("langgraph_agent")
    created = await chat.create("Hello")
    again = await chat.say(thread_of(created), "And again")
    for events in (created, again):
        assert text_of(events).startswith("No model is configured, so a script answers for the graph.")
        assert len(deltas_of(events)) > 3


async def test_pydantic_ai_answers_with_the_history(start: Start) -> None:
    require("pydantic_ai")
    chat = await start("pydantic_ai_agent")
    created = await chat.create("Hello")
    again = await chat.say(thread_of(created), "And again")
    for events, count in ((created, 1), (again, 3)):
        assert text_of(events).startswith("No model is configured, so a script answers for the agent.")
        assert f"It was told {count} messages." in text_of(events)
        assert len(deltas_of(events)) == 3
