"""The demo agent: the demo model with the tools that it calls."""

import asyncio
import json
from typing import Any

from agents import Agent, FunctionTool, StopAtTools
from agents.tool_context import ToolContext

from chatkit_asgi.agents.context import AgentContext
from chatkit_asgi.agents.demo.model import DEFAULT_DELAY, DemoModel
from chatkit_asgi.agents.demo.tools import ENDING_TOOLS, TOOLS, DemoTool

__all__ = ["demo_agent", "is_demo"]

SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}


def demo_agent(*, delay: float = DEFAULT_DELAY) -> Agent[AgentContext[Any]]:
    """An agent that answers offline; `delay` is the pause between two words, in seconds."""
    return Agent(
        name="demo",
        model=DemoModel(delay=delay),
        tools=[_tool(name, tool, delay) for name, tool in TOOLS.items()],
        tool_use_behavior=StopAtTools(stop_at_tool_names=list(ENDING_TOOLS)),
    )


def is_demo(agent: Agent[Any]) -> bool:
    """Whether the demo model answers for the agent."""
    return isinstance(agent.model, DemoModel)


def _tool(name: str, tool: DemoTool, delay: float) -> FunctionTool:
    async def pause(pace: float) -> None:
        if delay:
            await asyncio.sleep(delay * pace)

    async def invoke(context: ToolContext[AgentContext[Any]], arguments: str) -> str:
        return await tool(context.context, str(json.loads(arguments)["text"]), pause)

    return FunctionTool(
        name=name,
        description=f"Shows what the word /{name.replace('_', '-')} stands for.",
        params_json_schema=SCHEMA,
        on_invoke_tool=invoke,
    )
