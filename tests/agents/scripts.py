"""Scripted runs: what a run of the Agents SDK would stream, event by event."""

from collections.abc import AsyncIterator
from typing import Any, cast

from agents import Agent, RawResponsesStreamEvent, RunItemStreamEvent, RunResultStreaming, ToolCallItem
from openai.types.responses import (
    ResponseContentPartAddedEvent,
    ResponseFunctionToolCall,
    ResponseImageGenCallPartialImageEvent,
    ResponseOutputItemAddedEvent,
    ResponseOutputItemDoneEvent,
    ResponseOutputMessage,
    ResponseOutputRefusal,
    ResponseOutputText,
    ResponseOutputTextAnnotationAddedEvent,
    ResponseReasoningItem,
    ResponseReasoningSummaryTextDeltaEvent,
    ResponseReasoningSummaryTextDoneEvent,
    ResponseStreamEvent,
    ResponseTextDeltaEvent,
    ResponseTextDoneEvent,
)
from openai.types.responses.response_output_item import ImageGenerationCall

__all__ = [
    "RunEvents",
    "annotation",
    "call",
    "called",
    "delta",
    "image",
    "item_added",
    "item_done",
    "message",
    "part_added",
    "partial_image",
    "reasoning",
    "run",
    "text",
    "text_done",
    "thought_delta",
    "thought_done",
]

RunEvents = AsyncIterator[RawResponsesStreamEvent | RunItemStreamEvent]


class _Run:
    def __init__(self, events: RunEvents) -> None:
        self._events = events

    def stream_events(self) -> RunEvents:
        return self._events


def run(events: RunEvents) -> RunResultStreaming:
    """A run that streams these events; of a run's interface, nothing else is needed."""
    return cast(RunResultStreaming, _Run(events))


def _raw(event: ResponseStreamEvent) -> RawResponsesStreamEvent:
    return RawResponsesStreamEvent(data=event)


def text(value: str = "", *annotations: Any) -> ResponseOutputText:
    return ResponseOutputText(type="output_text", text=value, annotations=list(annotations))


def message(
    *content: ResponseOutputText | ResponseOutputRefusal, item_id: str = "m1"
) -> ResponseOutputMessage:
    return ResponseOutputMessage(
        id=item_id, type="message", role="assistant", status="in_progress", content=list(content)
    )


def reasoning(item_id: str = "r1") -> ResponseReasoningItem:
    return ResponseReasoningItem(id=item_id, type="reasoning", summary=[])


def image(result: str | None = None, item_id: str = "ig1") -> ImageGenerationCall:
    return ImageGenerationCall(id=item_id, type="image_generation_call", status="in_progress", result=result)


def call(item_id: str = "fc1", call_id: str = "call1") -> ResponseFunctionToolCall:
    return ResponseFunctionToolCall(
        id=item_id, call_id=call_id, type="function_call", name="f", arguments="{}"
    )


def called(raw_item: Any) -> RunItemStreamEvent:
    """The run reports a tool call, as a model or as a dict."""
    return RunItemStreamEvent(name="tool_called", item=ToolCallItem(agent=Agent(name="x"), raw_item=raw_item))


def item_added(item: Any, index: int = 0) -> RawResponsesStreamEvent:
    return _raw(
        ResponseOutputItemAddedEvent(
            type="response.output_item.added", item=item, output_index=index, sequence_number=0
        )
    )


def item_done(item: Any, index: int = 0) -> RawResponsesStreamEvent:
    return _raw(
        ResponseOutputItemDoneEvent(
            type="response.output_item.done", item=item, output_index=index, sequence_number=0
        )
    )


def _place(item_id: str, index: int) -> dict[str, Any]:
    return {"item_id": item_id, "output_index": index, "sequence_number": 0}


def part_added(
    part: Any, item_id: str = "m1", index: int = 0, content_index: int = 0
) -> RawResponsesStreamEvent:
    return _raw(
        ResponseContentPartAddedEvent(
            type="response.content_part.added",
            content_index=content_index,
            part=part,
            **_place(item_id, index),
        )
    )


def delta(value: str, item_id: str = "m1", index: int = 0, content_index: int = 0) -> RawResponsesStreamEvent:
    return _raw(
        ResponseTextDeltaEvent(
            type="response.output_text.delta",
            content_index=content_index,
            delta=value,
            logprobs=[],
            **_place(item_id, index),
        )
    )


def text_done(
    value: str, item_id: str = "m1", index: int = 0, content_index: int = 0
) -> RawResponsesStreamEvent:
    return _raw(
        ResponseTextDoneEvent(
            type="response.output_text.done",
            content_index=content_index,
            text=value,
            logprobs=[],
            **_place(item_id, index),
        )
    )


def annotation(value: Any, content_index: int = 0, item_id: str = "m1") -> RawResponsesStreamEvent:
    """A streamed citation; unvalidated, as servers send all sorts."""
    return _raw(
        ResponseOutputTextAnnotationAddedEvent.model_construct(
            type="response.output_text.annotation.added",
            content_index=content_index,
            annotation_index=0,
            annotation=value,
            **_place(item_id, 0),
        )
    )


def thought_delta(value: str, summary_index: int = 0, item_id: str = "r1") -> RawResponsesStreamEvent:
    return _raw(
        ResponseReasoningSummaryTextDeltaEvent(
            type="response.reasoning_summary_text.delta",
            summary_index=summary_index,
            delta=value,
            **_place(item_id, 0),
        )
    )


def thought_done(value: str, summary_index: int = 0, item_id: str = "r1") -> RawResponsesStreamEvent:
    return _raw(
        ResponseReasoningSummaryTextDoneEvent(
            type="response.reasoning_summary_text.done",
            summary_index=summary_index,
            text=value,
            **_place(item_id, 0),
        )
    )


def partial_image(index: int, item_id: str = "ig1") -> RawResponsesStreamEvent:
    return _raw(
        ResponseImageGenCallPartialImageEvent(
            type="response.image_generation_call.partial_image",
            partial_image_b64="UEFSVA==",
            partial_image_index=index,
            **_place(item_id, 0),
        )
    )
