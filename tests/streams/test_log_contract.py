"""What every turn log promises."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from chatkit_asgi.errors import (
    ChatKitError,
    LeaseLostError,
    NotFoundError,
    RepeatedRequestError,
    TooManyError,
    TurnRunningError,
)
from chatkit_asgi.streams.log import FRAMES_AT_ONCE, Ending, Frames, Slice, TurnLog, TurnRecord
from chatkit_asgi.usage import Usage
from tests.streams.conftest import THREADS, Place
from tests.streams.turns import ME, OTHER, frame, frames, make_turn, read_all

DONE = Ending("trn_1", "done")

RECORD = TurnRecord(
    id="trn_1",
    thread_id="thr_0",
    owner="alice",
    worker=ME,
    status="running",
    allow_cancel=True,
    request_hash="hash",
    is_read=True,
    is_followed=False,
    is_expired=False,
    is_cancelled=False,
)


async def outcomes_of(*calls: object) -> list[type | None]:
    """What each of several calls at once raised, sorted by name."""
    done = await asyncio.gather(*calls, return_exceptions=True)  # type: ignore[call-overload]  # awaitables
    return [None if one is None else type(one) for one in done]


async def test_admitted_turn_is_leased_and_read_by_its_worker(log: TurnLog) -> None:
    await log.admit(make_turn(request_hash="hash", request_key="key"), most=0)
    assert await log.load("trn_1", "alice") == RECORD
    assert await log.find_running("thr_0", "alice") == RECORD
    assert await log.find_key("key", "alice") == RECORD
    assert await log.read("trn_1", "alice", 0) == Slice([], at_end=False)


async def test_what_turns_used_is_counted_once_for_their_owners_day(log: TurnLog) -> None:
    usage = Usage(model="m", input_tokens=10, output_tokens=3, cached_tokens=4)
    await log.admit(make_turn(), most=0)
    await log.write(ME, [], [DONE])
    assert await log.tokens_of_today("alice") == 0
    for _ in range(2):  # as after a failure of which nobody knows whether it was one
        await log.note_usage([replace(DONE, usage=usage), Ending("trn_unknown", "done", usage=usage)])
    await log.admit(make_turn(id="trn_2"), most=0)
    await log.note_usage([Ending("trn_2", "failed", usage=usage), replace(DONE, usage=None)])
    assert await log.tokens_of_today("alice") == 26
    assert await log.tokens_of_today("bob") == 0


async def test_record_tells_whether_the_user_may_stop_the_turn(log: TurnLog) -> None:
    await log.admit(make_turn(allow_cancel=False), most=0)
    assert await log.load("trn_1", "alice") == replace(RECORD, allow_cancel=False, request_hash="")


async def test_thread_has_one_turn_at_a_time(log: TurnLog) -> None:
    await log.admit(make_turn(), most=0)
    with pytest.raises(TurnRunningError) as refused:
        await log.admit(make_turn("trn_2"), most=0)
    assert refused.value.turn_id == "trn_1"
    await log.admit(make_turn("trn_3", thread_id="thr_1"), most=0)
    await log.write(ME, [], [DONE])
    await log.admit(make_turn("trn_2"), most=0)
    assert (await log.load("trn_2", "alice")).status == "running"


async def test_request_key_is_used_once_by_each_owner(log: TurnLog) -> None:
    await log.admit(make_turn(request_key="key"), most=0)
    for again in (
        make_turn("trn_2", request_key="key"),  # in the thread where the first one runs, too
        make_turn("trn_2", request_key="key", thread_id="thr_1"),
    ):
        with pytest.raises(RepeatedRequestError):
            await log.admit(again, most=0)
    await log.write(ME, [], [DONE])
    with pytest.raises(RepeatedRequestError):
        await log.admit(make_turn("trn_2", request_key="key"), most=0)
    await log.admit(make_turn("trn_bob", request_key="key", owner="bob", thread_id="thr_bob"), most=0)


async def test_owner_has_no_more_than_so_many_turns(log: TurnLog) -> None:
    for number in range(2):
        await log.admit(make_turn(f"trn_{number}", thread_id=f"thr_{number}"), most=2)
    with pytest.raises(TooManyError):
        await log.admit(make_turn("trn_2", thread_id="thr_2"), most=2)
    await log.admit(make_turn("trn_bob", owner="bob", thread_id="thr_bob"), most=2)
    await log.write(ME, [], [DONE])
    await log.admit(make_turn("trn_2", thread_id="thr_2"), most=2)
    await log.admit(make_turn("trn_3", thread_id="thr_3"), most=0)


async def test_of_many_requests_with_one_key_one_begins_a_turn(place: Place) -> None:
    logs = [place.log()] * 2 if place.store is None else [place.log() for _ in range(2)]
    turns = [
        make_turn(f"trn_{n}", request_key="key", thread_id=f"thr_{n % THREADS}", worker=(ME, OTHER)[n % 2])
        for n in range(50)
    ]
    outcomes = await outcomes_of(*(logs[n % 2].admit(turn, most=n % 3) for n, turn in enumerate(turns)))
    assert outcomes.count(None) == 1
    assert outcomes.count(RepeatedRequestError) == 49


async def test_of_many_turns_in_one_thread_one_begins(place: Place) -> None:
    logs = [place.log()] * 2 if place.store is None else [place.log() for _ in range(2)]
    outcomes = await outcomes_of(*(logs[n % 2].admit(make_turn(f"trn_{n}"), most=9) for n in range(20)))
    assert outcomes.count(None) == 1
    assert outcomes.count(TurnRunningError) == 19


async def test_of_many_turns_at_once_an_owner_gets_the_most_allowed(place: Place) -> None:
    logs = [place.log()] * 2 if place.store is None else [place.log() for _ in range(2)]
    outcomes = await outcomes_of(
        *(logs[n % 2].admit(make_turn(f"trn_{n}", thread_id=f"thr_{n}"), most=3) for n in range(THREADS))
    )
    assert outcomes.count(None) == 3
    assert outcomes.count(TooManyError) == THREADS - 3


async def test_withdrawn_turn_is_forgotten(log: TurnLog) -> None:
    await log.admit(make_turn(request_key="key"), most=1)
    for _ in range(2):
        await log.withdraw("trn_1")
    with pytest.raises(NotFoundError):
        await log.load("trn_1", "alice")
    await log.admit(make_turn(request_key="key"), most=1)


async def test_turns_of_others_are_not_found(log: TurnLog) -> None:
    await log.admit(make_turn(request_key="key", request_hash="hash"), most=0)
    for owner, turn_id in (("bob", "trn_1"), ("alice", "trn_2")):
        with pytest.raises(NotFoundError):
            await log.load(turn_id, owner)
        with pytest.raises(NotFoundError):
            await log.read(turn_id, owner, 0)
    assert await log.find_running("thr_0", "bob") is None
    assert await log.find_running("thr_1", "alice") is None
    assert await log.find_key("key", "bob") is None
    assert await log.find_key("other", "alice") is None


async def test_key_finds_a_turn_that_has_ended_and_its_thread_does_not(log: TurnLog) -> None:
    await log.admit(make_turn(request_key="key"), most=0)
    await log.write(ME, [], [Ending("trn_1", "failed", "in the middle")])
    found = await log.find_key("key", "alice")
    assert found == replace(RECORD, status="failed", request_hash="")
    assert await log.find_running("thr_0", "alice") is None


async def test_repeated_request_is_found_when_nobody_reads_its_turn(log: TurnLog) -> None:
    await log.admit(make_turn(request_hash="hash"), most=0)
    assert await log.find_repeated("hash", "alice") is None
    await log.leave(ME, "trn_1")
    assert await log.find_repeated("hash", "alice") == replace(RECORD, is_read=False)
    assert await log.find_repeated("hash", "bob") is None
    assert await log.find_repeated("other", "alice") is None
    await log.renew(OTHER, ["trn_1"])
    assert await log.find_repeated("hash", "alice") is None


@pytest.mark.parametrize(
    "change", [lambda log: log.cancel("trn_1"), lambda log: log.write(ME, [], [DONE])], ids=["stop", "end"]
)
async def test_repeated_request_does_not_find_what_was_stopped_or_has_ended(
    log: TurnLog, change: Callable[[TurnLog], object]
) -> None:
    await log.admit(make_turn(request_hash="hash"), most=0)
    await log.leave(ME, "trn_1")
    await change(log)  # type: ignore[misc]  # awaitables of several types
    assert await log.find_repeated("hash", "alice") is None


async def test_frames_come_back_as_they_were_written(log: TurnLog) -> None:
    await log.admit(make_turn(), most=0)
    for first, last in ((1, 1), (2, 4), (5, 9)):
        assert set(await log.write(ME, [frames(first, last)])) == set()
    everything = [frame(number) for number in range(1, 10)]
    for after in range(12):
        assert await log.read("trn_1", "alice", after) == Slice(everything[after:], at_end=False)


async def test_many_turns_are_written_at_once(log: TurnLog) -> None:
    for number in range(THREADS):
        await log.admit(make_turn(f"trn_{number}", thread_id=f"thr_{number}"), most=0)
    await log.write(ME, [frames(1, 2 + number, f"trn_{number}") for number in range(THREADS)])
    for number in range(THREADS):
        found = await read_all(log, f"trn_{number}")
        assert found == [frame(one) for one in range(1, 3 + number)]


async def test_end_is_told_with_the_last_frames(log: TurnLog) -> None:
    await log.admit(make_turn(), most=0)
    await log.write(ME, [frames(1, 3)])
    await log.write(ME, [frames(4, 5)], [Ending("trn_1", "cancelled")])
    assert await log.read("trn_1", "alice", 2) == Slice([frame(3), frame(4), frame(5)], at_end=True)
    assert await log.read("trn_1", "alice", 5) == Slice([], at_end=True)
    assert (await log.load("trn_1", "alice")).status == "cancelled"


async def test_turn_may_end_without_frames(log: TurnLog) -> None:
    await log.admit(make_turn(), most=0)
    await log.write(ME, [], [DONE])
    assert await log.read("trn_1", "alice", 0) == Slice([], at_end=True)


async def test_long_log_is_read_in_portions(log: TurnLog) -> None:
    await log.admit(make_turn(), most=0)
    for first in range(1, 400, 7):
        await log.write(ME, [frames(first, first + 6)])
    await log.write(ME, [], [DONE])
    last = first + 6
    found: list[bytes] = []
    at_end = False
    while not at_end:
        some = await log.read("trn_1", "alice", len(found))
        assert 0 < len(some.frames) <= FRAMES_AT_ONCE
        found += some.frames
        at_end = some.at_end
    assert found == [frame(number) for number in range(1, last + 1)]


async def test_big_batch_is_read_in_portions(log: TurnLog) -> None:
    """After its backend was away, a log gets all of that time at once."""
    await log.admit(make_turn(), most=0)
    count = 3 * FRAMES_AT_ONCE + 1
    await log.write(ME, [frames(1, count)], [DONE])
    first = await log.read("trn_1", "alice", 0)
    assert len(first.frames) == FRAMES_AT_ONCE
    assert not first.at_end
    assert await read_all(log, after=5) == [frame(number) for number in range(6, count + 1)]


async def test_same_write_again_changes_nothing(log: TurnLog) -> None:
    """Nobody knows what became of a write when its connection was lost."""
    await log.admit(make_turn(), most=0)
    for _ in range(2):
        assert set(await log.write(ME, [frames(1, 3)])) == set()
    for _ in range(2):
        assert set(await log.write(ME, [frames(4, 4)], [DONE])) == set()
    assert await log.read("trn_1", "alice", 0) == Slice([frame(n) for n in (1, 2, 3, 4)], at_end=True)


async def test_write_that_grew_since_its_first_attempt_repeats_no_frame(log: TurnLog) -> None:
    await log.admit(make_turn(), most=0)
    await log.write(ME, [frames(1, 3)])
    await log.write(ME, [frames(1, 6)])
    everything = [frame(number) for number in range(1, 7)]
    for after in range(7):
        assert await read_all(log, after=after) == everything[after:]


async def test_turn_that_has_ended_takes_no_frames(log: TurnLog) -> None:
    await log.admit(make_turn(), most=0)
    await log.write(ME, [frames(1, 1)], [DONE])
    assert set(await log.write(ME, [frames(2, 2)])) == {"trn_1"}
    await log.write(ME, [], [Ending("trn_1", "failed")])
    assert await log.read("trn_1", "alice", 0) == Slice([frame(1)], at_end=True)
    assert (await log.load("trn_1", "alice")).status == "done"


async def test_worker_writes_its_own_turns_only(log: TurnLog) -> None:
    await log.admit(make_turn("trn_0", thread_id="thr_0"), most=0)
    await log.admit(make_turn("trn_1", thread_id="thr_1", worker=OTHER), most=0)
    turns = ("trn_0", "trn_1", "trn_2")
    lost = await log.write(
        ME, [frames(1, 1, turn_id) for turn_id in turns], [Ending(turn_id, "done") for turn_id in turns]
    )
    assert set(lost) == {"trn_1", "trn_2"}
    assert await log.read("trn_0", "alice", 0) == Slice([frame(1)], at_end=True)
    assert await log.read("trn_1", "alice", 0) == Slice([], at_end=False)


async def test_nothing_to_write_is_nothing_lost(log: TurnLog) -> None:
    assert set(await log.write(ME, [])) == set()
    assert set(await log.write(ME, [Frames("trn_1", 0, [])])) == set()


async def test_renewal_gives_the_running_turns_of_the_worker(log: TurnLog) -> None:
    for number, worker in enumerate((ME, ME, ME, OTHER)):
        await log.admit(make_turn(f"trn_{number}", thread_id=f"thr_{number}", worker=worker), most=0)
    await log.write(ME, [], [Ending("trn_2", "done")])
    renewed = await log.renew(ME, ["trn_0", "trn_3", "unknown"])
    assert {record.id for record in renewed} == {"trn_0", "trn_1"}
    assert (await log.load("trn_3", "alice")).is_followed


async def test_turn_is_followed_while_other_processes_say_so(log: TurnLog) -> None:
    await log.admit(make_turn(), most=0)
    await log.leave(ME, "trn_1")
    assert list(await log.renew(OTHER, ["trn_1"])) == []
    (record,) = await log.renew(ME, [])
    assert (record.is_read, record.is_followed) == (True, True)


async def test_turn_that_others_claim_is_followed(log: TurnLog) -> None:
    for number, worker in enumerate((ME, OTHER)):
        await log.admit(make_turn(f"trn_{number}", thread_id=f"thr_{number}", worker=worker), most=0)
    await log.claim(ME, ["trn_0", "trn_1", "unknown"])
    assert not (await log.load("trn_0", "alice")).is_followed, "it is a turn of its own"
    assert (await log.load("trn_1", "alice")).is_followed
    await log.claim(ME, [])


async def test_claims_of_readers_run_out(place: Place) -> None:
    log = place.log(lease=-1)
    await log.admit(make_turn(), most=0)
    await log.renew(ME, ["trn_1"])
    await log.renew(OTHER, ["trn_1"])
    record = await log.load("trn_1", "alice")
    assert (record.is_read, record.is_followed) == (False, False)


async def test_last_reader_of_a_process_leaves(log: TurnLog) -> None:
    await log.admit(make_turn(request_hash="hash"), most=0)
    assert await log.leave(ME, "trn_1") == replace(RECORD, is_read=False)
    (record,) = await log.renew(ME, ["trn_1"])
    assert record == RECORD
    left = await log.leave(OTHER, "trn_1")  # which did not know that others read it
    assert left is not None
    assert left.is_read
    await log.write(ME, [], [DONE])
    assert await log.leave(ME, "trn_1") is None
    assert await log.leave(ME, "unknown") is None


async def test_stop_reaches_the_worker(log: TurnLog) -> None:
    for number in range(2):
        await log.admit(make_turn(f"trn_{number}", thread_id=f"thr_{number}"), most=0)
    for _ in range(2):
        await log.cancel("trn_1")
    await log.cancel("unknown")
    assert set(await log.cancelled(ME)) == {"trn_1"}
    assert set(await log.cancelled(OTHER)) == set()
    assert (await log.load("trn_1", "alice")).is_cancelled
    await log.write(ME, [], [Ending("trn_1", "cancelled")])
    assert set(await log.cancelled(ME)) == set()


async def test_worker_holds_its_running_turns(log: TurnLog) -> None:
    await log.admit(make_turn(), most=0)
    await log.require_held("trn_1", ME)
    for turn_id, worker in (("trn_1", OTHER), ("trn_2", ME)):
        with pytest.raises(LeaseLostError):
            await log.require_held(turn_id, worker)
    await log.write(ME, [], [DONE])
    with pytest.raises(LeaseLostError):
        await log.require_held("trn_1", ME)


async def test_turn_whose_lease_goes_on_is_not_taken(log: TurnLog) -> None:
    await log.admit(make_turn(), most=0)
    assert list(await log.expired()) == []
    async with log.transaction():
        assert await log.take_expired("trn_1") is None
        assert await log.take_expired("unknown") is None


async def test_turn_that_ends_by_last_words(log: TurnLog) -> None:
    await log.admit(make_turn(), most=0)
    await log.write(ME, [frames(1, 2)])
    await log.end("trn_1", frame(3), "interrupted")
    assert await log.read("trn_1", "alice", 1) == Slice([frame(2), frame(3)], at_end=True)
    assert (await log.load("trn_1", "alice")).status == "interrupted"
    await log.end("trn_1", frame(4), "failed")
    assert await log.read("trn_1", "alice", 3) == Slice([], at_end=True)


async def test_purge_forgets_what_ended_long_ago(log: TurnLog) -> None:
    for number in range(3):
        turn = make_turn(f"trn_{number}", thread_id=f"thr_{number}", request_key=f"key {number}")
        await log.admit(turn, most=0)
        await log.write(ME, [frames(1, 3, f"trn_{number}")])
    await log.write(ME, [], [Ending(f"trn_{number}", "done") for number in (0, 1)])
    assert await log.purge(60) == 0
    assert len(await read_all(log, "trn_0")) == 3
    assert await log.purge(-60) == 2
    assert await log.purge(-60) == 0
    with pytest.raises(NotFoundError):
        await log.read("trn_0", "alice", 0)
    with pytest.raises(NotFoundError):
        await log.load("trn_0", "alice")
    assert await log.find_key("key 0", "alice") is None
    assert len(await read_all(log, "trn_2")) == 3
    await log.admit(make_turn("trn_3", request_key="key 0"), most=0)


async def test_purge_goes_on_until_nothing_is_left(log: TurnLog) -> None:
    for number in range(120):
        await log.admit(make_turn(f"trn_{number}"), most=0)
        await log.write(ME, [], [Ending(f"trn_{number}", "done")])
    assert await log.purge(-60) == 120


async def test_refusals_are_answers_to_a_request(log: TurnLog) -> None:
    await log.admit(make_turn(), most=0)
    for turn in (make_turn("trn_2"), make_turn("trn_2", thread_id="thr_1")):
        with pytest.raises(ChatKitError, match=r"[a-z]{3}.*[.:]"):
            await log.admit(turn, most=1)
