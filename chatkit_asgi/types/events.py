"""Events: what goes down the stream of a turn."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from chatkit_asgi.errors import ErrorCode
from chatkit_asgi.icons import IconName
from chatkit_asgi.types.base import ON_FIRST_USE, ProtocolModel
from chatkit_asgi.types.items import ThreadItem
from chatkit_asgi.types.threads import Thread
from chatkit_asgi.types.updates import ThreadItemUpdate

__all__ = [
    "THREAD_STREAM_EVENT_ADAPTER",
    "ClientEffectEvent",
    "ErrorEvent",
    "NoticeEvent",
    "ProgressUpdateEvent",
    "StreamOptions",
    "StreamOptionsEvent",
    "ThreadCreatedEvent",
    "ThreadItemAddedEvent",
    "ThreadItemDoneEvent",
    "ThreadItemRemovedEvent",
    "ThreadItemReplacedEvent",
    "ThreadItemUpdated",
    "ThreadItemUpdatedEvent",
    "ThreadStreamEvent",
    "ThreadUpdatedEvent",
]


class ThreadCreatedEvent(ProtocolModel):
    """A new thread."""

    type: Literal["thread.created"] = "thread.created"
    thread: Thread


class ThreadUpdatedEvent(ProtocolModel):
    """A new state of the thread, for example its title."""

    type: Literal["thread.updated"] = "thread.updated"
    thread: Thread


class ThreadItemAddedEvent(ProtocolModel):
    """An item has begun; updates may follow, then it is done."""

    type: Literal["thread.item.added"] = "thread.item.added"
    item: ThreadItem


class ThreadItemUpdatedEvent(ProtocolModel):
    """Something changed in an item that has begun."""

    type: Literal["thread.item.updated"] = "thread.item.updated"
    item_id: str
    update: ThreadItemUpdate


ThreadItemUpdated = ThreadItemUpdatedEvent
"""The earlier name."""


class ThreadItemDoneEvent(ProtocolModel):
    """An item in its final form; it is stored before this is sent."""

    type: Literal["thread.item.done"] = "thread.item.done"
    item: ThreadItem


class ThreadItemRemovedEvent(ProtocolModel):
    """An item is gone."""

    type: Literal["thread.item.removed"] = "thread.item.removed"
    item_id: str


class ThreadItemReplacedEvent(ProtocolModel):
    """An item has become another one, in its place."""

    type: Literal["thread.item.replaced"] = "thread.item.replaced"
    item: ThreadItem


class StreamOptions(ProtocolModel):
    """What the user may do while the answer comes."""

    allow_cancel: bool


class StreamOptionsEvent(ProtocolModel):
    """The options of this stream; its first event."""

    type: Literal["stream_options"] = "stream_options"
    stream_options: StreamOptions


class ProgressUpdateEvent(ProtocolModel):
    """A passing word on what is going on."""

    type: Literal["progress_update"] = "progress_update"
    icon: IconName | None = None
    text: str


class ClientEffectEvent(ProtocolModel):
    """Asks the front end to do something; no answer is awaited."""

    type: Literal["client_effect"] = "client_effect"
    name: str
    data: dict[str, Any] = Field(default_factory=dict)


class ErrorEvent(ProtocolModel):
    """The turn failed: a code that clients explain by themselves, or a message to show."""

    type: Literal["error"] = "error"
    code: ErrorCode | Literal["custom"] = "custom"
    message: str | None = None
    allow_retry: bool = False


class NoticeEvent(ProtocolModel):
    """A message to the user beside the conversation."""

    type: Literal["notice"] = "notice"
    level: Literal["info", "warning", "danger"]
    message: str
    title: str | None = None


ThreadStreamEvent = Annotated[
    ThreadCreatedEvent
    | ThreadUpdatedEvent
    | ThreadItemDoneEvent
    | ThreadItemAddedEvent
    | ThreadItemUpdatedEvent
    | ThreadItemRemovedEvent
    | ThreadItemReplacedEvent
    | StreamOptionsEvent
    | ProgressUpdateEvent
    | ClientEffectEvent
    | ErrorEvent
    | NoticeEvent,
    Field(discriminator="type"),
]
"""Any event, told by its type."""

THREAD_STREAM_EVENT_ADAPTER: TypeAdapter[ThreadStreamEvent] = TypeAdapter(
    ThreadStreamEvent, config=ON_FIRST_USE
)
"""Reads an event and writes one."""
