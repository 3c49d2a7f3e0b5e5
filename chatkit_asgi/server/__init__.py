"""The engine: `ChatKitServer` and what it answers with. Loads no web framework, database or model SDK."""

from typing import TYPE_CHECKING, Any

from chatkit_asgi import types, widgets
from chatkit_asgi.actions import Action
from chatkit_asgi.errors import CustomStreamError, ErrorCode, StreamError
from chatkit_asgi.server.base import ChatKitServer, parse_request
from chatkit_asgi.server.handlers.threads import DEFAULT_PAGE_SIZE, search_threads
from chatkit_asgi.server.recovery import recover_turn, replay
from chatkit_asgi.server.turn import RESPONSE_SCOPES
from chatkit_asgi.server.widget_stream import diff_widget, stream_widget
from chatkit_asgi.server.wire import (
    DEFAULT_ERROR_MESSAGE,
    NonStreamingResult,
    StreamingResult,
    deleted_frame,
    failure_frame,
    timeout_frame,
)
from chatkit_asgi.store import AttachmentStore, Store, StoreItemType, TContext, default_generate_id

if TYPE_CHECKING:
    from chatkit_asgi.agents.user_agent import agents_sdk_user_agent_override

__all__ = [
    "DEFAULT_ERROR_MESSAGE",
    "DEFAULT_PAGE_SIZE",
    "RESPONSE_SCOPES",
    "Action",
    "AttachmentStore",
    "ChatKitServer",
    "CustomStreamError",
    "ErrorCode",
    "NonStreamingResult",
    "Store",
    "StoreItemType",
    "StreamError",
    "StreamingResult",
    "TContext",
    "agents_sdk_user_agent_override",
    "default_generate_id",
    "deleted_frame",
    "diff_widget",
    "failure_frame",
    "parse_request",
    "recover_turn",
    "replay",
    "search_threads",
    "stream_widget",
    "timeout_frame",
]

if not TYPE_CHECKING:  # or else a checker would take every name for one of ours

    def __getattr__(name: str) -> Any:  # Any: the attribute decides
        """Hand on what users of the published module find in it but that lives elsewhere (PEP 562).

        The types and widgets of a server's annotations; and one name of the floor above.
        """
        if name == "agents_sdk_user_agent_override":
            from importlib import import_module

            return import_module("chatkit_asgi.agents.user_agent").agents_sdk_user_agent_override
        for home in (types, widgets):
            if name in home.__all__:
                return getattr(home, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
