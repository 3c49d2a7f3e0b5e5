"""Requests: the sixteen operations a client may ask for, and the answers that have no other home."""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, TypeAdapter
from typing_extensions import TypeIs

from chatkit_asgi.actions import Action
from chatkit_asgi.types.attachments import AttachmentCreateParams
from chatkit_asgi.types.base import ON_FIRST_USE, ProtocolModel
from chatkit_asgi.types.content import UserMessageInput
from chatkit_asgi.types.items import ThreadItem
from chatkit_asgi.types.structured_input import StructuredInputSubmission

__all__ = [
    "CHATKIT_REQ_ADAPTER",
    "AttachmentDeleteParams",
    "AttachmentsCreateReq",
    "AttachmentsDeleteReq",
    "AudioInput",
    "BaseReq",
    "ChatKitReq",
    "FeedbackKind",
    "InputTranscribeParams",
    "InputTranscribeReq",
    "ItemFeedbackParams",
    "ItemsFeedbackReq",
    "ItemsListParams",
    "ItemsListReq",
    "NonStreamingReq",
    "StreamingReq",
    "SyncCustomActionResponse",
    "ThreadAddClientToolOutputParams",
    "ThreadAddStructuredInputParams",
    "ThreadAddUserMessageParams",
    "ThreadCreateParams",
    "ThreadCustomActionParams",
    "ThreadDeleteParams",
    "ThreadGetByIdParams",
    "ThreadListParams",
    "ThreadRetryAfterItemParams",
    "ThreadUpdateParams",
    "ThreadsAddClientToolOutputReq",
    "ThreadsAddStructuredInputReq",
    "ThreadsAddUserMessageReq",
    "ThreadsCreateReq",
    "ThreadsCustomActionReq",
    "ThreadsDeleteReq",
    "ThreadsGetByIdReq",
    "ThreadsListReq",
    "ThreadsRetryAfterItemReq",
    "ThreadsSyncCustomActionReq",
    "ThreadsUpdateReq",
    "TranscriptionResult",
    "is_streaming_req",
]

FeedbackKind = Literal["positive", "negative"]


class BaseReq(ProtocolModel):
    """What every request has; the server makes no use of `metadata`."""

    metadata: dict[str, Any] = Field(default_factory=dict)


class ThreadGetByIdParams(ProtocolModel):
    """Parameters of ``threads.get_by_id``."""

    thread_id: str


class ThreadsGetByIdReq(BaseReq):
    """Load a thread with its first items."""

    type: Literal["threads.get_by_id"] = "threads.get_by_id"
    params: ThreadGetByIdParams


class ThreadListParams(ProtocolModel):
    """Parameters of ``threads.list``."""

    limit: int | None = None
    order: Literal["asc", "desc"] = "desc"
    after: str | None = None


class ThreadsListReq(BaseReq):
    """List the threads of the user."""

    type: Literal["threads.list"] = "threads.list"
    params: ThreadListParams


class ThreadCreateParams(ProtocolModel):
    """Parameters of ``threads.create``."""

    input: UserMessageInput


class ThreadsCreateReq(BaseReq):
    """Start a thread with a message."""

    type: Literal["threads.create"] = "threads.create"
    params: ThreadCreateParams


class ThreadAddUserMessageParams(ProtocolModel):
    """Parameters of ``threads.add_user_message``."""

    input: UserMessageInput
    thread_id: str


class ThreadsAddUserMessageReq(BaseReq):
    """Send a message to a thread."""

    type: Literal["threads.add_user_message"] = "threads.add_user_message"
    params: ThreadAddUserMessageParams


class ThreadAddClientToolOutputParams(ProtocolModel):
    """Parameters of ``threads.add_client_tool_output``."""

    thread_id: str
    result: Any


class ThreadsAddClientToolOutputReq(BaseReq):
    """Bring back what a client tool call gave."""

    type: Literal["threads.add_client_tool_output"] = "threads.add_client_tool_output"
    params: ThreadAddClientToolOutputParams


class ThreadAddStructuredInputParams(ProtocolModel):
    """Parameters of ``threads.add_structured_input``."""

    thread_id: str
    item_id: str
    input: StructuredInputSubmission


class ThreadsAddStructuredInputReq(BaseReq):
    """Answer the questions of a form."""

    type: Literal["threads.add_structured_input"] = "threads.add_structured_input"
    params: ThreadAddStructuredInputParams


class ThreadCustomActionParams(ProtocolModel):
    """Parameters of both kinds of action; `item_id` is the widget it came from."""

    thread_id: str
    item_id: str | None = None
    action: Action[str, Any]


class ThreadsCustomActionReq(BaseReq):
    """Run an action of a widget and stream what comes of it."""

    type: Literal["threads.custom_action"] = "threads.custom_action"
    params: ThreadCustomActionParams


class ThreadsSyncCustomActionReq(BaseReq):
    """Run an action of a widget and answer at once."""

    type: Literal["threads.sync_custom_action"] = "threads.sync_custom_action"
    params: ThreadCustomActionParams


class ThreadRetryAfterItemParams(ProtocolModel):
    """Parameters of ``threads.retry_after_item``."""

    thread_id: str
    item_id: str


class ThreadsRetryAfterItemReq(BaseReq):
    """Answer a user message again, in place of what followed it."""

    type: Literal["threads.retry_after_item"] = "threads.retry_after_item"
    params: ThreadRetryAfterItemParams


class ThreadUpdateParams(ProtocolModel):
    """Parameters of ``threads.update``."""

    thread_id: str
    title: str


class ThreadsUpdateReq(BaseReq):
    """Rename a thread."""

    type: Literal["threads.update"] = "threads.update"
    params: ThreadUpdateParams


class ThreadDeleteParams(ProtocolModel):
    """Parameters of ``threads.delete``."""

    thread_id: str


class ThreadsDeleteReq(BaseReq):
    """Delete a thread with all that belongs to it."""

    type: Literal["threads.delete"] = "threads.delete"
    params: ThreadDeleteParams


class ItemsListParams(ProtocolModel):
    """Parameters of ``items.list``."""

    thread_id: str
    limit: int | None = None
    order: Literal["asc", "desc"] = "desc"
    after: str | None = None


class ItemsListReq(BaseReq):
    """List the items of a thread."""

    type: Literal["items.list"] = "items.list"
    params: ItemsListParams


class ItemFeedbackParams(ProtocolModel):
    """Parameters of ``items.feedback``."""

    thread_id: str
    item_ids: list[str]
    kind: FeedbackKind


class ItemsFeedbackReq(BaseReq):
    """Say whether some items were good."""

    type: Literal["items.feedback"] = "items.feedback"
    params: ItemFeedbackParams


class AttachmentsCreateReq(BaseReq):
    """Announce an upload."""

    type: Literal["attachments.create"] = "attachments.create"
    params: AttachmentCreateParams


class AttachmentDeleteParams(ProtocolModel):
    """Parameters of ``attachments.delete``."""

    attachment_id: str


class AttachmentsDeleteReq(BaseReq):
    """Delete an attachment."""

    type: Literal["attachments.delete"] = "attachments.delete"
    params: AttachmentDeleteParams


class InputTranscribeParams(ProtocolModel):
    """Parameters of ``input.transcribe``."""

    audio_base64: str
    mime_type: str


class InputTranscribeReq(BaseReq):
    """Turn recorded speech into text."""

    type: Literal["input.transcribe"] = "input.transcribe"
    params: InputTranscribeParams


StreamingReq = (
    ThreadsCreateReq
    | ThreadsAddUserMessageReq
    | ThreadsAddClientToolOutputReq
    | ThreadsAddStructuredInputReq
    | ThreadsRetryAfterItemReq
    | ThreadsCustomActionReq
)
"""Requests that are answered with a stream of events."""

NonStreamingReq = (
    ThreadsGetByIdReq
    | ThreadsListReq
    | ItemsListReq
    | ItemsFeedbackReq
    | AttachmentsCreateReq
    | AttachmentsDeleteReq
    | ThreadsUpdateReq
    | ThreadsDeleteReq
    | InputTranscribeReq
    | ThreadsSyncCustomActionReq
)
"""Requests that are answered at once."""

ChatKitReq = Annotated[StreamingReq | NonStreamingReq, Field(discriminator="type")]
"""Any request, told by its type."""

CHATKIT_REQ_ADAPTER: TypeAdapter[ChatKitReq] = TypeAdapter(ChatKitReq, config=ON_FIRST_USE)
"""Reads a request and writes one."""

_STREAMING = frozenset(each.model_fields["type"].default for each in get_args(StreamingReq))


def is_streaming_req(request: ChatKitReq) -> TypeIs[StreamingReq]:
    """Whether the request is answered with a stream."""
    return request.type in _STREAMING


class AudioInput(ProtocolModel):
    """Recorded speech."""

    data: bytes
    mime_type: str

    @property
    def media_type(self) -> str:
        """The MIME type without its parameters, for example ``audio/webm``."""
        return self.mime_type.split(";", 1)[0]


class TranscriptionResult(ProtocolModel):
    """What was said."""

    text: str


class SyncCustomActionResponse(ProtocolModel):
    """The widget as it is after the action, when it changed."""

    updated_item: ThreadItem | None = None
