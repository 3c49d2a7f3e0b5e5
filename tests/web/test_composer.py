"""The composer's tools by configuration, and the page that is told of them."""

from pathlib import Path

import httpx
import pytest
from agents import Agent, function_tool
from pydantic import ValidationError

from chatkit_asgi import Settings, create_app
from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.types import UserMessageTagContent
from tests.live import serving
from tests.model_api import Call, ModelApi, model_api
from tests.web.chat import Chat


@function_tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}."


TOOLS = {"weather": weather, "expert": Agent(name="Expert", instructions="Dig deep.")}


async def mention(tag: UserMessageTagContent, context: object) -> str:
    return f"{tag.text} is a customer."


def settings_for(tmp_path: Path, model: ModelApi) -> Settings:
    given = {
        "data_dir": tmp_path,
        "openai_base_url": model.url,
        "model": "small",
        "tools": "tests.web.test_composer:TOOLS",
        "resolve_tag": "tests.web.test_composer:mention",
    }
    return Settings.model_validate(given)


async def test_tools_by_configuration_are_offered_chosen_and_refused(tmp_path: Path) -> None:
    async with (
        model_api() as model,
        serving(create_app(settings_for(tmp_path, model))) as url,
        httpx.AsyncClient(base_url=url) as http,
    ):
        chat = Chat(http)
        offered = (await http.get("/composer")).json()
        assert [(each["id"], each["label"]) for each in offered["tools"]] == [
            ("weather", "Weather"),
            ("expert", "Expert"),
        ]
        model.reply(Call("weather", {"city": "Oslo"}))
        await chat.create("Hi", inference_options={"tool_choice": {"id": "weather"}})
        assert model.requests[0].body["tool_choice"] == {"type": "function", "name": "weather"}
        await chat.create("Hi", inference_options={"tool_choice": {"id": "expert"}})
        assert model.requests[-1].body["instructions"] == "Dig deep."
        assert model.requests[-1].body["model"] == "small"
        refused = await chat.post(
            "threads.create", input=chat.message("Hi", inference_options={"tool_choice": {"id": "magic"}})
        )
        assert refused.status_code == 400
        assert "expert, weather" in refused.json()["error"]["message"]
        tag = {"type": "input_tag", "id": "c1", "text": "Ann", "data": {}}
        await chat.stream("threads.create", input={"content": [tag]})
        assert "Ann is a customer." in str(model.requests[-1].input)


async def test_offer_is_for_those_who_may_talk(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path, "auth": "token", "auth_tokens": "ann:secret"})
    async with (
        serving(create_app(settings)) as url,
        httpx.AsyncClient(base_url=url) as http,
    ):
        assert (await http.get("/composer")).status_code == 401
        known = await http.get("/composer", headers={"authorization": "Bearer secret"})
        assert known.json()["tools"] == []


def test_setting_says_how_it_is_written() -> None:
    with pytest.raises(ValidationError, match="module:attribute=Label"):
        Settings.model_validate({"tools": "my tool"})


def test_tool_that_cannot_be_loaded_is_named_at_start(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"tests\.web\.test_composer:MISSING cannot be loaded"):
        create_app(
            Settings.model_validate({"data_dir": tmp_path, "tools": "tests.web.test_composer:MISSING"})
        )
