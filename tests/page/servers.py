"""Servers for what the demo is too nice for: one for `CHATKIT_SERVER`, and one without our extras."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from chatkit_asgi.agents.demo import demo_agent
from chatkit_asgi.clock import utcnow
from chatkit_asgi.context import RequestContext
from chatkit_asgi.server import ChatKitServer, StreamingResult
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import (
    AssistantMessageContent,
    AssistantMessageContentPartTextDelta,
    AssistantMessageItem,
    ClientToolCallItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemUpdatedEvent,
    ThreadMetadata,
    ThreadStreamEvent,
    UserMessageItem,
)
from chatkit_asgi.web.playground import page_routes

__all__ = ["Caller", "brisk", "hasty", "plain_app"]

PAUSE = 0.05
"""Seconds between two words."""
Events = AsyncIterator[ThreadStreamEvent]


class Caller(ChatKitServer[Any]):  # Any: the context is whatever the app makes
    """Speaks for some seconds, ends in a call to the page, and repeats what that answers."""

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Any
    ) -> Events:
        if input_user_message is None:
            async for event in self._told(thread, "The page has answered.", context):
                yield event
            return
        async for event in self._told(thread, "word " * 60, context):
            yield event
        yield ThreadItemDoneEvent(item=self._call(thread, context))

    def _call(self, thread: ThreadMetadata, context: Any) -> ClientToolCallItem:
        return ClientToolCallItem(
            id=self.store.generate_item_id("tool_call", thread, context),
            thread_id=thread.id,
            created_at=utcnow(),
            call_id="call_1",
            name="where_am_i",
            arguments={},
        )

    async def _told(self, thread: ThreadMetadata, text: str, context: Any) -> Events:
        """A message that comes word by word."""
        item = AssistantMessageItem(
            id=self.store.generate_item_id("message", thread, context),
            thread_id=thread.id,
            created_at=utcnow(),
            content=[AssistantMessageContent(text="")],
        )
        yield ThreadItemAddedEvent(item=item)
        for word in text.split():
            update = AssistantMessageContentPartTextDelta(content_index=0, delta=f"{word} ")
            yield ThreadItemUpdatedEvent(item_id=item.id, update=update)
            await asyncio.sleep(PAUSE)
        whole = AssistantMessageContent(text=" ".join([*text.split(), ""]))
        yield ThreadItemDoneEvent(item=item.model_copy(update={"content": [whole]}))


def plain() -> Starlette:
    """The published surface and nothing else: no streams to be joined, nothing to cancel by."""
    server = Caller(MemoryStore())
    context = RequestContext(user_id="somebody")

    async def chatkit(request: Request) -> Response:
        result = await server.process(await request.body(), context)
        if isinstance(result, StreamingResult):
            return StreamingResponse(result, media_type="text/event-stream")
        return Response(result.json, media_type="application/json")

    return Starlette(routes=[*page_routes(), Route("/chatkit", chatkit, methods=["POST"])])


plain_app = plain()
hasty = demo_agent(delay=0)
"""The demo without its pauses."""
brisk = demo_agent(delay=0.002)
"""The demo with pauses that are just enough to tell its words apart."""
