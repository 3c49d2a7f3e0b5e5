"""Every compatible server's dialect, over HTTP, in every situation that a conversation comes into."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from agents import Agent, function_tool
from PIL import Image

from chatkit_asgi import Settings, create_app
from tests.agents.dialects import CHAT, RESPONSES, DialectServer, Said, dialect_server
from tests.web.chat import Chat, Event

DIALECTS = {
    **{f"chat_completions-{name}": ("chat_completions", dialect) for name, dialect in CHAT.items()},
    **{f"responses-{name}": ("responses", dialect) for name, dialect in RESPONSES.items()},
}


@function_tool
def add(first: int, second: int) -> int:
    """Adds two numbers."""
    return first + second


@function_tool
def fail() -> str:
    """Always fails."""
    raise RuntimeError("no numbers today")


class Talk:
    """A conversation through the whole app with a server of one dialect."""

    def __init__(self, chat: Chat, server: DialectServer) -> None:
        self.chat = chat
        self.server = server
        self.thread = ""

    async def ask(self, text: str, *said: Said, **extra: Any) -> list[Event]:
        self.server.reply(*said)
        if self.thread:
            return await self.chat.say(self.thread, text, **extra)
        events = await self.chat.create(text, **extra)
        self.thread = events[0]["thread"]["id"]
        return events

    async def texts(self) -> list[str]:
        """What both have said, as it is stored."""
        items = await self.chat.items(self.thread)
        assert len({item["id"] for item in items}) == len(items)
        return [
            "".join(part["text"] for part in item["content"])
            for item in items
            if item["type"] in ("user_message", "assistant_message")
        ]


@pytest.fixture(params=list(DIALECTS.values()), ids=list(DIALECTS))
async def talk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Talk]:
    api, dialect = request.param
    async with dialect_server(dialect) as server, talking(tmp_path, server, api) as chat:
        yield Talk(chat, server)
        assert not server.replies


@asynccontextmanager
async def talking(tmp_path: Path, server: DialectServer, api: str) -> AsyncIterator[Chat]:
    settings = Settings(
        data_dir=tmp_path,
        openai_base_url=server.url,
        model="m",
        model_api=api,
        model_retries=0,
    )
    app = create_app(settings, agent=Agent(name="Adder", tools=[add, fail]))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):
        yield Chat(http)


async def test_text(talk: Talk) -> None:
    events = await talk.ask("Hello", Said("Good day to you."))
    deltas = [
        event["update"]["delta"]
        for event in events
        if event["type"] == "thread.item.updated" and "delta" in event["update"]
    ]
    assert "".join(deltas) == "Good day to you."
    assert await talk.texts() == ["Hello", "Good day to you."]


async def test_tool_call_and_text(talk: Talk) -> None:
    await talk.ask(
        "What is 2 + 3?",
        Said(calls=[("add", {"first": 2, "second": 3})]),
        Said("It is five."),
    )
    assert await talk.texts() == ["What is 2 + 3?", "It is five."]
    assert "5" in str(talk.server.requests[1])


async def test_text_before_a_tool_call(talk: Talk) -> None:
    await talk.ask(
        "What is 2 + 3?",
        Said("Let me see.", calls=[("add", {"first": 2, "second": 3})]),
        Said("It is five."),
    )
    assert await talk.texts() == ["What is 2 + 3?", "Let me see.", "It is five."]


async def test_tool_calls_at_once(talk: Talk) -> None:
    calls = [("add", {"first": 1, "second": number}) for number in (10, 20, 30)]
    await talk.ask("Add", Said(calls=calls), Said("Done."))
    told = talk.server.requests[1].get("messages") or talk.server.requests[1]["input"]
    outputs = [
        str(entry.get("output") or entry.get("content"))
        for entry in told
        if entry.get("role") == "tool" or entry.get("type") == "function_call_output"
    ]
    assert sorted(outputs) == ["11", "21", "31"]
    assert await talk.texts() == ["Add", "Done."]


async def test_tool_that_fails_is_told_to_the_model(talk: Talk) -> None:
    await talk.ask("Fail", Said(calls=[("fail", {})]), Said("That did not work."))
    assert await talk.texts() == ["Fail", "That did not work."]


async def test_reasoning_does_not_get_into_the_answer(talk: Talk) -> None:
    await talk.ask("Think", Said("Yes.", thought="Hmm, let me think."))
    assert await talk.texts() == ["Think", "Yes."]


async def test_second_turn_knows_the_first(talk: Talk) -> None:
    await talk.ask("I am called Kim", Said("Hello, Kim."))
    await talk.ask(
        "Add 1 and 1", Said(calls=[("add", {"first": 1, "second": 1})]), Said("Two.", thought="Easy.")
    )
    await talk.ask("And my name?", Said("Kim."))
    assert await talk.texts() == [
        "I am called Kim",
        "Hello, Kim.",
        "Add 1 and 1",
        "Two.",
        "And my name?",
        "Kim.",
    ]
    told = str(talk.server.requests[-1])
    assert told.count("I am called Kim") == told.count("Hello, Kim.") == told.count("Add 1 and 1") == 1


async def test_message_of_nothing_but_an_image(talk: Talk) -> None:
    image = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(image, "PNG")
    files = {"file": ("a.png", image.getvalue(), "image/png")}
    uploaded = (await talk.chat.http.post("/files", files=files)).json()["id"]
    await talk.ask("", Said("A small image."), attachments=[uploaded])
    assert (await talk.texts())[-1] == "A small image."
    assert "data:image/" in str(talk.server.requests[0])


async def test_many_turns_in_a_row(talk: Talk) -> None:
    for number in range(6):
        await talk.ask(
            f"Add {number}", Said(calls=[("add", {"first": number, "second": 1})]), Said(f"{number + 1}.")
        )
    texts = await talk.texts()
    assert texts[::2] == [f"Add {number}" for number in range(6)]
    assert texts[1::2] == [f"{number + 1}." for number in range(6)]


@pytest.mark.parametrize("name", ["chat_completions-OpenRouter", "responses-OpenAI"])
async def test_failure_in_mid_answer_is_told(tmp_path: Path, name: str) -> None:
    api, dialect = DIALECTS[name]
    async with dialect_server(dialect) as server, talking(tmp_path, server, api) as chat:
        talk = Talk(chat, server)
        events = await talk.ask("Hello", Said("Good", fails=True))
        (error,) = [event for event in events if event["type"] == "error"]
        assert error["allow_retry"] is True
        assert "Provider" not in str(events)
