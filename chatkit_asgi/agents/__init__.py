"""The bridge to the Agents SDK: runs become streams of thread events, thread items become model input.

Importing it loads the SDK, which takes a second or two.
"""

from typing import TYPE_CHECKING, Any

from chatkit_asgi import types, widgets
from chatkit_asgi.agents.agent_server import AgentServer, ReadBlob
from chatkit_asgi.agents.attachments import Allowance, InputLimits
from chatkit_asgi.agents.composer import ToolOption, read_tool_options
from chatkit_asgi.agents.context import AgentContext, ClientToolCall
from chatkit_asgi.agents.demo import DemoModel, demo_agent
from chatkit_asgi.agents.dictation import Transcriber
from chatkit_asgi.agents.function_server import FunctionServer, create_agent_server
from chatkit_asgi.agents.functions import AnswerContext, AnswerFunction
from chatkit_asgi.agents.history import HistoryConverter
from chatkit_asgi.agents.input import ThreadItemConverter, simple_to_agent_input
from chatkit_asgi.agents.mcp_servers import McpServer
from chatkit_asgi.agents.messages import ChatMessage, MessageAttachment
from chatkit_asgi.agents.models import (
    ModelApi,
    OpenAIModels,
    create_agent,
    create_provider,
    create_run_config,
    with_model,
)
from chatkit_asgi.agents.output import ResponseStreamConverter
from chatkit_asgi.agents.response_events import StreamingThoughtTracker
from chatkit_asgi.agents.stream import TWidget, accumulate_text, stream_agent_response
from chatkit_asgi.agents.user_agent import agents_sdk_user_agent_override
from chatkit_asgi.server import stream_widget
from chatkit_asgi.store import Store, StoreItemType, TContext

__all__ = [
    "AgentContext",
    "AgentServer",
    "Allowance",
    "AnswerContext",
    "AnswerFunction",
    "ChatMessage",
    "ClientToolCall",
    "DemoModel",
    "FunctionServer",
    "HistoryConverter",
    "InputLimits",
    "McpServer",
    "MessageAttachment",
    "ModelApi",
    "OpenAIModels",
    "ReadBlob",
    "ResponseStreamConverter",
    "Store",
    "StoreItemType",
    "StreamingThoughtTracker",
    "TContext",
    "TWidget",
    "ThreadItemConverter",
    "ToolOption",
    "Transcriber",
    "accumulate_text",
    "agents_sdk_user_agent_override",
    "create_agent",
    "create_agent_server",
    "create_provider",
    "create_run_config",
    "demo_agent",
    "read_tool_options",
    "simple_to_agent_input",
    "stream_agent_response",
    "stream_widget",
    "with_model",
]

if not TYPE_CHECKING:  # or else a checker would take every name for one of ours

    def __getattr__(name: str) -> Any:  # Any: the attribute decides
        """Hand on the types and widgets that users of the published module find in it (PEP 562)."""
        for home in (types, widgets):
            if name in home.__all__:
                return getattr(home, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
