"""What the tests of turn logs have in common."""

from typing import Any

from chatkit_asgi.streams.log import Frames, NewTurn, TurnLog, Worker

__all__ = ["ME", "OTHER", "frame", "frames", "make_turn", "read_all"]

ME, OTHER = Worker("me"), Worker("other")


def make_turn(id: str = "trn_1", **fields: Any) -> NewTurn:
    """A turn of Alice's in her first thread."""
    return NewTurn(**{"id": id, "thread_id": "thr_0", "owner": "alice", "worker": ME, **fields})


def frame(number: int) -> bytes:
    """Not all of it is ASCII, and its JSON text holds line ends."""
    return b'data: {"n":%d,"text":"caf\xc3\xa9 \\n\\n"}\n\n' % number


def frames(first: int, last: int, turn_id: str = "trn_1") -> Frames:
    """A turn's frames of those numbers."""
    return Frames(turn_id, last, [frame(number) for number in range(first, last + 1)])


async def read_all(log: TurnLog, turn_id: str = "trn_1", owner: str = "alice", after: int = 0) -> list[bytes]:
    """All that the log has after a frame, in as many portions as it takes."""
    found: list[bytes] = []
    while some := (await log.read(turn_id, owner, after + len(found))).frames:
        found += some
    return found
