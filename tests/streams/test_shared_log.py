"""Turn logs that processes share: what a dead one leaves behind, and who may do what at the same time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import anyio
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import (
    BackendError,
    ConflictError,
    LeaseLostError,
    NotFoundError,
    TurnRunningError,
)
from chatkit_asgi.store.sql import SQLAlchemyStore, create_engine, migrate
from chatkit_asgi.streams.log import Ending, Slice, TurnLog, TurnRecord, Worker
from chatkit_asgi.streams.sql import SQLTurnLog
from tests.factories import make_thread, make_user_message
from tests.pgbouncer import pooler
from tests.postgres import Server, new_database
from tests.streams.conftest import THREADS, Place
from tests.streams.turns import ME, OTHER, frame, frames, make_turn

BOUND = 20
OVER = -1.0
"""Seconds of a lease that has ended when it begins."""
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
LISTENERS = text(
    "SELECT pid FROM pg_stat_activity"
    " WHERE datname = current_database() AND query LIKE 'LISTEN%' AND state = 'idle'"
)
DROP = text("SELECT pg_terminate_backend(:pid)")


@pytest.fixture
def log(shared: Place) -> TurnLog:
    """That of the worker ME."""
    return shared.log()


@pytest.fixture
def other(shared: Place) -> TurnLog:
    """That of another process."""
    return shared.log()


@pytest.fixture
async def postgres(postgres_engine: AsyncEngine, context: RequestContext) -> Place:
    store: SQLAlchemyStore = SQLAlchemyStore(postgres_engine)
    for number in range(THREADS):
        await store.save_thread(make_thread(id=f"thr_{number}"), context)
    return Place(store)


async def admit_expired(place: Place, turn_id: str = "trn_1", **fields: object) -> None:
    await place.log(lease=OVER).admit(make_turn(turn_id, **fields), most=0)


async def sweep(log: TurnLog) -> list[TurnRecord]:
    """End what has expired, as a sweeper does."""
    taken: list[TurnRecord] = []
    for turn in await log.expired():
        async with log.transaction():
            if found := await log.take_expired(turn.id):
                await log.end(turn.id, frame(99), "interrupted")
                taken.append(found)
    return taken


async def count_frames(place: Place) -> int:
    assert place.store is not None
    table = place.store.tables.qualified("turn_frames")
    async with place.store.engine.connect() as connection:
        return int(await connection.scalar(text(f"SELECT count(*) FROM {table}")))  # noqa: S608 - our name


async def test_turn_of_a_dead_process_is_ended_by_another(
    shared: Place, log: TurnLog, other: TurnLog
) -> None:
    await admit_expired(shared)
    await log.write(ME, [frames(1, 2)])
    (expired,) = await other.expired()
    assert (expired.id, expired.status, expired.is_expired) == ("trn_1", "running", True)
    assert await sweep(other) == [expired]
    assert await log.read("trn_1", "alice", 1) == Slice([frame(2), frame(99)], at_end=True)
    record = await log.load("trn_1", "alice")
    assert (record.status, record.is_expired) == ("interrupted", False)
    assert await sweep(other) == []
    await log.admit(make_turn("trn_2"), most=0)


@pytest.mark.parametrize("ending", ["done", "interrupted"])
async def test_process_that_was_taken_for_dead_writes_nothing_more(
    shared: Place, log: TurnLog, other: TurnLog, ending: str
) -> None:
    await admit_expired(shared)
    await sweep(other)
    assert set(await log.write(ME, [frames(1, 2)])) == {"trn_1"}
    assert set(await log.write(ME, [frames(1, 2)], [Ending("trn_1", ending)])) == {"trn_1"}  # type: ignore[arg-type]  # a TurnStatus
    assert list(await log.renew(ME, ["trn_1"])) == []
    assert await log.leave(ME, "trn_1") is None
    with pytest.raises(LeaseLostError):
        await log.require_held("trn_1", ME)
    assert await log.read("trn_1", "alice", 0) == Slice([frame(99)], at_end=True)


async def test_renewal_revives_a_turn_that_nobody_has_ended_yet(
    shared: Place, log: TurnLog, other: TurnLog
) -> None:
    await admit_expired(shared)
    (record,) = await log.renew(ME, [])
    assert not record.is_expired
    assert await sweep(other) == []
    assert set(await log.write(ME, [frames(1, 1)])) == set()


async def test_turn_that_was_left_elsewhere_is_not_read_for_long(shared: Place) -> None:
    """Nobody waits until the claim runs out that a process had before its reader left."""
    log, other, third = shared.log(), shared.log(), shared.log()
    await log.admit(make_turn(), most=0)
    await log.leave(ME, "trn_1")
    await other.renew(OTHER, ["trn_1"])
    await shared.log(lease=OVER).leave(OTHER, "trn_1")
    assert not (await log.load("trn_1", "alice")).is_read
    await third.claim(Worker("third"), ["trn_1"])  # which reads it, too
    assert (await log.load("trn_1", "alice")).is_read
    left = await other.leave(OTHER, "trn_1")
    assert left is not None
    assert left.is_read, "third may still say so"
    await shared.log(lease=OVER).claim(OTHER, ["trn_1"])
    assert (await log.load("trn_1", "alice")).is_read, "no claim ends before another one"


async def test_of_many_sweepers_one_ends_a_turn(shared: Place) -> None:
    for number in range(THREADS):
        await admit_expired(shared, f"trn_{number}", thread_id=f"thr_{number}")
    with anyio.fail_after(BOUND):
        taken = await asyncio.gather(*(sweep(shared.log()) for _ in range(4)))
    assert sorted(turn.id for turns in taken for turn in turns) == [f"trn_{n}" for n in range(THREADS)]
    assert await count_frames(shared) == THREADS


async def test_turn_is_not_taken_while_its_worker_writes_to_the_thread(postgres: Place) -> None:
    await admit_expired(postgres)
    log, other = postgres.log(), postgres.log()
    with anyio.fail_after(BOUND):
        async with log.transaction():
            await log.require_held("trn_1", ME)
            assert await sweep(other) == []
            await other.renew(OTHER, ["trn_1"])  # nobody else has to wait
            await other.cancel("trn_1")
        assert len(await sweep(other)) == 1


async def test_worker_waits_for_a_sweeper_and_learns_that_its_turn_is_lost(postgres: Place) -> None:
    await admit_expired(postgres)
    log, other = postgres.log(), postgres.log()
    with anyio.fail_after(BOUND):
        async with asyncio.TaskGroup() as tasks, other.transaction():
            assert await other.take_expired("trn_1") is not None
            frames_lost = tasks.create_task(log.write(ME, [frames(7, 7)]))
            end_lost = tasks.create_task(log.write(ME, [], [Ending("trn_1", "done")]))
            item_refused = tasks.create_task(refused(log))
            await until_waiting(postgres, 3)
            await other.end("trn_1", frame(99), "interrupted")
    assert set(frames_lost.result()) == set(end_lost.result()) == {"trn_1"}
    assert item_refused.result()
    assert await log.read("trn_1", "alice", 0) == Slice([frame(99)], at_end=True)


async def refused(log: TurnLog) -> bool:
    try:
        await log.require_held("trn_1", ME)
    except LeaseLostError:
        return True
    return False


async def until_waiting(place: Place, count: int) -> None:
    assert place.store is not None
    async with place.store.engine.connect() as connection:
        while await connection.scalar(WAITING) < count:
            await connection.rollback()
            await asyncio.sleep(0.005)


async def test_turns_go_with_their_thread(shared: Place, log: TurnLog) -> None:
    assert shared.store is not None
    for number in range(2):
        await log.admit(make_turn(f"trn_{number}", thread_id=f"thr_{number}"), most=0)
        await log.write(ME, [frames(1, 2, f"trn_{number}")])
    await shared.store.delete_thread("thr_0", RequestContext(user_id="alice"))
    lost = await log.write(
        ME, [frames(3, 3, "trn_0"), frames(3, 3, "trn_1")], [Ending("trn_0", "done"), Ending("trn_1", "done")]
    )
    assert set(lost) == {"trn_0"}
    assert await count_frames(shared) == 2
    with pytest.raises(NotFoundError):
        await log.read("trn_0", "alice", 0)
    with pytest.raises(LeaseLostError):
        await log.require_held("trn_0", ME)


async def test_turn_needs_a_thread_of_its_owner(log: TurnLog) -> None:
    for thread_id in ("thr_bob", "thr_unknown"):
        with pytest.raises(NotFoundError):
            await log.admit(make_turn(thread_id=thread_id), most=0)


async def test_turn_and_its_input_are_one_transaction(shared: Place, context: RequestContext) -> None:
    assert shared.store is not None
    store = shared.store
    log = SQLTurnLog(store.database, store.tables)

    async def admit(*turn_ids: str) -> None:
        async with log.transaction():
            await store.add_thread_item("thr_0", make_user_message(id="msg_1"), context)
            for turn_id in turn_ids:
                await log.admit(make_turn(turn_id), most=1)

    with pytest.raises(TurnRunningError):
        await admit("trn_1", "trn_2")
    assert await log.find_running("thr_0", "alice") is None
    assert (await store.load_thread_items("thr_0", None, 9, "asc", context)).data == []
    await admit("trn_1")
    assert await log.find_running("thr_0", "alice") is not None


async def test_busy_thread_is_a_conflict_and_nothing_else(log: TurnLog, other: TurnLog) -> None:
    """Turns end and others begin while one is refused; who tries again gets there."""

    async def run(log: TurnLog, name: str) -> None:
        for number in range(5):
            turn_id = f"trn_{name}_{number}"
            await admit_at_last(log, turn_id)
            await log.write(ME, [], [Ending(turn_id, "done")])

    with anyio.fail_after(BOUND):
        await asyncio.gather(*(run(one, f"{n}{m}") for n, one in enumerate((log, other)) for m in range(3)))
    assert await log.find_running("thr_0", "alice") is None


async def admit_at_last(log: TurnLog, turn_id: str) -> None:
    while True:
        with suppress(ConflictError):
            return await log.admit(make_turn(turn_id), most=2)


async def test_writes_renewals_and_readers_of_two_processes_never_lock_each_other_out(shared: Place) -> None:
    turns = [f"trn_{number}" for number in range(THREADS)]
    for number, turn_id in enumerate(turns):
        worker = (ME, OTHER)[number % 2]
        await shared.log().admit(make_turn(turn_id, thread_id=f"thr_{number}", worker=worker), most=0)
    rounds = 30

    async def write(log: TurnLog, number: int) -> None:
        worker, mine = (ME, OTHER)[number], turns[number::2]
        for last in range(1, rounds + 1):
            assert set(await log.write(worker, [frames(last, last, turn_id) for turn_id in mine])) == set()
        await log.write(worker, [], [Ending(turn_id, "done") for turn_id in reversed(mine)])

    async def renew(log: TurnLog, number: int) -> None:
        for _ in range(rounds):
            await log.renew((ME, OTHER)[number], turns[:: 1 - 2 * number])
            await log.cancel(turns[number])
            await log.leave((ME, OTHER)[number], turns[number])
            await log.leave((OTHER, ME)[number], turns[number])
            await log.claim((OTHER, ME)[number], turns[:: 1 - 2 * number])

    with anyio.fail_after(BOUND):
        logs = [shared.log() for _ in range(2)]
        async with asyncio.TaskGroup() as tasks:
            for number in (0, 1):
                for do in (write, renew, renew):
                    tasks.create_task(do(logs[number], number))
    for turn_id in turns:
        found = await logs[0].read(turn_id, "alice", 0)
        assert found == Slice([frame(number) for number in range(1, rounds + 1)], at_end=True)


class Ears:
    """What a log has told."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, tuple[str, ...]]] = []
        self.news = asyncio.Event()

    def __call__(self, kind: str, turn_ids: object) -> None:
        self.heard.append((kind, tuple(turn_ids)))  # type: ignore[arg-type]  # a collection of strings
        self.news.set()

    async def wait_for(self, count: int) -> set[str]:
        """Until so many turns were told of."""
        while len(found := {turn_id for _, ids in self.heard for turn_id in ids}) < count:
            self.news.clear()
            await self.news.wait()
        return found


@asynccontextmanager
async def listening(place: Place, log: TurnLog) -> AsyncIterator[tuple[Ears, int]]:
    """What the log hears; and the server process of its connection."""
    ears = Ears()
    assert place.store is not None
    task = asyncio.create_task(log.listen(ears))
    try:
        async with place.store.engine.connect() as connection:
            while not (pids := (await connection.execute(LISTENERS)).scalars().all()):
                assert not task.done()
                await connection.rollback()
                await asyncio.sleep(0.005)
        yield ears, pids[0]
    finally:
        task.cancel()
        with pytest.raises((asyncio.CancelledError, BackendError)):
            await task


async def until_nobody_listens(place: Place) -> None:
    assert place.store is not None
    async with place.store.engine.connect() as connection:
        while (await connection.execute(LISTENERS)).all():
            await connection.rollback()
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("store", ["postgres", "postgres_of_application"], indirect=True)
async def test_other_processes_hear_of_frames_ends_and_stops(shared: Place) -> None:
    log, other = shared.log(), shared.log()
    with anyio.fail_after(BOUND):
        async with listening(shared, other) as (ears, _):
            await log.admit(make_turn(), most=0)
            await other.renew(OTHER, ["trn_1"])
            await log.write(ME, [frames(1, 1)])
            await log.cancel("trn_1")
            await log.write(ME, [], [Ending("trn_1", "done")])
            await admit_expired(shared, "trn_2")
            await sweep(log)
            await other.cancel("trn_3")  # its own doing
            await log.cancel("trn_4")
            await ears.wait_for(3)
    assert ears.heard == [
        ("frames", ("trn_1",)),
        ("cancel", ("trn_1",)),
        ("frames", ("trn_1",)),
        ("frames", ("trn_2",)),
        ("cancel", ("trn_4",)),
    ]


@pytest.mark.parametrize("store", ["postgres", "postgres_of_application"], indirect=True)
async def test_frames_are_only_told_of_where_somebody_reads_them_elsewhere(shared: Place) -> None:
    log, other = shared.log(), shared.log()
    with anyio.fail_after(BOUND):
        async with listening(shared, other) as (ears, _):
            for number in (1, 2):
                await log.admit(make_turn(f"trn_{number}", thread_id=f"thr_{number}"), most=0)
            await other.renew(OTHER, ["trn_2"])
            assert set(await log.write(ME, [frames(1, 1, "trn_1"), frames(1, 1, "trn_2")])) == set()
            await log.write(ME, [frames(2, 2, "trn_1"), frames(2, 2, "trn_2")], [Ending("trn_1", "done")])
            await ears.wait_for(2)
    assert ears.heard[0] == ("frames", ("trn_2",))
    assert sorted(ears.heard[1:]) == [("frames", ("trn_1",)), ("frames", ("trn_2",))]


async def test_notices_hold_as_many_turns_as_there_are(postgres: Place) -> None:
    log, other = postgres.log(), postgres.log()
    turns = [f"trn_{number}_{'x' * 200}" for number in range(300)]
    with anyio.fail_after(BOUND):
        async with listening(postgres, other) as (ears, _):
            await log.write(ME, [], [Ending(turn_id, "done") for turn_id in turns])
            assert await ears.wait_for(300) == set(turns)


async def test_who_listens_takes_no_connection_of_the_pool_and_leaves_none_behind(postgres: Place) -> None:
    assert postgres.store is not None
    log = postgres.log()
    with anyio.fail_after(BOUND):
        async with listening(postgres, log):
            assert postgres.store.engine.sync_engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # a QueuePool
        await until_nobody_listens(postgres)


async def test_listening_may_be_cancelled_at_any_step(postgres: Place) -> None:
    assert postgres.store is not None
    log = postgres.log()
    with anyio.fail_after(BOUND):
        for steps in range(60):
            task = asyncio.create_task(log.listen(Ears()))
            for _ in range(steps):
                await asyncio.sleep(0)
            if steps % 2:
                await postgres.store.ping()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled()
        await until_nobody_listens(postgres)
    assert postgres.store.engine.sync_engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # a QueuePool


async def test_lost_connection_is_told_to_who_listens(postgres: Place) -> None:
    assert postgres.store is not None
    log = postgres.log()
    task = asyncio.create_task(log.listen(Ears()))
    with anyio.fail_after(BOUND):
        async with postgres.store.engine.connect() as connection:
            while not (pids := (await connection.execute(LISTENERS)).scalars().all()):
                await connection.rollback()
                await asyncio.sleep(0.005)
            await connection.execute(DROP, {"pid": pids[0]})
        with pytest.raises(BackendError):
            await task


async def test_server_that_falls_silent_is_noticed(
    spare_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatkit_asgi.streams.sql.notices.LOOK_SECONDS", 1.0)
    monkeypatch.setattr("chatkit_asgi.streams.sql.notices.LOOK_TIMEOUT", 0.5)
    spare_server.start()
    place = Place(SQLAlchemyStore(create_engine(spare_server.url)))
    assert place.store is not None
    task = asyncio.create_task(place.log().listen(Ears()))
    with anyio.fail_after(BOUND):
        async with place.store.engine.connect() as connection:
            while not (await connection.execute(LISTENERS)).all():
                await connection.rollback()
                await asyncio.sleep(0.005)
        with spare_server.frozen(), pytest.raises(BackendError):
            await task
    await place.store.engine.dispose()


async def test_installations_in_one_database_do_not_hear_each_other(
    postgres: Place, postgres_of_application: SQLAlchemyStore
) -> None:
    elsewhere = Place(postgres_of_application)
    with anyio.fail_after(BOUND):
        async with listening(postgres, postgres.log()) as (ears, _):
            await elsewhere.log().cancel("trn_1")
            await postgres.log().cancel("trn_2")
            assert await ears.wait_for(1) == {"trn_2"}


@pytest.mark.parametrize("store", ["sqlite", "sqlite_of_application"], indirect=True)
async def test_there_is_nothing_to_hear_on_sqlite(shared: Place) -> None:
    with anyio.fail_after(BOUND):
        await shared.log().listen(Ears())


@pytest.fixture
def pooler_url(postgres_server: str) -> Iterator[str]:
    with new_database(postgres_server) as direct, pooler(direct, servers=4) as url:
        yield url


async def test_behind_a_pooler_readers_look_by_themselves(pooler_url: str, context: RequestContext) -> None:
    """It would take LISTEN for the server of that moment, and tell of nothing afterwards."""
    store: SQLAlchemyStore = SQLAlchemyStore(create_engine(f"{pooler_url}&pgbouncer=true"))
    await migrate(store.engine)
    await store.save_thread(make_thread(id="thr_0"), context)
    log = Place(store).log()
    with anyio.fail_after(BOUND):
        await log.listen(Ears())
        await log.admit(make_turn(), most=3)
        assert set(await log.write(ME, [frames(1, 2)], [Ending("trn_1", "done")])) == set()
        assert await log.read("trn_1", "alice", 0) == Slice([frame(1), frame(2)], at_end=True)
    await store.engine.dispose()


@pytest.mark.parametrize("url", ["sqlite:////nowhere/chatkit.db", "postgresql://nobody@/none?host=/nowhere"])
async def test_every_method_tells_that_the_backend_is_away(url: str) -> None:
    store: SQLAlchemyStore = SQLAlchemyStore(create_engine(url))
    log = Place(store).log()
    calls = [
        log.admit(make_turn(), most=0),
        log.withdraw("trn_1"),
        log.load("trn_1", "alice"),
        log.find_running("thr_0", "alice"),
        log.find_key("key", "alice"),
        log.find_repeated("hash", "alice"),
        log.read("trn_1", "alice", 0),
        log.write(ME, [frames(1, 1)]),
        log.write(ME, [], [Ending("trn_1", "done")]),
        log.renew(ME, []),
        log.leave(ME, "trn_1"),
        log.claim(ME, ["trn_1"]),
        log.cancel("trn_1"),
        log.cancelled(ME),
        log.require_held("trn_1", ME),
        log.expired(),
        log.take_expired("trn_1"),
        log.end("trn_1", frame(1), "interrupted"),
        log.purge(1),
    ]
    if url.startswith("postgresql"):
        calls.append(log.listen(Ears()))
    with anyio.fail_after(BOUND):
        for call in calls:
            with pytest.raises(BackendError):
                await call
    await store.engine.dispose()
