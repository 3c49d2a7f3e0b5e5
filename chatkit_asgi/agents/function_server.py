"""FunctionServer: `AgentServer` around a plain function, for models and frameworks of any kind."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, cast

from agents import Agent

from chatkit_asgi.agents.agent_server import AgentServer
from chatkit_asgi.agents.functions import (
    AnswerContext,
    AnswerFunction,
    name_of,
    require_answer,
    stream_function_response,
)
from chatkit_asgi.agents.history import HistoryConverter
from chatkit_asgi.agents.messages import ChatMessage, to_messages
from chatkit_asgi.agents.models import with_model
from chatkit_asgi.agents.steps import end_steps
from chatkit_asgi.store import AttachmentStore, Store, TContext
from chatkit_asgi.types import ThreadItem, ThreadMetadata, ThreadStreamEvent

__all__ = ["FunctionServer", "create_agent_server"]


class FunctionServer(AgentServer[TContext]):
    """Answers with what a function gives; history, titles and files are as with an agent.

    `answer` takes the history as a list of `ChatMessage`s, oldest first, and an `AnswerContext`. It is an
    async generator function of text and events, a coroutine function that returns them, or either of these
    without `async`, which then runs in a thread; or an object that is called like one. Further `options` are
    `AgentServer`'s. Raises InvalidRequestError for what cannot be called so.
    """

    def __init__(
        self,
        store: Store[TContext],
        attachment_store: AttachmentStore[TContext] | None = None,
        *,
        answer: AnswerFunction,
        **options: Any,  # those of AgentServer
    ) -> None:
        self.function = require_answer(answer)
        super().__init__(store, attachment_store, agent=Agent(name=name_of(answer)), **options)

    async def to_messages(self, items: Sequence[ThreadItem], context: TContext) -> list[ChatMessage]:
        """The items as the function's messages. Override to tell it more, or less."""
        converter = self.converter or HistoryConverter(
            image_of=self._image_of, resolve_tag=lambda tag: self.resolve_tag(tag, context)
        )
        return await to_messages(items, converter, read=self._reader(context), image_of=self._image_of)

    async def _run(
        self, thread: ThreadMetadata, context: TContext, *, is_answer: bool = False
    ) -> AsyncIterator[ThreadStreamEvent]:
        messages = await self.to_messages(await self.load_history(thread, context), context)
        answer_context = AnswerContext(thread=thread, store=self.store, request_context=context)
        answer = stream_function_response(answer_context, self.function, messages)
        try:
            async with aclosing(cast(AsyncGenerator[ThreadStreamEvent, None], answer)) as events:
                async for event in events:
                    yield event
        except Exception:
            for event in end_steps(answer_context):
                yield event
            raise


def create_agent_server(
    store: Store[TContext],
    attachment_store: AttachmentStore[TContext] | None = None,
    *,
    agent: Agent[Any] | AnswerFunction,
    model: str,
    **options: Any,  # those of AgentServer
) -> AgentServer[TContext]:
    """The server for an agent, which uses `model` if it names none, or for a function that answers."""
    if isinstance(agent, Agent):
        return AgentServer(store, attachment_store, agent=with_model(agent, model), **options)
    return FunctionServer(store, attachment_store, answer=agent, **options)
