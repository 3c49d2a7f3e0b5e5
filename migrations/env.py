"""Runs the revisions: over the connection that `migrate()` hands in, or, for the `alembic` command, its own.

The command takes the database from ``-x url=…`` or else from the settings.
"""

import asyncio

from alembic import context
from sqlalchemy import Connection

from chatkit_asgi.settings import Settings
from chatkit_asgi.store.sql import Tables, create_engine
from chatkit_asgi.store.sql.migrate import VERSION_TABLE, migration


def database_url() -> str:
    return context.get_x_argument(as_dictionary=True).get("url") or Settings().database


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Tables(connection.dialect.name).metadata,
        version_table=VERSION_TABLE,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_alone() -> None:
    engine = create_engine(database_url())
    async with migration(engine) as connection:
        await connection.run_sync(run)
    await engine.dispose()


def write_sql() -> None:
    dialect = create_engine(database_url()).dialect.name
    context.configure(dialect_name=dialect, version_table=VERSION_TABLE, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    write_sql()
elif (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    asyncio.run(run_alone())
