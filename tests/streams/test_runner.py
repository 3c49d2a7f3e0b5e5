"""Turns run in tasks of their own; readers come and go."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

import pytest

from chatkit_asgi.errors import BackendError, TurnRunningError
from chatkit_asgi.streams import Admit, Asked, LastWords, TurnReading, TurnRunner
from chatkit_asgi.streams.memory import MemoryTurnLog

ASKED = Asked(owner="alice", request_hash="h")


class Script:
    """Frames that wait for each other's permission, and a note on how it ended."""

    error = None

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.ended = asyncio.Event()
        self.cancelled = False

    @property
    def json_events(self) -> AsyncGenerator[bytes, None]:
        return self._frames()

    async def _frames(self) -> AsyncGenerator[bytes, None]:
        try:
            yield b"first"
            await self.go.wait()
            yield b"second"
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        finally:
            self.ended.set()


class Frames:
    """A producer of frames that are given."""

    error = None

    def __init__(self, frames: AsyncGenerator[bytes, None]) -> None:
        self.json_events = frames


def make_words() -> LastWords:
    return LastWords(failure=b"failed", timeout=b"late", deleted=b"deleted")


async def no_recovery(turn: object, frames: object) -> None:
    raise AssertionError("no turn in memory outlives its process")


def make_runner(**options: Any) -> TurnRunner:  # Any: a runner's own
    return TurnRunner(MemoryTurnLog(), last_words=make_words, recover=no_recovery, **options)


async def begin(
    runner: TurnRunner, frames: AsyncGenerator[bytes, None] | Script, asked: Asked = ASKED, **options: bool
) -> TurnReading:
    """A turn in a thread of its own."""

    async def open(admit: Admit) -> Frames | Script:
        await admit(uuid4().hex, options.get("allow_cancel", True))
        return frames if isinstance(frames, Script) else Frames(frames)

    return await runner.begin(asked, open)


@pytest.fixture
async def runner() -> AsyncIterator[TurnRunner]:
    runner = make_runner()
    yield runner
    await runner.aclose()


async def read_all(turn: TurnReading) -> list[bytes]:
    frames: list[bytes] = []
    while batch := await asyncio.wait_for(turn.read(), 5):
        frames += batch
    return frames


async def test_reader_gets_what_the_turn_produces(runner: TurnRunner) -> None:
    script = Script()
    script.go.set()
    assert await read_all(await begin(runner, script)) == [b"first", b"second"]
    assert runner.live == 0


async def test_turn_has_one_context_from_its_first_frame_to_its_last(runner: TurnRunner) -> None:
    """What it sets in a context variable stays set while it waits, and can be reset in the end."""

    async def frames() -> AsyncGenerator[bytes, None]:
        token = setting.set("mine")
        yield b"first"
        await asyncio.sleep(0)
        yield setting.get().encode()
        setting.reset(token)

    setting = ContextVar("setting", default="nobody's")
    turn = await begin(runner, frames())
    assert await read_all(turn) == [b"first", b"mine"]
    assert setting.get() == "nobody's"


async def test_leaving_stops_the_turn(runner: TurnRunner) -> None:
    script = Script()
    turn = await begin(runner, script)
    assert await turn.read() == [b"first"]
    turn.leave()
    await asyncio.wait_for(script.ended.wait(), 5)
    assert script.cancelled


@pytest.mark.parametrize("is_elsewhere", [True, False])
async def test_who_stops_a_turn_learns_how_it_ended(runner: TurnRunner, is_elsewhere: bool) -> None:
    other = TurnRunner(runner.log, last_words=make_words, recover=no_recovery) if is_elsewhere else runner
    for ends_by_itself, status in ((True, "done"), (False, "cancelled")):
        script = Script()
        turn = await begin(runner, script)
        record = await runner.log.load(turn.turn_id, "alice")
        assert await turn.read() == [b"first"]
        if ends_by_itself:
            script.go.set()
            await asyncio.wait_for(script.ended.wait(), 5)
        assert await other.cancel(record) == status
        turn.leave()
    await other.aclose()


async def test_strict_turn_that_was_taken_over_shows_nothing_more_but_its_end() -> None:
    """Whoever has taken it over knows nothing of what it says from then on."""

    async def frames() -> AsyncGenerator[bytes, None]:
        yield b"first"
        await go.wait()
        yield b"second"
        await asyncio.Event().wait()

    runner, go = make_runner(is_strict=True), asyncio.Event()
    turn = await begin(runner, frames())
    assert await asyncio.wait_for(turn.read(), 5) == [b"first"]
    await runner.log.end(turn.turn_id, b"interrupted", "interrupted")
    go.set()
    assert await read_all(turn) == [b"failed"]
    await runner.aclose()


async def test_turn_runs_on_without_readers_where_that_is_wanted() -> None:
    runner = make_runner(unread_seconds=None)
    script = Script()
    turn = await begin(runner, script)
    assert await turn.read() == [b"first"]
    turn.leave()
    script.go.set()
    assert await read_all(turn) == [b"second"]
    assert not script.cancelled


async def test_failed_turn_ends_with_the_failure_frame(
    runner: TurnRunner, caplog: pytest.LogCaptureFixture
) -> None:
    async def frames() -> AsyncGenerator[bytes, None]:
        yield b"first"
        raise LookupError("secret")

    with caplog.at_level(logging.ERROR):
        assert await read_all(await begin(runner, frames())) == [b"first", b"failed"]
    assert "failed" in caplog.text


async def test_closing_stops_every_turn_and_waits_for_its_end(runner: TurnRunner) -> None:
    scripts = [Script() for _ in range(3)]
    for script in scripts:
        assert await (await begin(runner, script)).read() == [b"first"]
    await runner.aclose()
    assert [script.cancelled for script in scripts] == [True] * 3


async def test_turn_that_is_stopped_before_its_first_step_still_learns_of_it(runner: TurnRunner) -> None:
    """What was prepared for it, the deletions of a retry for example, is its to undo."""
    script = Script()
    turn = await begin(runner, script)
    turn.leave()
    assert await read_all(turn) == [b"first"]
    assert script.cancelled


async def test_turns_are_refused_when_the_process_is_about_to_end(runner: TurnRunner) -> None:
    runner.drain(60)
    with pytest.raises(BackendError, match="restarted"):
        await begin(runner, Script())


async def test_process_takes_so_many_turns_and_no_more() -> None:
    runner = make_runner(most=1)
    script = Script()
    turn = await begin(runner, script)
    with pytest.raises(BackendError, match="as many answers"):
        await begin(runner, Script())
    script.go.set()
    await read_all(turn)
    await read_all(await begin(runner, script))
    await runner.aclose()


async def test_turn_that_takes_too_long_says_so() -> None:
    runner = make_runner(timeout=0.01)
    script = Script()
    assert await read_all(await begin(runner, script)) == [b"first", b"late"]
    assert script.cancelled
    await runner.aclose()


async def test_interrupted_turns_end_with_a_frame_that_lets_them_be_retried(runner: TurnRunner) -> None:
    turn = await begin(runner, Script())
    runner.drain(0)
    assert await read_all(turn) == [b"first", b"failed"]


async def test_turn_that_was_stored_runs_even_if_the_caller_is_cancelled(runner: TurnRunner) -> None:
    """Accepted means durable; then it is a turn like any other that nobody reads."""
    script, stored, go_on = Script(), asyncio.Event(), asyncio.Event()

    async def open(admit: Admit) -> Script:
        await admit("thr_1", True)
        stored.set()
        await go_on.wait()
        return script

    asking = asyncio.create_task(runner.begin(ASKED, open))
    await asyncio.wait_for(stored.wait(), 5)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    go_on.set()
    await asyncio.wait_for(script.ended.wait(), 5)
    assert script.cancelled


async def test_refused_turn_leaves_no_trace(runner: TurnRunner) -> None:
    async def open(admit: Admit) -> Script:
        await admit("thr_1", True)
        raise TurnRunningError("trn_other")

    with pytest.raises(TurnRunningError):
        await runner.begin(ASKED, open)
    assert await runner.log.find_running("thr_1", "alice") is None


async def test_turn_that_must_not_be_stopped_runs_on_without_readers(runner: TurnRunner) -> None:
    script = Script()
    turn = await begin(runner, script, allow_cancel=False)
    assert await turn.read() == [b"first"]
    turn.leave()
    script.go.set()
    assert await read_all(turn) == [b"second"]
    assert not script.cancelled


async def test_turn_that_swallows_its_cancellation_is_stopped_at_its_next_frame(runner: TurnRunner) -> None:
    ended = asyncio.Event()

    async def frames() -> AsyncGenerator[bytes, None]:
        try:
            yield b"first"
            while True:
                with suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
                yield b"more"
        finally:
            ended.set()

    turn = await begin(runner, frames())
    assert await turn.read() == [b"first"]
    turn.leave()
    assert await read_all(turn) == [b"more"]
    assert ended.is_set()


async def test_turn_that_hangs_in_its_clean_up_is_stopped_again() -> None:
    runner = make_runner(patience=0.01)

    async def frames() -> AsyncGenerator[bytes, None]:
        yield b"first"
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.Event().wait()

    turn = await begin(runner, frames())
    assert await turn.read() == [b"first"]
    turn.leave()
    assert await read_all(turn) == []
    assert runner.live == 0


async def test_closing_does_not_wait_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    runner = make_runner(patience=0.01)
    release = asyncio.Event()

    async def frames() -> AsyncGenerator[bytes, None]:
        yield b"first"
        while not release.is_set():
            with suppress(asyncio.CancelledError):
                await release.wait()

    turn = await begin(runner, frames())
    assert await turn.read() == [b"first"]
    await asyncio.wait_for(runner.aclose(), 5)
    assert "cannot be stopped" in caplog.text
    release.set()
    assert await read_all(turn) == []


async def test_turn_that_is_cancelled_from_within_ends_with_the_failure_frame(
    runner: TurnRunner, caplog: pytest.LogCaptureFixture
) -> None:
    async def frames() -> AsyncGenerator[bytes, None]:
        yield b"first"
        raise asyncio.CancelledError

    assert await read_all(await begin(runner, frames())) == [b"first", b"failed"]
    assert "cancelled from within" in caplog.text


async def test_turns_that_are_about_to_begin_count_too() -> None:
    """Many ask at the same moment, before any of them has been stored."""
    runner = make_runner(most=3)
    scripts = [Script() for _ in range(20)]
    begun = await asyncio.gather(*(begin(runner, script) for script in scripts), return_exceptions=True)
    assert sum(isinstance(each, TurnReading) for each in begun) == 3
    assert sum(isinstance(each, BackendError) for each in begun) == 17
    await runner.aclose()


@pytest.mark.parametrize("by", ["drain", "close"])
async def test_turn_that_begins_while_the_process_ends_is_interrupted(by: str) -> None:
    runner, script, stored, go_on = make_runner(), Script(), asyncio.Event(), asyncio.Event()

    async def open(admit: Admit) -> Script:
        await admit("thr_1", True)
        stored.set()
        await go_on.wait()
        return script

    asking = asyncio.create_task(runner.begin(ASKED, open))
    await asyncio.wait_for(stored.wait(), 5)
    if by == "drain":
        runner.drain(0)
        await asyncio.sleep(0.01)
    closing = asyncio.create_task(runner.aclose()) if by == "close" else None
    await asyncio.sleep(0)
    go_on.set()
    turn = await asyncio.wait_for(asking, 5)
    assert (await read_all(turn))[-1] == b"failed"
    assert script.cancelled
    await (closing or runner.aclose())


async def test_reader_of_a_turn_that_is_about_to_begin_waits_for_that(runner: TurnRunner) -> None:
    """It then counts as one: the turn does not stop when the other one leaves."""
    script, stored, go_on = Script(), asyncio.Event(), asyncio.Event()

    async def open(admit: Admit) -> Script:
        await admit("thr_1", True)
        stored.set()
        await go_on.wait()
        return script

    asking = asyncio.create_task(runner.begin(ASKED, open))
    await asyncio.wait_for(stored.wait(), 5)
    record = await runner.log.find_running("thr_1", "alice")
    assert record is not None
    joining = asyncio.create_task(runner.attach(record))
    await asyncio.sleep(0)
    go_on.set()
    first, second = await asking, await asyncio.wait_for(joining, 5)
    first.leave()
    script.go.set()
    assert await read_all(second) == [b"first", b"second"]
    assert not script.cancelled


async def test_reader_of_a_turn_that_could_not_begin_may_try_again(runner: TurnRunner) -> None:
    stored, go_on = asyncio.Event(), asyncio.Event()

    async def open(admit: Admit) -> Script:
        await admit("thr_1", True)
        stored.set()
        await go_on.wait()
        raise BackendError("The database does not answer.")

    asking = asyncio.create_task(runner.begin(ASKED, open))
    await asyncio.wait_for(stored.wait(), 5)
    record = await runner.log.find_running("thr_1", "alice")
    assert record is not None
    joining = asyncio.create_task(runner.attach(record))
    await asyncio.sleep(0)
    go_on.set()
    for task in (asking, joining):
        with pytest.raises(BackendError):
            await asyncio.wait_for(task, 5)
