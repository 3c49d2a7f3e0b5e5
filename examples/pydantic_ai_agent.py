"""A Pydantic AI agent that answers.

    CHATKIT_AGENT=examples.pydantic_ai_agent:answer uvicorn chatkit_asgi:app

pip install 'chatkit-asgi[examples]'. Without OPENAI_API_KEY a script answers, and says so.
"""

import os
from collections.abc import AsyncIterator
from typing import Any

from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, UserPromptPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from chatkit_asgi.agents import AnswerContext, ChatMessage

MODEL = f"openai:{os.environ.get('CHATKIT_MODEL', 'gpt-4.1-mini')}"


async def script(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
    yield "No model is configured, so a script answers for the agent. "
    yield f"It was told {len(messages)} messages. "
    yield "Set OPENAI_API_KEY for a real answer."


agent = Agent(
    MODEL if os.environ.get("OPENAI_API_KEY") else FunctionModel(stream_function=script),
    instructions="Answer briefly.",
)


async def answer(messages: list[ChatMessage], context: AnswerContext[Any]) -> AsyncIterator[str]:
    """The agent's words as they come."""
    history = [to_model_message(message) for message in messages[:-1]]
    async with agent.run_stream(messages[-1].text, message_history=history) as result:
        async for text in result.stream_text(delta=True, debounce_by=None):
            yield text


def to_model_message(message: ChatMessage) -> ModelMessage:
    if message.role == "assistant":
        return ModelResponse(parts=[TextPart(message.text)])
    return ModelRequest(parts=[UserPromptPart(message.text)])
