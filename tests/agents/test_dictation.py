"""Dictation: a recording goes to the speech service as a file and comes back as text."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import AsyncOpenAI
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chatkit_asgi import Settings, create_app
from chatkit_asgi.agents import Transcriber
from chatkit_asgi.errors import BackendError, InvalidRequestError, UnsupportedTypeError
from chatkit_asgi.types import AudioInput
from tests.live import serving
from tests.web.chat import Chat

SOUND = b"\x1aE\xdf\xa3 some sound"


class SpeechApi:
    """A stand-in for the service, over a socket."""

    def __init__(self) -> None:
        self.url = ""
        self.answer: Response = JSONResponse({"text": "Hello there."})
        self.asked: list[dict[str, Any]] = []
        self.is_silent = False
        self.called = asyncio.Event()
        self.left = asyncio.Event()
        self.app = Starlette(routes=[Route("/v1/audio/transcriptions", self._hear, methods=["POST"])])

    async def _hear(self, request: Request) -> Response:
        async with request.form() as form:
            file = form["file"]
            assert isinstance(file, UploadFile)
            asked = {"file": (file.filename, await file.read(), file.content_type), "model": form["model"]}
        self.asked.append({**asked, "key": request.headers["authorization"]})
        self.called.set()
        while self.is_silent:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                self.left.set()
                break
        return self.answer


@pytest.fixture
async def api() -> AsyncIterator[SpeechApi]:
    api = SpeechApi()
    async with serving(api.app) as url:
        api.url = f"{url}/v1"
        yield api


@pytest.fixture
async def transcriber(api: SpeechApi) -> AsyncIterator[Transcriber]:
    async with AsyncOpenAI(api_key="sk-test", base_url=api.url) as client:
        yield Transcriber(client, "hear-1")


def refusing(status: int) -> Response:
    body = {"error": {"message": "sk-test is wrong", "type": "x", "param": None, "code": None}}
    return JSONResponse(body, status, headers={"x-should-retry": "false"})


@pytest.mark.parametrize(
    ("mime_type", "name"),
    [
        ("audio/webm", "recording.webm"),
        ("audio/webm;codecs=opus", "recording.webm"),
        ('Audio/WebM; codecs="opus"', "recording.webm"),
        ("audio/mp4;codecs=mp4a.40.2", "recording.m4a"),
        ("audio/ogg; codecs=opus", "recording.ogg"),
        ("audio/x-wav", "recording.wav"),
        ("audio/mpeg", "recording.mp3"),
    ],
)
async def test_recording_goes_as_a_file_of_its_kind(
    transcriber: Transcriber, api: SpeechApi, mime_type: str, name: str
) -> None:
    heard = await transcriber.transcribe(AudioInput(data=SOUND, mime_type=mime_type))
    assert heard.text == "Hello there."
    (asked,) = api.asked
    assert asked["file"][:2] == (name, SOUND)
    assert ";" not in asked["file"][2]
    assert (asked["model"], asked["key"]) == ("hear-1", "Bearer sk-test")


@pytest.mark.parametrize("mime_type", ["", "text/html", "audio/midi", "audio/webm-not", "x" * 5000])
async def test_what_no_service_hears_is_refused_before_it_is_sent(
    transcriber: Transcriber, api: SpeechApi, mime_type: str
) -> None:
    with pytest.raises(UnsupportedTypeError, match=r"These are: audio/webm, audio/mp4") as caught:
        await transcriber.transcribe(AudioInput(data=SOUND, mime_type=mime_type))
    assert len(str(caught.value)) < 400
    assert not api.asked


async def test_empty_recording_is_refused(transcriber: Transcriber, api: SpeechApi) -> None:
    with pytest.raises(InvalidRequestError, match="empty"):
        await transcriber.transcribe(AudioInput(data=b"", mime_type="audio/webm"))
    assert not api.asked


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError),
        (413, InvalidRequestError),
        (401, BackendError),
        (404, BackendError),
        (429, BackendError),
        (500, BackendError),
    ],
)
async def test_refusals_of_the_service_are_told_apart(
    transcriber: Transcriber, api: SpeechApi, status: int, kind: type[Exception]
) -> None:
    api.answer = refusing(status)
    with pytest.raises(kind) as caught:
        await transcriber.transcribe(AudioInput(data=SOUND, mime_type="audio/webm"))
    assert "sk-test" not in str(caught.value)


async def test_answer_that_is_none_is_a_failure_of_the_service(
    transcriber: Transcriber, api: SpeechApi
) -> None:
    api.answer = Response(b"<html>", media_type="application/json")
    with pytest.raises(BackendError):
        await transcriber.transcribe(AudioInput(data=SOUND, mime_type="audio/webm"))


async def test_silent_service_is_given_up(api: SpeechApi) -> None:
    api.is_silent = True
    async with AsyncOpenAI(api_key="sk-test", base_url=api.url) as client:
        transcriber = Transcriber(client, "hear-1", seconds=0.2)
        with pytest.raises(BackendError, match="does not answer"):
            await transcriber.transcribe(AudioInput(data=SOUND, mime_type="audio/webm"))
    await asyncio.wait_for(api.left.wait(), 10)


async def test_service_that_is_away_is_no_fault_of_the_recording() -> None:
    async with AsyncOpenAI(api_key="sk-test", base_url="http://127.0.0.1:9/v1") as client:
        with pytest.raises(BackendError, match="does not answer"):
            await Transcriber(client, "hear-1").transcribe(AudioInput(data=SOUND, mime_type="audio/webm"))


async def test_cancelling_hangs_up_on_the_service(transcriber: Transcriber, api: SpeechApi) -> None:
    api.is_silent = True
    task = asyncio.create_task(transcriber.transcribe(AudioInput(data=SOUND, mime_type="audio/webm")))
    await asyncio.wait_for(api.called.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(api.left.wait(), 10)


def dictated(data: bytes = SOUND, mime_type: str = "audio/webm;codecs=opus") -> dict[str, Any]:
    return {"audio_base64": b64encode(data).decode(), "mime_type": mime_type}


async def test_app_takes_dictation_when_it_is_told_by_which_model(tmp_path: Path, api: SpeechApi) -> None:
    given = {"data_dir": tmp_path, "openai_base_url": api.url, "transcribe_model": "hear-1"}
    async with (
        serving(create_app(Settings.model_validate(given))) as url,
        httpx.AsyncClient(base_url=url) as http,
    ):
        chat = Chat(http)
        assert await chat.ask("input.transcribe", **dictated()) == {"text": "Hello there."}
        assert (await http.get("/composer")).json()["dictation"] == {"enabled": True}
        refused = await chat.post("input.transcribe", **dictated(mime_type="text/plain"))
        assert (refused.status_code, refused.json()["error"]["code"]) == (415, "unsupported_type")
        assert (await chat.post("input.transcribe", **dictated(data=b""))).status_code == 400
        api.answer = refusing(503)
        away = await chat.post("input.transcribe", **dictated())
        assert (away.status_code, away.headers["retry-after"]) == (503, "1")


async def test_app_without_such_a_model_says_what_to_set(tmp_path: Path) -> None:
    async with (
        serving(create_app(Settings.model_validate({"data_dir": tmp_path}))) as url,
        httpx.AsyncClient(base_url=url) as http,
    ):
        off = await Chat(http).post("input.transcribe", **dictated())
        assert off.status_code == 501
        assert "set CHATKIT_TRANSCRIBE_MODEL" in off.json()["error"]["message"]
        assert (await http.get("/composer")).json()["dictation"] == {"enabled": False}
