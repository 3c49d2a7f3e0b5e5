"""Frames as they are kept: a few of one turn joined, as each of them ends with a blank line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chatkit_asgi.streams.log import FRAMES_AT_ONCE, Frames

__all__ = ["Batch", "frames_after", "to_batches"]

BLANK_LINE = b"\n\n"


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive frames of one turn."""

    last: int
    """The number of the last of them."""
    count: int
    joined: bytes


def to_batches(written: Frames) -> Iterator[Batch]:
    """The frames in batches that are small enough to be read in one go."""
    frames = written.frames
    first = written.last - len(frames)
    for start in range(0, len(frames), FRAMES_AT_ONCE):
        some = frames[start : start + FRAMES_AT_ONCE]
        yield Batch(first + start + len(some), len(some), b"".join(some))


def frames_after(batches: Iterable[Batch], after: int) -> list[bytes]:
    """What comes after the frame of that number, each frame once: batches written twice may overlap."""
    found: list[bytes] = []
    for batch in batches:
        seen = max(after - (batch.last - batch.count), 0)
        found += _split(batch.joined)[seen:]
        after = max(after, batch.last)
    return found


def _split(joined: bytes) -> list[bytes]:
    return [frame + BLANK_LINE for frame in joined.split(BLANK_LINE)[:-1]]
