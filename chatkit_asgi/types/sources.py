"""Where a statement or a task's result comes from: a page of the web, a file, a thing of the application."""

from typing import Annotated, Any, Literal

from pydantic import Field

from chatkit_asgi.icons import IconName
from chatkit_asgi.types.base import ProtocolModel

__all__ = ["EntitySource", "FileSource", "Source", "SourceBase", "URLSource"]


class SourceBase(ProtocolModel):
    """What every source shows."""

    title: str
    description: str | None = None
    timestamp: str | None = None
    group: str | None = None


class FileSource(SourceBase):
    """A file by its name."""

    type: Literal["file"] = "file"
    filename: str


class URLSource(SourceBase):
    """A page of the web."""

    type: Literal["url"] = "url"
    url: str
    attribution: str | None = None


class EntitySource(SourceBase):
    """A thing that the application knows by an id and may show a preview of."""

    type: Literal["entity"] = "entity"
    id: str
    icon: IconName | None = None
    label: str | None = None
    inline_label: str | None = None
    interactive: bool = False
    data: dict[str, Any] = Field(default_factory=dict)
    preview: Literal["lazy"] | None = Field(default=None, deprecated=True)


Source = Annotated[URLSource | FileSource | EntitySource, Field(discriminator="type")]
"""Any source, told by its type."""
