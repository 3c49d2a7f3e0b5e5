"""What goes to the client, as bytes: JSON answers, server-sent events, and the view of a thread it may have.

Nothing here does I/O. Frames are byte for byte those of the published SDK.
"""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Sequence
from typing import Any, Protocol, cast

from pydantic_core import to_json

from chatkit_asgi.errors import ErrorCode
from chatkit_asgi.locale import translated, user_text
from chatkit_asgi.store import SearchResult, ShownItem, ShownThread, thread_json
from chatkit_asgi.store import client_json as encode_model
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
    "ANSWER_FAILED",
    "DEFAULT_ERROR_MESSAGE",
    "NonStreamingResult",
    "Present",
    "StreamingResult",
    "client_view",
    "deleted_frame",
    "encode_event",
    "encode_found",
    "encode_items",
    "encode_model",
    "encode_thread",
    "encode_threads",
    "failure_frame",
    "text_delta_frame",
    "text_delta_prefix",
    "timeout_frame",
]

Present = Callable[[Sequence[ThreadItem]], Sequence[ThreadItem]]
"""Gives items as they leave the server."""

ANSWER_FAILED = user_text("The answer could not be completed.")
DEFAULT_ERROR_MESSAGE = str(ANSWER_FAILED)
"""Sent with an `error` event that says nothing itself: there are clients that fail without a message."""
TIMEOUT_MESSAGE = user_text("The answer took too long and was stopped.")
DELETED_MESSAGE = user_text("This conversation was deleted.")

_ROOTS = (Card, ListView, BasicRoot, DynamicWidgetRoot)
"""Not what an application derives from these: that is written as its base class."""


class TurnState(Protocol):
    """How an answer stands."""

    error: str | None

    def unfinished_items(self) -> list[ThreadItem]:
        """The items that are not stored yet."""


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
        turn: TurnState | None = None,
    ) -> None:
        self.json_events = stream
        self.thread_id = thread_id
        self.stream_options = stream_options
        self._turn = turn

    @property
    def error(self) -> str | None:
        """For the operator, after the end: why the answer failed, if it did."""
        return None if self._turn is None else self._turn.error

    def unfinished_items(self) -> list[ThreadItem]:
        """What the client has been shown and is not stored yet, as it stands now."""
        return [] if self._turn is None else self._turn.unfinished_items()

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


def encode_thread(thread: ShownThread, items: bytes | None = None) -> bytes:
    """The JSON of the thread as a client sees it, with the page of items given as JSON."""
    head = thread.encode() if isinstance(thread, str) else thread_json(thread)
    return head[:-1] + b',"metadata":{},"items":' + (items or EMPTY_PAGE) + b"}"


def encode_threads(page: Page[ShownThread] | Page[ThreadMetadata]) -> bytes:
    """The JSON of a page of threads, each as clients see it."""
    return _encode_page(page, [encode_thread(thread) for thread in page.data])


def encode_items(page: Page[ShownItem], present: Present) -> bytes:
    """The JSON of a page of items."""
    kinds = {*map(type, page.data)}
    if str not in kinds:
        # without a type of its own: pydantic need not look at all the items again
        models = list(present(cast("list[ThreadItem]", page.data)))
        return encode_model(Page(data=models, has_more=page.has_more, after=page.after))
    texts = [_as_text(item, present) for item in page.data] if len(kinds) > 1 else page.data
    return _encode_page(page, [",".join(cast("list[str]", texts)).encode()])


def _as_text(item: ShownItem, present: Present) -> str:
    return item if isinstance(item, str) else encode_model(present([item])[0]).decode()


def encode_found(page: Page[SearchResult]) -> bytes:
    """The JSON of what a search found, threads as clients see them."""
    found = [b'{"thread":' + encode_thread(result.thread) + b"," + _where(result)[1:] for result in page.data]
    return _encode_page(page, found)


def _where(result: SearchResult) -> bytes:
    return result.__pydantic_serializer__.to_json(result, exclude_none=True, exclude={"thread"})


def _encode_page(page: Page[Any], entries: Sequence[bytes]) -> bytes:  # Any: entries of any kind
    has_more = b"true" if page.has_more else b"false"
    after = b"" if page.after is None else b',"after":' + to_json(page.after)
    return b'{"data":[' + b",".join(entries) + b'],"has_more":' + has_more + after + b"}"


def encode_event(event: ThreadStreamEvent) -> bytes:
    """One server-sent event: exactly one `data:` line and an empty one."""
    if type(event) is ThreadItemUpdatedEvent:  # nearly all are
        return _update_frame(event)
    if isinstance(event, ErrorEvent) and event.message is None:
        event = event.model_copy(update={"message": translated(ANSWER_FAILED)})
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


def timeout_frame() -> bytes:
    """Ends the stream of a turn that was not done in time."""
    return encode_event(ErrorEvent(message=translated(TIMEOUT_MESSAGE), allow_retry=True))


def deleted_frame(context: object = None) -> bytes:
    """Ends the stream of a turn whose thread is gone."""
    return encode_event(ErrorEvent(message=translated(DELETED_MESSAGE, context)))


def failure_frame() -> bytes:
    """Ends a stream that can say nothing else any more."""
    return encode_event(ErrorEvent(code=ErrorCode.STREAM_ERROR, allow_retry=True))
