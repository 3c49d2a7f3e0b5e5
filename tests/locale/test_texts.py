"""Users read their language; operators, models and clients that ask for none read English."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatkit_asgi import RequestContext, Settings, create_app
from chatkit_asgi.errors import CustomStreamError, TooLargeError
from chatkit_asgi.locale import asking, translated, user_text
from chatkit_asgi.server import ChatKitServer
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import ProgressUpdateEvent, ThreadMetadata, ThreadStreamEvent, UserMessageItem
from tests.web.chat import Chat

TOO_LARGE = user_text("The file is too large: {most} bytes at most.", most=7)


class Failing(ChatKitServer[Any]):
    """Fails in the way that it is asked for, and notes whose context that was."""

    contexts: list[Any]

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Any
    ) -> AsyncIterator[ThreadStreamEvent]:
        self.contexts = [context]
        yield ProgressUpdateEvent(text="on its way")
        if input_user_message and "late" in str(input_user_message.content):
            raise CustomStreamError(TOO_LARGE)
        raise ValueError("not for users")


@pytest.fixture
def server() -> Failing:
    return Failing(MemoryStore())


@pytest.fixture
async def chat(server: Failing, tmp_path: Path) -> AsyncIterator[Chat]:
    app = create_app(Settings(data_dir=tmp_path), server=server)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        yield Chat(http)


def test_text_is_english_wherever_it_is_not_translated() -> None:
    with asking(b"de"):
        assert str(TooLargeError(TOO_LARGE)) == "The file is too large: 7 bytes at most."
        assert f"{TOO_LARGE}" == "The file is too large: 7 bytes at most."
        assert translated(TOO_LARGE) == "Die Datei ist zu groß: Erlaubt sind höchstens 7 Bytes."
        assert translated("of an application") == "of an application"


def test_values_are_not_taken_for_gaps() -> None:
    text = user_text("Thread {id} was not found.", id="{most}{id.__class__}")
    with asking(b"es"):
        assert translated(text) == "No se ha encontrado la conversación {most}{id.__class__}."


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (None, "Thread thr_1 was not found."),
        ("nl", "Thread thr_1 was not found."),
        ("fr-CA, en;q=0.5", "La conversation thr_1 est introuvable."),
        ("ja", "会話 thr_1 が見つかりません。"),
        ("zh-CN", "未找到对话 thr_1。"),
    ],
)
async def test_refusals_are_in_the_callers_language(chat: Chat, asked: str | None, message: str) -> None:
    chat.http.headers.update({"accept-language": asked} if asked else {})
    response = await chat.post("threads.get_by_id", thread_id="thr_1")
    assert (response.status_code, response.json()["error"]["message"]) == (404, message)


async def test_failures_of_answers_are_in_the_callers_language(chat: Chat) -> None:
    chat.http.headers["accept-language"] = "de-AT, de;q=0.9"
    (*_, event) = await chat.create("fail")
    assert event["message"] == "Die Antwort konnte nicht vollständig gegeben werden."
    (*_, event) = await chat.create("late")
    assert event["message"] == "Die Datei ist zu groß: Erlaubt sind höchstens 7 Bytes."


async def test_clients_without_a_language_get_the_published_words(chat: Chat) -> None:
    (*_, event) = await chat.create("fail")
    assert event["message"] == "The answer could not be completed."


async def test_log_is_english_whatever_the_caller_speaks(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    chat.http.headers["accept-language"] = "ja"
    with caplog.at_level(logging.DEBUG):
        await chat.create("late")
        await chat.post("threads.get_by_id", thread_id="thr_1")
    assert caplog.text
    assert caplog.text.isascii()


async def test_answer_that_takes_too_long_ends_in_the_callers_language(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, turn_timeout=0.05, demo_delay=60)
    app = create_app(settings, store=MemoryStore())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        http.headers["accept-language"] = "es"
        (*_, event) = await Chat(http).create("Hola")
    assert event["message"] == "La respuesta tardaba demasiado y se ha detenido."


async def test_application_that_knows_no_language_learns_that_of_the_request(
    server: Failing, tmp_path: Path
) -> None:
    async def authenticate(request: object) -> RequestContext:
        return RequestContext(user_id="alice")

    app = create_app(Settings(data_dir=tmp_path), server=server, authenticate=authenticate)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        http.headers["accept-language"] = "de-CH"
        await Chat(http).create("fail")
    assert [context.locale for context in server.contexts] == ["de-CH"]


async def test_language_that_the_application_knows_goes_before_that_of_the_request(
    server: Failing, tmp_path: Path
) -> None:
    async def authenticate(request: object) -> RequestContext:
        return RequestContext(user_id="alice", locale="fr")

    app = create_app(Settings(data_dir=tmp_path), server=server, authenticate=authenticate)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        http.headers["accept-language"] = "de"
        (*_, event) = await Chat(http).create("fail")
        response = await Chat(http).post("threads.get_by_id", thread_id="thr_1")
    assert event["message"] == "La réponse n’a pas pu être terminée."
    assert response.json()["error"]["message"] == "La conversation thr_1 est introuvable."
