"""Engines with the right settings for each database, and `Database`: how statements get their transaction.

Nothing here knows a table. Errors of SQLAlchemy and of the drivers end here, as `BackendError`.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import anyio
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from chatkit_asgi.errors import BackendError, InvalidRequestError

__all__ = ["MIGRATING", "Database", "create_engine"]

WRITING = "chatkit_writing"
"""Execution option of connections whose transactions will write."""
MIGRATING = "chatkit_migrating"
"""Execution option of the connection that changes the schema."""

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgres": "postgresql+asyncpg", "postgresql": "postgresql+asyncpg"}

PRAGMAS = ("busy_timeout=10000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")
"""WAL with NORMAL: a crash of the process loses nothing, a power cut at most the last commits."""

POOL: Mapping[str, Any] = {"pool_size": 10, "max_overflow": 10, "pool_timeout": 30, "pool_pre_ping": True}
CONNECT: Mapping[str, Any] = {"timeout": 10, "command_timeout": 60}

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
        connect_args={"factory": _SQLiteConnection},
        **SILENT,
    )
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


class _SQLiteConnection(sqlite3.Connection):
    """Ends its transaction when it is closed.

    Since Python 3.11 that is put off while a cursor is open, as a cancelled call may leave it; until some
    day the garbage is collected, the database would stay locked for everybody.
    """

    def close(self) -> None:
        if self.in_transaction:
            self.rollback()
        super().close()


def _set_pragmas(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself: see _begin_sqlite
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Writers take the lock at once: one that first reads could not wait for it later. Readers need none."""
    options = connection.get_execution_options()
    if options.get(MIGRATING):
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")  # rebuilding a table must not cascade
    if options.get(WRITING) or options.get(MIGRATING):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgres_engine(url: URL) -> AsyncEngine:
    query = dict(url.query)
    arguments = dict(CONNECT)
    if "sslmode" in query:
        arguments["ssl"] = query.pop("sslmode")
    if query.pop("pgbouncer", "false") in ("true", "1"):
        arguments |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: f"__asyncpg_{uuid4()}__",
        }
    return create_async_engine(url.set(query=query), connect_args=arguments, **POOL, **SILENT)


class _Unit:
    """An open transaction. Tasks started inside it join it, one statement at a time, until it ends."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.is_open = True
        self.statements = asyncio.Lock()


_units: ContextVar[Mapping["Database", _Unit]] = ContextVar("chatkit_units", default=MappingProxyType({}))


class Database:
    """An engine and its transactions: `read()`, `write()` and, around several of them, `transaction()`.

    Whatever shares one `Database` shares its transactions; there should be one per engine and process.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        is_sqlite = engine.dialect.name == "sqlite"
        self._reader = engine if is_sqlite else engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writer = engine.execution_options(**{WRITING: True})
        # SQLite has one writer at a time: queueing here is fair and cheap, in its busy handler it is neither.
        self._turn: AbstractAsyncContextManager[object] = asyncio.Lock() if is_sqlite else nullcontext()

    @property
    def is_in_transaction(self) -> bool:
        """Whether the calling task is inside a `transaction()`."""
        return self._joined() is not None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for a few SELECTs: that of the transaction around it, or one of its own."""
        unit = self._joined()
        if unit is None:
            async with self.connect(self._reader) as connection:
                yield connection
            return
        async with unit.statements:
            with _translated(SQLAlchemyError):
                yield unit.connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction: the one around, or one of its own that is committed at the end."""
        async with self._unit() as unit, unit.statements:
            with _translated(SQLAlchemyError):
                yield unit.connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Makes every `read` and `write` inside it one transaction; nesting joins the outer one."""
        async with self._unit():
            yield

    @asynccontextmanager
    async def connect(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """A connection of `engine`, which is this database's engine with options of its own."""
        async with AsyncExitStack() as stack:
            with _translated(SQLAlchemyError, OSError):
                connection = await stack.enter_async_context(engine.connect())
            with _translated(SQLAlchemyError):
                yield connection

    async def ping(self) -> None:
        """Ask the database for an answer. Raises BackendError when there is none."""
        async with self.read() as connection:
            await connection.execute(text("SELECT 1"))

    async def aclose(self) -> None:
        """Close the connections that the engine keeps; it opens new ones when it is used again."""
        await self.engine.dispose()

    def _joined(self) -> _Unit | None:
        unit = _units.get().get(self)
        return unit if unit is not None and unit.is_open else None

    @asynccontextmanager
    async def _unit(self) -> AsyncIterator[_Unit]:
        joined = self._joined()
        if joined is not None:
            yield joined
            return
        async with self._turn:
            # Shielded: a transaction that lost its caller ends properly, and frees its connection and lock.
            with anyio.CancelScope(shield=True):
                async with self.connect(self._writer) as connection, connection.begin():
                    with self._bound(_Unit(connection)) as unit:
                        yield unit

    @contextmanager
    def _bound(self, unit: _Unit) -> Iterator[_Unit]:
        token = _units.set({**_units.get(), self: unit})
        try:
            yield unit
        finally:
            unit.is_open = False
            _units.reset(token)


@contextmanager
def _translated(*errors: type[Exception]) -> Iterator[None]:
    try:
        yield
    except errors as error:
        raise BackendError("The database does not answer; please try again in a moment.") from error
