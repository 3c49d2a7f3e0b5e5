"""Page cursors, alike in every store: the sequence number of the last row seen, which outlives the row."""

from collections.abc import Callable, Sequence
from re import compile
from typing import TypeVar

from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.types import Page

__all__ = ["END", "START", "from_cursor", "is_ascending", "page_size", "to_page", "unknown_cursor"]

T = TypeVar("T")

START = 0
END = 2**63 - 1
CURSOR = compile(r"seq:([0-9]{1,18})")


def from_cursor(after: str) -> int | None:
    """The sequence number that a cursor of ours holds, or None for anything else (say, a row's id)."""
    found = CURSOR.fullmatch(after)
    return int(found[1]) if found else None


def unknown_cursor() -> InvalidRequestError:
    """The error for a cursor that is neither ours nor the id of a row."""
    return InvalidRequestError("Nothing is known by this cursor: start again without `after`.", param="after")


def is_ascending(order: str) -> bool:
    """Whether pages go from the oldest row to the newest. Raises InvalidRequestError."""
    if order not in ("asc", "desc"):
        raise InvalidRequestError("`order` is either asc or desc.", param="order")
    return order == "asc"


def page_size(limit: int) -> int:
    """`limit`, brought into the range that every database takes."""
    return min(max(limit, 0), 2**31 - 2)


def to_page(
    rows: Sequence[tuple[int, str, str]], limit: int, after: str | None, read: Callable[[str, str], T | None]
) -> Page[T]:
    """A page of up to `limit` of the rows (sequence number, id, document), of which one more was asked for.

    What `read` cannot make out is left out of the page, but the cursor moves on beyond it.
    """
    shown = rows[: page_size(limit)]
    found = [value for _, id, document in shown if (value := read(document, id)) is not None]
    if len(rows) <= len(shown):
        return Page(data=found)
    return Page(data=found, has_more=True, after=f"seq:{shown[-1][0]}" if shown else after)
