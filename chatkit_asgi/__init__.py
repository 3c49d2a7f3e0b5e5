"""A complete, self-hosted ChatKit backend.

``uvicorn chatkit_asgi:app`` runs it, configured by environment variables; `create_app` builds it from
Python. Importing the package itself loads neither a web framework nor a database.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from chatkit_asgi.application import create_app
    from chatkit_asgi.context import RequestContext
    from chatkit_asgi.settings import Settings

    app: Starlette

__version__ = "0.1.0"
__all__ = ["RequestContext", "Settings", "__version__", "app", "create_app"]

_HOMES = {
    "RequestContext": "chatkit_asgi.context",
    "Settings": "chatkit_asgi.settings",
    "create_app": "chatkit_asgi.application",
}


def __getattr__(name: str) -> Any:  # Any: the attribute decides
    """Load a public name, or build `app` from the environment, when it is first asked for (PEP 562)."""
    from importlib import import_module

    if name == "app":
        value = import_module("chatkit_asgi.application").app_from_environment()
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value
