"""The contract of the turn log: which turns run, who runs and who reads them, and their frames in order.

The log outlives processes where its backend does. What happens in memory, on the way of every delta, is in
`live.py`; a worker writes here in batches, for all of its turns at once.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, NewType, Protocol

from chatkit_asgi.usage import Usage

__all__ = [
    "FRAMES_AT_ONCE",
    "LEASE_SECONDS",
    "PARTING_SECONDS",
    "Ending",
    "Frames",
    "Heard",
    "NewTurn",
    "Slice",
    "TurnLog",
    "TurnRecord",
    "TurnStatus",
    "Worker",
    "all_frames",
]

LEASE_SECONDS = 15.0
"""How long a turn belongs to its worker, and counts as read by a process, without another word from it."""

PARTING_SECONDS = 1.0
"""How long a turn counts as read outside its worker's process when one of those has left it. Others which
read it say so meanwhile."""

FRAMES_AT_ONCE = 128
"""A reader that is behind gets the rest in portions, so that one slow client cannot hold the event loop."""

TurnStatus = Literal["running", "done", "cancelled", "interrupted", "failed"]
"""`cancelled`: somebody wanted that, or nobody was reading any more. `interrupted`: its process ended."""

Worker = NewType("Worker", str)
"""A process that runs turns: a name that no other one has, before or after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTurn:
    """A turn that is about to begin."""

    id: str
    thread_id: str
    owner: str
    worker: Worker
    allow_cancel: bool = True
    """Whether the user may stop it."""
    request_key: str | None = None
    """The client's name for the request (`Idempotency-Key`)."""
    request_hash: str = ""
    """Of the request's body; tells whether two requests are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRecord:
    """What the log knows of a turn, at the moment it was asked."""

    id: str
    thread_id: str
    owner: str
    worker: Worker
    status: TurnStatus
    allow_cancel: bool
    request_hash: str
    is_read: bool
    """Whether any process has readers of it."""
    is_followed: bool
    """Whether a process other than its worker has readers of it."""
    is_expired: bool
    """It runs, by its status, but its worker has not been heard of for `LEASE_SECONDS`."""
    is_cancelled: bool
    """Whether somebody wants it to stop."""


@dataclass(frozen=True, slots=True)
class Frames:
    """Consecutive frames of one turn, each a whole server-sent event with its blank line."""

    turn_id: str
    last: int
    """The number of the last of them; a turn's first frame is number 1."""
    frames: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Ending:
    """A turn that has ended."""

    turn_id: str
    status: TurnStatus
    error: str | None = None
    """For the operator: why it failed."""
    usage: Usage | None = None
    """What a model has used for it, if one has."""
    first_token_seconds: float | None = None
    seconds: float = 0.0
    """How long it took."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Frames read from the log."""

    frames: Sequence[bytes]
    """Up to `FRAMES_AT_ONCE` or the rest of a batch; none: nothing more has been written yet."""
    at_end: bool
    """Whether the turn has ended and these are its last frames."""


Heard = Callable[[Literal["frames", "cancel"], Collection[str]], None]
"""Told what another process did: it wrote frames of these turns, or wants these turns to stop."""


class TurnLog(Protocol):
    """Keeps turns and their frames. All methods raise BackendError when the backend is away.

    Who owns a turn is checked where a method takes an `owner`; other methods are for turns found that way.
    """

    def transaction(self) -> AbstractAsyncContextManager[None]:
        """One unit of what is done inside it, in this log and in a store on the same database."""

    async def admit(self, turn: NewTurn, *, most: int) -> None:
        """Begin a turn: leased by its worker, and read by it. In the transaction that stores its input.

        Raises TurnRunningError when another one runs in the thread, RepeatedRequestError when the owner
        has used the `request_key` before, TooManyError when `most` turns of the owner run (0: no limit).
        """

    async def withdraw(self, turn_id: str) -> None:
        """Forget a turn whose input was not stored after all. May be repeated; a rollback does it as well."""

    async def load(self, turn_id: str, owner: str) -> TurnRecord:
        """Raises NotFoundError."""

    async def find_running(self, thread_id: str, owner: str) -> TurnRecord | None:
        """The turn that runs in the thread."""

    async def find_key(self, request_key: str, owner: str) -> TurnRecord | None:
        """The turn that a request of that key began, running or not."""

    async def find_repeated(self, request_hash: str, owner: str) -> TurnRecord | None:
        """A running turn that such a request began, that nobody reads and nobody has stopped."""

    async def read(self, turn_id: str, owner: str, after: int) -> Slice:
        """Frames that come after number `after`. Raises NotFoundError when the turn is not known any more."""

    async def write(
        self, worker: Worker, frames: Sequence[Frames], endings: Sequence[Ending] = ()
    ) -> Collection[str]:
        """Append frames and end turns, in one transaction; may be repeated with the same.

        Wakes others: who has said that they read such a turn there, and everybody when one has ended. Gives
        those of the turns that the worker holds no more: nothing was written of them.
        """

    async def note_usage(self, endings: Sequence[Ending]) -> None:
        """Keep what these turns have used, for themselves and for their owners' day. May be repeated."""

    async def tokens_of_today(self, owner: str) -> int:
        """What the owner's turns have used since midnight (UTC), input and output."""

    async def renew(self, worker: Worker, read: Collection[str]) -> Sequence[TurnRecord]:
        """Lease all running turns of the worker anew, also those whose lease had ended; gives them.

        `read`: the turns that have readers in this process, its own or others'.
        """

    async def leave(self, worker: Worker, turn_id: str) -> TurnRecord | None:
        """The last reader in this process has left the turn. What remains; None when it has ended.

        Outside its worker's process it counts as read for `PARTING_SECONDS` more, unless others `claim` it.
        """

    async def claim(self, worker: Worker, turn_ids: Collection[str]) -> None:
        """These turns of other workers are read in this process, whoever has just left them elsewhere.

        Changes nothing where that is known for longer than `PARTING_SECONDS`.
        """

    async def cancel(self, turn_id: str) -> None:
        """Tell whoever runs the turn to stop it. Wakes others."""

    async def cancelled(self, worker: Worker) -> Collection[str]:
        """The running turns of the worker that somebody wants to stop."""

    async def require_held(self, turn_id: str, worker: Worker) -> None:
        """Raises LeaseLostError unless the worker still runs the turn.

        When it does, nobody can change that before the transaction around this call has ended.
        """

    async def expired(self) -> Sequence[TurnRecord]:
        """Running turns whose lease has ended: their process has."""

    async def take_expired(self, turn_id: str) -> TurnRecord | None:
        """The turn if it is expired and nobody else is about to end it. In one transaction with `end`."""

    async def end(self, turn_id: str, last_words: bytes, status: TurnStatus) -> None:
        """End a turn that was taken, with a last frame. Wakes others."""

    async def purge(self, seconds: float) -> int:
        """Forget the frames and the request keys of turns that ended that long ago; gives how many turns."""

    async def listen(self, heard: Heard) -> None:
        """Tell of what other processes do, until cancelled. Returns at once where there is nothing to hear.

        Raises BackendError when the connection is lost. What was done meanwhile is not told later.
        """


async def all_frames(log: TurnLog, turn: TurnRecord) -> list[bytes]:
    """Everything that the log has of a turn. Raises NotFoundError when that is not known any more."""
    frames: list[bytes] = []
    while True:
        found = await log.read(turn.id, turn.owner, len(frames))
        if not found.frames:
            return frames
        frames += found.frames
