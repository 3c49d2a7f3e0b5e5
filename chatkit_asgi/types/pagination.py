"""A slice of a longer list."""

from typing import Generic, TypeVar

from pydantic import BaseModel

__all__ = ["Page"]

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """Some entries of a list in order; the next page is asked for with this one's `after`."""

    data: list[T] = []
    has_more: bool = False
    after: str | None = None
