"""Turns that are stopped: by the user, by a reader who leaves, or not at all. And what is left of them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatkit_asgi import Settings, create_app
from chatkit_asgi.store import Store
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.store.sql import SQLAlchemyStore
from chatkit_asgi.types import ThreadItemAddedEvent
from tests.factories import make_widget_item, make_workflow_item
from tests.live import serving
from tests.model_api import Hold, ModelApi, Say, model_api
from tests.store.conftest import migrated_postgres, migrated_sqlite, postgres_engine, sqlite_engine
from tests.web.chat import Chat
from tests.web.turns import BOUND, Talk, patiently, runner_of, talking, texts_of

__all__ = ["migrated_postgres", "migrated_sqlite", "postgres_engine", "sqlite_engine"]

KEPT = ["user_message", "assistant_message", "sdk_hidden_context"]
"""What a thread holds whose only answer was stopped when some of it had been said."""


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    """Each kind of store, and with it each kind of log."""
    if request.param == "memory":
        return MemoryStore()
    return SQLAlchemyStore(request.getfixturevalue(f"{request.param}_engine"))


def talking_on(
    settings: Settings, store: Store, on_disconnect: str
) -> Any:  # Any: a context manager of a Talk
    return talking(settings.model_copy(update={"on_disconnect": on_disconnect}), store)


@pytest.fixture
async def talk(settings: Settings, store: Store) -> AsyncIterator[Talk]:
    """Turns go on without readers."""
    async with talking_on(settings, store, "continue") as talk:
        yield talk


async def types_of(talk: Talk, thread_id: str) -> list[str]:
    return [item.type for item in await talk.stored(thread_id)]


# Stopped by the user.


async def test_stop_keeps_what_was_said_and_tells_the_model(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    async with talk.joining(thread_id) as stream:
        await stream.until("One ")
        response = await talk.cancel(thread_id)
        assert answer.ended.is_set()
        await stream.rest()
    assert (response.status_code, response.json()) == (
        200,
        {"status": "cancelled", "turn_id": stream.turn_id},
    )
    assert response.headers["cache-control"] == "no-store"
    assert await types_of(talk, thread_id) == KEPT
    assert texts_of(await talk.chat.items(thread_id)) == ["Hello", "One "]
    assert "error" not in {event["type"] for event in stream.events}


async def test_stop_keeps_all_that_was_shown(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    answer.send(ThreadItemAddedEvent(item=make_widget_item(thread_id=thread_id)))
    answer.send(ThreadItemAddedEvent(item=make_workflow_item(thread_id=thread_id)))
    async with talk.joining(thread_id) as stream:
        await stream.until("wf_1")
        await talk.cancel(thread_id)
    kept = await types_of(talk, thread_id)
    assert sorted(kept) == sorted([*KEPT, "widget", "workflow"])


async def test_thread_takes_the_next_message_right_after_a_stop(talk: Talk) -> None:
    thread_id, _ = await talk.begin()
    await talk.cancel(thread_id)
    async with talk.saying(thread_id) as stream:
        answer = await talk.server.answer_number(1)
        answer.say("New.")
        answer.finish()
        await stream.rest()
    assert texts_of(await talk.chat.items(thread_id)) == ["Hello", "One ", "And then?", "New."]


async def test_there_is_nothing_to_stop_in_a_thread_at_rest(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    answer.finish()
    await talk.idle()
    for _ in range(2):
        response = await talk.cancel(thread_id)
        assert (response.status_code, response.json()) == (200, {"status": "idle"})


async def test_turns_of_others_cannot_be_stopped(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    mallory = talk.as_user("mallory")
    assert (await mallory.cancel(thread_id)).status_code == 404
    assert (await mallory.cancel("thr_none")).status_code == 404
    assert not answer.ended.is_set()
    await mallory.http.aclose()
    answer.finish()


async def test_turn_that_may_not_be_stopped_is_not(talk: Talk) -> None:
    talk.server.allow_cancel = False
    thread_id, answer = await talk.begin()
    response = await talk.cancel(thread_id)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "conflict")
    answer.say("two.")
    answer.finish()
    await talk.idle()
    assert texts_of(await talk.chat.items(thread_id)) == ["Hello", "One two."]


async def test_many_stops_at_once_are_one(talk: Talk) -> None:
    thread_id, _ = await talk.begin()
    responses = await asyncio.gather(*(talk.cancel(thread_id) for _ in range(10)))
    assert {response.status_code for response in responses} == {200}
    assert await types_of(talk, thread_id) == KEPT


# Left by its readers.


async def test_turn_that_nobody_reads_is_stopped(settings: Settings, store: Store) -> None:
    async with talking_on(settings, store, "cancel") as talk:
        thread_id, answer = await talk.begin()
        await asyncio.wait_for(answer.ended.wait(), BOUND)
        await talk.idle()
        assert await types_of(talk, thread_id) == KEPT


async def test_turn_goes_on_while_somebody_reads(settings: Settings, store: Store) -> None:
    async with talking_on(settings, store, "cancel") as talk, talk.creating() as first:
        answer = await talk.server.answer_number(0)
        answer.say("One ")
        await first.until("One ")
        async with talk.joining(first.thread_id) as second, talk.joining(first.thread_id) as third:
            await first.response.aclose()
            await talk.read_by(2)
            await second.response.aclose()
            await talk.read_by(1)
            answer.say("two.")
            answer.finish()
            await third.rest()
        assert texts_of(await talk.chat.items(first.thread_id)) == ["Hello", "One two."]


@pytest.mark.parametrize(
    ("on_disconnect", "allow_cancel", "headers"),
    [
        ("continue", True, {}),
        ("cancel", False, {}),
        ("cancel_after:0.01", False, {}),
        ("cancel", True, {"chatkit_resume": "1"}),
        ("cancel_after:0.01", True, {"chatkit_resume": "1"}),
    ],
)
async def test_turn_comes_to_its_end_without_readers_where_that_is_wanted(
    settings: Settings, store: Store, on_disconnect: str, allow_cancel: bool, headers: dict[str, str]
) -> None:
    async with talking_on(settings, store, on_disconnect) as talk:
        talk.server.allow_cancel = allow_cancel
        thread_id, answer = await talk.begin(**headers)
        await asyncio.sleep(0.05)  # what must not happen has had its time
        await talk.runner._keeper.renew()
        answer.say("two.")
        answer.finish()
        await talk.idle()
        assert texts_of(await talk.chat.items(thread_id)) == ["Hello", "One two."]


@pytest.mark.parametrize("header", ["0", "true", ""])
async def test_only_one_value_asks_for_a_turn_that_goes_on(settings: Settings, header: str) -> None:
    async with talking_on(settings, MemoryStore(), "cancel") as talk:
        _, answer = await talk.begin(chatkit_resume=header)
        await asyncio.wait_for(answer.ended.wait(), BOUND)


async def test_turn_waits_for_a_reader_to_come_back(settings: Settings, store: Store) -> None:
    async with talking_on(settings, store, "cancel_after:60") as talk:
        thread_id, answer = await talk.begin()
        async with talk.joining(thread_id) as stream:
            answer.say("two.")
            answer.finish()
            await stream.rest()
        assert texts_of(await talk.chat.items(thread_id)) == ["Hello", "One two."]


async def test_turn_does_not_wait_for_ever(settings: Settings, store: Store) -> None:
    async with talking_on(settings, store, "cancel_after:0.05") as talk:
        thread_id, answer = await talk.begin()
        await asyncio.wait_for(answer.ended.wait(), BOUND)
        await talk.idle()
        assert await types_of(talk, thread_id) == KEPT


async def test_reader_who_comes_back_in_time_stops_the_clock(settings: Settings, store: Store) -> None:
    async with talking_on(settings, store, "cancel_after:1") as talk:
        thread_id, answer = await talk.begin()
        async with talk.joining(thread_id) as stream:
            await stream.until("One ")
            await asyncio.sleep(1.2)  # longer than the turn may be without readers
            assert not answer.ended.is_set()
            answer.say("two ")
            await stream.until("two ")
        await asyncio.wait_for(answer.ended.wait(), BOUND)
        await talk.idle()
        assert texts_of(await talk.chat.items(thread_id)) == ["Hello", "One two "]


async def test_client_that_leaves_while_its_message_is_stored_finds_it(settings: Settings) -> None:
    """Accepted means durable, and then the turn is one that nobody reads."""
    store = SlowStore()
    async with talking_on(settings, store, "cancel") as talk:
        asking = asyncio.create_task(talk.chat.post("threads.create", input=Chat.message("Hello")))
        await asyncio.wait_for(store.storing.wait(), BOUND)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        store.go_on.set()
        await patiently(lambda: bool(talk.server.answers) or talk.runner.live == 0)
        await talk.idle()
        (thread,) = (await talk.chat.ask("threads.list"))["data"]
        assert texts_of(await talk.chat.items(thread["id"])) == ["Hello"]


class SlowStore(MemoryStore[Any]):
    """Says when it is asked to store an item, and waits for permission."""

    def __init__(self) -> None:
        super().__init__()
        self.storing, self.go_on = asyncio.Event(), asyncio.Event()

    async def add_thread_item(self, thread_id: str, item: Any, context: Any) -> None:
        self.storing.set()
        await self.go_on.wait()
        await super().add_thread_item(thread_id, item, context)


# Nothing is left over.


@pytest.fixture
async def model() -> AsyncIterator[ModelApi]:
    async with model_api() as api:
        yield api


@pytest.mark.parametrize("api", ["responses", "chat_completions"])
@pytest.mark.parametrize("how", ["stop", "leave", "timeout", "drain"])
async def test_stopping_hangs_up_on_the_model_and_leaves_nothing_behind(
    tmp_path: Path, model: ModelApi, api: str, how: str
) -> None:
    model.reply(Say("Warmed up."))
    model.reply(Hold("Once upon a time"))
    given = {"data_dir": tmp_path, "openai_base_url": model.url, "model": "small", "model_api": api}
    timeout = 1.0 if how == "timeout" else 0.0
    app = create_app(Settings.model_validate({**given, "turn_timeout": timeout, "auth": "none"}))
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=BOUND) as http:
        talk = Talk(http, None, runner_of(app), "local")  # type: ignore[arg-type]  # the model answers
        thread_id = (await Chat(http).create("Hello"))[0]["thread"]["id"]
        before = names_of_tasks()
        async with talk.saying(thread_id, "A story") as stream:
            await stream.until("time")
            if how == "stop":
                assert (await talk.cancel(thread_id)).status_code == 200
            elif how == "drain":
                talk.runner.drain(0)
            if how != "leave":
                await stream.rest()
        await asyncio.wait_for(model.disconnected.wait(), BOUND)
        await talk.idle()
        await patiently(lambda: names_of_tasks() <= before)
        texts = texts_of(await talk.chat.items(thread_id))
    assert texts == ["Hello", "Warmed up.", "A story", "Once upon a time"]


def names_of_tasks() -> set[str]:
    """The tasks of the app that now run, without those of sockets, clients and servers."""
    tasks = [task for task in asyncio.all_tasks() if not task.done()]
    return {
        f"{task.get_name()} {task.get_coro()}" for task in tasks if "chatkit_asgi" in str(task.get_coro())
    }


async def test_turns_that_ended_leave_no_task_behind(talk: Talk) -> None:
    _, first = await talk.begin("First")
    first.finish()
    await talk.idle()
    before = names_of_tasks()
    for number in range(1, 6):
        thread_id, answer = await talk.begin(f"Number {number}")
        async with talk.joining(thread_id):
            pass
        if number % 2:
            answer.finish()
        else:
            await talk.cancel(thread_id)
    await talk.idle()
    await patiently(lambda: names_of_tasks() <= before)
    assert talk.runner.figures.readers == 0


async def test_a_connection_of_the_database_is_never_left_out(
    settings: Settings, postgres_engine: Any
) -> None:
    store: Store = SQLAlchemyStore(postgres_engine)
    async with talking_on(settings, store, "cancel") as talk:
        for number in range(10):
            await talk.begin(f"Number {number}")
        await talk.idle()
        await patiently(lambda: postgres_engine.pool.checkedout() == 0)
