"""The server that runs an agent, as the settings describe it. Loads the Agents SDK."""

from collections.abc import Mapping
from typing import Any

from chatkit_asgi.agents import (
    AgentServer,
    InputLimits,
    McpServer,
    Transcriber,
    create_agent,
    create_agent_server,
    create_provider,
    create_run_config,
    demo_agent,
    read_tool_options,
)
from chatkit_asgi.lifetime import Lifetime
from chatkit_asgi.loading import load
from chatkit_asgi.mcp_config import McpEntry, read_mcp
from chatkit_asgi.settings import Settings
from chatkit_asgi.store import AttachmentStore, Store

__all__ = ["create_agent_server_of"]


def create_agent_server_of(
    settings: Settings, store: Store[Any], attachments: AttachmentStore[Any], lifetime: Lifetime, agent: Any
) -> AgentServer[Any]:
    """The server, for as long as `lifetime` lasts. It runs `agent` where one is given."""
    server: AgentServer[Any] = create_agent_server(
        store,
        attachments,
        agent=agent if agent is not None else _agent(settings),
        model=settings.model,
        limits=InputLimits.of_model(settings.model_input, max_text=settings.model_max_text),
        models=settings.model_labels,
        history_items=settings.history_items,
        history_tokens=settings.history_tokens,
        tools=read_tool_options(settings.tools, load, model=settings.model),
        resolve_tag=load(settings.resolve_tag) if settings.resolve_tag else None,
        mcp=[McpServer(name, **each.arguments) for name, each in _mcp(settings).items()],
        vector_stores=settings.vector_stores,
        **(_of_model(settings) if settings.has_model else {}),
    )
    lifetime.starts(server.start)
    lifetime.closes(server.aclose)
    return server


def _agent(settings: Settings) -> Any:
    """What the operator names, else an agent with the model that they name, else the demo."""
    if settings.agent:
        return load(settings.agent)
    if settings.has_model:
        return create_agent(settings.instructions, model=settings.model)
    return demo_agent(delay=settings.demo_delay)


def _of_model(settings: Settings) -> dict[str, Any]:
    """What only a server with a real model has."""
    provider = create_provider(
        api_key=settings.openai_api_key.get_secret_value(),
        base_url=settings.openai_base_url,
        api=settings.model_api,
        model=settings.model,
        timeout=settings.model_timeout,
    )
    named = settings.transcribe_model
    return {
        "run_config": create_run_config(provider, retries=settings.model_retries, is_traced=settings.tracing),
        "remembers": settings.model_remembers,
        "title_model": settings.title_model,
        "hosted_tools": settings.hosted_tools,
        "transcriber": Transcriber(provider.client, named) if named else None,
    }


def _mcp(settings: Settings) -> Mapping[str, McpEntry]:
    return read_mcp(settings.mcp.get_secret_value())
