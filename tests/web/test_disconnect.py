"""Clients that leave, over a real socket and a real server."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from chatkit_asgi import RequestContext, Settings, create_app
from chatkit_asgi.server import ChatKitServer
from chatkit_asgi.store import Store
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import (
    AssistantMessageContentPartTextDelta,
    ThreadItemAddedEvent,
    ThreadItemUpdatedEvent,
    ThreadMetadata,
    ThreadStreamEvent,
    UserMessageItem,
)
from tests.factories import make_assistant_message
from tests.live import serving
from tests.web.chat import Chat, Event


class Endless(ChatKitServer[object]):
    """Says a few words, then waits until it is stopped."""

    def __init__(self, store: Store[object]) -> None:
        super().__init__(store)
        self.stopped = asyncio.Event()

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: object
    ) -> AsyncIterator[ThreadStreamEvent]:
        item = make_assistant_message("", id="msg_1", thread_id=thread.id)
        try:
            yield ThreadItemAddedEvent(item=item)
            for word in ("This ", "was ", "said."):
                delta = AssistantMessageContentPartTextDelta(content_index=0, delta=word)
                yield ThreadItemUpdatedEvent(item_id=item.id, update=delta)
            await asyncio.Event().wait()
        finally:
            self.stopped.set()


async def read_until(http: httpx.AsyncClient, url: str, text: str) -> Event:
    """Stream an answer and hang up when `text` has arrived; gives the first event."""
    params = {"type": "threads.create", "params": {"input": Chat.message("talk to me")}}
    async with http.stream("POST", url, json=params) as response:
        body = ""
        async for part in response.aiter_text():
            body += part
            if text in body:
                break
    return dict(json.loads(body.partition("\n\n")[0].removeprefix("data: ")))


async def thread_after(chat: Chat, thread: str, count: int) -> list[Event]:
    """The thread's items as soon as there are `count` of them."""
    async with asyncio.timeout(10):
        while len(items := await chat.items(thread)) < count:  # noqa: ASYNC110 - asked over the socket
            await asyncio.sleep(0)
    return items


@pytest.fixture
def endless(settings: Settings) -> tuple[Starlette, Endless]:
    server = Endless(MemoryStore())
    return create_app(settings, server=server), server


async def test_who_leaves_in_mid_answer_finds_what_was_said(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"demo_delay": 0.01}))
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as http:
        created = await read_until(http, "/chatkit", "text_delta")
        items = await thread_after(Chat(http), created["thread"]["id"], 2)
    assert [item["type"] for item in items] == ["user_message", "assistant_message"]
    assert items[1]["content"][0]["text"]


async def test_leaving_stops_the_turn(endless: tuple[Starlette, Endless]) -> None:
    app, server = endless
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as http:
        created = await read_until(http, "/chatkit", "said.")
        await asyncio.wait_for(server.stopped.wait(), 10)
        items = await thread_after(Chat(http), created["thread"]["id"], 2)
    assert items[1]["content"][0]["text"] == "This was said."


async def test_leaving_is_noticed_behind_a_host_app_with_middleware(
    endless: tuple[Starlette, Endless],
) -> None:
    async def passing(request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)

    app, server = endless
    host = Starlette(
        routes=[Mount("/chat", app)],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=passing)],
    )
    async with serving(host) as url, httpx.AsyncClient(base_url=url) as http:
        await read_until(http, "/chat/chatkit", "said.")
        await asyncio.wait_for(server.stopped.wait(), 10)


async def test_shutdown_keeps_what_was_said(endless: tuple[Starlette, Endless]) -> None:
    app, server = endless
    async with httpx.AsyncClient() as http, serving(app, grace=0) as url:
        params = {"type": "threads.create", "params": {"input": Chat.message("talk")}}
        request = http.build_request("POST", f"{url}/chatkit", json=params)
        response = await http.send(request, stream=True)
        seen = ""
        async for part in response.aiter_text():
            seen += part
            if "said." in seen:
                break
    assert server.stopped.is_set()
    thread = json.loads(seen.partition("\n\n")[0].removeprefix("data: "))["thread"]["id"]
    context = RequestContext(user_id="local")
    page = await server.store.load_visible_items(thread, None, 10, "asc", context)
    assert [item.type for item in page.data] == ["user_message", "assistant_message"]


async def test_silent_stream_carries_comments(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"heartbeat": 0.01}), server=Endless(MemoryStore()))
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as http:
        await read_until(http, "/chatkit", 'said."}}\n\n: \n\n: \n\n')
