"""Tasks, single steps of work that the assistant shows, and workflows, which group them."""

from typing import Annotated, Literal

from pydantic import Field

from chatkit_asgi.icons import IconName
from chatkit_asgi.types.base import ProtocolModel
from chatkit_asgi.types.sources import FileSource, URLSource

__all__ = [
    "BaseTask",
    "CustomSummary",
    "CustomTask",
    "DurationSummary",
    "FileTask",
    "ImageTask",
    "SearchTask",
    "Task",
    "ThoughtTask",
    "Workflow",
    "WorkflowSummary",
]


class BaseTask(ProtocolModel):
    """What every task shows: whether it is going on."""

    status_indicator: Literal["none", "loading", "complete"] = "none"


class CustomTask(BaseTask):
    """A step in the application's own words."""

    type: Literal["custom"] = "custom"
    title: str | None = None
    icon: IconName | None = None
    content: str | None = None


class SearchTask(BaseTask):
    """A search of the web and what it found."""

    type: Literal["web_search"] = "web_search"
    title: str | None = None
    title_query: str | None = None
    queries: list[str] = Field(default_factory=list)
    sources: list[URLSource] = Field(default_factory=list)


class ThoughtTask(BaseTask):
    """A summary of the model's reasoning."""

    type: Literal["thought"] = "thought"
    title: str | None = None
    content: str


class FileTask(BaseTask):
    """Files that were read."""

    type: Literal["file"] = "file"
    title: str | None = None
    sources: list[FileSource] = Field(default_factory=list)


class ImageTask(BaseTask):
    """An image that is being made."""

    type: Literal["image"] = "image"
    title: str | None = None


Task = Annotated[CustomTask | SearchTask | ThoughtTask | FileTask | ImageTask, Field(discriminator="type")]
"""Any task, told by its type."""


class CustomSummary(ProtocolModel):
    """A closing line in the application's own words."""

    title: str
    icon: IconName | None = None


class DurationSummary(ProtocolModel):
    """How long the work took, in whole seconds."""

    duration: int


WorkflowSummary = CustomSummary | DurationSummary
"""The closing line of a workflow; there is no tag, and a title wins over a duration."""


class Workflow(ProtocolModel):
    """Tasks in order, folded away under the summary unless `expanded`."""

    type: Literal["custom", "reasoning"]
    tasks: list[Task]
    summary: WorkflowSummary | None = None
    expanded: bool = False
