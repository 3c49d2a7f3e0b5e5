"""What a whole turn asks of PostgreSQL: from the user's message to the stored answer, a short one."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped]  # it has no annotations
from sqlalchemy import event
from sqlalchemy.engine import make_url

from benchmarks.candidates import OURS, PUBLISHED, Candidate, Respond
from benchmarks.measure import Result, Target
from benchmarks.store.databases import CONTEXT, database
from benchmarks.store.guide import TABLES, make_guide_store
from benchmarks.turns import add_user_message
from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.sql import SQLAlchemyStore, create_engine, migrate

__all__ = ["answer", "measure_turns", "new_thread", "respond_with"]

TURNS = 50


class Log:
    """What went to the database: each statement's time, that of connecting, and how many transactions."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.transactions = 0
        self._is_open = False

    def query(self, record: Any) -> None:  # Any: asyncpg has no annotations
        """One after the other: nothing here happens at once."""
        self.seconds += record.elapsed
        word = record.query.split(None, 1)[0].rstrip(";").upper()
        if word in ("COMMIT", "ROLLBACK"):
            self._is_open = False
        elif not self._is_open:
            self.transactions += 1
            self._is_open = word == "BEGIN"

    @contextmanager
    def connecting(self) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - began


def measure_turns(rounds: int) -> list[Result]:
    """Transactions and milliseconds in the database for a turn in a new thread, and for one more message."""
    with database("PostgreSQL") as url:
        return asyncio.run(_measure(url, rounds))


async def _measure(url: str, rounds: int) -> list[Result]:
    dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn)
    await connection.execute(TABLES)
    await connection.close()
    logs = {OURS.name: Log(), PUBLISHED.name: Log()}
    store = await _our_store(url, logs[OURS.name])
    servers = {
        OURS.name: OURS.make_server(respond_with(OURS), store),
        PUBLISHED.name: PUBLISHED.make_server(
            respond_with(PUBLISHED), make_guide_store(dsn, logs[PUBLISHED.name])
        ),
    }
    results = []
    for what in ("new thread", "one more message"):
        transactions: dict[str, list[float]] = {name: [] for name in servers}
        times: dict[str, list[float]] = {name: [] for name in servers}
        for _ in range(rounds):
            for name, server in servers.items():
                requests = await _requests(server, what)
                log = logs[name]
                log.seconds, log.transactions = 0.0, 0
                for request in requests:
                    await answer(server, request)
                transactions[name].append(log.transactions / TURNS)
                times[name].append(log.seconds / TURNS * 1000)
        results += [
            Result(f"store: turn, {what}: transactions", Target(at_most=3), "", transactions),
            Result(f"store: turn, {what}: time in the database", Target(times=2), "ms", times),
        ]
    await store.aclose()
    return results


async def _our_store(url: str, log: Log) -> SQLAlchemyStore[RequestContext]:
    engine = create_engine(url)
    await migrate(engine)

    @event.listens_for(engine.sync_engine, "connect")
    def listen(connection: Any, _record: object) -> None:  # Any: a connection of the driver's
        connection.driver_connection.add_query_logger(log.query)

    return SQLAlchemyStore(engine, owns_engine=True)


async def _requests(server: Any, what: str) -> list[bytes]:
    if what == "new thread":
        return [create_thread()] * TURNS
    return [add_user_message(await new_thread(server))] * TURNS


def create_thread() -> bytes:
    """The request that starts the first turn of a thread."""
    message = json.loads(add_user_message("thr"))["params"]["input"]
    return json.dumps({"type": "threads.create", "params": {"input": message}}).encode()


async def new_thread(server: Any) -> str:
    """The id of a thread with one turn."""
    found = re.search(rb'"id":"(thr_[^"]+)"', await answer(server, create_thread()))
    assert found is not None
    return found[1].decode()


async def answer(server: Any, request: bytes) -> bytes:
    """All frames of one turn."""
    result = await server.process(request, CONTEXT)
    frames = b"".join([frame async for frame in result])
    assert b'"assistant_message"' in frames
    return frames


def respond_with(candidate: Candidate) -> Respond:
    """One short message."""
    types = candidate.types

    async def respond(thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        content = [types.AssistantMessageContent(text="A short answer.")]
        item_id = f"msg_{uuid4().hex}"
        item = types.AssistantMessageItem(
            id=item_id, thread_id=thread.id, created_at=datetime.now(UTC), content=content
        )
        yield types.ThreadItemDoneEvent(item=item)

    return respond
