"""The app with a model behind a URL: the whole path over HTTP, both ways."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from chatkit_asgi import Settings, create_app
from tests.live import serving
from tests.model_api import Hold, ModelApi, Say, model_api
from tests.web.chat import Chat

APIS = ["responses", "chat_completions"]


@pytest.fixture
async def model() -> AsyncIterator[ModelApi]:
    async with model_api() as api:
        yield api


def settings_for(tmp_path: Path, model: ModelApi, api: str) -> Settings:
    given = {"data_dir": tmp_path, "openai_base_url": model.url, "model": "small", "model_api": api}
    return Settings.model_validate(given)


@pytest.mark.parametrize("api", APIS)
async def test_model_answers_and_is_told_what_was_said_before(
    tmp_path: Path, model: ModelApi, api: str
) -> None:
    model.reply(Say("Lisbon, of course."))
    model.reply(Say("Three days."))
    app = create_app(settings_for(tmp_path, model, api))
    async with app.router.lifespan_context(app), client_of(app) as http:
        chat = Chat(http)
        thread = (await chat.create("Where to?"))[0]["thread"]["id"]
        events = await chat.say(thread, "How long?")
        items = await chat.items(thread)
    assert events[-1]["item"]["content"][0]["text"] == "Three days."
    assert len({item["id"] for item in items}) == 4
    told = str(model.requests[1].input)
    assert "Where to?" in told
    assert "Lisbon, of course." in told
    assert "How long?" in told


@pytest.mark.parametrize("api", APIS)
async def test_built_in_agent_sends_no_settings_of_other_models(
    tmp_path: Path, model: ModelApi, api: str
) -> None:
    """The SDK's defaults are for its own default model, and other models refuse them."""
    model.reply(Say("Hi."))
    app = create_app(settings_for(tmp_path, model, api))
    async with app.router.lifespan_context(app), client_of(app) as http:
        await Chat(http).create("Hello")
    body = model.requests[0].body
    assert body["model"] == "small"
    assert not {"reasoning", "reasoning_effort", "verbosity"} & set(body)
    assert "verbosity" not in str(body.get("text"))


async def test_leaving_hangs_up_on_the_model_too(tmp_path: Path, model: ModelApi) -> None:
    model.reply(Hold("Once upon a time"))
    async with (
        serving(create_app(settings_for(tmp_path, model, "responses"))) as url,
        httpx.AsyncClient(base_url=url) as http,
    ):
        params = {"type": "threads.create", "params": {"input": Chat.message("A story")}}
        async with http.stream("POST", "/chatkit", json=params) as response:
            async for part in response.aiter_text():
                if "time" in part:
                    break
        await asyncio.wait_for(model.disconnected.wait(), 10)


async def test_model_that_fails_is_an_event_that_may_be_retried(tmp_path: Path, model: ModelApi) -> None:
    model.fail(400)
    app = create_app(settings_for(tmp_path, model, "responses"))
    async with app.router.lifespan_context(app), client_of(app) as http:
        events = await Chat(http).create("Hello")
    (error,) = [event for event in events if event["type"] == "error"]
    assert error["allow_retry"] is True
    assert error["message"]


def client_of(app: object) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # any ASGI app
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")
