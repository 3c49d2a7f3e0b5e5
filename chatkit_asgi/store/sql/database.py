"""`Database`: how statements get their transaction, their own or the one around them."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from types import MappingProxyType

import anyio
from sqlalchemy import Executable, literal, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import StaticPool

from chatkit_asgi.errors import BackendError, InvalidRequestError
from chatkit_asgi.store.sql.access import (
    STATEMENT_SECONDS,
    Access,
    Parameters,
    Rows,
    SQLiteAccess,
    Unit,
    translated,
)
from chatkit_asgi.store.sql.direct import DirectPostgresAccess, DirectSQLiteAccess
from chatkit_asgi.store.sql.engine import DIRECT

__all__ = ["Database"]

SUPPORTED = ("sqlite", "postgresql")

ONE = select(literal(1))
CLOSE_SECONDS = 5.0

_units: ContextVar[Mapping["Database", Unit]] = ContextVar("chatkit_units", default=MappingProxyType({}))


class Database:
    """An engine and its transactions: of one statement, of a few, or all that is done in a `transaction()`.

    Whatever shares one `Database` shares its transactions; there should be one per engine and process.
    Raises InvalidRequestError for an engine that it cannot work with.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        _check(engine)
        self.engine = engine
        self._access = _access_to(engine)

    @property
    def is_in_transaction(self) -> bool:
        """Whether the calling task is inside a `transaction()`."""
        return self._joined() is not None

    async def fetch(self, statement: Executable, parameters: Parameters) -> Rows:
        """The rows of a SELECT."""
        unit = self._joined()
        if unit is None:
            return await self._access.fetch(statement, parameters)
        async with unit.statements:
            with _noted(unit):
                return await unit.fetch(statement, parameters)

    async def change(self, statement: Executable, parameters: Parameters) -> Rows:
        """Run a statement that writes, and may be repeated; gives the rows it returns."""
        unit = self._joined()
        if unit is None:
            return await self._access.change(statement, parameters)
        async with unit.statements:
            with _noted(unit):
                return await unit.fetch(statement, parameters)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for a few SELECTs: that of the transaction around it, or one of its own."""
        unit = self._joined()
        if unit is None:
            async with self._access.connect() as connection:
                yield connection
            return
        async with unit.statements, _limited(unit):
            yield unit.connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction: the one around, or one of its own that is committed at the end."""
        async with self._unit() as unit, unit.statements, _limited(unit):
            yield unit.connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Makes all that is read and written inside it one transaction; nesting joins the outer one."""
        async with self._unit():
            yield

    @asynccontextmanager
    async def migration(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction that may change the schema and take its time."""
        async with self._access.migration() as connection:
            yield connection

    async def ping(self) -> None:
        """Ask the database for an answer. Raises BackendError when there is none."""
        await self.fetch(ONE, {})

    async def aclose(self) -> None:
        """Close the connections that the engine keeps; it opens new ones when it is used again."""
        with anyio.move_on_after(CLOSE_SECONDS):  # the server may never answer to that
            await self.engine.dispose()

    def _joined(self) -> Unit | None:
        unit = _units.get().get(self)
        return unit if unit is not None and unit.is_open else None

    @asynccontextmanager
    async def _unit(self) -> AsyncIterator[Unit]:
        joined = self._joined()
        if joined is not None:
            yield joined
            return
        async with self._access.unit() as unit:
            with self._bound(unit):
                yield unit
            if unit.failure is not None:  # a server would only say that it has undone everything
                raise unit.failure

    @contextmanager
    def _bound(self, unit: Unit) -> Iterator[None]:
        token = _units.set({**_units.get(), self: unit})
        try:
            yield
        finally:
            unit.is_open = False
            _units.reset(token)


@contextmanager
def _noted(unit: Unit) -> Iterator[None]:
    """A failed statement fails its transaction, whoever catches the error."""
    try:
        yield
    except BackendError as error:
        unit.failure = error
        raise


@asynccontextmanager
async def _limited(unit: Unit) -> AsyncIterator[None]:
    with _noted(unit), translated(SQLAlchemyError, TimeoutError):
        async with asyncio.timeout(STATEMENT_SECONDS):
            yield


def _access_to(engine: AsyncEngine) -> Access:
    is_direct = engine.sync_engine.get_execution_options().get(DIRECT, False)
    if engine.dialect.name == "sqlite":
        return DirectSQLiteAccess(engine) if is_direct else SQLiteAccess(engine)
    return DirectPostgresAccess(engine) if is_direct else Access(engine)


def _check(engine: AsyncEngine) -> None:
    if not isinstance(engine, AsyncEngine):
        raise InvalidRequestError("The store needs an AsyncEngine: make it with create_async_engine().")
    if engine.dialect.name not in SUPPORTED:
        raise InvalidRequestError(f"{engine.dialect.name} is not supported: use SQLite or PostgreSQL.")
    if isinstance(engine.sync_engine.pool, StaticPool):
        raise InvalidRequestError(
            "The engine has one connection for all, so that transactions would meet in it: give an SQLite"
            " database a file; for one in memory use MemoryStore."
        )
