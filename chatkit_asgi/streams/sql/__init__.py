"""The turn log on SQLite and PostgreSQL, beside a store in the same database."""

from chatkit_asgi.streams.sql.log import SQLTurnLog

__all__ = ["SQLTurnLog"]
