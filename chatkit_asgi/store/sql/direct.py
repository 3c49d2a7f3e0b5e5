"""The way to a database of our own making: straight to the driver.

It leaves out what SQLAlchemy does per call: statements are compiled once, and a call is one round trip.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, cast

import anyio
from sqlalchemy import Executable
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import MissingGreenlet
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection, QueuePool
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.util import greenlet_spawn

from chatkit_asgi.errors import BackendError
from chatkit_asgi.store.sql.access import (
    ERRORS,
    STATEMENT_SECONDS,
    Access,
    Driver,
    Parameters,
    Rows,
    SQLiteAccess,
    Unit,
    away,
    connected,
)
from chatkit_asgi.store.sql.sqlite import READS, WRITES, Call, Outcome

__all__ = ["DirectPostgresAccess", "DirectSQLiteAccess"]

LONG = 0.02
"""Seconds after which those who wait for a visitor no longer wait for its end."""
MOST_VISITORS = 4


class Query(NamedTuple):
    """A statement as the driver takes it."""

    sql: str
    names: Sequence[str]
    """Of the parameters, by position."""
    constants: Parameters
    converters: Mapping[str, Callable[[Any], Any]]
    """From values to what the driver understands, where that is something else."""

    def arguments(self, parameters: Parameters) -> list[object]:
        values = {**self.constants, **parameters}
        for name, convert in self.converters.items():
            values[name] = convert(values[name])
        return [values[name] for name in self.names]


def _compile(statement: Executable, dialect: Dialect) -> Query:
    compiled = cast(SQLCompiler, cast(ClauseElement, statement).compile(dialect=dialect))
    names = tuple(compiled.positiontup or ())
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    converters = {name: _converter(compiled.binds[name].type, dialect) for name in names}
    known = {name: converter for name, converter in converters.items() if converter is not None}
    return Query(str(compiled), names, constants, known)


def _converter(kind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:  # Any: a type of SQLAlchemy's
    converter: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return converter


class DirectAccess(Access):
    """Straight to the driver: each call is one round trip."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self._queries: dict[Executable, Query] = {}

    async def run(self, driver: Driver, sql: str, arguments: Sequence[object] = ()) -> Rows:
        """Run SQL on a connection; gives the rows it returns."""
        raise NotImplementedError

    def query(self, statement: Executable) -> Query:
        """The statement, compiled the first time."""
        found = self._queries.get(statement)
        if found is None:
            found = self._queries[statement] = _compile(statement, self.engine.dialect)
        return found

    async def fetch(self, statement: Executable, parameters: Parameters) -> Rows:
        query = self.query(statement)
        return await self._run_alone(query.sql, query.arguments(parameters))

    async def _run_alone(self, sql: str, arguments: Sequence[object]) -> Rows:
        """Run SQL on a connection of its own."""
        connection = await self._check_out()
        try:
            rows = await self.run(connection.driver_connection, sql, arguments)
        except BaseException:  # failed or cancelled: nobody knows what it is doing now
            with anyio.CancelScope(shield=True):  # the server has to be told, or it goes on
                await greenlet_spawn(connection.invalidate)
            raise
        await self._give_back(connection)
        return rows

    async def _check_out(self) -> PoolProxiedConnection:
        try:
            return await self.engine.raw_connection()
        except ERRORS as error:
            raise away(error) from error

    async def _give_back(self, connection: PoolProxiedConnection) -> None:
        if self._pool.checkedin() < self._pool.size():
            connection.close()  # nothing to wait for: it goes into the pool as it is
        else:
            await greenlet_spawn(connection.close)

    @property
    def _pool(self) -> QueuePool:
        return cast(QueuePool, self.engine.sync_engine.pool)

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine, begin: str) -> AsyncIterator[Unit]:
        async with connected(engine) as connection:
            driver: Driver = (await connection.get_raw_connection()).driver_connection
            try:
                await self.run(driver, begin)
                yield DirectUnit(connection, driver, self)
                await self.run(driver, "COMMIT")
            except BaseException:
                await self._roll_back(connection, driver)
                raise

    async def _roll_back(self, connection: AsyncConnection, driver: Driver) -> None:
        if connection.invalidated:
            return
        try:
            await self.run(driver, "ROLLBACK")
        except BackendError:
            await connection.invalidate()


class DirectUnit(Unit):
    """An open transaction on a connection whose driver is known."""

    def __init__(self, connection: AsyncConnection, driver: Driver, access: DirectAccess) -> None:
        super().__init__(connection)
        self._driver = driver
        self._access = access

    async def fetch(self, statement: Executable, parameters: Parameters) -> Rows:
        query = self._access.query(statement)
        return await self._access.run(self._driver, query.sql, query.arguments(parameters))


class DirectPostgresAccess(DirectAccess):
    """Straight to asyncpg."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        # SQLAlchemy begins no transactions here: a statement is one by itself, and units begin their own
        self._plain = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def run(self, driver: Driver, sql: str, arguments: Sequence[object] = ()) -> Rows:
        try:
            rows: Rows = await driver.fetch(sql, *arguments, timeout=STATEMENT_SECONDS)
        except ERRORS as error:
            raise away(error) from error
        return rows

    async def change(self, statement: Executable, parameters: Parameters) -> Rows:
        query = self.query(statement)
        with anyio.CancelScope(shield=True):
            rows = await self._run_alone(query.sql, query.arguments(parameters))
        return rows  # noqa: RET504 - a scope may swallow exceptions, for all that mypy knows

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        async with connected(self._plain) as connection:
            yield connection

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        with anyio.CancelScope(shield=True):
            async with self._transaction(self._plain, "BEGIN") as unit:
                yield unit


class _Write:
    """A statement that writes and waits for its turn."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.outcome: Outcome | BackendError | None = None


class _Read(NamedTuple):
    """A SELECT that waits. Its outcome is None when it is to be a visitor itself."""

    call: Call
    outcome: asyncio.Future[Outcome | BackendError | None]

    def is_visitor(self) -> bool:
        return self.outcome.done() and not self.outcome.cancelled() and self.outcome.result() is None


def _rows(outcome: Outcome | BackendError | None) -> Rows:
    if isinstance(outcome, BackendError):
        raise outcome
    if isinstance(outcome, Exception):
        raise away(outcome) from outcome
    return outcome or []


class DirectSQLiteAccess(DirectAccess, SQLiteAccess):
    """Straight to aiosqlite. What queued while others ran goes together, in one visit to a thread.

    Several writes are one transaction then. As a rule there is one visitor for all who read: threads get into
    each other's way. Only when it takes long the next one comes in.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self._writes: list[_Write] = []
        self._reads: deque[_Read] = deque()
        self._visitors = 0
        self._bell: asyncio.TimerHandle | None = None

    async def run(self, driver: Driver, sql: str, arguments: Sequence[object] = ()) -> Rows:
        try:
            rows: Rows = await driver.execute_fetchall(sql, arguments)
        except ERRORS as error:
            raise away(error) from error
        return rows

    async def fetch(self, statement: Executable, parameters: Parameters) -> Rows:
        query = self.query(statement)
        call = Call(query.sql, query.arguments(parameters))
        if self._visitors:
            outcome = await self._wait(call)
            return await self._visit(call) if outcome is None else _rows(outcome)
        self._visitors = 1
        try:
            return await self._run_alone(*call)
        finally:
            self._leave()

    async def _wait(self, call: Call) -> Outcome | BackendError | None:
        loop = asyncio.get_running_loop()
        read = _Read(call, loop.create_future())
        self._reads.append(read)
        if self._bell is None:
            self._bell = loop.call_later(LONG, self._ring)
        try:
            return await read.outcome
        except BaseException:
            if read.is_visitor():
                self._leave()
            raise

    async def _check_out(self) -> PoolProxiedConnection:
        if self._pool.checkedin():
            try:
                return self._pool.connect()
            except MissingGreenlet:
                pass  # it has to open a new one, in place of one that was invalid
        return await super()._check_out()

    async def _visit(self, call: Call) -> Rows:
        """Run the call, and what else is waiting."""
        others = [read for read in self._reads if not read.outcome.done()]
        self._reads.clear()
        try:
            first, *outcomes = await self._run_together(READS, [call, *(read.call for read in others)])
        except BackendError as error:
            first, outcomes = error, [error] * len(others)
        except BaseException:
            self._reads.extendleft(reversed(others))
            raise
        finally:
            self._leave()
        for read, outcome in zip(others, outcomes, strict=True):
            if not read.outcome.done():
                read.outcome.set_result(outcome)
        return _rows(first)

    def _leave(self) -> None:
        self._visitors -= 1
        if self._visitors == 0:
            self._let_in()

    def _ring(self) -> None:
        """Let one more in; again and again, as long as somebody waits."""
        self._bell = None
        self._let_in()
        if self._reads:
            self._bell = asyncio.get_running_loop().call_later(LONG, self._ring)

    def _let_in(self) -> None:
        """Make the first one that waits a visitor, if there is one."""
        while self._reads and self._visitors < MOST_VISITORS:
            read = self._reads.popleft()
            if not read.outcome.done():
                self._visitors += 1
                read.outcome.set_result(None)
                return

    async def change(self, statement: Executable, parameters: Parameters) -> Rows:
        query = self.query(statement)
        write = _Write(Call(query.sql, query.arguments(parameters)))
        self._writes.append(write)
        try:
            async with self.turn():
                if write.outcome is None:
                    with anyio.CancelScope(shield=True):
                        await self._write_all()
        finally:
            if write in self._writes:
                self._writes.remove(write)
        return _rows(write.outcome)

    async def _write_all(self) -> None:
        writes, self._writes = self._writes, []
        try:
            outcomes = await self._run_together(WRITES, [write.call for write in writes])
        except BackendError as error:
            outcomes = [error] * len(writes)
        except BaseException:
            # those of the others may be done again: they can be repeated
            self._writes = writes + self._writes
            raise
        for write, outcome in zip(writes, outcomes, strict=True):
            write.outcome = outcome

    async def _run_together(self, how: str, calls: Sequence[Call]) -> Sequence[Outcome | BackendError]:
        if len(calls) > 1:
            return await self._run_alone(how, calls)
        return [list(await self._run_alone(*calls[0]))]

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        async with self.turn():
            with anyio.CancelScope(shield=True):
                async with self._transaction(self.engine, "BEGIN IMMEDIATE") as unit:
                    yield unit
