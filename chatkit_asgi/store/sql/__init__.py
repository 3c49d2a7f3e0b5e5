"""The store on SQLite and PostgreSQL."""

from chatkit_asgi.store.sql.database import Database
from chatkit_asgi.store.sql.engine import create_engine
from chatkit_asgi.store.sql.migrate import difference, is_current, migrate, migration_sql
from chatkit_asgi.store.sql.models import Tables
from chatkit_asgi.store.sql.store import PostgresStore, SQLAlchemyStore, SQLiteStore

__all__ = [
    "Database",
    "PostgresStore",
    "SQLAlchemyStore",
    "SQLiteStore",
    "Tables",
    "create_engine",
    "difference",
    "is_current",
    "migrate",
    "migration_sql",
]
