"""Conversations that the model's server remembers: told what is new, and everything when it has forgotten."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatkit_asgi import Settings, create_app
from tests.model_api import Call, ModelApi, Say
from tests.web.chat import Chat


@asynccontextmanager
async def chatting(tmp_path: Path, server: ModelApi, **settings: Any) -> AsyncIterator[Chat]:
    given = {"data_dir": tmp_path, "openai_base_url": server.url, "model": "m", "model_remembers": True}
    app = create_app(Settings.model_validate({**given, **settings}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        yield Chat(http)


def told(model: ModelApi) -> list[str]:
    """What the user said, as far as the last request tells it."""
    return [
        part["text"]
        for entry in model.requests[-1].input
        if entry.get("role") == "user"
        for part in entry["content"]
    ]


async def test_model_is_told_only_what_is_new(tmp_path: Path, model: ModelApi) -> None:
    async with chatting(tmp_path, model) as chat:
        thread = (await chat.create("One"))[0]["thread"]["id"]
        assert "previous_response_id" not in model.requests[-1].body
        for text in ("Two", "Three"):
            await chat.say(thread, text)
            assert told(model) == [text]
            assert model.requests[-1].body["previous_response_id"].startswith("resp_")
        assert (
            model.requests[1].body["previous_response_id"] != model.requests[2].body["previous_response_id"]
        )
        assert len(await chat.items(thread)) == 6


async def test_all_is_told_to_a_server_that_has_forgotten(tmp_path: Path, model: ModelApi) -> None:
    async with chatting(tmp_path, model) as chat:
        thread = (await chat.create("One"))[0]["thread"]["id"]
        model.fail(400, "Previous response with id resp_1 not found.")
        model.reply(Say("Still here."))
        events = await chat.say(thread, "Two")
        assert events[-1]["type"] == "thread.item.done" or events[-2]["type"] == "thread.item.done"
        assert told(model) == ["One", "Two"]
        assert "previous_response_id" not in model.requests[-1].body
        await chat.say(thread, "Three")
        assert told(model) == ["Three"]


async def test_answer_that_failed_is_told_with_the_next_message(tmp_path: Path, model: ModelApi) -> None:
    async with chatting(tmp_path, model, model_retries=0) as chat:
        thread = (await chat.create("One"))[0]["thread"]["id"]
        model.fail(500)
        await chat.say(thread, "Two")
        await chat.say(thread, "Three")
        assert [text for text in told(model) if text in ("One", "Two", "Three")] == ["Two", "Three"]


async def test_retry_begins_anew(tmp_path: Path, model: ModelApi) -> None:
    async with chatting(tmp_path, model) as chat:
        thread = (await chat.create("One"))[0]["thread"]["id"]
        await chat.say(thread, "Two")
        message = (await chat.items(thread))[2]
        await chat.stream("threads.retry_after_item", thread_id=thread, item_id=message["id"])
        assert told(model) == ["One", "Two"]
        assert "previous_response_id" not in model.requests[-1].body


async def test_it_is_for_the_api_that_can() -> None:
    with pytest.raises(ValueError, match="needs CHATKIT_MODEL_API=responses"):
        Settings(model_remembers=True, model_api="chat_completions")


async def test_tool_calls_go_on_from_their_own_response(tmp_path: Path, model: ModelApi) -> None:
    async with chatting(tmp_path, model, agent="tests.agents.adder:agent") as chat:
        thread = (await chat.create("One"))[0]["thread"]["id"]
        model.reply(Call("add", {"first": 1, "second": 2}))
        model.reply(Say("Three."))
        await chat.say(thread, "Add")
        assert [item["type"] for item in await chat.items(thread)] == [
            "user_message",
            "assistant_message",
        ] * 2
        await chat.say(thread, "Thanks")
        assert told(model) == ["Thanks"]
