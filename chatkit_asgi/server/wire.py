"""What goes to the client, as bytes: JSON answers, server-sent events, and the view of a thread it may have.

Nothing here does I/O. Frames are byte for byte those of the published SDK.
"""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator

from pydantic import BaseModel
from pydantic_core import to_json

from chatkit_asgi.errors import ErrorCode
from chatkit_asgi.store import SearchResult
from chatkit_asgi.types import (
    ErrorEvent,
    Page,
    StreamOptions,
    Thread,
    ThreadItem,
    ThreadItemUpdatedEvent,
    ThreadMetadata,
    ThreadStreamEvent,
    WidgetRootUpdated,
)
from chatkit_asgi.widgets import BasicRoot, Card, DynamicWidgetRoot, ListView

__all__ = [
    "DEFAULT_ERROR_MESSAGE",
    "FAILURE_FRAME",
    "NonStreamingResult",
    "StreamingResult",
    "client_view",
    "encode_event",
    "encode_found",
    "encode_model",
    "encode_thread",
    "encode_threads",
    "text_delta_frame",
    "text_delta_prefix",
]

DEFAULT_ERROR_MESSAGE = "The answer could not be completed."
"""Sent with an `error` event that says nothing itself: there are clients that fail without a message."""

CLIENT_CONTEXT = {"exclude_metadata": True}
"""Serialization context of everything a client gets: the metadata of attachments stays with us."""

_SHOWN = {"id", "title", "created_at", "status", "allowed_image_domains"}
"""What clients see of a thread."""

_ROOTS = (Card, ListView, BasicRoot, DynamicWidgetRoot)
"""Not what an application derives from these: that is written as its base class."""


class StreamingResult(AsyncIterable[bytes]):
    """The answer to a streaming request: whole server-sent events, one a chunk. Iterating it runs the turn.

    Whoever stops early closes `json_events` or cancels the iterating task: either keeps the partial answer.
    """

    def __init__(
        self,
        stream: AsyncGenerator[bytes, None],
        *,
        thread_id: str | None = None,
        stream_options: StreamOptions | None = None,
    ) -> None:
        self.json_events = stream
        self.thread_id = thread_id
        self.stream_options = stream_options

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.json_events


class NonStreamingResult:
    """The answer to any other request: one JSON document."""

    def __init__(self, result: bytes) -> None:
        self.json = result


def client_view(thread: ThreadMetadata, items: Page[ThreadItem] | None = None) -> Thread:
    """The thread as a client sees it: no metadata, and no items but those given."""
    return Thread(
        id=thread.id,
        title=thread.title,
        created_at=thread.created_at,
        status=thread.status,
        allowed_image_domains=thread.allowed_image_domains,
        items=Page() if items is None else items,
    )


def encode_thread(thread: ThreadMetadata, items: Page[ThreadItem] | None = None) -> bytes:
    """The JSON of `client_view(thread, items)`, without making that."""
    head = thread.__pydantic_serializer__.to_json(
        thread, by_alias=True, exclude_none=True, include=_SHOWN, context=CLIENT_CONTEXT
    )
    page = EMPTY_PAGE if items is None else encode_model(items)
    return head[:-1] + b',"metadata":{},"items":' + page + b"}"


def encode_threads(page: Page[ThreadMetadata]) -> bytes:
    """The JSON of a page of threads, each as clients see it."""
    tail = encode_model(page.model_copy(update={"data": []}))
    threads = b",".join([encode_thread(thread) for thread in page.data])
    return b'{"data":[' + threads + tail[len(b'{"data":[') :]


def encode_found(page: Page[SearchResult]) -> bytes:
    """The JSON of what a search found, threads as clients see them."""
    tail = encode_model(page.model_copy(update={"data": []}))
    found = [b'{"thread":' + encode_thread(result.thread) + b"," + _where(result)[1:] for result in page.data]
    return b'{"data":[' + b",".join(found) + tail[len(b'{"data":[') :]


def _where(result: SearchResult) -> bytes:
    return result.__pydantic_serializer__.to_json(result, exclude_none=True, exclude={"thread"})


def encode_model(model: BaseModel) -> bytes:
    """JSON for the client: aliases, no unset or null fields, nothing that is ours alone."""
    return model.__pydantic_serializer__.to_json(
        model, by_alias=True, exclude_none=True, context=CLIENT_CONTEXT
    )


def encode_event(event: ThreadStreamEvent) -> bytes:
    """One server-sent event: exactly one `data:` line and an empty one."""
    if type(event) is ThreadItemUpdatedEvent:  # nearly all are
        return _update_frame(event)
    if isinstance(event, ErrorEvent) and event.message is None:
        event = event.model_copy(update={"message": DEFAULT_ERROR_MESSAGE})
    return _frame(event)


def _frame(event: ThreadStreamEvent) -> bytes:
    return b"data: " + encode_model(event) + b"\n\n"


def _update_frame(event: ThreadItemUpdatedEvent) -> bytes:
    update = event.update
    if type(update) is not WidgetRootUpdated or type(update.widget) not in _ROOTS:
        return _frame(event)
    # around the widget's own JSON: on its way through the unions it is in, pydantic copies the whole tree
    head = b'data: {"type":"thread.item.updated","item_id":' + to_json(event.item_id)
    return (
        head + b',"update":{"type":"widget.root.updated","widget":' + encode_model(update.widget) + b"}}\n\n"
    )


def text_delta_prefix(item_id: str, content_index: int) -> bytes:
    """What is the same in the frames of all text deltas for one part of one message."""
    head = b'data: {"type":"thread.item.updated","item_id":' + to_json(item_id)
    update = b',"update":{"type":"assistant_message.content_part.text_delta","content_index":%d,"delta":'
    return head + update % content_index


def text_delta_frame(prefix: bytes, delta: str) -> bytes:
    """The frame of one text delta: what `encode_event` gives, at a fraction of the cost."""
    return prefix + to_json(delta) + b"}}\n\n"


EMPTY_PAGE = encode_model(Page())
FAILURE_FRAME = encode_event(ErrorEvent(code=ErrorCode.STREAM_ERROR, allow_retry=True))
"""Ends a stream that can say nothing else any more."""
