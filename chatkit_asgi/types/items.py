"""Items: the entries of a thread, from the user's messages to what only the model sees."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter
from typing_extensions import TypeIs

from chatkit_asgi.types.attachments import Attachment
from chatkit_asgi.types.base import ON_FIRST_USE, ProtocolModel
from chatkit_asgi.types.content import AssistantMessageContent, InferenceOptions, UserMessageContent
from chatkit_asgi.types.structured_input import StructuredInput
from chatkit_asgi.types.tasks import Task, Workflow
from chatkit_asgi.types.timestamps import Timestamp
from chatkit_asgi.widgets import WidgetRoot

__all__ = [
    "THREAD_ITEM_ADAPTER",
    "AssistantMessageItem",
    "ClientToolCallItem",
    "EndOfTurnItem",
    "GeneratedImage",
    "GeneratedImageItem",
    "HiddenContextItem",
    "SDKHiddenContextItem",
    "StructuredInputItem",
    "TaskItem",
    "ThreadItem",
    "ThreadItemBase",
    "UserMessageItem",
    "WidgetItem",
    "WorkflowItem",
    "is_hidden",
]


class ThreadItemBase(ProtocolModel):
    """What every item has; `id` is unique within its thread."""

    id: str
    thread_id: str
    created_at: Timestamp


class UserMessageItem(ThreadItemBase):
    """What the user said."""

    type: Literal["user_message"] = "user_message"
    content: list[UserMessageContent]
    attachments: list[Attachment] = Field(default_factory=list)
    quoted_text: str | None = None
    inference_options: InferenceOptions


class AssistantMessageItem(ThreadItemBase):
    """What the assistant said."""

    type: Literal["assistant_message"] = "assistant_message"
    content: list[AssistantMessageContent]


class ClientToolCallItem(ThreadItemBase):
    """A call that the client carries out; pending until its output comes back."""

    type: Literal["client_tool_call"] = "client_tool_call"
    status: Literal["pending", "completed"] = "pending"
    call_id: str
    name: str
    arguments: dict[str, Any]
    output: Any | None = None


class WidgetItem(ThreadItemBase):
    """A widget, with the text that copying it gives."""

    type: Literal["widget"] = "widget"
    widget: WidgetRoot
    copy_text: str | None = None


class GeneratedImage(ProtocolModel):
    """An image that the model made."""

    id: str
    url: str


class GeneratedImageItem(ThreadItemBase):
    """An image that the model made, or is still making."""

    type: Literal["generated_image"] = "generated_image"
    image: GeneratedImage | None = None


class StructuredInputItem(ThreadItemBase):
    """A form for the user to fill in."""

    type: Literal["structured_input"] = "structured_input"
    status: Literal["pending", "answered", "skipped"] = "pending"
    inputs: list[StructuredInput]


class TaskItem(ThreadItemBase):
    """A task that stands alone."""

    type: Literal["task"] = "task"
    task: Task


class WorkflowItem(ThreadItemBase):
    """A workflow, which may go on over several turns."""

    type: Literal["workflow"] = "workflow"
    workflow: Workflow


class EndOfTurnItem(ThreadItemBase):
    """Marks the end of the assistant's turn."""

    type: Literal["end_of_turn"] = "end_of_turn"


class HiddenContextItem(ThreadItemBase):
    """What the application tells the model; never sent to clients."""

    type: Literal["hidden_context_item"] = "hidden_context_item"
    content: Any


class SDKHiddenContextItem(ThreadItemBase):
    """What the server tells the model, for example that an answer was stopped; never sent to clients."""

    type: Literal["sdk_hidden_context"] = "sdk_hidden_context"
    content: str


ThreadItem = Annotated[
    UserMessageItem
    | AssistantMessageItem
    | ClientToolCallItem
    | WidgetItem
    | GeneratedImageItem
    | StructuredInputItem
    | WorkflowItem
    | TaskItem
    | HiddenContextItem
    | SDKHiddenContextItem
    | EndOfTurnItem,
    Field(discriminator="type"),
]
"""Any item, told by its type."""

THREAD_ITEM_ADAPTER: TypeAdapter[ThreadItem] = TypeAdapter(ThreadItem, config=ON_FIRST_USE)
"""Reads an item and writes one."""


def is_hidden(item: ThreadItem) -> TypeIs[HiddenContextItem | SDKHiddenContextItem]:
    """Whether a client must never see the item."""
    return item.type in ("hidden_context_item", "sdk_hidden_context")
