"""A slice of a longer list."""

from typing import Generic, TypeVar

from pydantic import Field

from chatkit_asgi.types.base import ProtocolModel

__all__ = ["Page"]

T = TypeVar("T")


class Page(ProtocolModel, Generic[T]):
    """Some entries of a list in order; the next page is asked for with this one's `after`."""

    data: list[T] = Field(default=[])  # pydantic copies it; a factory would not show in the JSON schema
    has_more: bool = False
    after: str | None = None
