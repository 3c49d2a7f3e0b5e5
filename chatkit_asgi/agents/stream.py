"""stream_agent_response: a run of the Agents SDK, and what its tools stream, as events of a thread."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from agents import (
    InputGuardrailTripwireTriggered,
    OutputGuardrailTripwireTriggered,
    RunResultStreaming,
    StreamEvent,
)
from pydantic import BaseModel

from chatkit_asgi.agents.context import AgentContext, ClientToolCall
from chatkit_asgi.agents.item_ids import is_real_id
from chatkit_asgi.agents.merge import Queued, merged
from chatkit_asgi.agents.output import DEFAULT_RESPONSE_CONVERTER, ResponseStreamConverter
from chatkit_asgi.agents.response_events import ResponseEvents
from chatkit_asgi.clock import utcnow
from chatkit_asgi.types import (
    ClientToolCallItem,
    HiddenContextItem,
    ThreadItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemRemovedEvent,
    ThreadStreamEvent,
    WorkflowItem,
)
from chatkit_asgi.widgets import Markdown, Text

__all__ = ["RunResponse", "TWidget", "accumulate_text", "stream_agent_response"]

TWidget = TypeVar("TWidget", bound=Markdown | Text)

_TRIPWIRES = (InputGuardrailTripwireTriggered, OutputGuardrailTripwireTriggered)
_TEXT_DELTA = "response.output_text.delta"


async def stream_agent_response(
    context: AgentContext[Any],
    result: RunResultStreaming,
    *,
    converter: ResponseStreamConverter = DEFAULT_RESPONSE_CONVERTER,
) -> AsyncIterator[ThreadStreamEvent]:
    """The events of one run, for `respond()` to yield; what the run's tools stream comes in between.

    A workflow that the last turn left open goes on. When a guardrail trips, every item shown is removed
    again and the exception goes on; so does any other exception, without removals. Closing the iterator or
    cancelling its task stops the run.
    """
    response = RunResponse(context, converter)
    await response.resume_workflow()
    try:
        merging = merged(
            result.stream_events(), context._events, runs_ahead=_is_text_delta, drops_queued=_is_tripwire
        )
        async with merging as entries:
            with _stopping(result):
                async for entry in entries:
                    if entry.__class__ is Queued:
                        for event in response.queued(entry.event):
                            yield event
                    elif entry.type != "raw_response_event":
                        response.note(entry)
                    elif entry.data.type == _TEXT_DELTA:
                        yield response.text_delta(entry.data)
                    else:
                        for event in await response.convert(entry.data):
                            yield event
    except _TRIPWIRES:
        for item_id in response.produced:
            yield ThreadItemRemovedEvent(item_id=item_id)
        raise
    for event in await response.finish():
        yield event


def _is_text_delta(event: Any) -> bool:
    """Deltas change nothing but their message, so they need not be handled one by one."""
    return bool(event.type == "raw_response_event" and event.data.type == _TEXT_DELTA)


def _is_tripwire(failure: BaseException | None) -> bool:
    return isinstance(failure, _TRIPWIRES)


@contextmanager
def _stopping(result: RunResultStreaming) -> Iterator[None]:
    """Nobody reads on after an exception: the run would go on calling the model and tools for nothing."""
    try:
        yield
    except BaseException:
        cancel = getattr(result, "cancel", None)  # a stand-in for a run may have nothing but its events
        if cancel is not None:
            cancel()
        raise


class RunResponse(ResponseEvents):
    """What a run's response needs beyond the model's events: its tools' events, its tool calls, its end."""

    _last_call: object = None

    async def resume_workflow(self) -> None:
        """Take up the workflow that the thread ends with, also behind a client tool call."""
        context = self.context
        page = await context.store.load_thread_items(
            context.thread.id, None, 2, "desc", context.request_context
        )
        match page.data:
            case [WorkflowItem() as item, *_] | [ClientToolCallItem(), WorkflowItem() as item]:
                context.workflow_item = item

    def queued(self, event: ThreadStreamEvent) -> Sequence[ThreadStreamEvent]:
        """An event of a tool; an item of its own ends the workflow before it."""
        if not isinstance(event, ThreadItemAddedEvent | ThreadItemDoneEvent):
            return (event,)
        item = event.item
        self.produced[item.id] = None
        return (*self.end_workflow(), event) if self._interrupts(item) else (event,)

    def _interrupts(self, item: ThreadItem) -> bool:
        current = self.context.workflow_item
        if current is None or current.id == item.id:
            return False
        return not isinstance(item, ClientToolCallItem | HiddenContextItem)

    def note(self, entry: Any) -> None:
        """Remember the run's last tool call: a client tool call takes over its ids."""
        if entry.type != "run_item_stream_event" or entry.name != "tool_called":
            return
        self._last_call = call = _fields(entry.item.raw_item)
        if call.get("type") == "function_call" and is_real_id(call.get("id")):
            self.produced[call["id"]] = None

    async def finish(self) -> Sequence[ThreadStreamEvent]:
        """Keep an open workflow for the next turn and hand a client tool call to the client."""
        context = self.context
        call = context.client_tool_call
        if context.workflow_item is not None:
            item = context.workflow_item.model_copy(deep=True)
            await context.store.add_thread_item(context.thread.id, item, context.request_context)
        return () if call is None else (ThreadItemDoneEvent(item=await self._pending(call)),)

    async def _pending(self, call: ClientToolCall) -> ClientToolCallItem:
        context = self.context
        item_id, call_id = self._call_ids()
        return ClientToolCallItem(
            id=await self.ids.unique(item_id, "tool_call"),
            thread_id=context.thread.id,
            created_at=utcnow(),
            call_id=call_id or context.generate_id("tool_call"),
            name=call.name,
            arguments=call.arguments,
        )

    def _call_ids(self) -> tuple[str | None, str | None]:
        call = self._last_call
        if not isinstance(call, Mapping) or call.get("type") != "function_call":
            return None, None
        return call.get("id"), call.get("call_id")


def _fields(raw_item: object) -> Mapping[str, Any]:
    """A tool call's fields, whether the run reports it as a model or as a dict."""
    if isinstance(raw_item, BaseModel):
        return {name: getattr(raw_item, name, None) for name in ("type", "id", "call_id")}
    return raw_item if isinstance(raw_item, Mapping) else {}


async def accumulate_text(
    events: AsyncIterator[StreamEvent], base_widget: TWidget
) -> AsyncGenerator[TWidget, None]:
    """The widget as given, then a copy with the text so far for each delta, then one with the whole text."""
    text = ""
    yield base_widget
    async for event in events:
        if _is_text_delta(event):
            text += cast(Any, event).data.delta  # of a union of sixty events
            yield _with_text(base_widget, text)
    yield _with_text(base_widget, text, streaming=False)


def _with_text(widget: TWidget, text: str, **changes: object) -> TWidget:
    return cast(TWidget, widget.model_copy(update={"value": text, **changes}))
