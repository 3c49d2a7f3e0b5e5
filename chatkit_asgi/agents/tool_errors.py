"""What tools raise, told to the model: it may try another way, and the turn goes on."""

import copy
import inspect
import logging
from dataclasses import replace
from functools import wraps
from typing import Any

from agents import (
    Agent,
    AgentsException,
    FunctionTool,
    ModelBehaviorError,
    RunConfig,
    ToolErrorFormatterArgs,
)
from agents.tool import Tool
from agents.tool_context import ToolContext

from chatkit_asgi.errors import BaseStreamError, ChatKitError

__all__ = ["telling_tool_errors", "with_forgiven_tools"]

logger = logging.getLogger(__name__)


def telling_tool_errors(config: RunConfig) -> RunConfig:
    """The run's settings, by which the model learns why a call failed, or that there is no such tool.

    What an exception says may be meant for nobody but the operator: only of calls that do not fit, and of
    errors whose text is fit for users, more than their kind is told.
    """
    formatter = config.tool_error_formatter or _format
    return replace(config, tool_not_found_behavior="return_error_to_model", tool_error_formatter=formatter)


def with_forgiven_tools(agent: Agent[Any]) -> Agent[Any]:
    """The agent with tools whose exceptions go to the model, but for those that are meant to end the turn.

    Tools made by the SDK's `function_tool` see to that themselves, and are left as they are.
    """
    tools = [_forgiven(tool) for tool in agent.tools]
    is_same = all(new is old for new, old in zip(tools, agent.tools, strict=True))
    return agent if is_same else agent.clone(tools=tools)


def _forgiven(tool: Tool) -> Tool:
    if not isinstance(tool, FunctionTool) or not inspect.isroutine(tool.on_invoke_tool):
        return tool
    invoke = tool.on_invoke_tool

    @wraps(invoke)  # the SDK reads from the annotations which context it wants
    async def invoked(context: ToolContext[Any], arguments: str) -> Any:
        try:
            return await invoke(context, arguments)
        except (BaseStreamError, AgentsException):
            raise
        except Exception as exc:  # the application's own code
            logger.exception("the tool %s failed", tool.name)
            return _told(tool.name, exc)

    forgiven = copy.copy(tool)
    forgiven.on_invoke_tool = invoked
    return forgiven


def _format(failure: ToolErrorFormatterArgs[Any]) -> str | None:
    """None: as the SDK puts it."""
    return None if failure.error is None else _told(failure.tool_name, failure.error)


def _told(tool: str, exc: Exception) -> str:
    if isinstance(exc, ModelBehaviorError | ChatKitError):
        return f"The tool {tool} failed. {exc}"
    return f"The tool {tool} failed ({type(exc).__name__}). Try another way, or tell the user that it failed."
