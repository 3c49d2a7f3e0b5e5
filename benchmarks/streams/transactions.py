"""What turns ask of the database while they run: how often, and whether any delta waits for it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event

from benchmarks.candidates import OURS
from benchmarks.measure import Result, Target
from benchmarks.store.databases import CONTEXT, DATABASES, THREAD, database
from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.sql import Database, SQLAlchemyStore, create_engine, migrate
from chatkit_asgi.streams import Admit, Asked, LastWords, Producer, TurnReading, TurnRecord, TurnRunner
from chatkit_asgi.streams.sql import SQLTurnLog

__all__ = ["measure_transactions", "measure_way"]

TURNS = (1, 50, 500)
FLUSHES = 20
PAUSE = 0.05
"""Between the frames of a turn, so that each has some in each flush."""
FRAME = b'data: {"type":"progress_update","text":"x"}\n\n'
WAY_FRAMES = 1_000


class Saying:
    """Answers with frames, until it is stopped or has said all."""

    error = None

    def __init__(self, count: int | None) -> None:
        self.json_events = self._frames(count)

    async def _frames(self, count: int | None) -> AsyncGenerator[bytes, None]:
        said = 0
        while count is None or said < count:
            await asyncio.sleep(PAUSE if count is None else 0)
            yield FRAME
            said += 1


class Counted:
    """Transactions on all connections of a store. A statement outside of one is one by itself."""

    def __init__(self) -> None:
        self.transactions = 0

    def listen(self, store: SQLAlchemyStore[RequestContext]) -> None:
        event.listen(store.engine.sync_engine, "connect", self._connected)

    def _connected(self, connection: Any, _record: object) -> None:  # Any: a connection of the driver's
        driver, note = connection.driver_connection, self._noting()
        if hasattr(driver, "add_query_logger"):
            driver.add_query_logger(lambda record: note(record.query))
        else:
            connection.run_async(lambda _: driver.set_trace_callback(note))

    def _noting(self) -> Callable[[str], None]:
        is_open = False

        def note(sql: str) -> None:
            nonlocal is_open
            word = sql.split(None, 1)[0].rstrip(";").upper()
            if word in ("COMMIT", "ROLLBACK"):
                is_open = False
            elif not is_open:
                self.transactions += 1
                is_open = word == "BEGIN"

        return note


def measure_transactions(rounds: int) -> Iterator[Result]:
    """For each flush of a process, with what it does beside: lease its turns, ask who wants to stop one."""
    for place in DATABASES:
        for turns in TURNS:
            with database(place) as url:
                counts = asyncio.run(_transactions(url, turns, rounds))
            name = f"streams: transactions a flush, {turns} turns, {place}"
            yield Result(name, Target(at_most=2), "", {OURS.name: counts})


def measure_way(rounds: int) -> Iterator[Result]:
    """Calls of the database that the turn's task or its reader's makes while frames are made and read."""
    for place in DATABASES:
        with database(place) as url:
            counts = [asyncio.run(_calls(url)) for _ in range(rounds)]
        name = f"streams: statements on the way of a delta, {place}"
        yield Result(name, Target(at_most=0), "", {OURS.name: counts})


async def _transactions(url: str, turns: int, rounds: int) -> list[float]:
    counted = Counted()
    async with _runner(url) as (runner, store):
        counted.listen(store)
        readings = [await _begin(runner, store, number, None) for number in range(turns)]
        readers = [asyncio.create_task(_read(reading)) for reading in readings]
        counts = []
        for _ in range(rounds):
            began, before = runner.figures.log.flushes, counted.transactions
            while (flushes := runner.figures.log.flushes - began) < FLUSHES:  # noqa: ASYNC110
                await asyncio.sleep(PAUSE)
            counts.append((counted.transactions - before) / flushes)
        await runner.aclose()
        await asyncio.gather(*readers)
        return counts


async def _calls(url: str) -> float:
    """Calls for a delta; there are flushes meanwhile, but nothing on the way waits for one."""
    async with _runner(url) as (runner, store):
        reading = await _begin(runner, store, 0, WAY_FRAMES)
        reader = asyncio.create_task(_read(reading), name="turn's reader")
        calls = _watch(store.database)
        await reader
        return len(calls) / WAY_FRAMES


def _watch(database: Database) -> list[str]:
    """The names of tasks of turns that ask the database for something, from now on."""
    calls: list[str] = []

    def noting(call: Callable[..., Any]) -> Callable[..., Any]:  # Any: each call its own
        def noted(*arguments: Any) -> Any:
            task = asyncio.current_task()
            if task is not None and task.get_name().startswith("turn"):
                calls.append(task.get_name())
            return call(*arguments)

        return noted

    for name in ("fetch", "change", "read", "write", "transaction"):
        vars(database)[name] = noting(getattr(database, name))
    return calls


@asynccontextmanager
async def _runner(url: str) -> AsyncIterator[tuple[TurnRunner, SQLAlchemyStore[RequestContext]]]:
    async def recover(turn: TurnRecord, frames: object) -> None: ...

    store: SQLAlchemyStore[RequestContext] = SQLAlchemyStore(create_engine(url), owns_engine=True)
    await migrate(store.engine)
    log = SQLTurnLog(store.database, store.tables)
    words = LastWords(failure=FRAME, timeout=FRAME, deleted=FRAME)
    runner = TurnRunner(log, last_words=lambda: words, recover=recover)
    yield runner, store
    await runner.aclose()
    await store.aclose()


async def _begin(
    runner: TurnRunner, store: SQLAlchemyStore[RequestContext], number: int, count: int | None
) -> TurnReading:
    thread = THREAD.model_copy(update={"id": f"thr_{number}"})

    async def open(admit: Admit) -> Producer:
        async with store.transaction():
            await store.save_thread(thread, CONTEXT)
            await admit(thread.id, True)
        return Saying(count)

    return await runner.begin(Asked(owner=CONTEXT.user_id, request_hash=thread.id), open)


async def _read(reading: TurnReading) -> None:
    while await reading.read():
        pass
    reading.leave()
