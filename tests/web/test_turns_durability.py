"""What is in the database while a turn runs, and what becomes of a turn whose database is away meanwhile."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chatkit_asgi import Settings
from chatkit_asgi.store.sql import SQLAlchemyStore, create_engine, migrate
from chatkit_asgi.streams import keeper, live
from tests.postgres import Server, new_database
from tests.store.conftest import migrated_sqlite, sqlite_engine
from tests.web.turns import Talk, patiently, talking, text_of, texts_of

__all__ = ["migrated_sqlite", "sqlite_engine"]


def logged(path: Path, turn_id: str) -> bytes:
    """The turn's frames as another connection sees them now."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT frames FROM turn_frames WHERE turn_id = ? ORDER BY last", [turn_id])
        found = b"".join(row[0] for row in rows)
    connection.close()
    return found


async def test_strict_turn_sends_nothing_that_is_not_stored(settings: Settings, sqlite_engine: Any) -> None:
    path = Path(sqlite_engine.url.database)
    settings = settings.model_copy(update={"durability": "strict"})
    async with talking(settings, SQLAlchemyStore(sqlite_engine)) as talk, talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        for number in range(50):
            answer.say(f"{number} ", f"{number}. ")
            await stream.until(f'"{number} "')
            assert logged(path, stream.turn_id).startswith(stream.raw)
        answer.finish()
        await stream.rest()
        assert logged(path, stream.turn_id) == stream.raw


async def test_what_was_accepted_is_stored_before_the_answer_begins(
    settings: Settings, sqlite_engine: Any
) -> None:
    path = Path(sqlite_engine.url.database)
    async with talking(settings, SQLAlchemyStore(sqlite_engine)) as talk, talk.creating():
        with sqlite3.connect(path) as connection:
            (status,) = connection.execute("SELECT status FROM turns").fetchone()
            (items,) = connection.execute("SELECT count(*) FROM items").fetchone()
        connection.close()
        assert (status, items) == ("running", 1)
        (await talk.server.answer_number(0)).finish()
        await talk.idle()


async def test_relaxed_turn_is_stored_soon(settings: Settings, sqlite_engine: Any) -> None:
    path = Path(sqlite_engine.url.database)
    async with talking(settings, SQLAlchemyStore(sqlite_engine)) as talk, talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        answer.say("One ")
        await stream.until("One ")
        await patiently(lambda: logged(path, stream.turn_id) == stream.raw)
        answer.finish()
        await stream.rest()
        assert logged(path, stream.turn_id) == stream.raw


async def test_frames_of_all_turns_are_written_at_once(settings: Settings, sqlite_engine: Any) -> None:
    settings = settings.model_copy(update={"on_disconnect": "continue"})
    async with talking(settings, SQLAlchemyStore(sqlite_engine)) as talk:
        answers = [(await talk.begin(f"Number {number}"))[1] for number in range(20)]
        await patiently(lambda: talk.runner.figures.unwritten == 0)
        before = talk.runner.figures.log
        flushes, frames = before.flushes, before.frames
        for answer in answers:
            answer.say("two ", "three ")
        await patiently(lambda: talk.runner.figures.log.frames == frames + 40)
        assert talk.runner.figures.log.flushes - flushes <= 2
        for answer in answers:
            answer.finish()


# The database goes away.


@pytest.fixture
def database_url(spare_server: Server) -> Iterator[str]:
    with new_database(spare_server.url) as url:
        yield url
        spare_server.start()  # a test that failed may have left it stopped


@asynccontextmanager
async def talking_to(database_url: str, settings: Settings, **changed: object) -> AsyncIterator[Talk]:
    store: SQLAlchemyStore[Any] = SQLAlchemyStore(create_engine(database_url), owns_engine=True)
    await migrate(store.engine)
    settings = settings.model_copy(update={"on_disconnect": "continue", **changed})
    try:
        async with talking(settings, store) as talk:
            yield talk
    finally:
        await store.aclose()


@pytest.fixture
async def talk(settings: Settings, database_url: str) -> AsyncIterator[Talk]:
    async with talking_to(database_url, settings) as talk:
        yield talk


async def test_readers_notice_nothing_of_a_database_that_is_away_for_a_while(
    talk: Talk, spare_server: Server
) -> None:
    async with talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        answer.say("One ")
        await stream.until("One ")
        spare_server.stop()
        for number in range(1000):
            answer.say(f"{number} ")
        await stream.until('"999 "')
        await patiently(lambda: talk.runner.figures.log.failures > 0)
        assert talk.runner.figures.unwritten >= 1000
        spare_server.start()
        answer.finish()
        await stream.rest()
        assert text_of(stream.events[-1]["item"]).endswith("998 999 ")
        again = await talk.http.get(f"/threads/{stream.thread_id}/stream?turn={stream.turn_id}")
        assert len(again.content.split(b"\n\n")) == len(stream.raw.split(b"\n\n"))


async def test_end_of_a_response_does_not_wait_for_the_database_for_ever(
    talk: Talk, spare_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "ENDING_SECONDS", 0.1)
    async with talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        answer.say("One ")
        await stream.until("One ")
        spare_server.stop()
        answer.do(lambda: None)
        await stream.rest()
        assert talk.runner.figures.unwritten > 0
        spare_server.start()
        await talk.idle()
    assert talk.runner.figures.unwritten == 0


async def test_turn_whose_end_cannot_be_written_is_let_go(
    talk: Talk, spare_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease runs out, and whoever finds it then ends it."""
    monkeypatch.setattr(keeper, "ENDING_SECONDS", 0.05)
    monkeypatch.setattr(keeper, "PATIENCE_SECONDS", 0.1)
    thread_id, answer = await talk.begin()
    spare_server.stop()
    answer.do(lambda: None)
    await talk.idle()
    spare_server.start()
    await talk.runner._keeper.renew()
    await patiently(lambda: not talk.runner._upkeep._errands)
    async with talk.saying(thread_id) as stream:
        new = await talk.server.answer_number(1)
        new.say("New.")
        new.finish()
        await stream.rest()
    assert texts_of(await talk.chat.items(thread_id))[-1] == "New."


async def test_strict_turn_waits_for_its_database_and_ends_with_an_error_when_that_stays_away(
    settings: Settings, database_url: str, spare_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "ENDING_SECONDS", 0.0)
    async with talking_to(database_url, settings, durability="strict") as talk, talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        answer.say("One ")
        await stream.until("One ")
        spare_server.stop()
        answer.say("two ")
        answer.do(lambda: None)
        await patiently(lambda: talk.runner.figures.log.failures > 1)
        monkeypatch.setattr(keeper, "PATIENCE_SECONDS", 0.0)
        await stream.rest()
        spare_server.start()
    assert b"two" not in stream.raw
    assert stream.events[-1]["type"] == "error"
    assert stream.events[-1]["allow_retry"] is True


async def test_turn_that_fills_the_memory_while_the_database_is_away_is_stopped(
    talk: Talk, spare_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "MOST_UNWRITTEN", 500)
    async with talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        answer.say("One ")
        await stream.until("One ")
        spare_server.stop()
        answer.say(*(f"{number} " for number in range(1000)))
        await asyncio.wait_for(answer.ended.wait(), 15)
        spare_server.start()
        await stream.rest()
    assert stream.events[-1]["type"] == "error"
    assert [item.type for item in await talk.stored(stream.thread_id)] == [
        "user_message",
        "assistant_message",
        "sdk_hidden_context",
    ]


async def test_new_reader_waits_in_the_log_for_a_database_that_is_away(
    talk: Talk, spare_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no longer in memory comes when the database is back."""
    monkeypatch.setattr(live, "PAUSE_SECONDS", 0.01)
    thread_id, answer = await talk.begin()
    count = 4 * live.WINDOW
    (run,) = talk.runner._runs.values()
    for number in range(0, count, 128):
        answer.say(*(f"{each} " for each in range(number, number + 128)))
        await patiently(lambda: run.live.written == run.live.count and not answer.waits)
    assert run.live.between(0) is None
    reading = await talk.runner.attach(await talk.runner.log.load(run.id, "alice"))
    spare_server.stop()
    first = asyncio.ensure_future(reading.read())
    await patiently(lambda: talk.runner.figures.log.failures >= 0)
    spare_server.start()
    frames = list(await asyncio.wait_for(first, 15))
    answer.finish()
    while some := await asyncio.wait_for(reading.read(), 15):
        frames += some
    reading.leave()
    assert len(frames) == count + 6
    assert texts_of(await talk.chat.items(thread_id))[-1].endswith(f" {count - 1} ")


async def test_slow_database_slows_no_delta(talk: Talk, spare_server: Server) -> None:
    """One that neither answers nor closes a connection."""
    async with talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        answer.say("One ")
        await stream.until("One ")
        with spare_server.frozen():
            for number in range(100):
                answer.say(f"{number} ")
                await stream.until(f'"{number} "')
        answer.finish()
        await stream.rest()
    assert text_of(stream.events[-1]["item"]).endswith(" 99 ")
