"""What answers use: kept by turn and by day, shown to operators, and an end to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from chatkit_asgi import Settings, create_app
from chatkit_asgi.store.sql import SQLAlchemyStore, create_engine
from chatkit_asgi.usage import Usage, metered, note_first_token, note_usage
from tests.model_api import Break, Hold, ModelApi, Say, model_api
from tests.postgres import new_database
from tests.web.chat import Chat

MIDNIGHT = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
async def model() -> AsyncIterator[ModelApi]:
    async with model_api() as api:
        yield api


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'chat.sqlite3'}"
        return
    with new_database(request.getfixturevalue("postgres_server")) as url:
        yield url


@asynccontextmanager
async def chatting(
    tmp_path: Path, model: ModelApi, database: str, *, api: str = "responses", **settings: Any
) -> AsyncIterator[Chat]:
    given = {"data_dir": tmp_path, "openai_base_url": model.url, "model": "small", "model_api": api}
    fields = {**given, "database_url": database, "auto_migrate": True, "metrics": True, **settings}
    app = create_app(Settings.model_validate(fields))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        yield Chat(http)


async def rows(database: str, table: str) -> list[dict[str, Any]]:
    store: SQLAlchemyStore[Any] = SQLAlchemyStore(create_engine(database), owns_engine=True)
    async with store.engine.connect() as connection:
        found = await connection.execute(select(getattr(store.tables, table)))
        result = [dict(row) for row in found.mappings()]
    await store.aclose()
    return result


@pytest.mark.parametrize("api", ["responses", "chat_completions"])
async def test_turn_and_day_know_what_was_used(
    tmp_path: Path, model: ModelApi, database: str, api: str
) -> None:
    model.reply(Say("Hello to you, too."))
    async with chatting(tmp_path, model, database, api=api) as chat:
        thread = (await chat.create("Hello"))[0]["thread"]["id"]
        (turn,) = await rows(database, "turns")
        await chat.say(thread, "And again")
        (day,) = await rows(database, "token_days")
        metrics = (await chat.http.get("/metrics")).text
        await chat.ask("threads.delete", thread_id=thread)
    assert (turn["status"], turn["model"]) == ("done", "small")
    assert turn["input_tokens"] > 0
    assert turn["output_tokens"] > 0
    assert 0 < turn["first_token_seconds"] < 60
    assert day["turns"] == 2
    assert day["input_tokens"] >= turn["input_tokens"]
    assert (await rows(database, "token_days")) == [day]  # whoever deletes threads has used as much
    assert 'chatkit_turns_ended_total{status="done"} 2.0' in metrics
    assert f'chatkit_tokens_total{{kind="input"}} {float(day["input_tokens"])}' in metrics
    assert "chatkit_first_token_seconds_count 2.0" in metrics


async def test_answer_that_fails_is_counted(tmp_path: Path, model: ModelApi, database: str) -> None:
    model.reply(Break("Once upon a time"))
    async with chatting(tmp_path, model, database) as chat:
        await chat.create("A story")
    (turn,) = await rows(database, "turns")
    assert turn["status"] == "failed"
    assert turn["input_tokens"] > 0


async def test_answer_that_is_stopped_is_counted(tmp_path: Path, model: ModelApi, database: str) -> None:
    model.reply(Hold("Once upon a time"))
    async with chatting(tmp_path, model, database) as chat:
        telling = asyncio.create_task(chat.create("A story"))
        async with asyncio.timeout(20):
            while not model.requests:  # noqa: ASYNC110 - the stand-in tells nobody
                await asyncio.sleep(0.01)
            thread = (await chat.ask("threads.list"))["data"][0]["id"]
            await chat.http.post(f"/threads/{thread}/cancel")
            await telling
    (turn,) = await rows(database, "turns")
    assert turn["status"] == "cancelled"
    assert turn["input_tokens"] > 0


async def test_budget_ends_with_the_day(
    tmp_path: Path, model: ModelApi, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with chatting(tmp_path, model, database, daily_tokens=5) as chat:
        for _ in range(2):  # the first is too small to use it up, by what the stand-in says
            await chat.create("Hello")
        for _ in range(5):
            refused = await chat.post("threads.create", input=chat.message("More"))
            if refused.status_code == 429:
                break
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 86_400
        assert "midnight" in refused.json()["error"]["message"]
        count = len((await chat.ask("threads.list"))["data"])
        for module in ("chatkit_asgi.streams.sql.log", "chatkit_asgi.web.turns"):
            monkeypatch.setattr(f"{module}.utcnow", lambda: MIDNIGHT)
        await chat.create("Good morning")
        assert len((await chat.ask("threads.list"))["data"]) == count + 1


async def test_no_budget_is_no_limit(tmp_path: Path, model: ModelApi, database: str) -> None:
    async with chatting(tmp_path, model, database) as chat:
        for _ in range(3):
            await chat.create("Hello")


def test_usage_adds_up_for_the_turn_it_belongs_to() -> None:
    note_usage(Usage(model="nobody's", input_tokens=1))
    with metered() as meter:
        note_usage(Usage(model="large", input_tokens=5, output_tokens=2, cached_tokens=1))
        note_usage(Usage(model="tiny", input_tokens=1, reasoning_tokens=3))
        note_first_token()
        first = meter.first_token_seconds
        note_first_token()
    assert meter.usage == Usage(
        model="large", requests=2, input_tokens=6, output_tokens=2, cached_tokens=1, reasoning_tokens=3
    )
    assert first is not None
    assert meter.first_token_seconds == first
