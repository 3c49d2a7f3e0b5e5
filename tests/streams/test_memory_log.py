"""The turn log in memory."""

import asyncio

import pytest

from chatkit_asgi.errors import ConflictError, NotFoundError
from chatkit_asgi.streams import MemoryTurnLog, TurnReader


@pytest.fixture
def log() -> MemoryTurnLog:
    log = MemoryTurnLog()
    log.open("turn")
    return log


async def read_all(reader: TurnReader) -> list[bytes]:
    frames: list[bytes] = []
    while batch := await reader.read():
        frames += batch
    return frames


async def test_every_reader_gets_all_frames_in_order(log: MemoryTurnLog) -> None:
    readers = [log.reader("turn"), log.reader("turn", after=1)]
    for frame in (b"1", b"2", b"3"):
        log.append("turn", frame)
    log.close("turn")
    assert [await read_all(reader) for reader in readers] == [[b"1", b"2", b"3"], [b"2", b"3"]]


async def test_reader_waits_for_frames_that_are_still_to_come(log: MemoryTurnLog) -> None:
    reading = asyncio.create_task(read_all(log.reader("turn")))
    await asyncio.sleep(0)
    log.append("turn", b"1")
    await asyncio.sleep(0)
    log.append("turn", b"2")
    log.close("turn")
    assert await asyncio.wait_for(reading, 5) == [b"1", b"2"]


async def test_cancelled_read_loses_nothing(log: MemoryTurnLog) -> None:
    reader = log.reader("turn")
    waiting = asyncio.ensure_future(reader.read())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    log.append("turn", b"1")
    assert await asyncio.wait_for(reader.read(), 5) == [b"1"]


async def test_reader_that_is_far_behind_reads_in_portions(log: MemoryTurnLog) -> None:
    reader = log.reader("turn")
    for _ in range(300):
        log.append("turn", b".")
    log.close("turn")
    assert [len(await reader.read()) for _ in range(4)] == [128, 128, 44, 0]


def test_turn_is_opened_once(log: MemoryTurnLog) -> None:
    with pytest.raises(ConflictError):
        log.open("turn")


def test_unknown_and_ended_turns_have_no_readers(log: MemoryTurnLog) -> None:
    log.close("turn")
    log.close("turn")
    with pytest.raises(NotFoundError):
        log.reader("turn")
