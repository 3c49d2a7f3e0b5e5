"""Where log records go when the app runs by itself. A host application configures logging its own way."""

import logging

__all__ = ["configure"]


def configure(level: str) -> None:
    """Send the package's records to standard error, unless somebody has set that up already."""
    logger = logging.getLogger("chatkit_asgi")
    logger.setLevel(level)
    if logger.handlers or logging.getLogger().handlers:
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger.addHandler(handler)
    logger.propagate = False
