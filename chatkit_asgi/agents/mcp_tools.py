"""The tools of MCP servers as an agent takes them: calls are shown, failures are told to the model."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from agents import FunctionTool, TResponseInputItem
from agents.tool import ToolOutputImage, ToolOutputText
from agents.tool_context import ToolContext
from mcp.types import CallToolResult, EmbeddedResource, ImageContent, TextContent, TextResourceContents, Tool

from chatkit_asgi.agents.context import AgentContext
from chatkit_asgi.agents.input import input_text, user_message
from chatkit_asgi.agents.mcp_servers import McpServer, Progress
from chatkit_asgi.agents.steps import Step
from chatkit_asgi.errors import BackendError
from chatkit_asgi.locale import translated, user_text
from chatkit_asgi.types import CustomTask

__all__ = ["McpServers"]

AWAY = "If their tools are needed, say that they are not available now; do not make up what they would give."
LONGEST_NAME = 64
LONGEST_RESULT = 100_000
"""Characters of one result that the model gets."""


class McpServers:
    """The servers of one app, and their tools as an agent takes them."""

    def __init__(self, servers: Iterable[McpServer] = ()) -> None:
        self.servers = tuple(servers)
        self._has_started = False

    async def start(self) -> None:
        """Connect to them all, and wait a little for those that take longer; none of them is needed."""
        if self._has_started:
            return
        self._has_started = True
        for server in self.servers:
            server.start()
        await asyncio.gather(*(server.settled() for server in self.servers))

    async def aclose(self) -> None:
        """Close them all; their processes end."""
        self._has_started = False
        await asyncio.gather(*(server.aclose() for server in self.servers))

    def tools(self) -> list[FunctionTool]:
        """The tools of those that are connected."""
        return [
            _function_tool(each, tool) for each in self.servers if each.is_connected for tool in each.tools
        ]

    def note(self) -> list[TResponseInputItem]:
        """What the model is told of those that are away; nothing where all are there."""
        missing = [server.name for server in self.servers if not server.is_connected]
        if not missing:
            return []
        told = f"These tool servers cannot be reached at the moment: {', '.join(missing)}. {AWAY}"
        return [user_message(input_text(f"Context for you, which the user does not see:\n{told}"))]


def _function_tool(server: McpServer, tool: Tool) -> FunctionTool:
    async def invoke(context: ToolContext[AgentContext[Any]], arguments: str) -> Any:
        return await _call(server, tool, context.context, arguments)

    return FunctionTool(
        name=_name(server.name, tool.name),
        description=tool.description or tool.title or tool.name,
        params_json_schema={"type": "object", "properties": {}, **tool.input_schema},
        on_invoke_tool=invoke,
        strict_json_schema=False,
    )


def _name(server: str, tool: str) -> str:
    """``files_read_file``: what models may call, and alike in no two servers."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", f"{server}_{tool}")[:LONGEST_NAME]


async def _call(server: McpServer, tool: Tool, context: AgentContext[Any], arguments: str) -> Any:
    """What the model gets of the tool; what went wrong is told, too. The call is shown as a step."""
    step = await Step.begin(context, CustomTask(title=_title(server, tool), icon="cube"))
    try:
        given = json.loads(arguments or "{}")
        if not isinstance(given, dict):
            raise BackendError("The arguments have to be a JSON object.")
        async with _shown_progress(step) as show:
            result = await server.call(tool.name, given, show)
    except (BackendError, json.JSONDecodeError) as exc:
        await _fail(step, context)
        return f"The call failed. {exc}"
    if result.is_error:
        await _fail(step, context)
        return f"The tool failed. {_text(result)}"
    await step.end()
    return _output(result)


async def _fail(step: Step, context: AgentContext[Any]) -> None:
    await step.end("none", content=translated(user_text("This step failed."), context.request_context))


def _title(server: McpServer, tool: Tool) -> str:
    annotated = tool.annotations.title if tool.annotations else None
    return f"{server.name}: {tool.title or annotated or tool.name}"


@asynccontextmanager
async def _shown_progress(step: Step) -> AsyncIterator[Progress]:
    """Takes progress without waiting for anybody: the newest is shown when the client has room for it.

    The server's other callers wait behind whoever takes its progress.
    """
    newest: list[str] = []
    told = asyncio.Event()

    async def take(progress: float, total: float | None, message: str | None) -> None:
        newest[:] = [_progress(progress, total, message)]
        told.set()

    async def show() -> None:
        while True:
            await told.wait()
            told.clear()
            await step.show(content=newest[0])

    showing = asyncio.create_task(show())
    try:
        yield take
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
    if told.is_set():  # it came together with the result
        await step.show(content=newest[0])


def _progress(progress: float, total: float | None, message: str | None) -> str:
    part = f"{progress / total:.0%}" if total else f"{progress:g}"
    return f"{message[:200]} ({part})" if message else part


def _output(result: CallToolResult) -> Any:
    """Text as such, images as the model takes them."""
    if not any(isinstance(part, ImageContent) for part in result.content):
        return _text(result)
    return [
        ToolOutputImage(image_url=f"data:{part.mime_type};base64,{part.data}")
        if isinstance(part, ImageContent)
        else ToolOutputText(text=_part(part)[:LONGEST_RESULT])
        for part in result.content
    ]


def _text(result: CallToolResult) -> str:
    text = "\n".join(_part(part) for part in result.content)
    if not text and result.structured_content is not None:
        text = json.dumps(result.structured_content, ensure_ascii=False)
    if len(text) <= LONGEST_RESULT:
        return text
    return f"{text[:LONGEST_RESULT]}\n(The result was cut here: it has {len(text)} characters.)"


def _part(part: object) -> str:
    match part:
        case TextContent(text=text):
            return text
        case EmbeddedResource(resource=TextResourceContents(text=text)):
            return text
    return f"({getattr(part, 'type', 'something')}, which cannot be shown to you)"
