"""How answers are made: in one task and one context, in bounded time and memory, whatever the model does."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest
from agents import Agent, RunContextWrapper, function_tool
from sqlalchemy.ext.asyncio import AsyncEngine

from chatkit_asgi import RequestContext, Settings
from chatkit_asgi.agents import AgentContext, AgentServer, create_provider, create_run_config
from chatkit_asgi.agents.merge import LIMIT
from chatkit_asgi.agents.models import ModelApi as Api
from chatkit_asgi.errors import CustomStreamError
from chatkit_asgi.server.turn import FAILED_NOTE
from chatkit_asgi.store import Store
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.store.sql import SQLAlchemyStore
from chatkit_asgi.types import ThreadMetadata, ThreadStreamEvent, UserMessageItem
from tests.model_api import Break, Call, ModelApi, Say, model_api
from tests.store.conftest import migrated_sqlite, sqlite_engine
from tests.web.turns import BOUND, Puppet, Talk, delta_of, patiently, talking, text_of, texts_of

__all__ = ["migrated_sqlite", "sqlite_engine"]

KEPT = ["user_message", "assistant_message", "sdk_hidden_context"]
WHO: ContextVar[str] = ContextVar("who", default="nobody")


@pytest.fixture
async def talk(settings: Settings) -> AsyncIterator[Talk]:
    """Turns go on without readers."""
    async with talking(settings.model_copy(update={"on_disconnect": "continue"}), MemoryStore()) as talk:
        yield talk


class Remembering(Puppet):
    """Sets a variable when an answer begins; reads it before each event, and resets it at the end."""

    def __init__(self) -> None:
        super().__init__(MemoryStore())
        self.read: list[str] = []

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Any
    ) -> AsyncIterator[ThreadStreamEvent]:
        token = WHO.set(context.user_id)
        try:
            async for event in super().respond(thread, input_user_message, context):
                self.read.append(WHO.get())
                yield event
        finally:
            self.read.append(WHO.get())
            WHO.reset(token)  # raises in another context than that of `set`


async def test_answer_has_one_context_whoever_reads_it(settings: Settings) -> None:
    server = Remembering()
    async with talking(settings, server.store, server=server) as talk, talk.creating() as stream:
        answer = await server.answer_number(0)
        await stream.until("options")
        async with talk.joining(stream.thread_id):
            for word in ("One ", "two."):
                answer.say(word)
                await stream.until(word)
        answer.finish()
        await stream.rest()
    assert set(server.read) == {"alice"}
    assert stream.events[-1]["type"] == "thread.item.done"


async def test_stopped_answer_ends_in_its_own_context_too(settings: Settings) -> None:
    server = Remembering()
    async with talking(settings, server.store, server=server) as talk:
        thread_id, _ = await talk.begin()
        await talk.idle()
        assert [item.type for item in await talk.stored(thread_id)] == KEPT
    assert set(server.read) == {"alice"}


async def test_silent_answer_with_comments_between_ends_well(settings: Settings) -> None:
    settings = settings.model_copy(update={"heartbeat": 0.01})
    server = Remembering()
    async with talking(settings, server.store, server=server) as talk, talk.creating() as stream:
        answer = await server.answer_number(0)
        await stream.until(": \n\n: \n\n")
        answer.say("One.")
        answer.finish()
        await stream.rest()
    assert [event["type"] for event in stream.events if event["type"] == "error"] == []
    assert set(server.read) == {"alice"}


async def test_answer_that_takes_too_long_is_kept_as_far_as_it_went(settings: Settings) -> None:
    settings = settings.model_copy(update={"turn_timeout": 0.2})
    async with talking(settings, MemoryStore()) as talk, talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        answer.say("One ")
        await stream.rest()
        turn = await talk.runner.log.load(stream.turn_id, "alice")
        items = await talk.stored(stream.thread_id)
    assert stream.events[-1]["type"] == "error"
    assert stream.events[-1]["allow_retry"] is True
    assert "too long" in stream.events[-1]["message"]
    assert turn.status == "failed"
    assert [item.type for item in items] == KEPT


async def test_turn_that_ended_has_its_status(talk: Talk) -> None:
    statuses: list[str] = []
    for ending in ("done", "failed", "cancelled"):
        async with talk.creating(ending) as stream:
            answer = await talk.server.answer_number(len(statuses))
            answer.say("One ")
            await stream.until("One ")
            if ending == "done":
                answer.finish()
            elif ending == "failed":
                answer.fail(CustomStreamError("Out of paper."))
            else:
                await talk.cancel(stream.thread_id)
            await stream.rest()
        statuses.append((await talk.runner.log.load(stream.turn_id, "alice")).status)
    assert statuses == ["done", "failed", "cancelled"]


async def test_update_of_an_item_that_was_never_added_is_an_error_and_no_hang(talk: Talk) -> None:
    async with talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        answer.send(delta_of("msg_unknown", "?"))
        answer.finish()
        await stream.rest()
    assert stream.events[-1]["type"] in ("thread.item.done", "error")


# With an agent, and a model behind a socket.


@function_tool
async def flood(context: RunContextWrapper[AgentContext[RequestContext]], count: int) -> str:
    """Report so many times."""
    for number in range(count):
        await context.context.stream_progress(f"Step {number}")
    return "Reported."


@function_tool
async def flood_and_leave(context: RunContextWrapper[AgentContext[RequestContext]]) -> str:
    """Go on reporting when the answer is over."""

    async def report() -> None:
        for number in range(2 * LIMIT):
            await context.context.stream_progress(f"Step {number}")
            if number == 0:
                begun.set()

    begun = asyncio.Event()
    LEFT.append(asyncio.create_task(report()))
    await begun.wait()
    return "Begun."


LEFT: list[asyncio.Task[None]] = []


@pytest.fixture
async def model() -> AsyncIterator[ModelApi]:
    async with model_api() as api:
        yield api


@asynccontextmanager
async def talking_to(model: ModelApi, tmp_path: Path, api: Api = "responses") -> AsyncIterator[Talk]:
    provider = create_provider(base_url=model.url, api=api, model="small")
    agent = Agent(name="assistant", tools=[flood, flood_and_leave])
    server: Any = AgentServer(MemoryStore(), agent=agent, run_config=create_run_config(provider))
    settings = Settings.model_validate({"data_dir": tmp_path, "on_disconnect": "continue"})
    async with talking(settings, server.store, server=server) as talk:
        yield talk
    await server.aclose()


async def test_model_that_fails_in_mid_answer_is_told_so_in_the_next_turn(
    model: ModelApi, tmp_path: Path
) -> None:
    model.reply(Say("Let me count."), Call("flood", {"count": 1}))
    model.fail(500, "The model has lost its mind.")
    model.reply(Say("Sorry."))
    async with talking_to(model, tmp_path) as talk:
        events = await talk.chat.create("How many?")
        thread_id = events[0]["thread"]["id"]
        assert events[-1]["type"] == "error"
        assert "mind" not in str(events)
        await talk.chat.say(thread_id, "Well?")
        assert texts_of(await talk.chat.items(thread_id)) == ["How many?", "Let me count.", "Well?", "Sorry."]


@pytest.mark.parametrize("api", ["responses", "chat_completions"])
async def test_text_of_a_broken_connection_is_kept_marked_and_told(
    model: ModelApi, tmp_path: Path, api: Api
) -> None:
    """What the user saw stays, and the model knows that it is not all."""
    model.reply(Break("Once upon a time"))
    model.reply(Say("Sorry."))
    async with talking_to(model, tmp_path, api) as talk:
        async with talk.creating("A story") as stream:
            await stream.rest()
        assert stream.events[-1]["type"] == "error"
        assert stream.events[-1]["allow_retry"] is True
        assert [item.type for item in await talk.stored(stream.thread_id)] == KEPT
        await talk.chat.say(stream.thread_id, "Well?")
        assert texts_of(await talk.chat.items(stream.thread_id)) == [
            "A story",
            "Once upon a time",
            "Well?",
            "Sorry.",
        ]
    told = str(model.requests[-1].input)
    assert told.index("Once upon a time") < told.index(FAILED_NOTE) < told.index("Well?")


async def test_tool_that_floods_waits_for_its_reader_and_nobody_hangs(
    model: ModelApi, tmp_path: Path
) -> None:
    model.reply(Call("flood", {"count": 5 * LIMIT}))
    model.reply(Say("Done."))
    async with talking_to(model, tmp_path) as talk:
        async with talk.creating("Go") as stream:
            await stream.until("Step 0")
        await talk.idle()  # without a reader, too
        async with talk.joining(stream.thread_id, f"?turn={stream.turn_id}") as again:
            await again.rest()
    steps = [event["text"] for event in again.events if event["type"] == "progress_update"]
    assert steps == [f"Step {number}" for number in range(5 * LIMIT)]
    assert text_of(again.events[-1]["item"]) == "Done."


async def test_tool_that_goes_on_after_the_answer_does_not_hang(model: ModelApi, tmp_path: Path) -> None:
    model.reply(Call("flood_and_leave"))
    model.reply(Say("Done."))
    async with talking_to(model, tmp_path) as talk:
        events = await talk.chat.create("Go")
        await asyncio.wait(LEFT, timeout=BOUND)
    (left,) = LEFT
    LEFT.clear()
    assert left.done()
    left.exception()  # it may have been refused: nobody reads any more
    assert text_of(events[-1]["item"]) == "Done."


# What the operator sees.


async def test_metrics_tell_of_turns_readers_and_the_log(settings: Settings) -> None:
    settings = settings.model_copy(update={"metrics": True, "on_disconnect": "continue"})
    async with talking(settings, MemoryStore()) as talk:
        thread_id, answer = await talk.begin("First")
        _, other = await talk.begin("Second")
        async with talk.joining(thread_id), talk.joining(thread_id):
            await patiently(lambda: talk.runner.figures.unwritten == 0)
            figures = await figures_of(talk)
            ready = (await talk.http.get("/readyz")).json()
        answer.finish()
        other.finish()
        await talk.idle()
        rested = await figures_of(talk)
    assert (figures["chatkit_turns_live"], figures["chatkit_readers"]) == (2, 2)
    assert figures["chatkit_log_frames_total"] == 10
    assert figures["chatkit_log_flush_seconds_count"] >= 1
    assert figures["chatkit_log_unwritten_frames"] == figures["chatkit_leases_lost_total"] == 0
    assert ready["turns"] == {"live": 2, "readers": 2, "unwritten_frames": 0}
    assert set(ready["log"]) == {"last_flush_ms", "leases_lost"}
    assert (rested["chatkit_turns_live"], rested["chatkit_readers"]) == (0, 0)
    assert rested["chatkit_log_frames_total"] == 12


async def figures_of(talk: Talk) -> dict[str, float]:
    response = await talk.http.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in response.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.split() for line in lines)}


async def test_metrics_are_not_served_unless_wanted(talk: Talk) -> None:
    assert (await talk.http.get("/metrics")).status_code == 404


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_turn_of_a_thread_that_is_deleted_ends_quietly(
    settings: Settings, sqlite_engine: AsyncEngine, caplog: pytest.LogCaptureFixture, kind: str, goes_on: bool
) -> None:
    """Whether it finds that out by itself or not."""
    store: Store = MemoryStore() if kind == "memory" else SQLAlchemyStore(sqlite_engine)
    async with talking(settings, store) as talk, talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        answer.say("One ")
        await stream.until("One ")
        if goes_on:
            await store.delete_thread(stream.thread_id, RequestContext(user_id="alice"))
            answer.finish()
        else:
            await talk.chat.ask("threads.delete", thread_id=stream.thread_id)
        await stream.rest()
        assert answer.ended.is_set()
        await talk.idle()
        response = await talk.chat.post("threads.get_by_id", thread_id=stream.thread_id)
        assert response.status_code == 404
    error = {"code": "custom", "message": "This conversation was deleted.", "allow_retry": False}
    assert stream.events[-1] == {"type": "error", **error}
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
