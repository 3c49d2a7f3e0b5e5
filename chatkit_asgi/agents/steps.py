"""A step: one task of a run's workflow, which changes as the work on it goes on."""

from typing import Any, Literal

from chatkit_asgi.agents.context import AgentContext
from chatkit_asgi.types import Task, WorkflowItem

__all__ = ["Step"]


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
