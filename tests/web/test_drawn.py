"""Images that the model draws, by the whole app: previews while it draws, and one file in the end."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatkit_asgi import Settings, create_app
from tests.attachments.pictures import encoded
from tests.live import serving
from tests.responses_api import Json, ResponsesApi, message, responses_api
from tests.web.chat import Chat

FIRST, SECOND, FINAL = (encoded((20, 20), colour=colour) for colour in (1, 2, 3))


@pytest.fixture
async def api() -> AsyncIterator[ResponsesApi]:
    async with responses_api() as api:
        yield api


def drawing(*partial: bytes, final: bytes) -> list[Json]:
    call = {"id": "ig_1", "type": "image_generation_call", "result": None}
    place = {"item_id": "ig_1", "output_index": 0}
    return [
        {"type": "response.output_item.added", "output_index": 0, "item": {**call, "status": "in_progress"}},
        {"type": "response.image_generation_call.generating", **place},
        *(
            {
                "type": "response.image_generation_call.partial_image",
                **place,
                "partial_image_index": number,
                "partial_image_b64": b64encode(image).decode(),
            }
            for number, image in enumerate(partial)
        ),
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "item": {**call, "status": "completed", "result": b64encode(final).decode()},
        },
        *message("Here it is.", index=1),
    ]


def settings_for(tmp_path: Path, api: ResponsesApi) -> Settings:
    given = {
        "data_dir": tmp_path,
        "openai_base_url": api.url,
        "model": "small",
        "hosted_tools": "image_generation",
    }
    return Settings.model_validate(given)


async def test_previews_give_way_to_the_finished_image(tmp_path: Path, api: ResponsesApi) -> None:
    api.scripts.append(drawing(FIRST, SECOND, final=FINAL))
    async with (
        serving(create_app(settings_for(tmp_path, api))) as url,
        httpx.AsyncClient(base_url=url) as http,
    ):
        chat = Chat(http)
        events = await chat.create("Draw")
        items = await chat.items(events[0]["thread"]["id"])
        updates: list[Any] = [event["update"] for event in events if "image" in (event.get("update") or {})]
        previews = [update["image"]["url"] for update in updates]
        (image,) = [item["image"] for item in items if item["type"] == "generated_image"]
        found = await http.get(image["url"])
        gone = [(await http.get(preview)).status_code for preview in previews]
    assert [update["progress"] for update in updates] == [0, 0.5]
    assert len({image["url"], *previews}) == 3
    assert (found.status_code, found.content) == (200, FINAL)
    assert gone == [404, 404]
    assert "base64" not in json.dumps(events)
    assert api.requests[0]["tools"] == [{"type": "image_generation", "partial_images": 2}]


async def test_preview_can_be_fetched_while_the_model_draws_on(tmp_path: Path, api: ResponsesApi) -> None:
    api.scripts.append(drawing(FIRST, SECOND, final=FINAL))
    kind = "response.image_generation_call.partial_image"
    with api.holding(kind) as going_on:
        async with (
            serving(create_app(settings_for(tmp_path, api))) as url,
            httpx.AsyncClient(base_url=url) as http,
        ):
            await look_at_first_preview(http, going_on)
    assert going_on.is_set()


async def look_at_first_preview(http: httpx.AsyncClient, going_on: asyncio.Event) -> None:
    body = {"type": "threads.create", "params": {"input": Chat.message("Draw")}}
    async with http.stream("POST", "/chatkit", json=body) as response:
        async for line in response.aiter_lines():
            event = json.loads(line[6:]) if line.startswith("data: ") else {}
            if "image" in (event.get("update") or {}) and not going_on.is_set():
                preview = await http.get(event["update"]["image"]["url"])
                assert (preview.status_code, preview.content) == (200, FIRST)
                going_on.set()
                return
    pytest.fail("no preview was shown")
