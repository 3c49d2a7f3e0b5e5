"""Python objects that settings name by their import path, ``module:attribute``."""

from difflib import get_close_matches
from importlib import import_module
from typing import Any

from chatkit_asgi.errors import InvalidRequestError

__all__ = ["load"]


def load(path: str) -> Any:
    """What ``module:attribute`` names. Raises InvalidRequestError when there is no such thing."""
    name, _, attribute = path.partition(":")
    try:
        found: Any = import_module(name)
    except ImportError as exc:
        raise InvalidRequestError(f"{path} cannot be loaded: {exc}. Is it importable from here?") from exc
    except Exception as exc:  # whatever the application's own code does
        raise InvalidRequestError(f"{path} cannot be loaded: {type(exc).__name__}: {exc}.") from exc
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise InvalidRequestError(f"{path} cannot be loaded: there is no {part}.{_hint(part, found)}")
        found = getattr(found, part)
    return found


def _hint(name: str, found: object) -> str:
    near = get_close_matches(name, dir(found), n=1)
    return f" Did you mean {near[0]}?" if near else ""
