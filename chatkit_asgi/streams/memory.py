"""The turn log of one process: nothing of it outlives that, and there is no other one to tell of anything."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from operator import attrgetter

from chatkit_asgi.clock import utcnow
from chatkit_asgi.errors import RepeatedRequestError, TurnRunningError
from chatkit_asgi.streams.batches import Batch, frames_after, to_batches
from chatkit_asgi.streams.log import (
    FRAMES_AT_ONCE,
    LEASE_SECONDS,
    PARTING_SECONDS,
    Ending,
    Frames,
    Heard,
    NewTurn,
    Slice,
    TurnRecord,
    TurnStatus,
    Worker,
)
from chatkit_asgi.streams.refusals import lease_lost, too_many, unknown_turn

__all__ = ["MemoryTurnLog"]

ROOM = 64 << 20
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Turn:
    new: NewTurn
    read_until: datetime
    followed_until: datetime = LONG_AGO
    status: TurnStatus = "running"
    is_cancelled: bool = False
    finished_at: datetime = LONG_AGO
    batches: list[Batch] = field(default_factory=list)

    @property
    def last(self) -> int:
        """The number of its last frame."""
        return self.batches[-1].last if self.batches else 0

    @property
    def size(self) -> int:
        """Bytes of its frames."""
        return sum(len(batch.joined) for batch in self.batches)

    def append(self, frames: Frames) -> None:
        self.batches += [batch for batch in to_batches(frames) if batch.last > self.last]

    def record(self) -> TurnRecord:
        now = utcnow()
        return TurnRecord(
            id=self.new.id,
            thread_id=self.new.thread_id,
            owner=self.new.owner,
            worker=self.new.worker,
            status=self.status,
            allow_cancel=self.new.allow_cancel,
            request_hash=self.new.request_hash,
            is_read=self.read_until > now or self.followed_until > now,
            is_followed=self.followed_until > now,
            is_expired=False,
            is_cancelled=self.is_cancelled,
        )


class MemoryTurnLog:
    """Keeps turns and their frames in memory, until they are purged. No lease ever ends in it.

    `room`: bytes of frames of turns that have ended; where there are more, the oldest turns are forgotten.
    """

    def __init__(self, *, lease: float = LEASE_SECONDS, room: int = ROOM) -> None:
        self._lease = timedelta(seconds=lease)
        self._parting = min(self._lease, timedelta(seconds=PARTING_SECONDS))
        self._room = room
        self._turns: dict[str, _Turn] = {}
        self._running: dict[str, _Turn] = {}
        self._threads: dict[str, _Turn] = {}
        """The running ones by their thread."""
        self._keys: dict[tuple[str, str], _Turn] = {}
        self._tokens: defaultdict[tuple[str, date], int] = defaultdict(int)
        self._counted: set[str] = set()
        """Turns of which the tokens are known, as long as these are."""
        self._ended: dict[str, _Turn] = {}
        """The others, the oldest end first."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Nothing is undone here: who fails withdraws the turn."""
        yield

    async def admit(self, turn: NewTurn, *, most: int) -> None:
        if turn.request_key is not None and (turn.owner, turn.request_key) in self._keys:
            raise RepeatedRequestError
        if turn.thread_id in self._threads:
            raise TurnRunningError(self._threads[turn.thread_id].new.id)
        if most and sum(running.new.owner == turn.owner for running in self._running.values()) >= most:
            raise too_many(most)
        admitted = _Turn(turn, utcnow() + self._lease)
        self._turns[turn.id] = self._running[turn.id] = self._threads[turn.thread_id] = admitted
        if turn.request_key is not None:
            self._keys[turn.owner, turn.request_key] = admitted

    async def withdraw(self, turn_id: str) -> None:
        self._forget(turn_id)

    async def load(self, turn_id: str, owner: str) -> TurnRecord:
        return self._mine(turn_id, owner).record()

    async def find_running(self, thread_id: str, owner: str) -> TurnRecord | None:
        turn = self._threads.get(thread_id)
        return turn.record() if turn is not None and turn.new.owner == owner else None

    async def find_key(self, request_key: str, owner: str) -> TurnRecord | None:
        turn = self._keys.get((owner, request_key))
        return None if turn is None else turn.record()

    async def find_repeated(self, request_hash: str, owner: str) -> TurnRecord | None:
        for turn in self._running.values():
            if (turn.new.request_hash, turn.new.owner) == (request_hash, owner) and not turn.is_cancelled:
                record = turn.record()
                if not record.is_read:
                    return record
        return None

    async def read(self, turn_id: str, owner: str, after: int) -> Slice:
        turn = self._mine(turn_id, owner)
        start = bisect_right(turn.batches, after, key=attrgetter("last"))
        enough = bisect_right(turn.batches, after + FRAMES_AT_ONCE, key=attrgetter("last"))
        end = max(enough, start + 1)
        at_end = turn_id in self._ended and end >= len(turn.batches)
        return Slice(frames_after(turn.batches[start:end], after), at_end)

    async def write(
        self, worker: Worker, frames: Sequence[Frames], endings: Sequence[Ending] = ()
    ) -> Collection[str]:
        ending = {one.turn_id for one in endings}
        meant = ending | {batch.turn_id for batch in frames if batch.frames}
        lost = {turn_id for turn_id in meant if not self._is_held(turn_id, worker, ending)}
        for batch in frames:
            if batch.turn_id in self._running and batch.turn_id not in lost:
                self._turns[batch.turn_id].append(batch)
        for one in endings:
            if one.turn_id in self._running and one.turn_id not in lost:
                self._end(one.turn_id, one.status)
        return lost

    async def note_usage(self, endings: Sequence[Ending]) -> None:
        for ending in endings:
            turn = self._turns.get(ending.turn_id)
            if turn is not None and ending.usage is not None and ending.turn_id not in self._counted:
                self._counted.add(ending.turn_id)
                self._tokens[turn.new.owner, utcnow().date()] += ending.usage.total_tokens

    async def tokens_of_today(self, owner: str) -> int:
        today = utcnow().date()
        for key in [key for key in self._tokens if key[1] != today]:
            del self._tokens[key]
        return self._tokens.get((owner, today), 0)

    async def renew(self, worker: Worker, read: Collection[str]) -> Sequence[TurnRecord]:
        until = utcnow() + self._lease
        for turn_id in read:
            turn = self._running.get(turn_id)
            if turn is not None and turn.new.worker == worker:
                turn.read_until = until
            elif turn is not None:
                turn.followed_until = until
        return [turn.record() for turn in self._running.values() if turn.new.worker == worker]

    async def leave(self, worker: Worker, turn_id: str) -> TurnRecord | None:
        turn = self._running.get(turn_id)
        if turn is None:
            return None
        if turn.new.worker == worker:
            turn.read_until = LONG_AGO
        else:
            turn.followed_until = min(turn.followed_until, utcnow() + self._parting)
        return turn.record()

    async def claim(self, worker: Worker, turn_ids: Collection[str]) -> None:
        for turn_id in turn_ids:
            turn = self._running.get(turn_id)
            if turn is not None and turn.new.worker != worker:
                turn.followed_until = max(turn.followed_until, utcnow() + self._lease)

    async def cancel(self, turn_id: str) -> None:
        if turn_id in self._running:
            self._running[turn_id].is_cancelled = True

    async def cancelled(self, worker: Worker) -> Collection[str]:
        running = self._running.items()
        return [turn_id for turn_id, turn in running if turn.is_cancelled and turn.new.worker == worker]

    async def require_held(self, turn_id: str, worker: Worker) -> None:
        if not self._is_held(turn_id, worker):
            raise lease_lost()

    async def expired(self) -> Sequence[TurnRecord]:
        return ()

    async def take_expired(self, turn_id: str) -> TurnRecord | None:
        return None

    async def end(self, turn_id: str, last_words: bytes, status: TurnStatus) -> None:
        turn = self._running.get(turn_id)
        if turn is not None:
            turn.append(Frames(turn_id, turn.last + 1, [last_words]))
            turn.new = replace(turn.new, worker=Worker(""))  # it is nobody's any more
            self._end(turn_id, status)

    async def purge(self, seconds: float) -> int:
        long_ago = utcnow() - timedelta(seconds=seconds)
        old = list(takewhile(lambda turn: turn.finished_at <= long_ago, self._ended.values()))
        for turn in old:
            self._forget(turn.new.id)
        return len(old)

    async def listen(self, heard: Heard) -> None:
        return

    def _mine(self, turn_id: str, owner: str) -> _Turn:
        turn = self._turns.get(turn_id)
        if turn is None or turn.new.owner != owner:
            raise unknown_turn()
        return turn

    def _is_held(self, turn_id: str, worker: Worker, ending: Collection[str] = ()) -> bool:
        """Whether it runs, or has ended by an earlier attempt at what is ending it now."""
        turn = self._turns.get(turn_id)
        is_ours = turn is not None and turn.new.worker == worker
        return is_ours and (turn_id in self._running or turn_id in ending)

    def _end(self, turn_id: str, status: TurnStatus) -> None:
        turn = self._running.pop(turn_id)
        del self._threads[turn.new.thread_id]
        turn.status, turn.finished_at = status, utcnow()
        self._ended[turn_id] = turn
        self._room -= turn.size
        while self._room < 0:
            self._forget(next(iter(self._ended)))

    def _forget(self, turn_id: str) -> None:
        turn = self._turns.pop(turn_id, None)
        self._counted.discard(turn_id)
        if turn is None:
            return
        if self._running.pop(turn_id, None) is not None:
            del self._threads[turn.new.thread_id]
        if self._ended.pop(turn_id, None) is not None:
            self._room += turn.size
        if turn.new.request_key is not None:
            del self._keys[turn.new.owner, turn.new.request_key]
