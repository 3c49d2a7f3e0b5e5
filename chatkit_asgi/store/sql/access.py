"""The way to a database through SQLAlchemy, which takes any engine. A quicker one is in `direct.py`.

Nothing here knows a table. Errors of SQLAlchemy and of the drivers end here, as `BackendError`.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any, TypeVar

import anyio
import asyncpg  # type: ignore[import-untyped]  # it has no annotations
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chatkit_asgi.errors import BackendError
from chatkit_asgi.locale import user_text

__all__ = [
    "ERRORS",
    "STATEMENT_SECONDS",
    "Access",
    "Driver",
    "Parameters",
    "Rows",
    "SQLiteAccess",
    "Unit",
    "away",
    "connected",
    "translated",
]

T = TypeVar("T")

Parameters = Mapping[str, object]
Rows = Sequence[Any]
"""Rows of a result, each a sequence of its columns. `Any`: of any type."""

Driver = Any
"""A connection of asyncpg or aiosqlite, of which the first has no annotations."""

ERRORS = (
    SQLAlchemyError,
    AsyncAdapt_asyncpg_dbapi.Error,  # from the pool, before SQLAlchemy makes it one of its own
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # when the server leaves at the wrong moment
    sqlite3.Error,
    OSError,
)
"""What a call may raise when the database is away or does not like it."""

STATEMENT_SECONDS = 60.0
"""No statement of the store's takes nearly as long: the server is gone, or stuck."""


@contextmanager
def translated(*errors: type[Exception]) -> Iterator[None]:
    """Raises BackendError instead of these."""
    try:
        yield
    except errors as error:
        raise away(error) from error


def away(error: BaseException) -> BackendError:
    """The error for whatever a database may be at fault of."""
    if _is_for_lack_of_room(error):
        return BackendError(
            user_text("The database's disk is full: nothing more can be stored until there is room.")
        )
    return BackendError(user_text("The database does not answer; please try again in a moment."))


def _is_for_lack_of_room(error: BaseException | None) -> bool:
    if error is None:
        return False
    if isinstance(error, asyncpg.DiskFullError):
        return True
    if isinstance(error, sqlite3.Error) and error.sqlite_errorcode == sqlite3.SQLITE_FULL:
        return True
    return _is_for_lack_of_room(error.__cause__)


class Unit:
    """An open transaction. Tasks started inside it join it, one statement at a time, until it ends."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.is_open = True
        self.failure: BackendError | None = None
        self.statements = asyncio.Lock()

    async def fetch(self, statement: Executable, parameters: Parameters) -> Rows:
        """Run a statement; gives the rows it returns."""
        return await _fetch(self.connection, statement, parameters)


class Access:
    """Through SQLAlchemy."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """A connection for a few SELECTs."""
        async with connected(self.engine) as connection:
            yield connection

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        """A transaction, committed at the end unless an exception leaves it.

        Shielded: one that lost its caller ends properly, and frees its connection and lock.
        """
        with anyio.CancelScope(shield=True):
            async with connected(self.engine) as connection, connection.begin():
                yield Unit(connection)

    async def fetch(self, statement: Executable, parameters: Parameters) -> Rows:
        """The rows of one SELECT."""
        async with self.connect() as connection:
            return await _fetch(connection, statement, parameters)

    async def change(self, statement: Executable, parameters: Parameters) -> Rows:
        """Run one statement that writes, in a transaction of its own; gives the rows it returns."""
        async with self.unit() as unit:
            return await unit.fetch(statement, parameters)

    @asynccontextmanager
    async def migration(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that changes the schema, on a connection that is not used for anything else."""
        async with connected(self.engine) as connection:
            try:
                async with connection.begin():
                    yield connection
            finally:
                await connection.invalidate()


@asynccontextmanager
async def connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with AsyncExitStack() as stack:
        with translated(*ERRORS):
            connection = await stack.enter_async_context(engine.connect())
        with translated(SQLAlchemyError):
            yield connection


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Let the work end even when its caller is cancelled, who waits for that.

    What SQLite was doing for a connection that was given up in the middle keeps the file locked.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with anyio.CancelScope(shield=True):
            await asyncio.wait([task])
        raise


async def _fetch(connection: AsyncConnection, statement: Executable, parameters: Parameters) -> Rows:
    with translated(*ERRORS):
        async with asyncio.timeout(STATEMENT_SECONDS):
            result = await connection.execute(statement, parameters)
    return result.all() if result.returns_rows else []


class SQLiteUnit(Unit):
    """An open transaction whose statements are not given up."""

    async def fetch(self, statement: Executable, parameters: Parameters) -> Rows:
        return await _to_its_end(super().fetch(statement, parameters))


class SQLiteAccess(Access):
    """Through SQLAlchemy, to an engine that may be set up in any way and serves an application, too.

    Connections go back to it as they came.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self._turn = asyncio.Lock()

    async def fetch(self, statement: Executable, parameters: Parameters) -> Rows:
        return await _to_its_end(super().fetch(statement, parameters))

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Being the one who writes. Raises BackendError when somebody else is that for too long.

        SQLite has one writer at a time: queueing here is fair and cheap, in its busy handler it is neither.
        """
        if self._turn.locked():
            with translated(TimeoutError):
                async with asyncio.timeout(STATEMENT_SECONDS):
                    await self._turn.acquire()
        else:
            await self._turn.acquire()
        try:
            yield
        finally:
            self._turn.release()

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        async with self.turn():
            with anyio.CancelScope(shield=True):
                async with (
                    connected(self.engine) as connection,
                    _foreign_keys(connection),
                    connection.begin(),
                ):
                    await _begin_immediate(connection)
                    yield SQLiteUnit(connection)

    @asynccontextmanager
    async def migration(self) -> AsyncIterator[AsyncConnection]:
        async with super().migration() as connection:
            await _outside(connection, "PRAGMA foreign_keys=OFF")  # rebuilding a table must not cascade
            await _begin_immediate(connection)
            yield connection


@asynccontextmanager
async def _foreign_keys(connection: AsyncConnection) -> AsyncIterator[None]:
    """Has the connection heed foreign keys, which it may not do otherwise."""
    were_on = (await _to_its_end(connection.exec_driver_sql("PRAGMA foreign_keys"))).scalar_one()
    if not were_on:
        await _outside(connection, "PRAGMA foreign_keys=ON")
    await connection.rollback()
    try:
        yield
    finally:
        if not were_on:
            await _outside(connection, "PRAGMA foreign_keys=OFF")


async def _begin_immediate(connection: AsyncConnection) -> None:
    """Take the lock at once: a transaction that first reads could not wait for it later."""
    await _outside(connection, "BEGIN IMMEDIATE")


async def _outside(connection: AsyncConnection, sql: str) -> None:
    """Run SQL outside of the transaction that driver or application may have begun on their own."""
    if not connection.in_transaction():
        await connection.begin()
    driver: Driver = (await connection.get_raw_connection()).driver_connection
    if driver.in_transaction:
        await _to_its_end(connection.exec_driver_sql("ROLLBACK"))
    await _to_its_end(connection.exec_driver_sql(sql))
