"""A step: one task of a run's workflow, which changes as the work on it goes on."""

from typing import Any, Literal

from chatkit_asgi.agents.context import AgentContext
from chatkit_asgi.types import Task, ThreadItem, ThreadItemUpdatedEvent, WorkflowItem, WorkflowTaskUpdated

__all__ = ["Step", "end_steps", "without_loading"]


class Step:
    """A task that is shown while its work goes on. Steps of several tools may go on at once."""

    def __init__(self, context: AgentContext[Any], task: Task) -> None:
        self.task = task
        self._context = context

    @classmethod
    async def begin(cls, context: AgentContext[Any], task: Task) -> "Step":
        """Show the task in the run's workflow, or in a new one, as going on."""
        step = cls(context, task.model_copy(update={"status_indicator": "loading"}))
        await context.add_workflow_task(step.task)
        return step

    async def show(self, **changes: object) -> None:
        """Show the task with other fields, unless they are the same or its workflow has ended."""
        changed = self.task.model_copy(update=changes)
        found = self._place()
        if found is None or changed == self.task:
            return
        self.task = changed
        await self._context.update_workflow_task(changed, found)

    async def end(self, status: Literal["complete", "none"] = "complete", **changes: object) -> None:
        """Show that the work is over: done, or, with ``none``, without success."""
        await self.show(status_indicator=status, **changes)

    def _place(self) -> int | None:
        item: WorkflowItem | None = self._context.workflow_item
        tasks = item.workflow.tasks if item else []
        return next((index for index, task in enumerate(tasks) if task is self.task), None)


def end_steps(context: AgentContext[Any]) -> list[ThreadItemUpdatedEvent]:
    """Events that show, when a run has failed, that nothing of its workflow is going on any more."""
    item = context.workflow_item
    if item is None:
        return []
    return [
        ThreadItemUpdatedEvent(
            item_id=item.id, update=WorkflowTaskUpdated(task=_without_loading(task), task_index=index)
        )
        for index, task in enumerate(item.workflow.tasks)
        if task.status_indicator == "loading"
    ]


def without_loading(item: ThreadItem) -> ThreadItem:
    """A workflow that was broken off, with nothing going on in it; other items as they are."""
    if not isinstance(item, WorkflowItem):
        return item
    tasks = [_without_loading(task) for task in item.workflow.tasks]
    return item.model_copy(update={"workflow": item.workflow.model_copy(update={"tasks": tasks})})


def _without_loading(task: Task) -> Task:
    return (
        task.model_copy(update={"status_indicator": "none"}) if task.status_indicator == "loading" else task
    )
