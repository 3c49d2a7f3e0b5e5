"""Alembic's revisions: they make what the models declare, both ways, and any number of processes may try."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, inspect, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.store.sql import (
    SQLAlchemyStore,
    Tables,
    create_engine,
    difference,
    is_current,
    migrate,
    migration_sql,
)
from chatkit_asgi.store.sql.migrate import migrations
from tests.factories import make_thread
from tests.postgres import execute

ROOT = Path(__file__).parents[2]
VERSION_TABLE = "chatkit_version"
BOUND = 20


def declared(connection: Connection) -> MetaData:
    return Tables(connection.dialect.name).metadata


def differences(connection: Connection) -> list[object]:
    """Without the index of words that SQLite has: it cannot be declared."""
    is_sqlite = connection.dialect.name == "sqlite"
    options = {
        "version_table": VERSION_TABLE,
        "include_name": lambda name, *_: not (is_sqlite and (name or "").startswith("search")),
    }
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), declared(connection)))


def indexes(connection: Connection) -> str:
    """Every index as the database describes it: the comparison above does not see their conditions."""
    source = "sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    if connection.dialect.name == "postgresql":
        source = (
            "(SELECT indexname AS name, indexdef AS sql FROM pg_indexes WHERE schemaname = 'public') AS i"
        )
    rows = connection.execute(text(f"SELECT sql FROM {source} ORDER BY name"))  # noqa: S608
    return "\n".join(row.sql for row in rows if VERSION_TABLE not in row.sql)


async def tables(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        return set(await connection.run_sync(lambda connection: inspect(connection).get_table_names()))


async def test_newest_revision_is_what_the_models_declare(engine: AsyncEngine) -> None:
    await migrate(engine)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_indexes_have_the_conditions_that_the_models_declare(engine: AsyncEngine) -> None:
    await migrate(engine)
    async with engine.begin() as connection:
        migrated = await connection.run_sync(indexes)
        await connection.run_sync(lambda connection: declared(connection).drop_all(connection))
        await connection.run_sync(lambda connection: declared(connection).create_all(connection))
        assert migrated == await connection.run_sync(indexes)
    assert "WHERE" in migrated


async def test_migrating_again_changes_nothing(engine: AsyncEngine, context: RequestContext) -> None:
    store: SQLAlchemyStore = SQLAlchemyStore(engine)
    assert not await is_current(engine)
    await migrate(engine)
    await store.save_thread(make_thread(), context)
    await migrate(engine)
    assert await is_current(engine)
    assert await store.load_thread("thr_1", context) == make_thread()


async def test_database_of_a_newer_release_is_left_as_it_is(engine: AsyncEngine) -> None:
    """While a new release is rolled out, the old one goes on and may start once more."""
    await migrate(engine)
    async with engine.begin() as connection:
        await connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))  # noqa: S608
    await migrate(engine)
    assert await is_current(engine)


async def test_unknown_revision_is_refused(engine: AsyncEngine) -> None:
    with pytest.raises(InvalidRequestError):
        await migrate(engine, "9999")
    assert await tables(engine) == set()


async def test_faults_of_a_database_are_told_in_a_sentence(engine: AsyncEngine) -> None:
    await migrate(engine, "0001")
    assert "revision 0001" in await difference(engine)
    await migrate(engine)
    assert await difference(engine) == ""
    async with engine.begin() as connection:
        await connection.execute(text("DROP INDEX ix_turns_worker"))
        await connection.execute(text("ALTER TABLE items ADD COLUMN mood TEXT"))
    assert "missing index ix_turns_worker, unexpected column mood" in await difference(engine)


async def test_tables_of_an_application_are_no_fault(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY)"))
    await migrate(engine, table_prefix="chat_")
    assert await difference(engine, table_prefix="chat_") == ""
    assert "revision base" in await difference(engine)


async def test_tables_in_a_schema_with_a_prefix_are_what_the_models_declare(
    new_postgres_url: str,
) -> None:
    engine = create_engine(new_postgres_url)
    for _ in range(2):
        await migrate(engine, schema="conversations", table_prefix="chat_")
        assert await difference(engine, schema="conversations", table_prefix="chat_") == ""
        await migrate(engine, "base", schema="conversations", table_prefix="chat_")
    assert await tables(engine) == set()
    await engine.dispose()


async def test_printed_statements_do_what_a_migration_does(url: str, engine: AsyncEngine) -> None:
    for step in ("0001", "0001:head"):
        script = migration_sql(engine.dialect.name, step)
        if engine.dialect.name == "sqlite":
            connection = sqlite3.connect(make_url(url).database or "")
            connection.executescript(script)
            connection.close()
        else:
            await execute(url, script)
    assert await difference(engine) == ""


async def test_printed_statements_know_schema_and_prefix(new_postgres_url: str) -> None:
    script = migration_sql("postgresql", schema="conversations", table_prefix="chat_")
    await execute(new_postgres_url, script)
    engine = create_engine(new_postgres_url)
    assert await difference(engine, schema="conversations", table_prefix="chat_") == ""
    await engine.dispose()


async def test_migrations_in_one_process_do_not_meet(tmp_path: Path, engine: AsyncEngine) -> None:
    others = [create_engine(f"sqlite:///{tmp_path / f'{number}.db'}") for number in range(3)]
    await asyncio.gather(*(migrate(one) for one in (engine, *others, engine)))
    in_a_thread = create_engine(f"sqlite:///{tmp_path / 'thread.db'}")

    async def migrate_elsewhere() -> None:
        await migrate(in_a_thread)
        await in_a_thread.dispose()

    await asyncio.gather(
        asyncio.to_thread(asyncio.run, migrate_elsewhere()), *(migrate(one, "0001") for one in others)
    )
    for one in (engine, in_a_thread):
        assert await difference(one) == ""
    for one in (in_a_thread, *others):
        await one.dispose()


async def test_migration_that_is_cancelled_while_it_waits_holds_nobody_up(engine: AsyncEngine) -> None:
    first, waiting = asyncio.create_task(migrate(engine)), asyncio.create_task(migrate(engine))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([first, waiting])
    async with asyncio.timeout(BOUND):
        await migrate(engine)
    assert (waiting.cancelled(), first.exception()) == (True, None)


async def test_migrations_may_take_longer_than_statements(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("access", "database", "direct"):
        monkeypatch.setattr(f"chatkit_asgi.store.sql.{module}.STATEMENT_SECONDS", 1e-9)
    await migrate(engine)


async def test_failed_migration_leaves_the_database_as_it_was(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr("alembic.op.create_index", fail)
    with pytest.raises(RuntimeError, match="in the middle"):
        await migrate(engine)
    assert await tables(engine) == set()


async def test_foreign_keys_hold_after_migrating(engine: AsyncEngine) -> None:
    await migrate(engine)
    async with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            assert await connection.scalar(text("PRAGMA foreign_keys")) == 1


def test_processes_that_migrate_at_once_all_succeed_and_one_does_the_work(url: str) -> None:
    command = [sys.executable, "-m", "tests.migrations.migrate_at_once", url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    outcome = json.loads(done.stdout)
    revisions = sorted(path.name[:4] for path in migrations().glob("versions/0*.py"))
    assert outcome["codes"] == [0] * 8
    assert sorted(outcome["applied"]) == [[]] * 7 + [revisions]
    print(f"slowest of 8: {max(outcome['seconds']):.2f} s")


def test_alembic_command_works_in_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATKIT_DATABASE_URL", f"sqlite:///{tmp_path / 'chatkit.db'}")

    def alembic(*arguments: str) -> str:
        command = [sys.executable, "-m", "alembic", *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    alembic("upgrade", "head")
    assert (tmp_path / "chatkit.db").exists()
    assert "CREATE TABLE items" in alembic("-x", "url=postgresql://host/db", "upgrade", "head", "--sql")
