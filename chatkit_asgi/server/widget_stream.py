"""Widgets that change while they are shown: the difference of two states, and the events that tell it."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any

from chatkit_asgi.clock import utcnow
from chatkit_asgi.store import StoreItemType, default_generate_id
from chatkit_asgi.types import (
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemUpdatedEvent,
    ThreadMetadata,
    ThreadStreamEvent,
    WidgetComponentUpdated,
    WidgetItem,
    WidgetRootUpdated,
    WidgetStreamingTextValueDelta,
)
from chatkit_asgi.widgets import BasicRoot, WidgetComponentBase, WidgetRoot

__all__ = ["WidgetDelta", "diff_widget", "stream_widget"]

WidgetDelta = WidgetStreamingTextValueDelta | WidgetRootUpdated | WidgetComponentUpdated

STREAMING_TEXT = ("Text", "Markdown")


def diff_widget(before: WidgetRoot, after: WidgetRoot) -> list[WidgetDelta]:
    """What makes `before` into `after`: a delta per text that only grew, or else the whole new root.

    Text that grew in a component without an id cannot be addressed and is left out.
    """
    grown: dict[str, WidgetDelta] = {}
    if _compare(before, after, grown):
        return list(grown.values())
    return [WidgetRootUpdated(widget=after)]


async def stream_widget(
    thread: ThreadMetadata,
    widget: WidgetComponentBase | AsyncGenerator[WidgetComponentBase, None],
    copy_text: str | None = None,
    generate_id: Callable[[StoreItemType], str] = default_generate_id,
) -> AsyncIterator[ThreadStreamEvent]:
    """The events that show a widget, or each state of one that an async generator yields.

    A component that cannot be a root is shown inside a `Basic` one. Raises ValueError when the generator
    yields nothing.
    """
    item_id, created_at = generate_id("message"), utcnow()

    def make_item(state: WidgetRoot) -> WidgetItem:
        return _widget_item(thread, item_id, created_at, state, copy_text)

    if not isinstance(widget, AsyncIterator):
        yield ThreadItemDoneEvent(item=make_item(_as_root(widget)))
        return
    async with aclosing(widget) as states:
        first = await anext(states, None)
        if first is None:
            raise ValueError("The widget's generator ended before it yielded a state.")
        last = _as_root(first)
        yield ThreadItemAddedEvent(item=make_item(last))
        async for component in states:
            state = _as_root(component)
            for delta in diff_widget(last, state):
                yield ThreadItemUpdatedEvent(item_id=item_id, update=delta)
            last = state
    yield ThreadItemDoneEvent(item=make_item(last))


def _as_root(component: WidgetComponentBase) -> WidgetRoot:
    if isinstance(component, WidgetRoot):
        return component
    children: Any = [component]  # Any: validation would take dynamic components only
    return BasicRoot.model_construct(children=children)


def _widget_item(
    thread: ThreadMetadata, item_id: str, created_at: datetime, widget: WidgetRoot, copy_text: str | None
) -> WidgetItem:
    return WidgetItem(
        id=item_id, thread_id=thread.id, created_at=created_at, widget=widget, copy_text=copy_text
    )


def _compare(before: WidgetComponentBase, after: WidgetComponentBase, grown: dict[str, WidgetDelta]) -> bool:
    """Whether `after` is `before` but for text that grew, which is put into `grown` in document order."""
    if before is after:
        return True
    old, new = before.__dict__, after.__dict__
    if before.__pydantic_extra__ or after.__pydantic_extra__:
        old, new = {**old, **(before.__pydantic_extra__ or {})}, {**new, **(after.__pydantic_extra__ or {})}
    was, now = old.get("children"), new.get("children")
    if now is None and old == new:  # most components of most states
        return True
    # all other properties at once: there are up to thirty
    if old != {**new, "children": was} and not _differ_by_text(after, old, new, grown):
        return False
    return _compare_children(was, now, grown)


def _differ_by_text(
    after: WidgetComponentBase, old: dict[str, Any], new: dict[str, Any], grown: dict[str, WidgetDelta]
) -> bool:
    for name, value in new.items():
        was = old.get(name)
        if was is value or name == "children":
            continue
        if was != value and not (name == "value" and _has_grown(after, was, value, grown)):
            return False
    return all(old[name] is None for name in old.keys() - new.keys() - {"children"})


def _has_grown(
    component: WidgetComponentBase, was: object, value: object, grown: dict[str, WidgetDelta]
) -> bool:
    if component.type not in STREAMING_TEXT or not isinstance(was, str) or not isinstance(value, str):
        return False
    component_id = component.id
    if not value.startswith(was) or component_id in grown:
        return False
    if component_id:
        done = not getattr(component, "streaming", None)
        delta = value[len(was) :]
        grown[component_id] = WidgetStreamingTextValueDelta(component_id=component_id, delta=delta, done=done)
    return True


def _compare_children(before: object, after: object, grown: dict[str, WidgetDelta]) -> bool:
    if before is after:
        return True
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and _compare_each(before, after, grown)
    if isinstance(before, WidgetComponentBase) and isinstance(after, WidgetComponentBase):
        return _compare(before, after, grown)
    return before == after


def _compare_each(
    before: Sequence[WidgetComponentBase], after: Sequence[WidgetComponentBase], grown: dict[str, WidgetDelta]
) -> bool:
    for was, now in zip(before, after, strict=True):
        if was is not now and not _compare(was, now, grown):
            return False
    return True
