"""The logger above all of the package's own. Nothing here gives it a level or a handler."""

import logging

__all__ = ["logger"]

logger = logging.getLogger("chatkit_asgi")
