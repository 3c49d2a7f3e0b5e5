"""The app while its database is away: at the start, between requests, and in the middle of an answer."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette

from chatkit_asgi import Settings, create_app
from chatkit_asgi.store.sql import SQLAlchemyStore, create_engine, migrate
from chatkit_asgi.types import ThreadItemDoneEvent
from tests.factories import make_assistant_message
from tests.fakes import ScriptedServer
from tests.postgres import Server, new_database
from tests.web.chat import Chat, Event, frames_of

BOUND = 30


@pytest.fixture
def database_url(spare_server: Server) -> Iterator[str]:
    with new_database(spare_server.url) as url:
        yield url
        spare_server.start()  # a test that failed may have left it stopped


@asynccontextmanager
async def running(app: Starlette) -> AsyncIterator[Chat]:
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):
        yield Chat(http)


async def check_away(chat: Chat) -> None:
    """Whoever asks is told to come back, and the process is known to live."""
    for answer in (
        await chat.post("threads.list"),
        await chat.post("threads.create", input=chat.message("hello")),
        await chat.http.get("/readyz"),
    ):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    error = (await chat.post("threads.list")).json()["error"]
    assert (error["type"], error["code"]) == ("server_error", "unavailable")
    assert "database" in error["message"]
    assert (await chat.http.get("/healthz")).status_code == 200


async def check_back(chat: Chat) -> None:
    assert (await chat.http.get("/readyz")).status_code == 200
    assert (await chat.create("hello"))[0]["type"] == "thread.created"


async def test_app_starts_without_its_database_and_works_when_that_is_there(
    spare_server: Server, database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=database_url, auto_migrate=True, demo_delay=0)
    spare_server.stop()
    try:
        async with running(create_app(settings)) as chat:
            assert "database does not answer" in caplog.text
            await check_away(chat)
            spare_server.start()
            await check_back(chat)
    finally:
        spare_server.start()


async def test_app_whose_database_comes_and_goes_answers_each_request_accordingly(
    spare_server: Server, database_url: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=database_url, auto_migrate=True, demo_delay=0)
    async with running(create_app(settings)) as chat:
        for _ in range(2):
            await check_back(chat)
            spare_server.stop()
            try:
                await check_away(chat)
            finally:
                spare_server.start()
        await check_back(chat)
        assert len((await chat.ask("threads.list"))["data"]) == 3


class Noticed(logging.Handler):
    """Says when something was logged that contains the words."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words
        self.event = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if self._words in record.getMessage():
            self.event.set()


@asynccontextmanager
async def answering(database_url: str, tmp_path: Path, *script: Any) -> AsyncIterator[Chat]:
    """An app that answers from a script."""
    store: SQLAlchemyStore[Any] = SQLAlchemyStore(create_engine(database_url), owns_engine=True)
    await migrate(store.engine)
    app = create_app(Settings(data_dir=tmp_path), server=ScriptedServer(store, *script))
    async with running(app) as chat:
        yield chat
    await store.aclose()


async def test_answer_that_ends_while_the_database_is_away_is_written_when_it_is_back(
    spare_server: Server, database_url: str, tmp_path: Path
) -> None:
    asked, may_answer, waits = asyncio.Event(), asyncio.Event(), Noticed("waiting for the backend")
    answer = ThreadItemDoneEvent(item=make_assistant_message("What was said."))
    script = (lambda _thread: asked.set(), may_answer, answer)
    logging.getLogger("chatkit_asgi.server").addHandler(waits)
    try:
        async with answering(database_url, tmp_path, *script) as chat:
            with anyio.fail_after(BOUND):
                streaming = asyncio.create_task(chat.post("threads.create", input=chat.message("hello")))
                await asked.wait()
                spare_server.stop()
                may_answer.set()
                await waits.event.wait()
                spare_server.start()
                events: list[Event] = frames_of((await streaming).content)
            assert [event["type"] for event in events][-1] == "thread.item.done"
            items = await chat.items(events[0]["thread"]["id"])
            assert [item["type"] for item in items] == ["user_message", "assistant_message"]
    finally:
        spare_server.start()
        logging.getLogger("chatkit_asgi.server").removeHandler(waits)


async def test_answer_is_given_up_when_the_database_stays_away(
    spare_server: Server, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatkit_asgi.server.writer.PATIENCE_SECONDS", 0.2)
    answer = ThreadItemDoneEvent(item=make_assistant_message("What was said."))
    script = (lambda _thread: spare_server.stop(), answer)
    try:
        async with answering(database_url, tmp_path, *script) as chat:
            with anyio.fail_after(BOUND):
                events = await chat.create("hello")
    finally:
        spare_server.start()
    assert events[-1]["type"] == "error"
    assert events[-1]["allow_retry"] is True
