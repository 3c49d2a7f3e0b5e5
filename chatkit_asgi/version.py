"""The package's version, under the name that the published SDK has for it."""

from chatkit_asgi import __version__

__all__ = ["__version__"]
