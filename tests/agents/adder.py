"""An agent with a tool, to be named in `CHATKIT_AGENT`."""

from agents import Agent, function_tool

__all__ = ["agent"]


@function_tool
def add(first: int, second: int) -> int:
    """Adds two numbers."""
    return first + second


agent = Agent(name="Adder", tools=[add])
