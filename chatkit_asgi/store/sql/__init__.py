"""The store on SQLite and PostgreSQL."""

from chatkit_asgi.store.sql.access import ERRORS, Rows, connected, translated
from chatkit_asgi.store.sql.database import Database
from chatkit_asgi.store.sql.engine import create_engine
from chatkit_asgi.store.sql.migrate import difference, is_current, migrate, migration_sql
from chatkit_asgi.store.sql.models import Tables, UTCDateTime
from chatkit_asgi.store.sql.store import PostgresStore, SQLAlchemyStore, SQLiteStore

__all__ = [
    "ERRORS",
    "Database",
    "PostgresStore",
    "Rows",
    "SQLAlchemyStore",
    "SQLiteStore",
    "Tables",
    "UTCDateTime",
    "connected",
    "create_engine",
    "difference",
    "is_current",
    "migrate",
    "migration_sql",
    "translated",
]
