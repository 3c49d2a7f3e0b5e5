"""Readers who come, leave, stop and come back in any order, against a simple model of what must be so."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatkit_asgi.streams import Admit, Asked, LastWords, TurnReading, TurnRecord, TurnRunner
from chatkit_asgi.streams.live import WINDOW
from chatkit_asgi.streams.memory import MemoryTurnLog

FAILED = b"failed\n\n"
ASKED = Asked(owner="alice", request_hash="h")


class Told:
    """A producer that says what it is told, and notes how it ended."""

    error: str | None = None

    def __init__(self) -> None:
        self.said: list[bytes] = []
        self.cancelled = False
        self._steps: asyncio.Queue[bytes | None] = asyncio.Queue()

    def say(self, count: int) -> None:
        for _ in range(count):
            self.said.append(b"data: %d\n\n" % len(self.said))
            self._steps.put_nowait(self.said[-1])

    def finish(self) -> None:
        self._steps.put_nowait(None)

    @property
    def json_events(self) -> AsyncGenerator[bytes, None]:
        return self._frames()

    async def _frames(self) -> AsyncGenerator[bytes, None]:
        try:
            while (frame := await self._steps.get()) is not None:
                yield frame
        except asyncio.CancelledError:
            self.cancelled = True
            raise


def make_runner(unread_seconds: float | None) -> TurnRunner:
    async def recover(turn: object, frames: object) -> None:
        raise AssertionError("no turn in memory outlives its process")

    words = LastWords(failure=FAILED, timeout=b"late\n\n", deleted=b"deleted\n\n")
    return TurnRunner(
        MemoryTurnLog(), last_words=lambda: words, recover=recover, unread_seconds=unread_seconds
    )


async def begin(runner: TurnRunner, producer: Told) -> TurnReading:
    async def open(admit: Admit) -> Told:
        await admit("thr_1", True)
        return producer

    return await runner.begin(ASKED, open)


async def settle(runner: TurnRunner) -> None:
    """Let everything happen that can happen now; the log of this process never waits."""
    for _ in range(30):
        await asyncio.sleep(0)


@dataclass
class Reader:
    """A reading, and all that it must have got so far."""

    reading: TurnReading
    after: int
    got: list[bytes] = field(default_factory=list)

    async def read(self) -> bool:
        """Take one portion where there is one; whether the end has come."""
        task = asyncio.ensure_future(self.reading.read())
        for _ in range(10):
            await asyncio.sleep(0)
        if not task.done():  # as when nothing was said since
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return False
        frames = task.result()
        self.got += frames
        return not frames


Step = tuple[Literal["say", "join", "read", "leave", "stop", "finish", "flush"], int]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.sampled_from([1, 2, 50, 2 * WINDOW + 10])),
        st.tuples(st.just("join"), st.integers(0, 3)),
        st.tuples(st.sampled_from(["read", "leave"]), st.integers(0, 5)),
        st.tuples(st.sampled_from(["stop", "finish", "flush"]), st.just(0)),
    ),
    max_size=30,
)


class Play:
    """One turn, its readers, and the rules that hold at every step."""

    def __init__(self, runner: TurnRunner, producer: Told, first: TurnReading) -> None:
        self.runner = runner
        self.producer = producer
        self.turn_id = first.turn_id
        self.readers = [Reader(first, 0)]
        self.wants_end = False
        self.was_left = False

    async def record(self) -> TurnRecord:
        return await self.runner.log.load(self.turn_id, "alice")

    async def step(self, step: Step) -> None:
        match step:
            case ("say", count) if not self.wants_end:
                self.producer.say(count)
            case ("join", part):
                after = len(self.producer.said) * part // 3
                self.readers.append(Reader(await self.runner.attach(await self.record(), after), after))
            case ("read", number) if self.readers:
                await self.readers[number % len(self.readers)].read()
            case ("leave", number) if self.readers:
                self.readers.pop(number % len(self.readers)).reading.leave()
            case ("stop", _):
                self.wants_end = True
                assert await asyncio.wait_for(self.runner.cancel(await self.record()), 5)
            case ("finish", _):
                self.wants_end = True
                self.producer.finish()
            case ("flush", _):
                await self.runner._keeper.flush()
        self.was_left = self.was_left or not self.readers
        await settle(self.runner)
        self.check()

    def check(self) -> None:
        for reader in self.readers:
            assert reader.got == self.producer.said[reader.after : reader.after + len(reader.got)]
        assert self.runner.figures.readers == len(self.readers) or self.wants_end or self.producer.cancelled

    async def end(self) -> None:
        """Whoever still reads gets all that was said, from where it began, and the same as who comes late."""
        self.producer.finish()
        said = None
        for reader in self.readers:
            async with asyncio.timeout(5):
                while frames := await reader.reading.read():
                    reader.got += frames
            said = reader.got if reader.after == 0 else said
        await self.runner._keeper.flush()
        late = Reader(await self.runner.attach(await self.record()), 0)
        async with asyncio.timeout(5):
            while frames := await late.reading.read():
                late.got += frames
        late.reading.leave()
        assert said is None or said == late.got
        assert late.got == self.producer.said[: len(late.got)]
        for reader in self.readers:
            assert reader.got == late.got[reader.after :]


@pytest.mark.parametrize("unread_seconds", [None, 0.0, 60.0])
@settings(max_examples=150)
@given(steps=STEPS)
async def test_readers_get_what_was_said_whoever_comes_and_goes(
    unread_seconds: float | None, steps: list[Step]
) -> None:
    runner, producer = make_runner(unread_seconds), Told()
    play = Play(runner, producer, await begin(runner, producer))
    for step in steps:
        await play.step(step)
    await play.end()
    record = await play.record()
    stopped = any(name == "stop" for name, _ in steps)
    if not stopped and not (play.was_left and unread_seconds == 0.0):
        assert record.status == "done"
        assert not producer.cancelled
    if producer.cancelled:
        assert record.status == "cancelled"
    for reader in play.readers:
        reader.reading.leave()
    await runner.aclose()
    assert runner.figures.readers == 0
    assert runner.live == 0


@pytest.mark.parametrize("is_running", [True, False])
async def test_ten_thousand_readers_of_one_turn(is_running: bool) -> None:
    runner, producer = make_runner(None), Told()
    first = await begin(runner, producer)
    producer.say(1000)
    if not is_running:
        producer.finish()
        while await asyncio.wait_for(first.read(), 5):
            pass
    else:
        await settle(runner)
    await runner._keeper.flush()
    record = await runner.log.load(first.turn_id, "alice")
    for number in range(10_000):
        reading = await runner.attach(record, number % 1000)
        frames = await asyncio.wait_for(reading.read(), 5)
        assert frames[0] == producer.said[number % 1000]
        reading.leave()
    assert runner.figures.readers <= 1
    first.leave()
    await runner.aclose()
    assert len(runner.followers) == 0
