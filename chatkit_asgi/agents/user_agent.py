"""The User-Agent by which calls to the model tell that they come from a ChatKit server."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from agents.models import chatcmpl_helpers, openai_responses
from agents.version import __version__ as agents_version

from chatkit_asgi import __version__
from chatkit_asgi.server import RESPONSE_SCOPES

__all__ = ["agents_sdk_user_agent_override"]

USER_AGENT = f"Agents/Python {agents_version} ChatKit/Python {__version__}"

_OVERRIDES: list[ContextVar[dict[str, str] | None]] = [
    # the SDK offers no public way; where it renames these, its own User-Agent goes out
    override
    for module, name in ((chatcmpl_helpers, "HEADERS_OVERRIDE"), (openai_responses, "_HEADERS_OVERRIDE"))
    if (override := getattr(module, name, None)) is not None
]


@contextmanager
def agents_sdk_user_agent_override() -> Iterator[None]:
    """Sets the User-Agent for runs that are started inside the block, which may hold a `yield`."""
    tokens: list[tuple[Any, Any]] = [
        (override, override.set({"User-Agent": USER_AGENT})) for override in _OVERRIDES
    ]
    try:
        yield
    finally:
        for override, token in tokens:
            # left in another context than entered, as when a stream is stepped in new tasks: nothing to undo
            with suppress(ValueError):
                override.reset(token)


RESPONSE_SCOPES.append(agents_sdk_user_agent_override)
