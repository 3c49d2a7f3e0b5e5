"""Engines with the right settings for each database. How they are used is said in `database.py`."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped]  # it has no annotations
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, PoolResetState

from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.store.sql.sqlite import SQLiteConnection

__all__ = ["DIRECT", "create_engine"]

DIRECT = "chatkit_direct"
"""Execution option of engines that are set up as we want them: statements may go straight to their driver."""

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgres": "postgresql+asyncpg", "postgresql": "postgresql+asyncpg"}

SQLITE_POOL: Mapping[str, Any] = {"pool_size": 8, "max_overflow": 0, "pool_use_lifo": True}
"""Each connection is a thread; those that were busy last have the warmest caches."""
POSTGRES_POOL: Mapping[str, Any] = {
    "pool_size": 10,
    "max_overflow": 0,
    "pool_timeout": 30,
    "pool_use_lifo": True,
}
"""Eight processes stay below the hundred connections that a server allows by default. More of them would
only queue in the server for a thread's lock, where that costs most. None is closed while a request waits for
it: that may take for ever when the server goes away just then.
"""
CONNECT: Mapping[str, Any] = {"timeout": 10}
IDLE_SECONDS = 30.0
"""A connection that was not used for so long may be dead without knowing it."""
PING_SECONDS = 5.0

SILENT: Mapping[str, Any] = {"hide_parameters": True}
"""Errors go into logs, parameters must not: they are what people say."""


def create_engine(url: str | URL) -> AsyncEngine:
    """An engine for an ``sqlite:///path`` or ``postgresql://user@host/db`` URL; opens no connection yet.

    PostgreSQL URLs may carry ``sslmode=…`` and, behind a pooler in transaction mode, ``pgbouncer=true``.
    Raises InvalidRequestError for anything else, an SQLite database in memory among it.
    """
    url = _with_driver(url)
    return _sqlite_engine(url) if url.get_backend_name() == "sqlite" else _postgres_engine(url)


def _with_driver(text: str | URL) -> URL:
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise InvalidRequestError(
            "The database has no valid URL: use sqlite:///… or postgresql://…."
        ) from error
    driver = DRIVERS.get(url.drivername, url.drivername)
    if driver not in DRIVERS.values():
        raise InvalidRequestError(f"{driver} is not supported: use a sqlite:///… or a postgresql://… URL.")
    return url.set(drivername=driver)


def _sqlite_engine(url: URL) -> AsyncEngine:
    if url.database in (None, "", ":memory:"):
        raise InvalidRequestError("An SQLite database needs a file; for one in memory use MemoryStore.")
    engine = create_async_engine(
        url.set(database=str(Path(url.database or "").expanduser())),
        connect_args={"factory": SQLiteConnection},
        pool_reset_on_return=None,
        execution_options={DIRECT: True},
        **SQLITE_POOL,
        **SILENT,
    )
    event.listen(engine.sync_engine, "reset", _roll_back)
    return engine


def _roll_back(connection: DBAPIConnection, _record: ConnectionPoolEntry, _state: PoolResetState) -> None:
    """Unlike the pool's own way, bothers the connection's thread only where there is something to do."""
    if connection.driver_connection.in_transaction:
        connection.rollback()


def _postgres_engine(url: URL) -> AsyncEngine:
    query = dict(url.query)
    arguments = dict(CONNECT)
    if "sslmode" in query:
        arguments["ssl"] = query.pop("sslmode")
    has_pooler = query.pop("pgbouncer", "false") in ("true", "1")
    if has_pooler:
        arguments |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: f"__asyncpg_{uuid4()}__",
        }
    engine = create_async_engine(
        url.set(query=query),
        connect_args=arguments,
        # a pooler may give each statement outside of a transaction to another server
        execution_options={DIRECT: not has_pooler},
        **POSTGRES_POOL,
        **SILENT,
    )
    event.listen(engine.sync_engine, "checkin", _note_time)
    event.listen(engine.sync_engine, "checkout", _look_alive)
    return engine


def _note_time(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info["idle_since"] = time.monotonic()


def _look_alive(
    connection: DBAPIConnection, record: ConnectionPoolEntry, _checked_out: PoolProxiedConnection
) -> None:
    """Has the pool replace a connection that is dead. Only in doubt is it asked: that is a round trip."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError
    if time.monotonic() - record.info.get("idle_since", time.monotonic()) < IDLE_SECONDS:
        return
    try:
        connection.run_async(lambda driver: driver.fetchval("SELECT 1", timeout=PING_SECONDS))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
        raise DisconnectionError from error
