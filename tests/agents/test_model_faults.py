"""What becomes of a turn when the model's server fails: tried again while nothing was shown, told else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from agents import ModelRetryBackoffSettings

from chatkit_asgi import Settings, create_app
from chatkit_asgi.agents import models
from tests.model_api import Break, Hold, ModelApi, Raw, Say, Silence
from tests.web.chat import Chat, Event

APIS = ["responses", "chat_completions"]
SECRET = "sk-upstream-secret"
SOON = "0"
"""A `Retry-After` that lets no test wait."""


@pytest.fixture(params=APIS)
def api(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "BACKOFF", ModelRetryBackoffSettings(initial_delay=0.0, jitter=False))


@asynccontextmanager
async def chatting(tmp_path: Path, server: ModelApi, api: str, **settings: Any) -> AsyncIterator[Chat]:
    given = {"data_dir": tmp_path, "openai_base_url": server.url, "openai_api_key": SECRET, "model": "small"}
    app = create_app(Settings.model_validate({**given, "model_api": api, **settings}))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):
        yield Chat(http)


def text_of(events: list[Event]) -> str:
    assert events[-1]["type"] == "thread.item.done", events[-1]
    return str(events[-1]["item"]["content"][0]["text"])


def check_told(events: list[Event]) -> None:
    """The user is told, may try again, and sees nothing of how it is built."""
    (error,) = [event for event in events if event["type"] == "error"]
    assert error["allow_retry"] is True
    for secret in (SECRET, "127.0.0.1", "openai", "Traceback"):
        assert secret not in str(events)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
async def test_failure_that_passes_is_tried_again(
    tmp_path: Path, model: ModelApi, api: str, status: int
) -> None:
    model.fail(status, retry_after=SOON)
    model.reply(Say("At last."))
    async with chatting(tmp_path, model, api) as chat:
        assert text_of(await chat.create("Hello")) == "At last."
    assert len(model.requests) == 2


@pytest.mark.parametrize(
    "broken", [Raw(breaks=True), Raw(b": still there\n\n", breaks=True)], ids=["", "comment"]
)
async def test_connection_that_breaks_before_the_first_word_is_made_again(
    tmp_path: Path, model: ModelApi, api: str, broken: Raw
) -> None:
    model.misbehave(broken)
    model.reply(Say("At last."))
    async with chatting(tmp_path, model, api) as chat:
        events = await chat.create("Hello")
        assert text_of(events) == "At last."
        assert len(await chat.items(events[0]["thread"]["id"])) == 2


async def test_server_that_stays_silent_is_asked_again(tmp_path: Path, model: ModelApi, api: str) -> None:
    model.misbehave(Silence())
    model.reply(Say("At last."))
    async with chatting(tmp_path, model, api, model_timeout=0.2) as chat:
        assert text_of(await chat.create("Hello")) == "At last."
    await asyncio.wait_for(model.disconnected.wait(), 10)  # and the first request is no more


async def test_nothing_is_tried_again_for_ever(tmp_path: Path, model: ModelApi, api: str) -> None:
    for _ in range(5):
        model.fail(503, retry_after=SOON)
    async with chatting(tmp_path, model, api, model_retries=3) as chat:
        check_told(await chat.create("Hello"))
    assert len(model.requests) == 4


async def test_retries_can_be_off(tmp_path: Path, model: ModelApi, api: str) -> None:
    model.fail(503, retry_after=SOON)
    async with chatting(tmp_path, model, api, model_retries=0) as chat:
        check_told(await chat.create("Hello"))
    assert len(model.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_failure_that_does_not_pass_is_not_repeated(
    tmp_path: Path, model: ModelApi, api: str, status: int
) -> None:
    model.fail(status, f"You sent {SECRET}", x_request_id="r")
    async with chatting(tmp_path, model, api) as chat:
        check_told(await chat.create("Hello"))
    assert len(model.requests) == 1


async def test_answer_that_was_begun_is_not_begun_again(tmp_path: Path, model: ModelApi, api: str) -> None:
    model.reply(Break("Once upon a time"))
    async with chatting(tmp_path, model, api) as chat:
        check_told(await chat.create("A story"))
    assert len(model.requests) == 1


async def test_answer_that_stops_in_the_middle_is_given_up(tmp_path: Path, model: ModelApi, api: str) -> None:
    model.reply(Hold("Once upon a time"))
    async with chatting(tmp_path, model, api, model_timeout=0.2) as chat:
        events = await chat.create("A story")
        check_told(events)
        assert (await chat.items(events[0]["thread"]["id"]))[-1]["content"][0]["text"] == "Once upon a time"
    await asyncio.wait_for(model.disconnected.wait(), 10)
    assert len(model.requests) == 1


NONSENSE = {
    "no JSON": b"data: {nonsense\n\n",
    "no object": b"data: 5\n\n",
    "HTML": b"<html>502 Bad Gateway</html>",
    "error in the stream": b'data: {"error": {"message": "overloaded", "code": 529}}\n\n',
    "nothing": b"",
    "done at once": b"data: [DONE]\n\n",
}


@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE)
async def test_nonsense_is_no_answer(tmp_path: Path, model: ModelApi, api: str, body: bytes) -> None:
    for _ in range(3):
        model.misbehave(Raw(body))
    async with chatting(tmp_path, model, api) as chat:
        events = await chat.create("Hello")
        check_told(events)
        assert [item["type"] for item in await chat.items(events[0]["thread"]["id"])] == ["user_message"]


async def test_two_apps_in_a_process_have_keys_of_their_own(
    tmp_path: Path, model: ModelApi, api: str
) -> None:
    async with (
        chatting(tmp_path / "a", model, api, openai_api_key="key-a") as one,
        chatting(tmp_path / "b", model, api, openai_api_key="key-b", model="large") as other,
    ):
        await asyncio.gather(*(chat.create("Hello") for chat in (one, other) * 3))
    asked = {(request.headers["authorization"], request.body["model"]) for request in model.requests}
    assert asked == {("Bearer key-a", "small"), ("Bearer key-b", "large")}


async def test_users_choose_among_the_models_that_are_listed(
    tmp_path: Path, model: ModelApi, api: str
) -> None:
    async with chatting(tmp_path, model, api, models="large=Careful, huge") as chat:
        options = (await chat.http.get("/composer")).json()["models"]
        assert [(option["id"], option["label"]) for option in options] == [
            ("small", "small"),
            ("large", "Careful"),
            ("huge", "huge"),
        ]
        for chosen in ("large", "small"):
            await chat.create("Hello", inference_options={"model": chosen})
        refused = await chat.post(
            "threads.create", input=chat.message("Hello", inference_options={"model": "secret"})
        )
        assert len((await chat.ask("threads.list"))["data"]) == 2
    error = refused.json()["error"]
    assert (refused.status_code, error["param"]) == (400, "params.input.inference_options.model")
    assert "small, large, huge" in error["message"]
    assert [request.body["model"] for request in model.requests] == ["large", "small"]
