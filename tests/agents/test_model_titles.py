"""Titles by a model: beside the answer, once, and never over what the user wrote."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatkit_asgi import Settings, create_app
from chatkit_asgi.agents import titles
from tests.live import serving
from tests.model_api import Failure, Hold, ModelApi, Say, Silence
from tests.web.chat import Chat, Event

FIRST = "I want to see whales\nand eat well"


@pytest.fixture(params=["responses", "chat_completions"])
def api(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def chatting(tmp_path: Path, server: ModelApi, api: str, **headers: str) -> AsyncIterator[Chat]:
    app = create_app(
        Settings.model_validate(
            {
                "data_dir": tmp_path,
                "openai_base_url": server.url,
                "model": "large",
                "title_model": "tiny",
                "model_api": api,
                "model_retries": 0,
            }
        )
    )
    async with serving(app) as url, httpx.AsyncClient(base_url=url, headers=headers) as http:
        yield Chat(http)


def titles_in(events: list[Event]) -> list[str]:
    return [event["thread"]["title"] for event in events if event["type"] == "thread.updated"]


def title_replies(model: ModelApi, *replies: Any) -> None:
    model.replies_of["tiny"] = deque(replies)


async def test_model_gives_the_title_once(tmp_path: Path, model: ModelApi, api: str) -> None:
    title_replies(model, (Say('"Whales and food in Iceland."'),))
    async with chatting(tmp_path, model, api) as chat:
        events = await chat.create(FIRST)
        assert titles_in(events) == ["Whales and food in Iceland"]
        thread = events[0]["thread"]["id"]
        assert titles_in(await chat.say(thread, "When?")) == []
        assert (await chat.ask("threads.get_by_id", thread_id=thread))[
            "title"
        ] == "Whales and food in Iceland"
    asked = [request for request in model.requests if request.body["model"] == "tiny"]
    assert len(asked) == 1
    assert "whales" in str(asked[0].input)


async def test_title_is_asked_for_in_the_users_language(tmp_path: Path, model: ModelApi, api: str) -> None:
    title_replies(model, (Say("Wale"),))
    async with chatting(tmp_path, model, api, **{"accept-language": "de"}) as chat:
        assert titles_in(await chat.create("Wale?")) == ["Wale"]
    (asked,) = [request for request in model.requests if request.body["model"] == "tiny"]
    assert "German" in str(asked.body)


@pytest.mark.parametrize(
    "reply", [Failure(500), (Say("  "),), (Say('""'),)], ids=["error", "blank", "quotes"]
)
async def test_title_that_fails_is_the_first_words(
    tmp_path: Path, model: ModelApi, api: str, reply: Any
) -> None:
    title_replies(model, reply)
    async with chatting(tmp_path, model, api) as chat:
        events = await chat.create(FIRST)
    assert titles_in(events) == ["I want to see whales"]
    assert [event for event in events if event["type"] == "error"] == []


async def test_title_that_takes_too_long_holds_nothing_up(
    tmp_path: Path, model: ModelApi, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(titles, "LAST_SECONDS", 0.05)
    title_replies(model, Silence())
    async with chatting(tmp_path, model, api) as chat:
        assert titles_in(await chat.create(FIRST)) == ["I want to see whales"]
        await asyncio.wait_for(model.disconnected.wait(), 10)  # nobody waits for it any more


async def test_title_does_not_wait_for_the_answer(tmp_path: Path, model: ModelApi, api: str) -> None:
    title_replies(model, (Say("Whales"),))
    model.reply(Hold("There are many"))
    async with chatting(tmp_path, model, api) as chat:
        request = {"type": "threads.create", "params": {"input": chat.message(FIRST)}}
        async with chat.http.stream("POST", "/chatkit", json=request) as response:
            seen = ""
            async for part in response.aiter_text():
                seen += part
                if '"Whales"' in seen:
                    break
                if "many" in seen:  # the title goes out with the next event
                    model.released.set()
    assert '"Whales"' in seen


async def test_users_own_title_stays(tmp_path: Path, model: ModelApi, api: str) -> None:
    title_replies(model, Silence())
    model.reply(Hold("There are many"))
    async with chatting(tmp_path, model, api) as chat:
        request = {"type": "threads.create", "params": {"input": chat.message(FIRST)}}
        async with chat.http.stream("POST", "/chatkit", json=request) as response:
            seen = ""
            async for part in response.aiter_text():
                seen += part
                if "many" in seen and not model.released.is_set():
                    thread = seen.partition('"id":"')[2].partition('"')[0]
                    await chat.ask("threads.update", thread_id=thread, title="My own")
                    model.released.set()
        assert (await chat.ask("threads.get_by_id", thread_id=thread))["title"] == "My own"


async def test_answer_that_is_stopped_leaves_no_call_behind(
    tmp_path: Path, model: ModelApi, api: str
) -> None:
    title_replies(model, Silence())
    model.reply(Hold("There are many"))
    async with chatting(tmp_path, model, api) as chat:
        request = {"type": "threads.create", "params": {"input": chat.message(FIRST)}}
        async with chat.http.stream("POST", "/chatkit", json=request) as response:
            async for part in response.aiter_text():
                if "many" in part:
                    break
        await asyncio.wait_for(model.disconnected.wait(), 10)
