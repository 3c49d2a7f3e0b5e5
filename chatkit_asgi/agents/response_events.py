"""What each event of the Responses API becomes: a method per event, and the state of one run between them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from openai.types.responses import (
    ResponseContentPartAddedEvent,
    ResponseImageGenCallPartialImageEvent,
    ResponseOutputItemAddedEvent,
    ResponseOutputItemDoneEvent,
    ResponseOutputMessage,
    ResponseOutputTextAnnotationAddedEvent,
    ResponseReasoningItem,
    ResponseReasoningSummaryTextDeltaEvent,
    ResponseReasoningSummaryTextDoneEvent,
    ResponseTextDeltaEvent,
    ResponseTextDoneEvent,
)
from openai.types.responses.response_output_item import ImageGenerationCall
from pydantic import BaseModel

from chatkit_asgi.agents.context import AgentContext, finished_workflow
from chatkit_asgi.agents.item_ids import ItemIds
from chatkit_asgi.agents.output import ResponseStreamConverter, to_annotation, to_content
from chatkit_asgi.clock import utcnow
from chatkit_asgi.types import (
    AssistantMessageContent,
    AssistantMessageContentPartAdded,
    AssistantMessageContentPartAnnotationAdded,
    AssistantMessageContentPartDone,
    AssistantMessageContentPartTextDelta,
    AssistantMessageItem,
    GeneratedImage,
    GeneratedImageItem,
    GeneratedImageUpdated,
    ThoughtTask,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemUpdate,
    ThreadItemUpdatedEvent,
    ThreadStreamEvent,
    Workflow,
    WorkflowItem,
    WorkflowTaskAdded,
    WorkflowTaskUpdated,
)
from chatkit_asgi.usage import note_first_token

__all__ = ["ResponseEvents", "StreamingThoughtTracker"]

Events = Sequence[ThreadStreamEvent]


class StreamingThoughtTracker(BaseModel):
    """The thought that is being streamed, and which part of the model's reasoning it is."""

    item_id: str
    index: int
    task: ThoughtTask


class ResponseEvents:
    """Converts one run's model events to events of the thread; `produced` names every item it showed."""

    def __init__(self, context: AgentContext[Any], converter: ResponseStreamConverter) -> None:
        self.context = context
        self.converter = converter
        self.ids = ItemIds(context)
        self.produced: dict[str, None] = {}
        self._images: dict[str, GeneratedImageItem] = {}
        self._annotations: dict[tuple[str, int], int] = {}
        self._thought: StreamingThoughtTracker | None = None

    async def convert(self, event: Any) -> Events:
        """The events for one model event, which may be of any class with a `type`."""
        handler = _HANDLERS.get(event.type)
        return await handler(self, event) if handler else ()

    # Items begin and end.

    async def item_added(self, event: ResponseOutputItemAddedEvent) -> Events:
        note_first_token()
        match event.item:
            case ResponseOutputMessage() as message:
                return await self._message_added(message, event.output_index)
            case ResponseReasoningItem():
                return self._reasoning_added()
            case ImageGenerationCall() as call:
                return self._image_added(call)
            case _:
                return ()

    async def item_done(self, event: ResponseOutputItemDoneEvent) -> Events:
        match event.item:
            case ResponseOutputMessage() as message:
                item_id = self.ids.of(message.id, event.output_index)
                return (ThreadItemDoneEvent(item=await self._message(message, item_id)),)
            case ImageGenerationCall() as call:
                return await self._image_done(call)
            case _:
                return ()

    async def _message_added(self, message: ResponseOutputMessage, output_index: int) -> Events:
        item_id = await self.ids.begin(message.id, output_index)
        item = await self._message(message, item_id)
        return (*self.end_workflow(), self._added(item))

    async def _message(self, message: ResponseOutputMessage, item_id: str) -> AssistantMessageItem:
        parts = [await to_content(part, self.converter) for part in message.content]
        return AssistantMessageItem(
            id=item_id,
            thread_id=self.context.thread.id,
            content=[part for part in parts if part is not None],
            created_at=utcnow(),
        )

    def _added(self, item: AssistantMessageItem | WorkflowItem | GeneratedImageItem) -> ThreadItemAddedEvent:
        self.produced[item.id] = None
        return ThreadItemAddedEvent(item=item.model_copy(deep=True))

    # Text.

    async def part_added(self, event: ResponseContentPartAddedEvent) -> Events:
        content = await to_content(event.part, self.converter)
        if content is None:
            return ()
        update = AssistantMessageContentPartAdded(content_index=event.content_index, content=content)
        return (self._updated(event, update),)

    def text_delta(self, event: ResponseTextDeltaEvent) -> ThreadItemUpdatedEvent:
        """The one event that comes by the thousand; hence no coroutine."""
        update = AssistantMessageContentPartTextDelta(content_index=event.content_index, delta=event.delta)
        return self._updated(event, update)

    async def text_done(self, event: ResponseTextDoneEvent) -> Events:
        # its annotations follow when the item is done, as clients are used to
        content = AssistantMessageContent(text=event.text, annotations=[])
        update = AssistantMessageContentPartDone(content_index=event.content_index, content=content)
        return (self._updated(event, update),)

    async def annotation_added(self, event: ResponseOutputTextAnnotationAddedEvent) -> Events:
        annotation = await to_annotation(event.annotation, self.converter)
        if annotation is None:
            return ()
        place = self.ids.of(event.item_id, event.output_index), event.content_index
        index = self._annotations.get(place, 0)
        self._annotations[place] = index + 1
        update = AssistantMessageContentPartAnnotationAdded(
            content_index=event.content_index, annotation_index=index, annotation=annotation
        )
        return (self._updated(event, update),)

    def _updated(self, event: Any, update: ThreadItemUpdate) -> ThreadItemUpdatedEvent:
        item_id = self.ids.of(event.item_id, event.output_index)
        return ThreadItemUpdatedEvent(item_id=item_id, update=update)

    # Reasoning.

    def _reasoning_added(self) -> Events:
        context = self.context
        if context.workflow_item is not None:
            return ()
        context.workflow_item = WorkflowItem(
            id=context.generate_id("workflow"),
            thread_id=context.thread.id,
            created_at=utcnow(),
            workflow=Workflow(type="reasoning", tasks=[]),
        )
        return (self._added(context.workflow_item),)

    async def thought_delta(self, event: ResponseReasoningSummaryTextDeltaEvent) -> Events:
        """Streams the first thought of a reasoning workflow only; the others come when they are done."""
        item = self.context.workflow_item
        if item is None or item.workflow.type != "reasoning":
            return ()
        if thought := self._streamed_thought(event):
            thought.task = ThoughtTask(content=thought.task.content + event.delta)
            return (_first_task_updated(item, thought.task),)
        if item.workflow.tasks:
            return ()
        task = ThoughtTask(content=event.delta)
        self._thought = StreamingThoughtTracker(item_id=event.item_id, index=event.summary_index, task=task)
        return (_task_added(item, task),)

    async def thought_done(self, event: ResponseReasoningSummaryTextDoneEvent) -> Events:
        item = self.context.workflow_item
        if item is None:
            return ()
        task = ThoughtTask(content=event.text)
        if not self._streamed_thought(event):
            return (_task_added(item, task),)
        self._thought = None
        return (_first_task_updated(item, task),)

    def _streamed_thought(
        self, event: ResponseReasoningSummaryTextDeltaEvent | ResponseReasoningSummaryTextDoneEvent
    ) -> StreamingThoughtTracker | None:
        thought = self._thought
        if thought and (thought.item_id, thought.index) == (event.item_id, event.summary_index):
            return thought
        return None

    # Images.

    def _image_added(self, call: ImageGenerationCall) -> Events:
        context = self.context
        item = GeneratedImageItem(
            id=context.generate_id("message"), thread_id=context.thread.id, created_at=utcnow()
        )
        context.generated_image_item = self._images[call.id] = item
        return (self._added(item),)

    async def partial_image(self, event: ResponseImageGenCallPartialImageEvent) -> Events:
        item = self._image_item(event.item_id)
        if item is None:
            return ()
        index = event.partial_image_index
        url = await self.converter.base64_image_to_url(
            image_id=event.item_id, base64_image=event.partial_image_b64, partial_image_index=index
        )
        update = GeneratedImageUpdated(
            image=GeneratedImage(id=event.item_id, url=url),
            progress=self.converter.partial_image_index_to_progress(partial_image_index=index),
        )
        return (ThreadItemUpdatedEvent(item_id=item.id, update=update),)

    async def _image_done(self, call: ImageGenerationCall) -> Events:
        item = self._image_item(call.id)
        if item is None or not call.result:
            return ()
        url = await self.converter.base64_image_to_url(image_id=call.id, base64_image=call.result)
        self._images.pop(call.id, None)
        if self.context.generated_image_item is item:
            self.context.generated_image_item = None
        done = item.model_copy(update={"image": GeneratedImage(id=call.id, url=url)})
        return (ThreadItemDoneEvent(item=done),)

    def _image_item(self, call_id: str) -> GeneratedImageItem | None:
        return self._images.get(call_id) or self.context.generated_image_item

    # Workflows.

    def end_workflow(self) -> Events:
        """Ends the current workflow, if the client has seen it begin, because something else follows it."""
        context = self.context
        item = context.workflow_item
        if item is None or context._events.announces(item.id):
            return ()
        context.workflow_item = self._thought = None
        return (ThreadItemDoneEvent(item=finished_workflow(item)),)


def _task_added(item: WorkflowItem, task: ThoughtTask) -> ThreadItemUpdatedEvent:
    item.workflow.tasks.append(task)
    update = WorkflowTaskAdded(task=task, task_index=len(item.workflow.tasks) - 1)
    return ThreadItemUpdatedEvent(item_id=item.id, update=update)


def _first_task_updated(item: WorkflowItem, task: ThoughtTask) -> ThreadItemUpdatedEvent:
    item.workflow.tasks[0] = task
    return ThreadItemUpdatedEvent(item_id=item.id, update=WorkflowTaskUpdated(task=task, task_index=0))


_HANDLERS: Mapping[
    str, Callable[[ResponseEvents, Any], Awaitable[Events]]
] = {  # Any: each takes its own event
    "response.output_item.added": ResponseEvents.item_added,
    "response.output_item.done": ResponseEvents.item_done,
    "response.content_part.added": ResponseEvents.part_added,
    "response.output_text.done": ResponseEvents.text_done,
    "response.output_text.annotation.added": ResponseEvents.annotation_added,
    "response.image_generation_call.partial_image": ResponseEvents.partial_image,
    "response.reasoning_summary_text.delta": ResponseEvents.thought_delta,
    "response.reasoning_summary_text.done": ResponseEvents.thought_done,
}
