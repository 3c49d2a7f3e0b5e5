"""Brings a database's schema to a revision, from a wheel or a checkout, by Alembic."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.store.sql.engine import MIGRATING, Database

__all__ = ["VERSION_TABLE", "is_current", "migrate", "migration", "migrations"]

logger = logging.getLogger(__name__)

VERSION_TABLE = "chatkit_version"
"""Not Alembic's default name: an application around us may use that in the same database."""

LOCK = 0x63686174  # any number will do, as long as every process uses the same


def migrations() -> Path:
    """Where the revisions are: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[2]
    bundled = package / "_migrations"
    return bundled if bundled.is_dir() else package.parent / "migrations"


async def migrate(engine: AsyncEngine, revision: str = "head") -> None:
    """Bring the database to `revision`, up or down, in one transaction.

    Any number of processes may do so at once: one works, the others wait and find it done. A database that
    a newer release has migrated is left alone. Raises BackendError, and InvalidRequestError for a revision
    that does not exist.
    """
    async with migration(engine) as connection:
        await connection.run_sync(_move, revision)


@asynccontextmanager
async def migration(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection in a transaction that may change the schema, one at a time among all processes."""
    async with Database(engine).connect(engine.execution_options(**{MIGRATING: True})) as connection:
        try:
            async with connection.begin():
                if engine.dialect.name == "postgresql":
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
                yield connection
        finally:
            await connection.invalidate()  # its foreign keys are off


async def is_current(engine: AsyncEngine) -> bool:
    """Whether the database is at our newest revision, or beyond it. Raises BackendError."""
    async with Database(engine).read() as connection:
        found = await connection.run_sync(_revision)
    return found == _scripts().get_current_head() or _is_newer(found)


def _move(connection: Connection, revision: str) -> None:
    current = _revision(connection)
    if _is_newer(current):
        logger.warning("the database is at revision %s of a newer release; it stays there", current)
        return
    config = _config()
    config.attributes["connection"] = connection
    try:
        move = command.upgrade if _is_behind(current, revision) else command.downgrade
        move(config, revision)
    except CommandError as error:
        raise InvalidRequestError(f"There is no way to the revision {revision!r}.") from error


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


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(
        connection, opts={"version_table": VERSION_TABLE}
    ).get_current_revision()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations()).replace("%", "%%"))
    return config
