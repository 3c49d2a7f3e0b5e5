"""Where log records go when the app runs by itself. A host application configures logging its own way."""

import logging

__all__ = ["configure"]


def configure(level: str) -> None:
    """Send the package's records to standard error, unless somebody has set that up already."""
    logging.getLogger("uvicorn.access").addFilter(_hide_tokens)
    logger = logging.getLogger("chatkit_asgi")
    logger.setLevel(level)
    if logger.handlers or logging.getLogger().handlers:
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger.addHandler(handler)
    logger.propagate = False


def _hide_tokens(record: logging.LogRecord) -> bool:
    """Signed links are passwords of a kind: uvicorn's own lines show their path without the query."""
    if isinstance(record.args, tuple):
        record.args = tuple(_without_token(value) for value in record.args)
    return True


def _without_token(value: object) -> object:
    return value.partition("?")[0] if isinstance(value, str) and "token=" in value else value
