"""A tool that runs in the browser: the answer waits for what the page finds out.

    CHATKIT_AGENT=examples.client_tools:answer uvicorn chatkit_asgi:app

The page registers `get_local_time` (`onClientTool` in ChatKit.js) and returns {"time": …}. No model is needed
here; an agent calls such a tool by setting `context.client_tool_call` in a tool of its own.
"""

from collections.abc import AsyncIterator
from typing import Any

from chatkit_asgi.agents import AnswerContext, ChatMessage, ClientToolCall
from chatkit_asgi.types import ClientToolCallItem


async def answer(messages: list[ChatMessage], context: AnswerContext[Any]) -> AsyncIterator[str]:
    """Ask the page for the time; when it has answered, tell it."""
    newest = messages[-1].item
    if isinstance(newest, ClientToolCallItem):
        output = newest.output if isinstance(newest.output, dict) else {}
        yield f"Where you are it is {output.get('time', 'a time that the page does not tell')}."
    else:
        yield "Let me look at your clock."
        context.client_tool_call = ClientToolCall(name="get_local_time", arguments={})
