"""Where log records go when the app runs by itself. A host application configures logging its own way."""

import logging
import re
from collections.abc import Iterable

from chatkit_asgi.context import request_id

__all__ = ["configure"]

SHORTEST = 6
"""A shorter secret may be a word of every line; it protects nothing, either."""
TALKATIVE = {"aiosqlite": logging.INFO, "openai": logging.INFO, "python_multipart": logging.ERROR}
"""Loggers that say too much: whole rows and requests, so what users said and signed links; and a line for
every body that is no form, so that whoever likes can fill the log."""


def configure(level: str, secrets: Iterable[str] = ()) -> None:
    """Send the package's records to standard error, unless somebody has set that up already.

    `secrets` are left out wherever they turn up: some servers repeat in an error which key they were given.
    """
    logging.getLogger("uvicorn.access").addFilter(_hide_tokens)
    for name, least in TALKATIVE.items():
        if logging.getLogger(name).level == logging.NOTSET:
            logging.getLogger(name).setLevel(least)
    logger = logging.getLogger("chatkit_asgi")
    logger.setLevel(level)
    if logger.handlers or logging.getLogger().handlers:
        return
    handler = logging.StreamHandler()
    handler.setFormatter(_Discreet(secrets))
    logger.addHandler(handler)
    logger.propagate = False


class _Discreet(logging.Formatter):
    """Writes a record, its traceback too, without the secrets, and with the request that it belongs to."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        longest_first = sorted({each for each in secrets if len(each) >= SHORTEST}, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - as in logging
        text, name = super().formatMessage(record), request_id.get()
        return f"{text} request_id={name}" if name and name not in text else text

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return self._secrets.sub("***", text) if self._secrets else text


def _hide_tokens(record: logging.LogRecord) -> bool:
    """Signed links are passwords of a kind: uvicorn's own lines show their path without the query."""
    if isinstance(record.args, tuple):
        record.args = tuple(_without_token(value) for value in record.args)
    return True


def _without_token(value: object) -> object:
    return value.partition("?")[0] if isinstance(value, str) and "token=" in value else value
