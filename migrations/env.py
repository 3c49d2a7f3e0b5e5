"""Runs the revisions: over the connection that `migrate()` hands in, or, for the `alembic` command, its own.

The command takes the database from ``-x url=…`` or else from the settings, and knows ``-x schema=…`` and
``-x prefix=…``.
"""

import asyncio

from alembic import context
from sqlalchemy import Connection

from chatkit_asgi.settings import Settings
from chatkit_asgi.store.sql import Tables, create_engine
from chatkit_asgi.store.sql.migrate import migration, migration_options, prepare


def database_url() -> str:
    return arguments().get("url") or Settings().database


def arguments() -> dict[str, str]:
    return context.get_x_argument(as_dictionary=True)


def tables(dialect: str) -> Tables:
    return Tables(dialect, schema=arguments().get("schema"), prefix=arguments().get("prefix", ""))


def run(connection: Connection, tables: Tables) -> None:
    context.configure(connection=connection, **migration_options(tables))
    with context.begin_transaction():
        context.run_migrations()


def run_in_its_schema(connection: Connection) -> None:
    wanted = tables(connection.dialect.name)
    prepare(connection, wanted.schema)
    run(connection, wanted)


async def run_alone() -> None:
    engine = create_engine(database_url())
    async with migration(engine) as connection:
        await connection.run_sync(run_in_its_schema)
    await engine.dispose()


def write_sql(tables: Tables) -> None:
    options = {"literal_binds": True, "transactional_ddl": True, **migration_options(tables)}
    context.configure(dialect_name=tables.dialect, **options)
    with context.begin_transaction():
        if tables.schema:
            context.execute(f'CREATE SCHEMA IF NOT EXISTS "{tables.schema}"')
            context.execute(f'SET LOCAL search_path TO "{tables.schema}"')
        context.run_migrations()


given = context.config.attributes
if context.is_offline_mode():
    write_sql(given.get("tables") or tables(create_engine(database_url()).dialect.name))
elif "connection" in given:
    run(given["connection"], given["tables"])
else:
    asyncio.run(run_alone())
