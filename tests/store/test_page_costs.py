"""A page costs the same wherever it is, in a thread of many items and for an owner of many threads."""

import re
from collections.abc import AsyncIterator, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncEngine

from chatkit_asgi.store.sql import Tables, create_engine, migrate
from chatkit_asgi.store.sql.statements import Statements
from tests.postgres import new_database
from tests.store.filling import fill

THREADS, ITEMS = 20_000, 200_000
LISTS = ["threads", "items", "visible_items"]
SEARCH = re.compile(r"SEARCH (threads|items) USING INDEX \w+ \((owner|thread_id)=\? AND seq[<>]\?\)")
PLACES = list(product(["asc", "desc"], ["first", "middle", "last"]))


@pytest.fixture(scope="module")
def empty_postgres(postgres_server: str) -> Iterator[str]:
    with new_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="module")
async def postgres(empty_postgres: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(empty_postgres)
    await migrate(engine)
    async with engine.begin() as connection:
        for table in ("threads", "items"):
            await connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")  # nothing to search
    await fill(engine, threads=THREADS, items=ITEMS)
    yield engine
    await engine.dispose()


@pytest.fixture(scope="module")
async def sqlite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AsyncEngine]:
    path: Path = tmp_path_factory.mktemp("filled") / "chatkit.db"
    engine = create_engine(f"sqlite:///{path}")
    await migrate(engine)
    await fill(engine, threads=THREADS, items=ITEMS)
    yield engine
    await engine.dispose()


def statement(engine: AsyncEngine, pages: str, order: str) -> Select[Any]:
    found: Select[Any] = getattr(getattr(Statements(Tables(engine.dialect.name)), pages), order)
    return found


MIDDLE = "SELECT seq FROM {table} WHERE {mine} ORDER BY seq LIMIT 1 OFFSET (SELECT count(*) / 2 FROM {table})"
EDGE = "SELECT seq FROM {table} WHERE {mine} ORDER BY seq {order} LIMIT 1 OFFSET 40"


async def position(engine: AsyncEngine, pages: str, place: str) -> int:
    """A number at that place in the whole list; there is a page on either side of it."""
    table, mine = ("threads", "owner = 'alice'") if pages == "threads" else ("items", "thread_id = 'thr_1'")
    order = "ASC" if place == "first" else "DESC"
    sql = (MIDDLE if place == "middle" else EDGE).format(table=table, mine=mine, order=order)
    async with engine.connect() as connection:
        return int((await connection.exec_driver_sql(sql)).scalar_one())


def in_sql(engine: AsyncEngine, select: Select[Any], position: int) -> str:
    values = {"owner_": "alice", "thread_id_": "thr_1", "position_": position, "count_": 21}
    return str(select.params(values).compile(engine, compile_kwargs={"literal_binds": True}))


@pytest.mark.parametrize("pages", LISTS)
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_sqlite_reads_pages_from_an_index_alone(sqlite: AsyncEngine, pages: str, order: str) -> None:
    sql = in_sql(sqlite, statement(sqlite, pages, order), await position(sqlite, pages, "middle"))
    async with sqlite.connect() as connection:
        rows = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")).all()
    (plan,) = [str(row[-1]) for row in rows]
    assert re.fullmatch(
        r"SEARCH (threads|items) USING INDEX \w+ \((owner|thread_id)=\? AND seq[<>]\?\)", plan
    )


async def steps(engine: AsyncEngine, sql: str) -> int:
    """How many instructions SQLite carries out for a statement."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1

    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection  # Any: it has few annotations
        await driver.set_progress_handler(step, 1)
        assert len((await connection.exec_driver_sql(sql)).all()) == 21
        await driver.set_progress_handler(None, 0)
    return count


@pytest.mark.parametrize("pages", LISTS)
async def test_sqlite_takes_as_many_steps_for_any_page(sqlite: AsyncEngine, pages: str) -> None:
    costs = {
        (order, place): await steps(
            sqlite, in_sql(sqlite, statement(sqlite, pages, order), await position(sqlite, pages, place))
        )
        for order, place in PLACES
    }
    assert max(costs.values()) <= 2 * min(costs.values()), costs


async def explain(engine: AsyncEngine, pages: str, order: str, position: int, *, is_generic: bool) -> Any:
    """What PostgreSQL does for a page, planned for these values or, as it may for any, for all."""
    compiled = statement(engine, pages, order).compile(engine)
    values = {"owner_": "'alice'", "thread_id_": "'thr_1'", "position_": str(position), "count_": "21"}
    arguments = ", ".join(values[name] for name in compiled.positiontup or ())
    mode = "force_generic_plan" if is_generic else "force_custom_plan"
    async with engine.connect() as connection:
        await connection.exec_driver_sql(f"SET LOCAL plan_cache_mode = {mode}")
        await connection.exec_driver_sql(f"PREPARE page AS {compiled}")
        explained = await connection.exec_driver_sql(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE page({arguments})"
        )
        (plan,) = explained.scalar_one()
        await connection.exec_driver_sql("DEALLOCATE page")
    return plan["Plan"]


@pytest.mark.parametrize("is_generic", [False, True], ids=["custom", "generic"])
@pytest.mark.parametrize("pages", LISTS)
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_postgres_reads_pages_from_an_index_alone(
    postgres: AsyncEngine, pages: str, order: str, is_generic: bool
) -> None:
    for place in ("first", "middle", "last"):
        at = await position(postgres, pages, place)
        limit = await explain(postgres, pages, order, at, is_generic=is_generic)
        (scan,) = limit["Plans"]
        assert (limit["Node Type"], scan["Node Type"]) == ("Limit", "Index Scan")
        assert ("seq <" in scan["Index Cond"]) or ("seq >" in scan["Index Cond"])
        assert ("owner" if pages == "threads" else "thread_id") in scan["Index Cond"]
        assert scan.get("Rows Removed by Filter", 0) == 0


@pytest.mark.parametrize("is_generic", [False, True], ids=["custom", "generic"])
@pytest.mark.parametrize("pages", LISTS)
async def test_postgres_reads_as_many_blocks_for_any_page(
    postgres: AsyncEngine, pages: str, is_generic: bool
) -> None:
    costs = {}
    for order, place in PLACES:
        at = await position(postgres, pages, place)
        plan = await explain(postgres, pages, order, at, is_generic=is_generic)
        costs[order, place] = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    assert max(costs.values()) <= 2 * min(costs.values()), costs
