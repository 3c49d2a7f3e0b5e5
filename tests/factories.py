"""Test data: one function per kind of value, complete by default, with overrides by keyword.

Each takes the fields of the model it makes; ids and texts are fixed, so that whole values can be compared.
"""

from datetime import UTC, datetime
from typing import Any

from chatkit_asgi.types import (
    ActiveStatus,
    AssistantMessageContent,
    AssistantMessageItem,
    ClientToolCallItem,
    CustomTask,
    EndOfTurnItem,
    FileAttachment,
    GeneratedImage,
    GeneratedImageItem,
    HiddenContextItem,
    ImageAttachment,
    InferenceOptions,
    Page,
    SDKHiddenContextItem,
    StructuredInputFreeform,
    StructuredInputItem,
    StructuredInputMultipleChoice,
    StructuredInputMultipleChoiceOption,
    TaskItem,
    Thread,
    ThreadItem,
    ThreadMetadata,
    UserMessageInput,
    UserMessageItem,
    UserMessageTextContent,
    WidgetItem,
    Workflow,
    WorkflowItem,
)
from chatkit_asgi.widgets import BasicRoot, DynamicWidgetComponent

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
"""When everything made here was created."""


def make_thread(**fields: Any) -> ThreadMetadata:
    """A thread's metadata."""
    return ThreadMetadata(**{"id": "thr_1", "created_at": MOMENT, "status": ActiveStatus(), **fields})


def make_thread_with_items(*items: ThreadItem, **fields: Any) -> Thread:
    """A thread with a page of items, the last page unless told otherwise."""
    return Thread(**{"id": "thr_1", "created_at": MOMENT, "items": Page(data=list(items)), **fields})


def make_user_message_input(text: str = "Hello", **fields: Any) -> UserMessageInput:
    """A message as a client sends it."""
    return UserMessageInput(
        **{
            "content": [UserMessageTextContent(text=text)],
            "attachments": [],
            "inference_options": InferenceOptions(),
            **fields,
        }
    )


def make_user_message(text: str = "Hello", **fields: Any) -> UserMessageItem:
    """A user message of one text."""
    content = [UserMessageTextContent(text=text)]
    return UserMessageItem(**_item("msg_user", {"content": content, "inference_options": {}, **fields}))


def make_assistant_message(text: str = "Hi", **fields: Any) -> AssistantMessageItem:
    """An assistant message of one text; `text` empty makes one without content, as when it begins."""
    content = [AssistantMessageContent(text=text)] if text else []
    return AssistantMessageItem(**_item("msg_assistant", {"content": content, **fields}))


def make_client_tool_call(**fields: Any) -> ClientToolCallItem:
    """A pending client tool call."""
    call = {"call_id": "call_1", "name": "get_selection", "arguments": {"format": "text"}}
    return ClientToolCallItem(**_item("tc_1", {**call, **fields}))


def make_widget(text: str = "Hello", *, streaming: bool | None = None) -> BasicRoot:
    """A root with one text, whose id is ``text``; read back from JSON it is the same (and nothing warns)."""
    properties: dict[str, Any] = {} if streaming is None else {"streaming": streaming}
    child = DynamicWidgetComponent.model_validate({"type": "Text", "id": "text", "value": text, **properties})
    return BasicRoot(children=[child])


def make_widget_item(**fields: Any) -> WidgetItem:
    """A widget item showing `make_widget()`."""
    return WidgetItem(**_item("msg_widget", {"widget": make_widget(), **fields}))


def make_generated_image(**fields: Any) -> GeneratedImageItem:
    """A finished image."""
    image = GeneratedImage(id="img_1", url="https://files.example/img_1.png")
    return GeneratedImageItem(**_item("msg_image", {"image": image, **fields}))


def make_structured_input(**fields: Any) -> StructuredInputItem:
    """A pending form with two questions: ``color``, a choice, and ``why``, in one's own words."""
    options = [StructuredInputMultipleChoiceOption(value=value) for value in ("red", "green", "blue")]
    questions = [
        StructuredInputMultipleChoice(id="color", question="Which color?", options=options),
        StructuredInputFreeform(id="why", question="Why?"),
    ]
    return StructuredInputItem(**_item("msg_form", {"inputs": questions, **fields}))


def make_task(**fields: Any) -> TaskItem:
    """A custom task that stands alone."""
    return TaskItem(
        **_item("tsk_1", {"task": CustomTask(title="Looking it up", content="in the book"), **fields})
    )


def make_workflow_item(**fields: Any) -> WorkflowItem:
    """A custom workflow of one task."""
    workflow = Workflow(type="custom", tasks=[CustomTask(title="Step one")])
    return WorkflowItem(**_item("wf_1", {"workflow": workflow, **fields}))


def make_end_of_turn(**fields: Any) -> EndOfTurnItem:
    """The end of a turn."""
    return EndOfTurnItem(**_item("msg_end", fields))


def make_hidden_context(content: Any = "The user is in a hurry.", **fields: Any) -> HiddenContextItem:
    """What the application tells the model."""
    return HiddenContextItem(**_item("msg_hidden", {"content": content, **fields}))


def make_sdk_hidden_context(content: str = "The answer was stopped.", **fields: Any) -> SDKHiddenContextItem:
    """What the server tells the model."""
    return SDKHiddenContextItem(**_item("shcx_1", {"content": content, **fields}))


def make_every_item() -> list[ThreadItem]:
    """One item of each kind, each with an id of its own."""
    return [
        make_user_message(),
        make_assistant_message(),
        make_client_tool_call(),
        make_widget_item(),
        make_generated_image(),
        make_structured_input(),
        make_workflow_item(),
        make_task(),
        make_hidden_context(),
        make_sdk_hidden_context(),
        make_end_of_turn(),
    ]


def make_attachment(**fields: Any) -> FileAttachment:
    """A file that is already up, with metadata of the server's own."""
    known = {"id": "atc_1", "name": "notes.txt", "mime_type": "text/plain", "metadata": {"key": "blob-1"}}
    return FileAttachment(**{**known, **fields})


def make_image_attachment(**fields: Any) -> ImageAttachment:
    """An image that is already up."""
    known = {"id": "atc_2", "name": "cat.png", "mime_type": "image/png"}
    return ImageAttachment(**{**known, "preview_url": "https://files.example/atc_2", **fields})


def _item(item_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {"id": item_id, "thread_id": "thr_1", "created_at": MOMENT, **fields}
