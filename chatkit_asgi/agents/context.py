"""AgentContext: what the tools of a run get, and the way by which they stream to the client."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any, Generic

from pydantic import BaseModel, ConfigDict, PrivateAttr, SkipValidation

from chatkit_asgi.agents.merge import EventQueue
from chatkit_asgi.clock import as_utc, utcnow
from chatkit_asgi.icons import IconName
from chatkit_asgi.server import stream_widget
from chatkit_asgi.store import Store, StoreItemType, TContext
from chatkit_asgi.types import (
    DurationSummary,
    GeneratedImageItem,
    ProgressUpdateEvent,
    Task,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemUpdatedEvent,
    ThreadMetadata,
    ThreadStreamEvent,
    Workflow,
    WorkflowItem,
    WorkflowSummary,
    WorkflowTaskAdded,
    WorkflowTaskUpdated,
)
from chatkit_asgi.widgets import WidgetComponentBase

__all__ = ["AgentContext", "ClientToolCall", "finished_workflow"]


class ClientToolCall(BaseModel):
    """A call that the browser is to carry out; it ends the turn, which goes on when the output comes back."""

    name: str
    arguments: dict[str, Any]


class AgentContext(BaseModel, Generic[TContext]):
    """The context of a run: its thread, the store, who asks, and the event stream to the client.

    Events are sent by `stream_agent_response`, in the order they were streamed, also while the model is
    silent. Workflow methods keep `workflow_item` up to date; items in events are copies of it.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    thread: ThreadMetadata
    store: Annotated[Store[TContext], SkipValidation]
    request_context: TContext
    previous_response_id: str | None = None
    client_tool_call: ClientToolCall | None = None
    workflow_item: WorkflowItem | None = None
    generated_image_item: GeneratedImageItem | None = None

    _events: EventQueue = PrivateAttr(default_factory=EventQueue)

    def generate_id(self, type: StoreItemType, thread: ThreadMetadata | None = None) -> str:
        """A new id from the store, for an item of `thread` (default: the context's)."""
        if type == "thread":
            return self.store.generate_thread_id(self.request_context)
        return self.store.generate_item_id(type, thread or self.thread, self.request_context)

    async def stream(self, event: ThreadStreamEvent) -> None:
        """Send an event to the client; items that are done are stored. Waits while the client lags behind.

        After the end of the response the event is logged instead; RuntimeError when there are many of them.
        """
        if isinstance(event, ThreadItemAddedEvent) and isinstance(event.item, WorkflowItem):
            await self._adopt(event.item)
        await self._events.put(event)

    async def stream_progress(self, text: str, icon: IconName | None = None) -> None:
        """Show what is going on; the next progress or item takes its place."""
        await self.stream(ProgressUpdateEvent(icon=icon, text=text))

    async def stream_widget(
        self,
        widget: WidgetComponentBase | AsyncGenerator[WidgetComponentBase, None],
        copy_text: str | None = None,
    ) -> None:
        """Send a widget; of a generator each state, as the smallest updates from one to the next."""
        events = stream_widget(self.thread, widget, copy_text, generate_id=self.generate_id)
        async for event in events:
            await self.stream(event)

    async def start_workflow(self, workflow: Workflow) -> None:
        """Begin a workflow; a custom one without tasks is shown when its first task is added."""
        self.workflow_item = self._new_workflow(workflow)
        if workflow.type == "reasoning" or workflow.tasks:
            await self.stream(_added(self.workflow_item))

    async def add_workflow_task(self, task: Task) -> None:
        """Add a task to the current workflow; without one, a custom workflow is begun."""
        if self.workflow_item is None:
            self.workflow_item = self._new_workflow(Workflow(type="custom", tasks=[]))
        await self._append(self.workflow_item, task)

    async def _append(self, item: WorkflowItem, task: Task) -> None:
        item.workflow.tasks.append(task)
        index = len(item.workflow.tasks) - 1
        if item.workflow.type != "reasoning" and index == 0:
            await self.stream(_added(item))
        else:
            await self._update(item, WorkflowTaskAdded(task=_copied(task), task_index=index))

    async def update_workflow_task(self, task: Task, task_index: int) -> None:
        """Replace the task at an index (negative: from the end).

        Raises ValueError without a workflow, IndexError without such a task.
        """
        item = self.workflow_item
        if item is None:
            raise ValueError("there is no workflow to update: call start_workflow() first")
        item.workflow.tasks[task_index] = task
        index = range(len(item.workflow.tasks))[task_index]
        await self._update(item, WorkflowTaskUpdated(task=_copied(task), task_index=index))

    async def end_workflow(self, summary: WorkflowSummary | None = None, expanded: bool = False) -> None:
        """Finish the current workflow, if there is one; without any summary it tells how long it took."""
        item, self.workflow_item = self.workflow_item, None
        if item is not None:
            await self.stream(ThreadItemDoneEvent(item=finished_workflow(item, summary, expanded=expanded)))

    def _new_workflow(self, workflow: Workflow) -> WorkflowItem:
        return WorkflowItem(
            id=self.generate_id("workflow"),
            created_at=utcnow(),
            workflow=workflow,
            thread_id=self.thread.id,
        )

    async def _adopt(self, item: WorkflowItem) -> None:
        """A workflow that was streamed by hand follows the one before and is the current one from now on."""
        if self.workflow_item is None or self.workflow_item.id != item.id:
            await self.end_workflow()
            self.workflow_item = item

    async def _update(self, item: WorkflowItem, update: WorkflowTaskAdded | WorkflowTaskUpdated) -> None:
        await self.stream(ThreadItemUpdatedEvent(item_id=item.id, update=update))


def _added(item: WorkflowItem) -> ThreadItemAddedEvent:
    return ThreadItemAddedEvent(item=item.model_copy(deep=True))


def _copied(task: Task) -> Task:
    """Events wait in line; a tool may go on changing its task meanwhile."""
    return task.model_copy(deep=True)


def finished_workflow(
    item: WorkflowItem, summary: WorkflowSummary | None = None, *, expanded: bool = False
) -> WorkflowItem:
    """A copy of the item as it is when done: with the given summary, else its own, else its duration."""
    done = item.model_copy(deep=True)
    workflow = done.workflow
    workflow.summary = summary or workflow.summary or _duration(item)
    workflow.expanded = expanded
    return done


def _duration(item: WorkflowItem) -> DurationSummary:
    return DurationSummary(duration=int((utcnow() - as_utc(item.created_at)).total_seconds()))
