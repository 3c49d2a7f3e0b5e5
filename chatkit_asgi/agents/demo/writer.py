"""ResponseWriter: the events by which a model streams its response, as the Responses API sends them."""

import asyncio
import itertools
import re
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal
from uuid import uuid4

from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseContentPartAddedEvent,
    ResponseContentPartDoneEvent,
    ResponseCreatedEvent,
    ResponseFunctionCallArgumentsDeltaEvent,
    ResponseFunctionCallArgumentsDoneEvent,
    ResponseFunctionToolCall,
    ResponseImageGenCallPartialImageEvent,
    ResponseOutputItem,
    ResponseOutputItemAddedEvent,
    ResponseOutputItemDoneEvent,
    ResponseOutputMessage,
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
from openai.types.responses.response_output_text import Annotation
from openai.types.responses.response_reasoning_item import Summary

__all__ = ["ResponseWriter", "words_of"]

Events = AsyncIterator[ResponseStreamEvent]


class ResponseWriter:
    """Writes one response, output after output; pauses between its words."""

    def __init__(self, model: str, delay: float) -> None:
        self._model = model
        self._delay = delay
        self._id = f"resp_{uuid4().hex}"
        self._numbers = itertools.count()
        self._output: list[ResponseOutputItem] = []

    def created(self) -> ResponseStreamEvent:
        """The first event."""
        return ResponseCreatedEvent(
            type="response.created", response=self._response("in_progress"), sequence_number=self._next()
        )

    def completed(self) -> ResponseStreamEvent:
        """The last event, with everything that was written."""
        return ResponseCompletedEvent(
            type="response.completed", response=self._response("completed"), sequence_number=self._next()
        )

    async def message(self, text: str, annotations: Sequence[Annotation] = (), *, pace: float = 1) -> Events:
        """An answer, word by word; its annotations follow the text. `pace` stretches the pauses."""
        part = ResponseOutputText(type="output_text", text="", annotations=[], logprobs=[])
        message = ResponseOutputMessage(
            id=_new_id("msg"), type="message", role="assistant", status="in_progress", content=[]
        )
        place: dict[str, Any] = {**self._place(message.id), "content_index": 0}  # keywords of mixed types
        yield self._added(message)
        yield ResponseContentPartAddedEvent(
            type="response.content_part.added", part=part, sequence_number=self._next(), **place
        )
        for word in words_of(text):
            await self.pause(pace)
            yield ResponseTextDeltaEvent(
                type="response.output_text.delta",
                delta=word,
                logprobs=[],
                sequence_number=self._next(),
                **place,
            )
        for index, annotation in enumerate(annotations):
            yield ResponseOutputTextAnnotationAddedEvent(
                type="response.output_text.annotation.added",
                annotation=annotation.model_dump(),
                annotation_index=index,
                sequence_number=self._next(),
                **place,
            )
        full = part.model_copy(update={"text": text, "annotations": list(annotations)})
        yield ResponseTextDoneEvent(
            type="response.output_text.done",
            text=text,
            logprobs=[],
            sequence_number=self._next(),
            **place,
        )
        yield ResponseContentPartDoneEvent(
            type="response.content_part.done", part=full, sequence_number=self._next(), **place
        )
        yield self._done(message.model_copy(update={"content": [full], "status": "completed"}))

    async def reasoning(self, thoughts: Sequence[str]) -> Events:
        """Thoughts, word by word."""
        item = ResponseReasoningItem(id=_new_id("rs"), type="reasoning", summary=[])
        yield self._added(item)
        for index, thought in enumerate(thoughts):
            place: dict[str, Any] = {**self._place(item.id), "summary_index": index}  # as above
            for word in words_of(thought):
                await self.pause()
                yield ResponseReasoningSummaryTextDeltaEvent(
                    type="response.reasoning_summary_text.delta",
                    delta=word,
                    sequence_number=self._next(),
                    **place,
                )
            yield ResponseReasoningSummaryTextDoneEvent(
                type="response.reasoning_summary_text.done",
                text=thought,
                sequence_number=self._next(),
                **place,
            )
        summary = [Summary(type="summary_text", text=thought) for thought in thoughts]
        yield self._done(item.model_copy(update={"summary": summary}))

    async def image(self, partial_images: Sequence[str], final: str) -> Events:
        """An image in base64, after some that are not finished yet."""
        item = ImageGenerationCall(id=_new_id("ig"), type="image_generation_call", status="in_progress")
        yield self._added(item)
        for index, partial in enumerate(partial_images):
            await self.pause(20)
            yield ResponseImageGenCallPartialImageEvent(
                type="response.image_generation_call.partial_image",
                partial_image_b64=partial,
                partial_image_index=index,
                sequence_number=self._next(),
                **self._place(item.id),
            )
        yield self._done(item.model_copy(update={"result": final, "status": "completed"}))

    async def call(self, name: str, arguments: str) -> Events:
        """A call of a tool."""
        call = ResponseFunctionToolCall(
            id=_new_id("fc"), call_id=_new_id("call"), type="function_call", name=name, arguments=""
        )
        place: dict[str, Any] = self._place(call.id or "")  # as above
        yield self._added(call)
        yield ResponseFunctionCallArgumentsDeltaEvent(
            type="response.function_call_arguments.delta",
            delta=arguments,
            sequence_number=self._next(),
            **place,
        )
        yield ResponseFunctionCallArgumentsDoneEvent(
            type="response.function_call_arguments.done",
            name=name,
            arguments=arguments,
            sequence_number=self._next(),
            **place,
        )
        yield self._done(call.model_copy(update={"arguments": arguments, "status": "completed"}))

    async def pause(self, pace: float = 1) -> None:
        """Let the reader see something happen; not at all when there is no delay."""
        if self._delay:
            await asyncio.sleep(self._delay * pace)

    def _next(self) -> int:
        return next(self._numbers)

    def _place(self, item_id: str) -> dict[str, Any]:
        return {"item_id": item_id, "output_index": len(self._output)}

    def _added(self, item: ResponseOutputItem) -> ResponseStreamEvent:
        return ResponseOutputItemAddedEvent(
            type="response.output_item.added",
            item=item,
            output_index=len(self._output),
            sequence_number=self._next(),
        )

    def _done(self, item: ResponseOutputItem) -> ResponseStreamEvent:
        self._output.append(item)
        return ResponseOutputItemDoneEvent(
            type="response.output_item.done",
            item=item,
            output_index=len(self._output) - 1,
            sequence_number=self._next(),
        )

    def _response(self, status: Literal["in_progress", "completed"]) -> Response:
        return Response(
            id=self._id,
            created_at=time.time(),
            model=self._model,
            object="response",
            output=list(self._output),
            parallel_tool_calls=False,
            tool_choice="auto",
            tools=[],
            status=status,
        )


def words_of(text: str) -> list[str]:
    """The text in pieces that end where words do."""
    return re.findall(r"\s*\S+|\s+$", text)


def _new_id(prefix: str) -> str:
    return f"{prefix}_{uuid4().hex}"
