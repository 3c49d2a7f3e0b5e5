"""A turn in memory: what its readers get, and what it holds, beside a log that may be away."""

import asyncio
from collections.abc import Sequence

import pytest

from chatkit_asgi.errors import BackendError
from chatkit_asgi.streams import live
from chatkit_asgi.streams.live import WINDOW, LiveReader, LiveTurn
from chatkit_asgi.streams.log import FRAMES_AT_ONCE, Slice
from chatkit_asgi.streams.memory import MemoryTurnLog
from tests.streams.turns import ME, frame, make_turn


class WaywardLog(MemoryTurnLog):
    """A log that is away for so many reads, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.away = 0
        self.reads = 0

    async def read(self, turn_id: str, owner: str, after: int) -> Slice:
        self.reads += 1
        if self.away:
            self.away -= 1
            raise BackendError("The database does not answer.")
        return await super().read(turn_id, owner, after)


@pytest.fixture
async def log() -> WaywardLog:
    log = WaywardLog()
    await log.admit(make_turn(), most=0)
    return log


def make_live(log: MemoryTurnLog) -> LiveTurn:
    return LiveTurn("trn_1", "alice", log)


async def write(turn: LiveTurn, log: MemoryTurnLog) -> None:
    """What a keeper does."""
    if batch := turn.unwritten():
        await log.write(ME, [batch])
        turn.mark_written(batch.last)


async def everything(reader: LiveReader) -> list[bytes]:
    found: list[bytes] = []
    async with asyncio.timeout(5):
        while frames := await reader.read():
            found += frames
    return found


async def test_memory_holds_no_more_than_two_windows_of_what_is_written(log: WaywardLog) -> None:
    turn, most = make_live(log), 0
    for number in range(1, 20 * WINDOW):
        turn.append(frame(number))
        if number % 10 == 0:
            await write(turn, log)
        most = max(most, len(turn._frames))
    assert most <= 2 * WINDOW + 10


async def test_reader_who_falls_behind_gets_the_rest_from_the_log(log: WaywardLog) -> None:
    turn, count = make_live(log), 10 * WINDOW
    reader, frames = turn.reader(), [frame(number) for number in range(1, count + 1)]
    for number in range(count):
        turn.append(frames[number])
        if number % 10 == 0:
            await write(turn, log)
    turn.end()
    assert await everything(reader) == frames
    assert 0 < log.reads <= count / FRAMES_AT_ONCE + 1


async def test_reader_who_keeps_up_reads_nothing_from_the_log(log: WaywardLog) -> None:
    turn = make_live(log)
    reader = turn.reader()
    for number in range(1, 3 * WINDOW):
        turn.append(frame(number))
        assert await reader.read() == [frame(number)]
        await write(turn, log)
    turn.end()
    assert not await reader.read()
    assert log.reads == 0


async def test_frames_stay_in_memory_while_the_log_does_not_take_them(log: WaywardLog) -> None:
    turn, frames = make_live(log), [frame(number) for number in range(1, 5 * WINDOW)]
    for each in frames:
        turn.append(each)
    turn.end()
    log.away = 10**9
    assert await everything(turn.reader()) == frames


async def test_reader_who_is_behind_waits_for_a_log_that_is_away(
    log: WaywardLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PAUSE_SECONDS", 0.001)
    turn, frames = await behind(log)
    log.away = 5
    assert await everything(turn.reader()) == frames


async def behind(log: MemoryTurnLog) -> tuple[LiveTurn, Sequence[bytes]]:
    """A turn that has ended, whose first frames are in the log alone."""
    turn, frames = make_live(log), [frame(number) for number in range(1, 5 * WINDOW)]
    for each in frames:
        turn.append(each)
    await write(turn, log)
    turn.end()
    return turn, frames


async def test_reader_does_not_wait_for_ever(log: WaywardLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(live, "PATIENCE_SECONDS", 0.01)
    turn, _ = await behind(log)
    log.away = 10**9
    with pytest.raises(BackendError):
        await asyncio.wait_for(turn.reader().read(), 5)


async def test_reader_whose_frames_are_forgotten_ends_without_a_gap(log: WaywardLog) -> None:
    turn, _ = await behind(log)
    await log.withdraw("trn_1")
    assert await everything(turn.reader()) == []


async def test_reading_may_be_cancelled_and_loses_nothing(log: WaywardLog) -> None:
    turn = make_live(log)
    reader = turn.reader()
    for number in range(1, 4):
        reading = asyncio.create_task(reader.read())
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        turn.append(frame(number))
        assert await reader.read() == [frame(number)]


async def test_strict_turn_shows_nothing_that_is_not_written(log: WaywardLog) -> None:
    announced: list[int] = []
    turn = LiveTurn("trn_1", "alice", log, announce=lambda: announced.append(1))
    reader = turn.reader()
    reading = asyncio.create_task(reader.read())
    turn.append(frame(1))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not reading.done()
    assert announced
    await write(turn, log)
    turn.append(frame(2))
    assert await asyncio.wait_for(reading, 5) == [frame(1)]
    turn.end(b"parting")  # the log is away for good
    assert await everything(reader) == [b"parting"]
