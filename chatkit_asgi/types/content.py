"""What messages are made of: the user's text and tags, the assistant's annotated text."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from chatkit_asgi.types.base import ProtocolModel
from chatkit_asgi.types.sources import EntitySource, FileSource, URLSource

__all__ = [
    "Annotation",
    "AssistantMessageContent",
    "InferenceOptions",
    "ToolChoice",
    "UserMessageContent",
    "UserMessageInput",
    "UserMessageTagContent",
    "UserMessageTextContent",
]


class Annotation(ProtocolModel):
    """A reference from a place in the text, counted in characters, to its source."""

    type: Literal["annotation"] = "annotation"
    source: URLSource | FileSource | EntitySource
    index: int | None = None


class AssistantMessageContent(ProtocolModel):
    """One part of what the assistant says."""

    annotations: list[Annotation] = Field(default_factory=list)
    text: str
    type: Literal["output_text"] = "output_text"


class UserMessageTextContent(ProtocolModel):
    """Text that the user typed."""

    type: Literal["input_text"] = "input_text"
    text: str


class UserMessageTagContent(ProtocolModel):
    """A thing of the application that the user mentioned with ``@``."""

    type: Literal["input_tag"] = "input_tag"
    id: str
    text: str
    data: dict[str, Any]
    group: str | None = None
    interactive: bool = False


UserMessageContent = Annotated[UserMessageTextContent | UserMessageTagContent, Field(discriminator="type")]
"""One part of what the user says, told by its type."""


class ToolChoice(ProtocolModel):
    """The tool that the user picked in the composer."""

    id: str


class InferenceOptions(ProtocolModel):
    """What the user picked in the composer for this message: a tool, a model."""

    tool_choice: ToolChoice | None = None
    model: str | None = None


class UserMessageInput(ProtocolModel):
    """A message as it comes in; `attachments` are ids."""

    content: list[UserMessageContent]
    attachments: list[str]
    quoted_text: str | None = None
    inference_options: InferenceOptions

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, value: Any) -> Any:
        """Clients leave out, or send as null, what they have nothing to say about."""
        if not isinstance(value, dict):
            return value
        return {
            **value,
            "attachments": _or_empty(value.get("attachments"), []),
            "inference_options": _or_empty(value.get("inference_options"), {}),
        }


def _or_empty(value: Any, empty: Any) -> Any:
    return empty if value is None else value
