"""The contract of a turn's log: the frames of one response in order, written once, read by anyone."""

from collections.abc import Sequence
from typing import Protocol

__all__ = ["TurnLog", "TurnReader"]


class TurnReader(Protocol):
    """One reader's place in a turn's log."""

    @property
    def at_end(self) -> bool:
        """Whether it is known that `read` has nothing more to give."""

    async def read(self) -> Sequence[bytes]:
        """The next frames, at least one, as soon as there are any; none at all: the turn has ended.

        May be cancelled while it waits; nothing is lost and the next call goes on from there.
        """


class TurnLog(Protocol):
    """Keeps the frames of turns. A frame is one whole server-sent event, its blank line included."""

    def open(self, turn_id: str) -> None:
        """Begin a turn's log. Raises ConflictError when there is one already."""

    def append(self, turn_id: str, frame: bytes) -> None:
        """Add a frame. Never waits: this is the path of every delta."""

    def close(self, turn_id: str) -> None:
        """The turn has ended: its readers end when they have read what is there. May be called twice."""

    def reader(self, turn_id: str, after: int = 0) -> TurnReader:
        """A reader that has seen `after` frames already. Raises NotFoundError for an unknown turn."""
