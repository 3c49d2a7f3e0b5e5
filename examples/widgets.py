"""Widgets: a form that comes back as an action, and a card whose button replaces it.

    CHATKIT_SERVER=examples.widgets:OrderDesk uvicorn chatkit_asgi:app

Say anything to get the form. No model is needed: the widgets do the talking.
"""

from collections.abc import AsyncIterator
from typing import Any

from chatkit_asgi import RequestContext
from chatkit_asgi.actions import Action
from chatkit_asgi.clock import utcnow
from chatkit_asgi.server import ChatKitServer, stream_widget
from chatkit_asgi.types import (
    AssistantMessageContent,
    AssistantMessageItem,
    ThreadItemDoneEvent,
    ThreadItemReplacedEvent,
    ThreadMetadata,
    ThreadStreamEvent,
    UserMessageItem,
    WidgetItem,
)
from chatkit_asgi.widgets import DynamicWidgetRoot

SIZES = ("small", "medium", "large")


class OrderDesk(ChatKitServer[RequestContext]):
    """Takes orders for coffee."""

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: RequestContext
    ) -> AsyncIterator[ThreadStreamEvent]:
        async for event in stream_widget(thread, order_form(), copy_text="An order form for coffee"):
            yield event

    async def action(
        self,
        thread: ThreadMetadata,
        action: Action[str, Any],
        sender: WidgetItem | None,
        context: RequestContext,
    ) -> AsyncIterator[ThreadStreamEvent]:
        # what a browser sends is not to be trusted: look at it before it is used
        payload = action.payload if isinstance(action.payload, dict) else {}
        size, name = payload.get("size"), str(payload.get("name", ""))[:40]
        if sender is None or size not in SIZES:
            yield self._message("Please choose one of the sizes.", thread, context)
            return
        match action.type:
            case "order.place":
                ordered = sender.model_copy(update={"widget": order_card(size, name)})
                yield ThreadItemReplacedEvent(item=ordered)
                yield self._message(f"A {size} coffee for {name} is on its way.", thread, context)
            case "order.cancel":
                yield ThreadItemReplacedEvent(item=sender.model_copy(update={"widget": order_form()}))
                yield self._message(f"The {size} coffee is cancelled.", thread, context)

    def _message(self, text: str, thread: ThreadMetadata, context: RequestContext) -> ThreadItemDoneEvent:
        item = AssistantMessageItem(
            id=self.store.generate_item_id("message", thread, context),
            thread_id=thread.id,
            created_at=utcnow(),
            content=[AssistantMessageContent(text=text)],
        )
        return ThreadItemDoneEvent(item=item)


def order_form() -> DynamicWidgetRoot:
    """The fields' values come back in the payload of the action, under their names."""
    fields: list[dict[str, Any]] = [
        {"type": "Label", "value": "Your name", "fieldName": "name"},
        {"type": "Input", "name": "name", "required": True},
        {"type": "Label", "value": "Size", "fieldName": "size"},
        {"type": "Select", "name": "size", "options": [{"value": size, "label": size} for size in SIZES]},
        {"type": "Button", "label": "Order", "submit": True, "style": "primary"},
    ]
    form = {"type": "Form", "direction": "col", "onSubmitAction": {"type": "order.place"}, "children": fields}
    return DynamicWidgetRoot.model_validate({"type": "Card", "children": [form]})


def order_card(size: str, name: str) -> DynamicWidgetRoot:
    """What takes the form's place; its button brings size and name along."""
    cancel = {"type": "order.cancel", "payload": {"size": size, "name": name}}
    children: list[dict[str, Any]] = [
        {"type": "Title", "value": f"A {size} coffee"},
        {"type": "Text", "value": f"for {name}"},
        {"type": "Button", "label": "Cancel", "onClickAction": cancel},
    ]
    return DynamicWidgetRoot.model_validate({"type": "Card", "children": children})
