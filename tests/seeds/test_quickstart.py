"""The examples of the quickstart, and of how a server is mounted and given its context."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import pytest
from agents import Agent, Runner
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from chatkit_asgi.agents import AgentContext, simple_to_agent_input, stream_agent_response
from chatkit_asgi.server import ChatKitServer, NonStreamingResult, StreamingResult
from chatkit_asgi.store import Store
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import (
    AssistantMessageContent,
    AssistantMessageItem,
    ThreadItemDoneEvent,
    ThreadMetadata,
    ThreadStreamEvent,
    UserMessageItem,
)
from tests.seeds.answers import saying
from tests.seeds.stores import Context, MyChatKitStore
from tests.server.client import ask, message, stream


class MyChatKitServer(ChatKitServer[Any]):
    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Any
    ) -> AsyncIterator[ThreadStreamEvent]:
        yield ThreadItemDoneEvent(
            item=AssistantMessageItem(
                thread_id=thread.id,
                id=self.store.generate_item_id("message", thread, context),
                created_at=datetime.now(),  # noqa: DTZ005 - as in the example
                content=[AssistantMessageContent(text="Hello, world!")],
            )
        )


def mounted(server: ChatKitServer[Context], user_id: str) -> httpx.AsyncClient:
    """A client of an app that has the server behind its one endpoint."""

    async def chatkit(request: Request) -> Response:
        result = await server.process(await request.body(), context={"user_id": user_id})
        if isinstance(result, StreamingResult):
            return StreamingResponse(result, media_type="text/event-stream")
        assert isinstance(result, NonStreamingResult)
        return Response(content=result.json, media_type="application/json")

    app = Starlette(routes=[Route("/chatkit", chatkit, methods=["POST"])])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app")


async def test_server_is_mounted_behind_one_endpoint(store: MyChatKitStore) -> None:
    async with mounted(MyChatKitServer(store=store), "u_123") as client:
        created = await client.post(
            "/chatkit", json={"type": "threads.create", "params": {"input": message()}}
        )
        listed = await client.post("/chatkit", json={"type": "threads.list", "params": {}})
    assert created.headers["content-type"].startswith("text/event-stream")
    assert created.content.startswith(b'data: {"type":"thread.created"')
    assert b'"text":"Hello, world!"' in created.content
    assert listed.headers["content-type"] == "application/json"
    assert [thread["id"] for thread in listed.json()["data"]] == list(store.threads)


async def test_quickstart_store_keeps_the_conversation_in_order(
    store: MyChatKitStore, caller: Context
) -> None:
    server = MyChatKitServer(store=store)
    events = await stream(server, "threads.create", caller, input=message("one"))
    thread_id = events[0]["thread"]["id"]
    await stream(server, "threads.add_user_message", caller, thread_id=thread_id, input=message("two"))
    page = await ask(server, "items.list", caller, thread_id=thread_id, order="asc", limit=3)
    texts = [item["content"][0]["text"] for item in page["data"]]
    assert texts == ["one", "Hello, world!", "two"]
    rest = await ask(server, "items.list", caller, thread_id=thread_id, order="asc", after=page["after"])
    assert [item["content"][0]["text"] for item in rest["data"]] == ["Hello, world!"]
    await ask(server, "threads.delete", caller, thread_id=thread_id)
    assert (await ask(server, "threads.list", caller))["data"] == []


class Assistant(ChatKitServer[Context]):
    """Answers with an agent that sees the latest items."""

    def __init__(self, store: Store[Context], agent: Agent[AgentContext[Context]]) -> None:
        super().__init__(store)
        self.agent = agent

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        items_page = await self.store.load_thread_items(
            thread.id, after=None, limit=20, order="asc", context=context
        )
        input_items = await simple_to_agent_input(items_page.data)
        agent_context: AgentContext[Context] = AgentContext(
            thread=thread, store=self.store, request_context=context
        )
        result = Runner.run_streamed(self.agent, input_items, context=agent_context)
        async for event in stream_agent_response(agent_context, result):
            yield event


@pytest.mark.parametrize("make_store", [MyChatKitStore, MemoryStore])
async def test_agent_sees_the_conversation_so_far(make_store: Any, caller: Context) -> None:
    model = saying("Ada it is.", "Your name is Ada.")
    agent: Agent[AgentContext[Context]] = Agent(
        name="assistant", instructions="You are a helpful assistant.", model=model
    )
    server = Assistant(make_store(), agent)
    events = await stream(server, "threads.create", caller, input=message("I am Ada."))
    thread_id = events[0]["thread"]["id"]
    await stream(server, "threads.add_user_message", caller, thread_id=thread_id, input=message("Who am I?"))
    assert [item["role"] for item in model.calls[1].input] == ["user", "assistant", "user"]
    page = await ask(server, "items.list", caller, thread_id=thread_id)
    assert len({item["id"] for item in page["data"]}) == 4


@dataclass
class MyRequestContext:
    user_id: str


async def test_context_of_any_class_reaches_respond() -> None:
    seen: list[MyRequestContext] = []

    class Recording(MyChatKitServer):
        def respond(
            self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Any
        ) -> AsyncIterator[ThreadStreamEvent]:
            seen.append(context)
            return super().respond(thread, input_user_message, context)

    context = MyRequestContext(user_id="abc123")
    await stream(Recording(MemoryStore()), "threads.create", context, input=message())
    assert seen[0] is context
