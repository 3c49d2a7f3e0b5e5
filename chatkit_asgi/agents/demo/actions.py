"""Answers to the actions of the demo's own widgets."""

from collections.abc import AsyncIterator
from typing import Any

from chatkit_asgi.actions import Action
from chatkit_asgi.agents.context import AgentContext
from chatkit_asgi.agents.demo import widgets
from chatkit_asgi.clock import utcnow
from chatkit_asgi.types import (
    AssistantMessageContent,
    AssistantMessageItem,
    ThreadItemDoneEvent,
    ThreadItemReplacedEvent,
    ThreadStreamEvent,
    WidgetItem,
)
from chatkit_asgi.widgets import DynamicWidgetRoot

__all__ = ["answer_action", "answer_sync_action"]


async def answer_action(
    context: AgentContext[Any], action: Action[str, Any], sender: WidgetItem | None
) -> AsyncIterator[ThreadStreamEvent]:
    """The sender with what it became, if it is one of the demo's widgets, and a word about it."""
    item = answer_sync_action(action, sender)
    if item is not None:
        yield ThreadItemReplacedEvent(item=item)
    message = AssistantMessageItem(
        id=context.generate_id("message"),
        thread_id=context.thread.id,
        created_at=utcnow(),
        content=[AssistantMessageContent(text=f"The demo got the action `{action.type}`.")],
    )
    yield ThreadItemDoneEvent(item=message)


def answer_sync_action(action: Action[str, Any], sender: WidgetItem | None) -> WidgetItem | None:
    """The sender with its next widget; None where the demo does not know the action."""
    if sender is None:
        return None
    widget = _next_widget(action.type, _values(action.payload))
    return sender.model_copy(update={"widget": widget}) if widget else None


def _next_widget(kind: str, values: dict[str, Any]) -> DynamicWidgetRoot | None:
    match kind:
        case widgets.REPLACE:
            count = values.get("count")
            return widgets.card(count if isinstance(count, int) else 1)
        case widgets.CHOOSE:
            return widgets.chosen_row(str(values.get("city", "nothing")))
        case widgets.SUBMIT:
            return widgets.filled_form(values)
        case _:
            return None


def _values(payload: object) -> dict[str, Any]:
    """What a form or row says; some clients nest the form's values in `formData`."""
    if not isinstance(payload, dict):
        return {}
    nested = payload.get("formData")
    plain = {name: value for name, value in payload.items() if name != "formData"}
    return {**plain, **nested} if isinstance(nested, dict) else plain
