"""What only the databases can show of search: which index it reads, and that nothing is left in it."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.sql import SQLAlchemyStore, Tables
from chatkit_asgi.store.sql.search import search_parameters, search_statement
from tests.factories import make_assistant_message, make_hidden_context, make_thread, make_user_message

EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}

THREADS = """
INSERT INTO threads (id, owner, created_at, document)
SELECT 'thr_' || n, 'user_' || n % 50, now(), '{}' FROM generate_series(1, 1000) n
"""
ITEMS = """
INSERT INTO items (thread_id, id, owner, hidden, created_at, document)
SELECT 'thr_' || 1 + n % 1000, 'msg_' || n, 'user_' || (1 + n % 1000) % 50, false, now(),
    '{"type": "user_message", "content": [{"type": "input_text", "text": "a talk of things ' || n || '"}]}'
FROM generate_series(1, 20000) n
"""
TIDY = "SELECT gin_clean_pending_list('ix_search_words')"
"""New entries are put into the index at leisure."""


async def entries(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        found: int = (await connection.execute(text("SELECT count(*) FROM search"))).scalar_one()
    return found


async def test_nothing_is_left_in_the_index(engine: AsyncEngine, context: RequestContext) -> None:
    store: SQLAlchemyStore = SQLAlchemyStore(engine)
    for title in ("Kyoto", "Nara", None, "Kobe"):
        await store.save_thread(make_thread(title=title), context)
    for words in ("one", "two", "Ünïcode 日本 👍", ""):
        await store.save_item("thr_1", make_user_message(words, id="msg_1"), context)
        await store.add_thread_item("thr_1", make_assistant_message(words, id="msg_2"), context)
    assert await entries(engine) == 1
    for item in (make_hidden_context(id="msg_2"), make_user_message("again", id="msg_2")):
        await store.save_item("thr_1", item, context)
    await store.save_item("thr_1", make_user_message("and more", id="msg_3"), context)
    assert await entries(engine) == 3
    await store.supersede_items("thr_1", "msg_2", context)
    await store.delete_superseded_items("thr_1", context)
    await store.delete_thread_item("thr_1", "msg_1", context)
    assert await entries(engine) == 2
    await store.delete_thread("thr_1", context)
    assert await entries(engine) == 0
    async with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            for word in ("kyoto", "one", "again", "more", "nicode"):
                match = text("SELECT count(*) FROM search WHERE search MATCH :word")
                assert (await connection.execute(match, {"word": word})).scalar_one() == 0


async def plan(engine: AsyncEngine, owner: str) -> str:
    """What the database would do for a search."""
    dialect = engine.dialect.name
    parameters = {**search_parameters(dialect, ["talk", "thi"], owner), "count_": 20}
    statement = search_statement(Tables(dialect)).bindparams(**parameters)
    written = statement.compile(engine, compile_kwargs={"literal_binds": True})
    async with engine.connect() as connection:
        rows = await connection.exec_driver_sql(f"{EXPLAIN[dialect]} {written}")
        return "\n".join(str(row[-1]) for row in rows)


async def test_postgres_finds_words_and_owner_in_one_index(postgres_engine: AsyncEngine) -> None:
    async with postgres_engine.begin() as connection:
        for statement in (THREADS, ITEMS, TIDY, "ANALYZE"):
            await connection.execute(text(statement))
    found = await plan(postgres_engine, "user_7")
    assert "Bitmap Index Scan on ix_search_words" in found
    assert "Seq Scan on search" not in found
    assert "Seq Scan on items" not in found


async def test_sqlite_finds_words_and_owner_in_one_index(sqlite_engine: AsyncEngine) -> None:
    found = await plan(sqlite_engine, "user_7")
    assert "VIRTUAL TABLE INDEX" in found
    assert "SCAN items" not in found
    assert "SCAN threads" not in found
