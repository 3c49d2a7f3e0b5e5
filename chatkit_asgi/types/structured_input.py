"""Questions that the assistant asks in a form, and what the user answers."""

from typing import Annotated, Literal

from pydantic import Field

from chatkit_asgi.types.base import ProtocolModel

__all__ = [
    "StructuredInput",
    "StructuredInputAnswer",
    "StructuredInputAnswerSubmission",
    "StructuredInputBase",
    "StructuredInputFreeform",
    "StructuredInputMultipleChoice",
    "StructuredInputMultipleChoiceOption",
    "StructuredInputSubmission",
]


class StructuredInputAnswer(ProtocolModel):
    """The answer to one question as it is kept."""

    values: list[str] = Field(default_factory=list)
    skipped: bool = False


class StructuredInputBase(ProtocolModel):
    """What every question has; `answer` is missing until the form is sent."""

    id: str
    question: str
    answer: StructuredInputAnswer | None = None


class StructuredInputMultipleChoiceOption(ProtocolModel):
    """One of the answers to choose from."""

    value: str


class StructuredInputMultipleChoice(StructuredInputBase):
    """A choice of one option, or of several where `multiple` is set."""

    type: Literal["multiple_choice"] = "multiple_choice"
    options: list[StructuredInputMultipleChoiceOption]
    multiple: bool = False


class StructuredInputFreeform(StructuredInputBase):
    """A question that is answered in one's own words."""

    type: Literal["freeform"] = "freeform"
    description: str | None = None


StructuredInput = Annotated[
    StructuredInputMultipleChoice | StructuredInputFreeform, Field(discriminator="type")
]
"""Any question, told by its type."""


class StructuredInputAnswerSubmission(ProtocolModel):
    """The answer to one question as the client sends it."""

    values: list[str] = Field(default_factory=list)
    skipped: bool = False


class StructuredInputSubmission(ProtocolModel):
    """A form as the client sends it, its answers by the questions' ids."""

    status: Literal["answered", "skipped"] = "answered"
    answers: dict[str, StructuredInputAnswerSubmission] = Field(default_factory=dict)
