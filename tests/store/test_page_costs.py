"""A page costs the same wherever it is, in a thread of many items and for an owner of many threads."""

import re
from collections.abc import AsyncIterator, Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncEngine

from chatkit_asgi.store.sql import Tables, create_engine, migrate
from chatkit_asgi.store.sql.statements import Statements
from tests.postgres import new_database
from tests.store.filling import AROUND, BIG, HIDING, fill

THREADS, ITEMS, PAGE = 10_000, 100_000, 21
ORDERS = ["asc", "desc"]
LISTS = ["threads", "items", "visible_items"]
PLANS = pytest.mark.parametrize("is_generic", [False, True], ids=["custom", "generic"])
"""PostgreSQL plans for these values or, as it may after some calls, for any."""


class Place(NamedTuple):
    """Where a page begins: an order, and a number that it lies beyond."""

    order: str
    position: int
    thread: str = BIG


@pytest.fixture(scope="module")
def empty_postgres(postgres_server: str) -> Iterator[str]:
    with new_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="module")
async def postgres(empty_postgres: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(empty_postgres)
    await migrate(engine)
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


async def places(engine: AsyncEngine, pages: str) -> list[Place]:
    """First, middle and last pages both ways; of visible items also those behind many hidden ones."""
    rows = "threads WHERE owner = 'alice'" if pages == "threads" else f"items WHERE thread_id = '{BIG}'"
    hiding = f"items WHERE thread_id = '{HIDING}' AND NOT hidden"
    async with engine.connect() as connection:

        async def number(rows: str, order: str, offset: int) -> int:
            sql = f"SELECT seq FROM {rows} ORDER BY seq {order} LIMIT 1 OFFSET {offset}"  # noqa: S608
            return int((await connection.exec_driver_sql(sql)).scalar_one())

        middle = (THREADS if pages == "threads" else ITEMS) // 2
        positions = [
            await number(rows, *at) for at in (("ASC", 2 * PAGE), ("ASC", middle), ("DESC", 2 * PAGE))
        ]
        found = [Place(order, position) for order, position in product(ORDERS, positions)]
        if pages == "visible_items":
            found.append(Place("asc", await number(hiding, "ASC", AROUND - 1), HIDING))
            found.append(Place("desc", await number(hiding, "DESC", AROUND - 1), HIDING))
    return found


def select(engine: AsyncEngine, pages: str, way: str) -> Select[Any]:
    """A list's statement for a page, or for the number of a row whose id is a cursor."""
    found: Select[Any] = getattr(getattr(Statements(Tables(engine.dialect.name)), pages), way)
    return found


def values(place: Place) -> dict[str, Any]:
    return {
        "owner_": "alice",
        "thread_id_": place.thread,
        "position_": place.position,
        "count_": PAGE,
        "id_": "tsk_500",
    }


# SQLite: how it would go about it, and how many instructions it carries out.


def in_sql(engine: AsyncEngine, statement: Select[Any], place: Place) -> str:
    literal = statement.params(values(place)).compile(engine, compile_kwargs={"literal_binds": True})
    return str(literal)


async def sqlite_plan(engine: AsyncEngine, statement: Select[Any], place: Place) -> str:
    async with engine.connect() as connection:
        sql = f"EXPLAIN QUERY PLAN {in_sql(engine, statement, place)}"
        rows = (await connection.exec_driver_sql(sql)).all()
    return "\n".join(str(row[-1]) for row in rows)


@pytest.mark.parametrize("pages", LISTS)
async def test_sqlite_finds_a_page_in_an_index_and_in_order(sqlite: AsyncEngine, pages: str) -> None:
    key = "owner" if pages == "threads" else "thread_id"
    for place in await places(sqlite, pages):
        plan = await sqlite_plan(sqlite, select(sqlite, pages, place.order), place)
        assert re.fullmatch(rf"SEARCH (threads|items) USING INDEX \w+ \({key}=\? AND seq[<>]\?\)", plan)
        assert pages != "visible_items" or "INDEX ix_items_visible " in plan


@pytest.mark.parametrize("pages", LISTS)
async def test_sqlite_finds_a_cursor_by_its_row(sqlite: AsyncEngine, pages: str) -> None:
    plan = await sqlite_plan(sqlite, select(sqlite, pages, "find"), Place("asc", 0))
    key = r"id=\?" if pages == "threads" else r"thread_id=\? AND id=\?"
    assert re.fullmatch(rf"SEARCH (threads|items) USING INDEX \w+ \({key}\)", plan)


async def steps(engine: AsyncEngine, sql: str) -> int:
    """How many instructions SQLite carries out for a full page."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1

    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection  # Any: it has few annotations
        await driver.set_progress_handler(step, 1)
        assert len((await connection.exec_driver_sql(sql)).all()) == PAGE
        await driver.set_progress_handler(None, 0)
    return count


@pytest.mark.parametrize("pages", LISTS)
async def test_sqlite_takes_as_many_steps_for_any_page(sqlite: AsyncEngine, pages: str) -> None:
    costs = {
        place: await steps(sqlite, in_sql(sqlite, select(sqlite, pages, place.order), place))
        for place in await places(sqlite, pages)
    }
    assert max(costs.values()) <= 2 * min(costs.values()), costs


# PostgreSQL: what it did, and how many blocks it read. It knows its tables and is free to choose.


async def explain(engine: AsyncEngine, statement: Select[Any], place: Place, *, is_generic: bool) -> Any:
    compiled = statement.compile(engine)
    literals = {
        name: f"'{value}'" if isinstance(value, str) else str(value) for name, value in values(place).items()
    }
    arguments = ", ".join(literals[name] for name in compiled.positiontup or ())
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


@PLANS
@pytest.mark.parametrize("pages", LISTS)
async def test_postgres_finds_a_page_in_an_index_and_in_order(
    postgres: AsyncEngine, pages: str, is_generic: bool
) -> None:
    key = "owner" if pages == "threads" else "thread_id"
    for place in await places(postgres, pages):
        statement = select(postgres, pages, place.order)
        limit = await explain(postgres, statement, place, is_generic=is_generic)
        (scan,) = limit["Plans"]
        assert (limit["Node Type"], scan["Node Type"]) == ("Limit", "Index Scan")
        assert f"({key})::text = " in scan["Index Cond"]
        assert f"(seq {'>' if place.order == 'asc' else '<'} " in scan["Index Cond"]
        assert scan["Scan Direction"] == ("Forward" if place.order == "asc" else "Backward")
        assert (limit["Actual Rows"], scan.get("Rows Removed by Filter", 0)) == (PAGE, 0)


@PLANS
@pytest.mark.parametrize("pages", LISTS)
async def test_postgres_finds_a_cursor_by_its_row(
    postgres: AsyncEngine, pages: str, is_generic: bool
) -> None:
    scan = await explain(postgres, select(postgres, pages, "find"), Place("asc", 0), is_generic=is_generic)
    assert scan["Node Type"] == "Index Scan"
    assert "(id)::text = " in scan["Index Cond"]


@PLANS
@pytest.mark.parametrize("pages", LISTS)
async def test_postgres_reads_as_many_blocks_for_any_page(
    postgres: AsyncEngine, pages: str, is_generic: bool
) -> None:
    costs = {}
    for place in await places(postgres, pages):
        statement = select(postgres, pages, place.order)
        plan = await explain(postgres, statement, place, is_generic=is_generic)
        costs[place] = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    assert max(costs.values()) <= 2 * min(costs.values()), costs
