"""The items a client has been shown but that are not finished: what a cut-off turn can still save.

A pure reducer over events: it needs neither a loop nor a store, and never writes to the caller's objects.
"""

from collections.abc import Callable

from pydantic import BaseModel

from chatkit_asgi.types import (
    AssistantMessageContent,
    AssistantMessageContentPartAdded,
    AssistantMessageContentPartAnnotationAdded,
    AssistantMessageContentPartDone,
    AssistantMessageContentPartTextDelta,
    AssistantMessageItem,
    GeneratedImageItem,
    GeneratedImageUpdated,
    TaskItem,
    ThreadItem,
    ThreadItemAddedEvent,
    ThreadItemRemovedEvent,
    ThreadItemReplacedEvent,
    ThreadItemUpdate,
    ThreadItemUpdatedEvent,
    ThreadStreamEvent,
    WidgetItem,
    WidgetRootUpdated,
    WidgetStreamingTextValueDelta,
    WorkflowItem,
    WorkflowTaskAdded,
    WorkflowTaskUpdated,
)

__all__ = ["PendingItems", "is_worth_keeping"]


class PendingItems:
    """Items that were added and are neither done, removed nor replaced, in the order they were added."""

    def __init__(self) -> None:
        self._items: dict[str, ThreadItem] = {}
        # text for a part of a message (its index) or a component of a widget (its id), not yet in the item
        self._deltas: dict[tuple[str, int | str], list[str]] = {}

    def apply(self, event: ThreadStreamEvent) -> None:
        """Take an event into account. A finished item stays until `discard`: it has yet to be saved.

        Raises IndexError when an update names a part or task that does not exist.
        """
        match event:
            case ThreadItemUpdatedEvent(item_id=item_id, update=update):
                if item_id in self._items:
                    self._update(item_id, update)
            case ThreadItemAddedEvent(item=item):
                self._forget_deltas(item.id)
                self._items[item.id] = item.model_copy(deep=True)
            case ThreadItemRemovedEvent(item_id=item_id):
                self.discard(item_id)
            case ThreadItemReplacedEvent(item=item):
                self.discard(item.id)

    def hold(self, item: ThreadItem) -> None:
        """Put the finished item in the place of the partial one."""
        self._forget_deltas(item.id)
        self._items[item.id] = item

    def discard(self, item_id: str) -> None:
        """The item is saved, or gone."""
        self._forget_deltas(item_id)
        self._items.pop(item_id, None)

    def appender(self, item_id: str, content_index: int) -> Callable[[str], None] | None:
        """Takes the text deltas for one part until another event arrives; None when nobody waits for them."""
        item = self._items.get(item_id)
        if not isinstance(item, AssistantMessageItem):
            return None
        _part(item, content_index)
        return self._deltas.setdefault((item_id, content_index), []).append

    def items(self) -> list[ThreadItem]:
        """The items as the client sees them now."""
        for item_id, item in self._items.items():
            if isinstance(item, WidgetItem):
                self._items[item_id] = item.model_copy(deep=True)
            self._settle(item_id)
        return list(self._items.values())

    def _update(self, item_id: str, update: ThreadItemUpdate) -> None:
        match self._items[item_id], update:
            case WidgetItem() as item, _:
                self._update_widget(item, update)
            case item, _:
                self._settle(item_id)
                _update_item(item, update)

    def _update_widget(self, item: WidgetItem, update: ThreadItemUpdate) -> None:
        match update:
            case WidgetStreamingTextValueDelta(component_id=component_id, delta=delta):
                self._deltas.setdefault((item.id, component_id), []).append(delta)
            case WidgetRootUpdated(widget=widget):
                self._forget_deltas(item.id)
                item.widget = widget  # copied when somebody asks for it: nearly all are soon replaced

    def _settle(self, item_id: str) -> None:
        item = self._items.get(item_id)
        for key in [key for key in self._deltas if key[0] == item_id]:
            text = "".join(self._deltas.pop(key))
            match item, key[1]:
                case AssistantMessageItem(), int(index):
                    _part(item, index).text += text
                case WidgetItem(widget=widget), str(component_id):
                    _grow_text(widget, component_id, text)

    def _forget_deltas(self, item_id: str) -> None:
        for key in [key for key in self._deltas if key[0] == item_id]:
            del self._deltas[key]


def is_worth_keeping(item: ThreadItem) -> bool:
    """Whether a cut-off item shows the user something, and can be stored without waiting for more.

    A call of a client tool or a form is not: nobody will answer it.
    """
    match item:
        case AssistantMessageItem(content=content):
            return any(part.text.strip() for part in content)
        case WorkflowItem(workflow=workflow):
            return bool(workflow.tasks)
        case GeneratedImageItem(image=image):
            return image is not None
        case WidgetItem() | TaskItem():
            return True
    return False


def _update_item(item: ThreadItem, update: ThreadItemUpdate) -> None:
    match item, update:
        case AssistantMessageItem(), _:
            _update_message(item, update)
        case WorkflowItem(workflow=workflow), WorkflowTaskAdded(task=task):
            workflow.tasks.append(task.model_copy(deep=True))
        case WorkflowItem(workflow=workflow), WorkflowTaskUpdated(task_index=index, task=task):
            workflow.tasks[index] = task.model_copy(deep=True)
        case GeneratedImageItem(), GeneratedImageUpdated(image=image):
            item.image = image.model_copy()


def _update_message(item: AssistantMessageItem, update: ThreadItemUpdate) -> None:
    match update:
        case AssistantMessageContentPartTextDelta(content_index=index, delta=delta):
            _part(item, index).text += delta
        case AssistantMessageContentPartAnnotationAdded(content_index=index, annotation=annotation):
            # list.insert puts it at the end when the index is too far
            _part(item, index).annotations.insert(update.annotation_index, annotation.model_copy(deep=True))
        case AssistantMessageContentPartAdded() | AssistantMessageContentPartDone():
            _part(item, update.content_index)
            item.content[update.content_index] = update.content.model_copy(deep=True)


def _part(item: AssistantMessageItem, index: int) -> AssistantMessageContent:
    """The message's part of that index; the list is padded up to it."""
    while len(item.content) <= index:
        item.content.append(AssistantMessageContent(text=""))
    return item.content[index]


def _grow_text(component: BaseModel, component_id: str, delta: str) -> bool:
    """Append to the text with that id, wherever it is below `component`."""
    if getattr(component, "id", None) == component_id and isinstance(getattr(component, "value", None), str):
        component.value += delta  # type: ignore[attr-defined]  # looked for in the line above
        return True
    children = getattr(component, "children", None)
    return any(_grow_text(child, component_id, delta) for child in _as_list(children))


def _as_list(children: object) -> list[BaseModel]:
    if isinstance(children, list):
        return children
    return [children] if isinstance(children, BaseModel) else []
