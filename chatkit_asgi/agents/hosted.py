"""Tools that the model's own server runs: web search, file search, programs, images; and how they are shown.

Each call is a step in a workflow, from when it begins; what it found is added when it ends.
"""

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from agents import (
    Agent,
    CodeInterpreterTool,
    FileSearchTool,
    FunctionTool,
    ImageGenerationTool,
    ModelSettings,
    RunResultStreaming,
    WebSearchTool,
)
from agents.tool import Tool

from chatkit_asgi.agents.context import AgentContext
from chatkit_asgi.agents.steps import Step
from chatkit_asgi.locale import translated, user_text
from chatkit_asgi.types import CustomTask, FileSource, FileTask, ImageTask, SearchTask, Task, URLSource

__all__ = ["HOSTED_TOOLS", "HostedTool", "shown_run", "with_hosted_tools"]

HostedTool = Literal["web_search", "file_search", "code_interpreter", "image_generation"]
HOSTED_TOOLS: tuple[str, ...] = get_args(HostedTool)

PARTIAL_IMAGES = 2
INCLUDED = {
    "web_search": "web_search_call.action.sources",
    "code_interpreter": "code_interpreter_call.outputs",
}
"""What the API leaves out unless it is asked for."""
MOST_SOURCES = 50
LONGEST_CODE = 4_000


def with_hosted_tools(
    agent: Agent[Any], names: Iterable[str], *, vector_stores: Sequence[str] = ()
) -> Agent[Any]:
    """The agent with these tools, which say what they find; `vector_stores` are searched for files."""
    own = {tool.name for tool in agent.tools}
    wanted = [name for name in names if name not in own]
    if not wanted:
        return agent
    included = [
        *(agent.model_settings.response_include or ()),
        *(INCLUDED[n] for n in wanted if n in INCLUDED),
    ]
    settings = agent.model_settings.resolve(ModelSettings(response_include=included or None))
    tools = [*agent.tools, *(_create(name, vector_stores) for name in wanted)]
    return agent.clone(tools=tools, model_settings=settings)


def shown_run(
    agent: Agent[Any], result: RunResultStreaming, context: AgentContext[Any]
) -> RunResultStreaming:
    """The run, which shows calls of hosted tools as it goes; itself where the agent has none."""
    own_tools_only = all(isinstance(tool, FunctionTool) for tool in agent.tools)
    if own_tools_only and not agent.handoffs and agent.prompt is None:
        return result
    shown: Any = _ShownRun(result, context)  # Any: stands in for the run
    run: RunResultStreaming = shown
    return run


class _ShownRun:
    """A run whose events are looked at on their way."""

    def __init__(self, result: RunResultStreaming, context: AgentContext[Any]) -> None:
        self._result = result
        self._calls = _Calls(context)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._result, name)

    async def stream_events(self) -> AsyncIterator[Any]:
        # a generator by nature, so that it can be closed
        events: Any = self._result.stream_events()
        async with aclosing(events):
            async for event in events:
                if event.type == "raw_response_event" and event.data.type in _WATCHED:
                    await self._calls.take(event.data)
                yield event


class _Calls:
    """The calls that are going on in one run, by their ids."""

    def __init__(self, context: AgentContext[Any]) -> None:
        self._context = context
        self._steps: dict[str, Step] = {}

    async def take(self, event: Any) -> None:  # Any: of a union of sixty
        match event.type:
            case "response.output_item.added":
                await self._begin(event.item)
            case "response.output_item.done":
                await self._end(event.item)
            case "response.code_interpreter_call_code.done":
                if step := self._steps.get(event.item_id):
                    await step.show(content=_code(event.code))

    async def _begin(self, call: Any) -> None:
        task = _task(call, self._context.request_context)
        if task is not None:
            self._steps[call.id] = await Step.begin(self._context, task)

    async def _end(self, call: Any) -> None:
        if call.id not in self._steps:  # some servers only tell of the end
            await self._begin(call)
        if (step := self._steps.pop(call.id, None)) is None:
            return
        failed = getattr(call, "status", None) in ("failed", "incomplete")
        found = _found(call, self._context.request_context)
        await step.end("none" if failed else "complete", **found)


_WATCHED = frozenset(
    {
        "response.output_item.added",
        "response.output_item.done",
        "response.code_interpreter_call_code.done",
    }
)


def _create(name: str, vector_stores: Sequence[str]) -> Tool:
    match name:
        case "web_search":
            return WebSearchTool()
        case "file_search":
            return FileSearchTool(vector_store_ids=list(vector_stores), include_search_results=True)
        case "code_interpreter":
            return CodeInterpreterTool(
                tool_config={"type": "code_interpreter", "container": {"type": "auto"}}
            )
        case "image_generation":
            return ImageGenerationTool(
                tool_config={"type": "image_generation", "partial_images": PARTIAL_IMAGES}
            )
    raise ValueError(f"{name} is none of {', '.join(HOSTED_TOOLS)}")


def _task(call: Any, context: object) -> Task | None:
    """How a call is shown when it begins; None for what is no call of a hosted tool."""
    match call.type:
        case "web_search_call":
            return SearchTask(title=translated(user_text("Web search"), context))
        case "file_search_call":
            return FileTask(title=translated(user_text("File search"), context))
        case "code_interpreter_call":
            return CustomTask(title=translated(user_text("Program"), context), icon="square-code")
        case "image_generation_call":
            return ImageTask(title=translated(user_text("Picture"), context))
        case "mcp_call":
            return CustomTask(title=f"{call.server_label}: {call.name}", icon="cube")
    return None


def _found(call: Any, context: object) -> Mapping[str, object]:
    """The fields of the task that the end of its call tells."""
    match call.type:
        case "web_search_call":
            return _searched(getattr(call, "action", None), context)
        case "file_search_call":
            return _read(call)
        case "code_interpreter_call":
            return {"content": _code(call.code, call.outputs)}
    return {}


def _searched(action: Any, context: object) -> Mapping[str, object]:
    match getattr(action, "type", None):
        case "search":
            query = getattr(action, "query", None)
            queries = getattr(action, "queries", None) or ([query] if query else [])
            urls = [source.url for source in getattr(action, "sources", None) or () if source.type == "url"]
            return {"title_query": query, "queries": list(queries), "sources": _pages(urls)}
        case "open_page" | "find_in_page":
            pattern = getattr(action, "pattern", None)
            return {
                "title": translated(user_text("Web page"), context),
                "queries": [pattern] if pattern else [],
                "sources": _pages([action.url] if getattr(action, "url", None) else []),
            }
    return {}


def _pages(urls: Iterable[str]) -> list[URLSource]:
    """Each page once, by the name of its host; nothing but what a browser may be led to."""
    pages = [url for url in dict.fromkeys(urls) if url.startswith(("https://", "http://"))]
    return [URLSource(url=url, title=_host(url)) for url in pages[:MOST_SOURCES]]


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or url).removeprefix("www.")
    except ValueError:
        return url


def _read(call: Any) -> Mapping[str, object]:
    names = dict.fromkeys(result.filename for result in call.results or () if result.filename)
    sources = [FileSource(filename=name, title=name) for name in names]
    queries = [query for query in call.queries or () if query]
    return {"sources": sources[:MOST_SOURCES], **({"title": queries[0]} if queries else {})}


def _code(code: str | None, outputs: Sequence[Any] | None = None) -> str | None:
    """The program and what it wrote, as Markdown."""
    logs = [output.logs for output in outputs or () if output.type == "logs" and output.logs]
    parts = [_fenced("python", code or ""), *(_fenced("", each) for each in logs)]
    return "\n".join(part for part in parts if part) or None


def _fenced(language: str, text: str) -> str:
    if not text:
        return ""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    shown = text if len(text) <= LONGEST_CODE else f"{text[:LONGEST_CODE]}\n…"
    return f"{fence}{language}\n{shown}\n{fence}"
