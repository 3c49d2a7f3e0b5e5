"""The engine: `ChatKitServer` and what it answers with. Loads no web framework, database or model SDK."""

from typing import TYPE_CHECKING, Any

from chatkit_asgi.server.base import ChatKitServer, parse_request
from chatkit_asgi.server.handlers.threads import DEFAULT_PAGE_SIZE
from chatkit_asgi.server.widget_stream import diff_widget, stream_widget
from chatkit_asgi.server.wire import DEFAULT_ERROR_MESSAGE, FAILURE_FRAME, NonStreamingResult, StreamingResult

if TYPE_CHECKING:
    from chatkit_asgi.agents.user_agent import agents_sdk_user_agent_override

__all__ = [
    "DEFAULT_ERROR_MESSAGE",
    "DEFAULT_PAGE_SIZE",
    "FAILURE_FRAME",
    "ChatKitServer",
    "NonStreamingResult",
    "StreamingResult",
    "agents_sdk_user_agent_override",
    "diff_widget",
    "parse_request",
    "stream_widget",
]


def __getattr__(name: str) -> Any:  # Any: the attribute decides
    """Hand on the one name that users look for here but that belongs to the floor above (PEP 562)."""
    if name != "agents_sdk_user_agent_override":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return import_module("chatkit_asgi.agents.user_agent").agents_sdk_user_agent_override
