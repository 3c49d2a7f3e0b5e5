"""The store on SQLite and PostgreSQL."""

from chatkit_asgi.store.sql.engine import Database, create_engine
from chatkit_asgi.store.sql.migrate import is_current, migrate
from chatkit_asgi.store.sql.models import Tables
from chatkit_asgi.store.sql.store import PostgresStore, SQLAlchemyStore, SQLiteStore

__all__ = [
    "Database",
    "PostgresStore",
    "SQLAlchemyStore",
    "SQLiteStore",
    "Tables",
    "create_engine",
    "is_current",
    "migrate",
]
