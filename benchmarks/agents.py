"""What `AgentServer` adds to the Agents SDK: per delta of an answer, and per turn of a long conversation."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from agents import Agent, Model, ModelResponse, Runner, Usage
from openai.types.responses import Response, ResponseCompletedEvent, ResponseCreatedEvent

from benchmarks.candidates import MOMENT, OURS
from benchmarks.measure import MICROSECONDS, Load, Result, Target, cpu_time
from benchmarks.model_server import serving_model
from benchmarks.runs import model_events
from benchmarks.turns import DELTAS, add_user_message
from chatkit_asgi.agents import AgentServer, create_provider
from chatkit_asgi.context import RequestContext
from chatkit_asgi.store import Store
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.store.sql import SQLAlchemyStore, create_engine, migrate
from chatkit_asgi.types import (
    ActiveStatus,
    AssistantMessageContent,
    AssistantMessageItem,
    InferenceOptions,
    ThreadMetadata,
    UserMessageItem,
    UserMessageTextContent,
)

__all__ = ["measure_long_threads", "measure_overhead"]

ALICE = RequestContext(user_id="alice")
TURNS = 20
"""In one round, of a conversation."""


def whole(events: Sequence[Any]) -> list[Any]:
    """The events of a message within those of its response."""
    response = Response(
        id="resp_1",
        created_at=0,
        model="m",
        object="response",
        output=[],
        parallel_tool_calls=True,
        tool_choice="auto",
        tools=[],
    )
    done = response.model_copy(update={"output": [events[-1].item]})
    return [
        ResponseCreatedEvent(type="response.created", response=response, sequence_number=0),
        *events,
        ResponseCompletedEvent(type="response.completed", response=done, sequence_number=0),
    ]


class Scripted(Model):
    """A model that is always ready with the same answer, and costs nothing."""

    def __init__(self, events: Sequence[Any]) -> None:
        self._events = whole(events)

    async def get_response(self, *arguments: Any, **options: Any) -> ModelResponse:
        return ModelResponse(output=[], usage=Usage(), response_id=None)

    async def stream_response(self, *arguments: Any, **options: Any) -> AsyncIterator[Any]:
        for event in self._events:
            yield event


async def measured(loads: dict[str, Load], rounds: int, count: int) -> dict[str, list[float]]:
    samples: dict[str, list[float]] = {name: [] for name in loads}
    for load in loads.values():
        await load()
    for _ in range(rounds):
        for name, load in loads.items():
            samples[name].append(await cpu_time(load) / count * MICROSECONDS)
    return samples


def measure_overhead(rounds: int) -> list[Result]:
    """An answer's delta through `AgentServer.process()`; beside it the SDK's `stream_events()`, drained.

    Once with a model behind HTTP, as models are, and once with one that is a list of events.
    """
    with serving_model(whole(model_events())) as url:
        wired = asyncio.run(_deltas(lambda: create_provider(base_url=url).get_model("m"), rounds))
    ready = asyncio.run(_deltas(lambda: Scripted(model_events()), rounds))
    return [
        Result("agents: delta, over the SDK alone", Target(over_bare=1.3), "µs", wired),
        Result("agents: the same, from a list", Target(), "µs", ready),
    ]


async def _deltas(make_model: Callable[[], Model], rounds: int) -> dict[str, list[float]]:
    store: MemoryStore[RequestContext] = MemoryStore()
    server = AgentServer(store, agent=Agent(name="Assistant", model=make_model()))
    await store.save_thread(thread(), ALICE)

    async def ours() -> bytes:
        result = await server.process(add_user_message("thr_1"), ALICE)
        frames = [frame async for frame in result]  # type: ignore[union-attr]  # it streams
        assert len(frames) > DELTAS
        return b""

    async def alone() -> bytes:
        result = Runner.run_streamed(server.agent, "Hello", run_config=server.run_config)
        assert len([event async for event in result.stream_events()]) > DELTAS
        return b""

    return await measured({OURS.name: ours, "bare": alone}, rounds, DELTAS)


def measure_long_threads(rounds: int) -> list[Result]:
    """A turn of a conversation of 10 000 items on SQLite; beside it one of 20."""

    async def run() -> dict[str, list[float]]:
        with tempfile.TemporaryDirectory() as folder:
            store: SQLAlchemyStore[RequestContext] = SQLAlchemyStore(
                create_engine(f"sqlite:///{Path(folder) / 'chat.sqlite3'}"), owns_engine=True
            )
            await migrate(store.engine)
            server = AgentServer(
                store,
                agent=Agent(name="A", model=Scripted(model_events()[:3] + model_events()[-2:])),
                history_items=20,
            )
            for count in (20, 10_000):
                await fill(store, thread(f"thr_{count}"), count)

            def load(thread_id: str) -> Load:
                async def turns() -> bytes:
                    for _ in range(TURNS):
                        result = await server.process(add_user_message(thread_id), ALICE)
                        async for _frame in result:  # type: ignore[union-attr]  # it streams
                            pass
                    return b""

                return turns

            samples = await measured({OURS.name: load("thr_10000"), "bare": load("thr_20")}, rounds, TURNS)
            await store.aclose()
            return samples

    return [Result("agents: turn of 10 000 items, over 20", Target(over_bare=1.1), "µs", asyncio.run(run()))]


def thread(id: str = "thr_1") -> ThreadMetadata:
    return ThreadMetadata(id=id, created_at=MOMENT, title="A title", status=ActiveStatus())


async def fill(store: Store[RequestContext], found: ThreadMetadata, count: int) -> None:
    await store.save_thread(found, ALICE)
    async with store.transaction():
        for number in range(count // 2):
            fields = {"thread_id": found.id, "created_at": MOMENT}
            text = f"What is {number}?"
            await store.add_thread_item(
                found.id,
                UserMessageItem.model_validate(
                    {
                        "id": f"u{number}",
                        "content": [UserMessageTextContent(text=text)],
                        "attachments": [],
                        "inference_options": InferenceOptions(),
                        **fields,
                    }
                ),
                ALICE,
            )
            said = AssistantMessageContent(text=f"{number} is a number.")
            item = AssistantMessageItem.model_validate({"id": f"a{number}", "content": [said], **fields})
            await store.add_thread_item(found.id, item, ALICE)
