"""A LangGraph graph that answers.

    CHATKIT_AGENT=examples.langgraph_agent:answer uvicorn chatkit_asgi:app

pip install 'chatkit-asgi[examples]' langchain-openai. Without OPENAI_API_KEY a script answers, and says so.
"""

import os
from collections.abc import AsyncIterator
from typing import Any

from langchain_core.language_models import BaseChatModel, FakeListChatModel
from langgraph.graph import END, START, MessagesState, StateGraph

from chatkit_asgi.agents import AnswerContext, ChatMessage

SCRIPT = "No model is configured, so a script answers for the graph. Set OPENAI_API_KEY for a real answer."


def choose_model() -> BaseChatModel:
    if not os.environ.get("OPENAI_API_KEY"):
        return FakeListChatModel(responses=[SCRIPT])
    from langchain_openai import ChatOpenAI  # a package of its own, for this provider

    model: BaseChatModel = ChatOpenAI(model=os.environ.get("CHATKIT_MODEL", "gpt-4.1-mini"))
    return model


model = choose_model()


async def reply(state: MessagesState) -> dict[str, Any]:
    return {"messages": [await model.ainvoke(state["messages"])]}


builder = StateGraph(MessagesState)
builder.add_node("reply", reply)
builder.add_edge(START, "reply")
builder.add_edge("reply", END)
graph = builder.compile()


async def answer(messages: list[ChatMessage], context: AnswerContext[Any]) -> AsyncIterator[str]:
    """The graph's words as they come."""
    history: Any = {"messages": [(message.role, message.text) for message in messages]}
    part: Any  # what the stream mode makes of it: a message chunk, and where it comes from
    async for part in graph.astream(history, stream_mode="messages"):
        yield part[0].text
