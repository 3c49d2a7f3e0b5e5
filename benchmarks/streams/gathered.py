"""What sends a turn that no log keeps: readers of its generator, to be sent by the app's own response."""

from collections.abc import AsyncGenerator, Awaitable, Generator, Sequence
from types import coroutine
from typing import Any

__all__ = ["Gathered", "OneByOne"]

FRAMES_AT_ONCE = 128
"""As many as a log's readers give."""


class OneByOne:
    """Each frame goes out when it is made, in a write of its own."""

    def __init__(self, frames: AsyncGenerator[bytes, None]) -> None:
        self.at_end = False
        self._frames = frames

    async def read(self) -> Sequence[bytes]:
        try:
            return [await anext(self._frames)]
        except StopAsyncIteration:
            return ()

    def leave(self) -> None: ...


class Gathered:
    """Frames that are made without waiting go out together: the generator is stepped by hand."""

    def __init__(self, frames: AsyncGenerator[bytes, None]) -> None:
        self.at_end = False
        self._frames = frames
        self._step: Generator[Any, Any, bytes] | None = None
        self._held: list[Any] = []
        """What the generator waits for, if it was not waited for yet."""

    def read(self) -> Awaitable[Sequence[bytes]]:
        return self._gather()

    def leave(self) -> None: ...

    @coroutine
    def _gather(self) -> Generator[Any, Any, Sequence[bytes]]:  # Any: what a loop is handed
        frames: list[bytes] = []
        if self._held:
            yield self._held.pop()
        while len(frames) < FRAMES_AT_ONCE:
            if self._step is None:
                self._step = anext(self._frames).__await__()
            try:
                waited = self._step.send(None)
            except StopIteration as made:
                self._step = None
                frames.append(made.value)
            except StopAsyncIteration:
                self.at_end = True
                return frames
            else:
                if frames:
                    self._held.append(waited)
                    return frames
                yield waited
        return frames
