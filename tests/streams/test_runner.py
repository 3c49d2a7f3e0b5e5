"""Turns run in tasks of their own; readers come and go."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from contextvars import ContextVar

import pytest

from chatkit_asgi.streams import MemoryTurnLog, RunningTurn, TurnRunner


class Script:
    """Frames that wait for each other's permission, and a note on how it ended."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.ended = asyncio.Event()
        self.cancelled = False

    async def frames(self) -> AsyncGenerator[bytes, None]:
        try:
            yield b"first"
            await self.go.wait()
            yield b"second"
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        finally:
            self.ended.set()


@pytest.fixture
async def runner() -> AsyncIterator[TurnRunner]:
    runner = TurnRunner(MemoryTurnLog(), failure_frame=b"failed")
    yield runner
    await runner.aclose()


async def read_all(turn: RunningTurn) -> list[bytes]:
    frames: list[bytes] = []
    while batch := await asyncio.wait_for(turn.read(), 5):
        frames += batch
    return frames


async def test_reader_gets_what_the_turn_produces(runner: TurnRunner) -> None:
    script = Script()
    script.go.set()
    assert await read_all(runner.start(script.frames())) == [b"first", b"second"]
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
    turn = runner.start(frames())
    assert await read_all(turn) == [b"first", b"mine"]
    assert setting.get() == "nobody's"


async def test_leaving_stops_the_turn(runner: TurnRunner) -> None:
    script = Script()
    turn = runner.start(script.frames())
    assert await turn.read() == [b"first"]
    turn.leave()
    await asyncio.wait_for(script.ended.wait(), 5)
    assert script.cancelled


async def test_turn_runs_on_without_readers_where_that_is_wanted() -> None:
    runner = TurnRunner(MemoryTurnLog(), failure_frame=b"failed", cancel_on_disconnect=False)
    script = Script()
    turn = runner.start(script.frames())
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
        assert await read_all(runner.start(frames())) == [b"first", b"failed"]
    assert "failed" in caplog.text


async def test_closing_stops_every_turn_and_waits_for_its_end(runner: TurnRunner) -> None:
    scripts = [Script() for _ in range(3)]
    for script in scripts:
        assert await runner.start(script.frames()).read() == [b"first"]
    await runner.aclose()
    assert [script.cancelled for script in scripts] == [True] * 3


async def test_turn_that_is_stopped_before_its_first_step_still_learns_of_it(runner: TurnRunner) -> None:
    """What was prepared for it, the deletions of a retry for example, is its to undo."""
    script = Script()
    turn = runner.start(script.frames())
    turn.leave()
    assert await read_all(turn) == [b"first"]
    assert script.cancelled


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

    turn = runner.start(frames())
    assert await turn.read() == [b"first"]
    turn.leave()
    assert await read_all(turn) == [b"more"]
    assert ended.is_set()


async def test_turn_that_hangs_in_its_clean_up_is_stopped_again() -> None:
    runner = TurnRunner(MemoryTurnLog(), failure_frame=b"failed", patience=0.01)

    async def frames() -> AsyncGenerator[bytes, None]:
        yield b"first"
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.Event().wait()

    turn = runner.start(frames())
    assert await turn.read() == [b"first"]
    turn.leave()
    assert await read_all(turn) == []
    assert runner.live == 0


async def test_closing_does_not_wait_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    runner = TurnRunner(MemoryTurnLog(), failure_frame=b"failed", patience=0.01)
    release = asyncio.Event()

    async def frames() -> AsyncGenerator[bytes, None]:
        yield b"first"
        while not release.is_set():
            with suppress(asyncio.CancelledError):
                await release.wait()

    turn = runner.start(frames())
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

    assert await read_all(runner.start(frames())) == [b"first", b"failed"]
    assert "cancelled from within" in caplog.text
