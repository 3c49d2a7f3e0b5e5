"""A server whose `respond` is one function, one that runs an agent, and models that answer from a script."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from agents import Agent, Runner
from agents.testing import ScriptedModel, assistant_message, function_call

from chatkit_asgi.agents import (
    AgentContext,
    ResponseStreamConverter,
    ThreadItemConverter,
    stream_agent_response,
)
from chatkit_asgi.server import ChatKitServer
from chatkit_asgi.store import Store
from chatkit_asgi.types import ThreadMetadata, ThreadStreamEvent, UserMessageItem
from tests.seeds.stores import Context
from tests.server.client import Json, message, stream

__all__ = ["AgentChat", "Respond", "answer", "calling", "said", "saying"]

Respond = Callable[
    [ChatKitServer[Context], ThreadMetadata, UserMessageItem | None, Context],
    AsyncIterator[ThreadStreamEvent],
]
"""The body of an example's `respond`, its server in the first place."""


def answer(respond: Respond, store: Store[Any]) -> ChatKitServer[Context]:
    """A server with this `respond`."""

    class MyChatKitServer(ChatKitServer[Context]):
        async def respond(
            self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Context
        ) -> AsyncIterator[ThreadStreamEvent]:
            async for event in respond(self, thread, input_user_message, context):
                yield event

    return MyChatKitServer(store)


class AgentChat(ChatKitServer[Any]):
    """Answers with an agent that sees the thread's latest items, as in the quickstart."""

    def __init__(
        self, store: Store[Any], agent: Agent[Any], converter: ThreadItemConverter | None = None
    ) -> None:
        super().__init__(store=store)
        self.agent = agent
        self.converter = converter or ThreadItemConverter()

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Any
    ) -> AsyncIterator[ThreadStreamEvent]:
        items_page = await self.store.load_thread_items(
            thread.id, after=None, limit=20, order="asc", context=context
        )
        input_items = await self.converter.to_agent_input(items_page.data)
        agent_context = AgentContext(thread=thread, store=self.store, request_context=context)
        result = Runner.run_streamed(self.agent, input_items, context=agent_context)
        async for event in stream_agent_response(
            agent_context, result, converter=ResponseStreamConverter(partial_images=3)
        ):
            yield event


def saying(*texts: str) -> ScriptedModel:
    """A model that says one text a call."""
    return ScriptedModel([[assistant_message(text)] for text in texts])


def calling(name: str, text: str, **arguments: object) -> ScriptedModel:
    """A model that calls a tool and then says a text."""
    call = function_call(name, arguments, call_id="call_1", item_id="fc_1")
    return ScriptedModel([[call], [assistant_message(text)]])


async def said(server: ChatKitServer[Any], context: Any, text: str = "Hello", **fields: object) -> list[Json]:
    """What a server streams for the first message of a thread, from the answer on."""
    events = await stream(server, "threads.create", context, input=message(text, **fields))
    return events[3:]
