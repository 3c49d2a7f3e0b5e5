"""What a response holds of a turn."""

from collections.abc import Awaitable, Callable, Sequence

from chatkit_asgi.streams.live import LiveReader

__all__ = ["TurnReading"]


class TurnReading:
    """One reader's hold on a turn. Leave it when the reader goes."""

    def __init__(self, turn_id: str, reader: LiveReader, left: Callable[[], None]) -> None:
        self.turn_id = turn_id
        self._reader = reader
        self._left: Callable[[], None] | None = left

    @property
    def at_end(self) -> bool:
        """Whether it is known that `read` has nothing more to give."""
        return self._reader.at_end

    @property
    def seen(self) -> int:
        """The number of the last frame that was read; the turn's first one is 1."""
        return self._reader.seen

    def read(self) -> Awaitable[Sequence[bytes]]:
        """The next frames; none at the turn's end. May be cancelled and called again."""
        return self._reader.read()

    def leave(self) -> None:
        """The reader is gone: the turn is stopped, or runs on, as the operator chose. May be repeated."""
        left, self._left = self._left, None
        if left is not None:
            left()
