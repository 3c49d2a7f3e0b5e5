"""One queue for a run and its tools: order, room, and what happens when either side stops early."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, cast

import pytest
from agents import RunResultStreaming

from chatkit_asgi.agents import AgentContext, stream_agent_response
from chatkit_asgi.agents.merge import LIMIT, LIMIT_UNREAD
from chatkit_asgi.context import RequestContext
from chatkit_asgi.types import ProgressUpdateEvent
from tests.agents.scripts import RunEvents, delta, item_added, message, run

Context = AgentContext[RequestContext]


async def everything(events: AsyncIterator[Any]) -> list[Any]:
    return [event async for event in events]


async def empty() -> RunEvents:
    return
    yield


class Endless:
    """A run that streams until it is cancelled."""

    def __init__(self) -> None:
        self.cancelled = False
        self.closed = asyncio.Event()

    async def stream_events(self) -> RunEvents:
        try:
            yield item_added(message())
            while not self.cancelled:
                yield delta("on and ")
                await asyncio.sleep(0)
        finally:
            self.closed.set()

    def cancel(self) -> None:
        self.cancelled = True


async def test_thousands_of_deltas_keep_their_order(agent_context: Context) -> None:
    async def script() -> RunEvents:
        for number in range(3 * LIMIT):
            yield delta(str(number))

    events = await everything(stream_agent_response(agent_context, run(script())))
    assert [event.update.delta for event in events] == [str(number) for number in range(3 * LIMIT)]


async def test_tools_wait_while_the_client_lags_behind(agent_context: Context) -> None:
    streamed = 0

    async def tool() -> None:
        nonlocal streamed
        for number in range(2 * LIMIT):
            await agent_context.stream_progress(str(number))
            streamed += 1

    async def script() -> RunEvents:
        await tool()
        yield delta("done")

    async with aclosing(cast(Any, stream_agent_response(agent_context, run(script())))) as events:
        await anext(events)
        for _ in range(10):
            await asyncio.sleep(0)
        assert streamed <= LIMIT + 1
        rest = await everything(events)
    assert [event.text for event in rest[:-1]] == [str(number) for number in range(1, 2 * LIMIT)]


async def test_what_is_streamed_before_the_run_comes_first(agent_context: Context) -> None:
    for number in range(2 * LIMIT):
        await agent_context.stream_progress(str(number))
    events = await everything(stream_agent_response(agent_context, run(empty())))
    assert len(events) == 2 * LIMIT


async def test_floods_that_nobody_reads_are_refused(agent_context: Context) -> None:
    for _ in range(LIMIT_UNREAD * LIMIT):
        await agent_context.stream_progress("unread")
    with pytest.raises(RuntimeError, match=r"10240 events wait .* stream_agent_response"):
        await agent_context.stream_progress("too much")
    events = await everything(stream_agent_response(agent_context, run(empty())))
    assert len(events) == LIMIT_UNREAD * LIMIT


async def test_an_event_after_the_end_is_logged_not_lost_silently(
    agent_context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    await everything(stream_agent_response(agent_context, run(empty())))
    with caplog.at_level(logging.WARNING):
        await agent_context.stream_progress("too late")
    assert "progress_update came after the end" in caplog.text


async def test_an_event_between_two_runs_of_a_context_comes_with_the_second(agent_context: Context) -> None:
    await everything(stream_agent_response(agent_context, run(empty())))
    await agent_context.stream_progress("between")
    (event,) = await everything(stream_agent_response(agent_context, run(empty())))
    assert event == ProgressUpdateEvent(text="between")


async def test_floods_after_the_end_are_refused(agent_context: Context) -> None:
    await everything(stream_agent_response(agent_context, run(empty())))
    for _ in range(LIMIT):
        await agent_context.stream_progress("too late")
    with pytest.raises(RuntimeError, match="has ended"):
        await agent_context.stream_progress("far too late")


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
async def test_closing_the_stream_stops_the_run_and_leaves_no_task(agent_context: Context) -> None:
    endless, before = Endless(), asyncio.all_tasks()
    stream = cast(Any, stream_agent_response(agent_context, cast(RunResultStreaming, endless)))
    await anext(stream)
    await stream.aclose()
    assert endless.cancelled
    assert endless.closed.is_set()
    assert asyncio.all_tasks() == before
    gc.collect()


async def test_cancelling_the_reader_stops_the_run_and_leaves_no_task(agent_context: Context) -> None:
    endless, before = Endless(), asyncio.all_tasks()
    stream = stream_agent_response(agent_context, cast(RunResultStreaming, endless))
    reading = asyncio.create_task(everything(stream))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert endless.cancelled
    assert asyncio.all_tasks() == before


async def test_a_tool_that_waits_for_room_goes_on_when_the_stream_is_closed(agent_context: Context) -> None:
    async def tool() -> None:
        for _ in range(LIMIT + 2):
            await agent_context.stream_progress("…")

    async def script() -> RunEvents:
        yield item_added(message())
        await asyncio.Event().wait()

    stream = cast(Any, stream_agent_response(agent_context, run(script())))
    await anext(stream)
    working = asyncio.create_task(tool())
    await asyncio.sleep(0)
    assert not working.done()
    await stream.aclose()
    await asyncio.wait_for(working, 5)


async def test_one_context_cannot_be_streamed_twice_at_once(agent_context: Context) -> None:
    endless = Endless()
    stream = cast(Any, stream_agent_response(agent_context, cast(RunResultStreaming, endless)))
    await anext(stream)
    with pytest.raises(RuntimeError, match="streamed already"):
        await everything(stream_agent_response(agent_context, run(empty())))
    await stream.aclose()
