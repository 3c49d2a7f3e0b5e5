"""What every revision owes: tables that are full survive it, and the release before goes on working."""

from itertools import pairwise
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import AsyncEngine

from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.sql import SQLAlchemyStore, Tables, migrate
from chatkit_asgi.store.sql.migrate import migration_options, migrations
from tests.migrations.rows import ROWS, fill, read

REVISIONS = [script.revision for script in ScriptDirectory(migrations()).walk_revisions()][::-1]

PREFIX = "chat_"


async def before(engine: AsyncEngine, revision: str) -> MetaData:
    """Migrate to the revision; gives the tables as they are there."""
    await migrate(engine, revision, table_prefix=PREFIX)
    async with engine.connect() as connection:
        return await connection.run_sync(reflected)


def reflected(connection: Connection) -> MetaData:
    metadata = MetaData()
    known = Tables(connection.dialect.name, prefix=PREFIX).metadata.tables
    metadata.reflect(connection, only=lambda name, _: name in known)
    return metadata


def taken_away(connection: Connection, metadata: MetaData) -> list[Any]:  # Any: as Alembic says it
    """What the release that knows only this metadata misses, or would stumble over."""
    options = migration_options(Tables(connection.dialect.name, prefix=PREFIX))
    context = MigrationContext.configure(connection, opts=options)
    return [change for change in compare_metadata(context, metadata) if not is_addition(change)]


def is_addition(change: Any) -> bool:  # Any: a tuple, or a list of them
    """Whether the change would take away what the release before can do without."""
    what = change[0]
    if what == "remove_column":
        return bool(change[3].nullable or change[3].server_default is not None)
    if what == "remove_index":
        return not change[1].unique
    return bool(what == "remove_table")


@pytest.mark.parametrize(("previous", "revision"), list(pairwise(REVISIONS)))
async def test_release_before_goes_on_working(engine: AsyncEngine, previous: str, revision: str) -> None:
    """Revisions add tables, indexes, and columns that may be left out. They take away a release later."""
    metadata = await before(engine, previous)
    await migrate(engine, revision, table_prefix=PREFIX)
    async with engine.connect() as connection:
        assert list(await connection.run_sync(taken_away, metadata)) == []
    async with engine.begin() as connection:
        await connection.run_sync(fill, metadata, PREFIX)
        assert await connection.run_sync(read, metadata, PREFIX) == expected(engine)


@pytest.mark.parametrize("revision", REVISIONS)
async def test_full_tables_go_down_and_up_again(engine: AsyncEngine, revision: str) -> None:
    metadata = await before(engine, revision)
    async with engine.begin() as connection:
        await connection.run_sync(fill, metadata, PREFIX)
    for step in ("head", revision, "head"):
        await migrate(engine, step, table_prefix=PREFIX)
        async with engine.connect() as connection:
            assert await connection.run_sync(read, metadata, PREFIX) == expected(engine)
    await migrate(engine, "base", table_prefix=PREFIX)
    await migrate(engine, table_prefix=PREFIX)


async def test_search_finds_what_was_there_before_and_what_the_release_before_writes(
    engine: AsyncEngine, context: RequestContext
) -> None:
    store: SQLAlchemyStore = SQLAlchemyStore(engine, table_prefix=PREFIX)
    for revision in ("0002", "head"):
        metadata = await before(engine, revision)
        async with engine.begin() as connection:
            await connection.run_sync(fill, metadata, PREFIX)
        await migrate(engine, table_prefix=PREFIX)
        for query, item_id in (("trips", None), ("kyoto", "msg_1")):
            (result,) = (await store.search(query, context)).data
            assert (result.thread.id, result.item_id) == ("thr_1", item_id)
        await migrate(engine, "base", table_prefix=PREFIX)


def expected(engine: AsyncEngine) -> Any:
    """The rows as the database's own types give them back: SQLite forgets the zone of a time."""
    if engine.dialect.name == "postgresql":
        return ROWS
    return {
        name: {
            column: value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value
            for column, value in row.items()
        }
        for name, row in ROWS.items()
    }
