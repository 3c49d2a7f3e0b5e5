"""Brings a database's schema to a revision, from a wheel or a checkout, by Alembic.

Revisions are written without schema and prefix: they call `named`, and run with the schema as search path.
"""

import logging
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import anyio
from alembic import command, op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.store.sql.database import Database
from chatkit_asgi.store.sql.models import Tables

__all__ = [
    "difference",
    "is_current",
    "migrate",
    "migration",
    "migration_options",
    "migration_sql",
    "named",
    "prepare",
    "qualified",
]

logger = logging.getLogger(__name__)

PAUSE = 0.01
LOCK = 0x63686174  # any number will do, as long as every process uses the same
KINDS = ("ix", "uq", "fk", "pk")
FAULTS = {"add": "missing", "remove": "unexpected", "modify": "other"}

_alone = threading.Lock()
"""Alembic keeps what it is doing in globals: one at a time in a process."""


async def migrate(
    engine: AsyncEngine, revision: str = "head", *, schema: str | None = None, table_prefix: str = ""
) -> None:
    """Bring the database to `revision`, up or down, in one transaction.

    Any number of processes may do so at once: one works, the others wait and find it done. A database that
    a newer release has migrated is left alone. A schema that does not exist is made. Raises BackendError,
    and InvalidRequestError for a revision that does not exist.
    """
    tables = Tables(engine.dialect.name, schema=schema, prefix=table_prefix)
    async with _alembic(), migration(engine) as connection:
        await connection.run_sync(_move, tables, revision)


async def is_current(engine: AsyncEngine, *, schema: str | None = None, table_prefix: str = "") -> bool:
    """Whether the database is at our newest revision, or beyond it. Raises BackendError."""
    tables = Tables(engine.dialect.name, schema=schema, prefix=table_prefix)
    async with Database(engine).read() as connection:
        found = await connection.run_sync(_revision, tables)
    return found == _scripts().get_current_head() or _is_newer(found)


async def difference(engine: AsyncEngine, *, schema: str | None = None, table_prefix: str = "") -> str:
    """A sentence on what keeps the database from being as this release wants it; empty if nothing does.

    Raises BackendError.
    """
    tables = Tables(engine.dialect.name, schema=schema, prefix=table_prefix)
    async with Database(engine).read() as connection:
        return await connection.run_sync(_difference, tables)


def migration_sql(
    dialect: str, revision: str = "head", *, schema: str | None = None, table_prefix: str = ""
) -> str:
    """The statements that bring an empty database (or, for ``from:to``, one at `from`) to `revision`.

    `dialect` is ``sqlite`` or ``postgresql``. Raises InvalidRequestError for an unknown revision.
    """
    config = _config(Tables(dialect, schema=schema, prefix=table_prefix))
    config.output_buffer = StringIO()
    with _alone, _refusing(revision):
        command.upgrade(config, revision, sql=True)
    return config.output_buffer.getvalue()


@asynccontextmanager
async def migration(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection in a transaction that may change the schema, one at a time among all processes.

    It may take as long as it takes, and is not used for anything else afterwards.
    """
    async with Database(engine).migration() as connection:
        if engine.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        yield connection


def prepare(connection: Connection, schema: str | None) -> None:
    """Let what follows in the transaction happen in the schema, which is made if there is none."""
    if schema is None:
        return
    known = text("SELECT 1 FROM pg_namespace WHERE nspname = :schema")
    if connection.scalar(known, {"schema": schema}) is None:
        connection.exec_driver_sql(f'CREATE SCHEMA "{schema}"')
    connection.exec_driver_sql(f'SET LOCAL search_path TO "{schema}"')


def migration_options(tables: Tables) -> dict[str, Any]:  # Any: values of many types
    """What Alembic has to know of our tables, for `context.configure` and the like."""
    names = {table.name for table in tables.metadata.tables.values()}

    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        """The database may be an application's, with a lot that is not ours."""
        if kind == "schema":
            return name == tables.schema
        return kind != "table" or name in names

    return {
        "target_metadata": tables.metadata,
        "version_table": tables.version_table,
        "version_table_schema": tables.schema,
        "include_schemas": tables.schema is not None,
        "include_name": is_ours,
        "render_as_batch": tables.dialect == "sqlite",
        "table_prefix": tables.prefix,
    }


def named(name: str) -> str:
    """What a table, index or constraint of a revision is called in the database that is being migrated."""
    prefix: str = op.get_context().opts.get("table_prefix", "")
    kind, _, rest = name.partition("_")
    return f"{kind}_{prefix}{rest}" if kind in KINDS else f"{prefix}{name}"


def qualified(name: str) -> str:
    """The same with its schema, for what is looked up later: when a trigger runs."""
    schema = op.get_context().opts.get("version_table_schema")
    return f'"{schema}".{named(name)}' if schema else named(name)


def migrations() -> Path:
    """Where the revisions are: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[2]
    bundled = package / "_migrations"
    return bundled if bundled.is_dir() else package.parent / "migrations"


@asynccontextmanager
async def _alembic() -> AsyncIterator[None]:
    """Alembic to oneself, among all tasks and threads of this process."""
    # not by waiting in a thread: when the task is cancelled, that would take the lock and keep it
    while not _alone.acquire(blocking=False):  # noqa: ASYNC110 - whoever has it may be another thread
        await anyio.sleep(PAUSE)
    try:
        yield
    finally:
        _alone.release()


def _move(connection: Connection, tables: Tables, revision: str) -> None:
    current = _revision(connection, tables)
    if _is_newer(current):
        logger.warning("the database is at revision %s of a newer release; it stays there", current)
        return
    prepare(connection, tables.schema)
    config = _config(tables)
    config.attributes["connection"] = connection
    move = command.upgrade if _is_behind(current, revision) else command.downgrade
    with _refusing(revision):
        move(config, revision)


@contextmanager
def _refusing(revision: str) -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        raise InvalidRequestError(f"There is no way to the revision {revision!r}.") from error


def _difference(connection: Connection, tables: Tables) -> str:
    current = _revision(connection, tables)
    if _is_newer(current):
        return ""
    head = _scripts().get_current_head()
    if current != head:
        return f"The database is at revision {current or 'base'}, this release wants {head}: migrate it."
    found = compare_metadata(_context(connection, tables), tables.metadata)
    if not found:
        return ""
    words = ", ".join(sorted(map(_in_words, found)))
    return f"The database is at revision {head}, but it is not what that made: {words}."


def _in_words(change: Any) -> str:  # Any: tuples of many shapes, or lists of them
    """What Alembic would change, as a fault: "missing index ix_items_visible"."""
    if isinstance(change, list):
        return ", ".join(map(_in_words, change))
    what, *about = change
    verb, _, kind = what.partition("_")
    name = getattr(about[0], "name", None) or about[-1]
    return f"{FAULTS.get(verb, verb)} {kind} {getattr(name, 'name', name)}"


def _is_newer(revision: str | None) -> bool:
    """Whether this release does not know the revision."""
    return revision is not None and revision not in {
        script.revision for script in _scripts().walk_revisions()
    }


def _is_behind(current: str | None, revision: str) -> bool:
    """Whether the way from the `current` revision to the other one is upwards."""
    if revision == "base" or current is None:
        return revision != "base"
    older = _scripts().iterate_revisions(current, "base")
    return revision not in {script.revision for script in older}


def _revision(connection: Connection, tables: Tables) -> str | None:
    return _context(connection, tables).get_current_revision()


def _context(connection: Connection, tables: Tables) -> MigrationContext:
    return MigrationContext.configure(connection, opts=migration_options(tables))


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(None))


def _config(tables: Tables | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations()).replace("%", "%%"))
    config.attributes["tables"] = tables
    return config
