"""Calls to the model tell that they come from a ChatKit server, whichever server makes them."""

import asyncio
from collections.abc import AsyncIterator

from agents import Agent, Runner

from chatkit_asgi.agents import AgentContext, create_provider, create_run_config, stream_agent_response
from chatkit_asgi.agents.user_agent import _OVERRIDES, USER_AGENT
from chatkit_asgi.context import RequestContext
from chatkit_asgi.server import ChatKitServer, StreamingResult
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import ThreadMetadata, ThreadStreamEvent, UserMessageItem
from tests.model_api import ModelApi
from tests.server.client import message, start, stream


class ByHand(ChatKitServer[RequestContext]):
    """Runs the SDK itself, as applications do."""

    url = ""

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: RequestContext
    ) -> AsyncIterator[ThreadStreamEvent]:
        provider = create_provider(base_url=self.url, model="small")
        run = Runner.run_streamed(Agent(name="a"), "Hi", run_config=create_run_config(provider))
        agent_context = AgentContext(thread=thread, store=self.store, request_context=context)
        async for event in stream_agent_response(agent_context, run):
            yield event
        await provider.aclose()


async def test_any_server_that_runs_the_sdk_is_told_apart(model: ModelApi, context: RequestContext) -> None:
    server = ByHand(MemoryStore())
    server.url = model.url
    await stream(server, "threads.create", context, input=message())
    assert [asked.headers["user-agent"] for asked in model.requests] == [USER_AGENT]
    assert [override.get() for override in _OVERRIDES] == [None, None]


async def test_stream_that_is_stepped_in_a_task_for_each_event_ends_well(
    model: ModelApi, context: RequestContext
) -> None:
    """As wrappers do that send comments meanwhile: each step has a context of its own."""
    server = ByHand(MemoryStore())
    server.url = model.url
    result = await start(server, "threads.create", context, input=message())
    frames = []
    for _ in range(100):
        try:
            frames.append(await asyncio.create_task(step(result)))
        except StopAsyncIteration:
            break
    assert not [frame for frame in frames if b'"type":"error"' in frame]
    assert model.requests[0].headers["user-agent"] == USER_AGENT


async def step(result: StreamingResult) -> bytes:
    return await anext(result.json_events)
