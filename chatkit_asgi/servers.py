"""Builds the server that answers: an application's own, or one that runs an agent. Backends are given."""

from collections.abc import Callable
from inspect import signature
from typing import Any

from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.lifetime import Lifetime
from chatkit_asgi.loading import load
from chatkit_asgi.server import ChatKitServer
from chatkit_asgi.settings import Settings
from chatkit_asgi.store import AttachmentStore, Store

__all__ = ["create_server"]


def create_server(
    settings: Settings,
    store: Store[Any],
    attachments: AttachmentStore[Any],
    lifetime: Lifetime,
    *,
    agent: Any = None,
) -> ChatKitServer[Any]:
    """The server that the settings name, else one that runs `agent`, or the agent that they describe."""
    if agent is not None or not settings.server:
        # here and not above: the Agents SDK takes seconds to load, and a server of one's own may not need it
        from chatkit_asgi.agent_settings import create_agent_server_of

        return create_agent_server_of(settings, store, attachments, lifetime, agent)
    found = load(settings.server)
    server = found if isinstance(found, ChatKitServer) else _call(settings.server, found, store, attachments)
    if not isinstance(server, ChatKitServer):
        raise InvalidRequestError(f"CHATKIT_SERVER names {settings.server}, which is no ChatKitServer.")
    return server


def _call(path: str, factory: Callable[..., Any], *stores: Any) -> Any:
    """Raises InvalidRequestError when what the operator named takes no stores."""
    try:
        signature(factory).bind(*stores)
    except TypeError as exc:
        raise InvalidRequestError(
            f"CHATKIT_SERVER names {path}, which cannot be called with (store, attachment_store): {exc}."
        ) from exc
    return factory(*stores)
