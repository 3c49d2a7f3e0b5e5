"""Pictures through the whole app: to the model, from the model, to a browser, and gone with their thread."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from chatkit_asgi import Settings, create_app
from tests.attachments.pictures import encoded, opened, photo
from tests.model_api import Draw, ModelApi, Say, model_api
from tests.web.chat import Chat

DRAWN = encoded((20, 20), colour=7)


@pytest.fixture
async def model() -> AsyncIterator[ModelApi]:
    async with model_api() as api:
        yield api


@pytest.fixture
def app(tmp_path: Path, model: ModelApi) -> Starlette:
    given = {"data_dir": tmp_path, "openai_base_url": model.url, "model": "small"}
    return create_app(Settings.model_validate(given))


@pytest.fixture
async def http(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        yield client


async def test_photo_reaches_the_model_upright_and_small(http: httpx.AsyncClient, model: ModelApi) -> None:
    sent = await http.post("/files", files={"file": ("a.jpg", photo((3000, 1000)), "image/jpeg")})
    await Chat(http).create("What is this?", attachments=[sent.json()["id"]])
    url = model.requests[0].input[0]["content"][1]["image_url"]
    assert opened(base64.b64decode(url.removeprefix("data:image/jpeg;base64,"))).size == (683, 2048)


async def test_drawn_image_is_shown_and_given_back_and_goes_with_its_thread(
    http: httpx.AsyncClient, model: ModelApi
) -> None:
    model.reply(Draw(DRAWN, partial=(encoded(),)), Say("Here."))
    chat = Chat(http)
    events = await chat.create("Draw")
    thread = events[0]["thread"]["id"]
    (done,) = [event["item"] for event in events if event.get("item", {}).get("image")]
    (read,) = [item for item in await chat.items(thread) if item["type"] == "generated_image"]
    for url in (done["image"]["url"], read["image"]["url"]):
        shown = await http.get(url)
        assert (shown.content, shown.headers["content-type"]) == (DRAWN, "image/png")
        assert shown.headers["content-disposition"].startswith("inline")
    await chat.say(thread, "And larger")
    assert base64.b64encode(DRAWN).decode() in str(model.requests[1].input)
    await chat.ask("threads.delete", thread_id=thread)
    assert (await http.get(read["image"]["url"])).status_code == 404
