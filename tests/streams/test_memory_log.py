"""What only the turn log in memory does."""

import pytest

from chatkit_asgi.errors import NotFoundError
from chatkit_asgi.streams.log import Ending
from chatkit_asgi.streams.memory import MemoryTurnLog
from tests.streams.turns import ME, frames, make_turn


async def run_turn(log: MemoryTurnLog, id: str) -> None:
    await log.admit(make_turn(id, request_key=id), most=0)
    await log.write(ME, [frames(1, 2, id)], [Ending(id, "done")])


async def test_oldest_turns_make_room_for_the_newest() -> None:
    log = MemoryTurnLog(room=sum(map(len, frames(1, 4).frames)))
    for id in ("trn_1", "trn_2", "trn_3"):
        await run_turn(log, id)
    with pytest.raises(NotFoundError):
        await log.load("trn_1", "alice")
    assert await log.find_key("trn_1", "alice") is None
    for id in ("trn_2", "trn_3"):
        assert (await log.read(id, "alice", 0)).frames == frames(1, 2, id).frames


async def test_turn_that_runs_is_never_forgotten() -> None:
    log = MemoryTurnLog(room=0)
    await log.admit(make_turn(), most=0)
    await log.write(ME, [frames(1, 2)])
    assert (await log.read("trn_1", "alice", 0)).frames == frames(1, 2).frames
