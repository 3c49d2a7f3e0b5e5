"""Widgets that change while they are shown."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from chatkit_asgi.server import diff_widget, stream_widget
from chatkit_asgi.types import (
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemUpdatedEvent,
    ThreadStreamEvent,
    WidgetItem,
    WidgetRootUpdated,
    WidgetStreamingTextValueDelta,
)
from chatkit_asgi.widgets import DynamicWidgetComponent, DynamicWidgetRoot, Text, WidgetRoot
from tests.factories import make_thread, make_widget

Update = WidgetStreamingTextValueDelta | WidgetRootUpdated


def part(type: str = "Text", **properties: Any) -> DynamicWidgetComponent:
    return DynamicWidgetComponent.model_validate({"type": type, **properties})


def card(*children: DynamicWidgetComponent, **properties: Any) -> DynamicWidgetRoot:
    return DynamicWidgetRoot.model_validate({"type": "Card", "children": list(children), **properties})


def grown(delta: str, *, id: str = "x", done: bool = True) -> WidgetStreamingTextValueDelta:
    return WidgetStreamingTextValueDelta(component_id=id, delta=delta, done=done)


A = part(id="x", value="a")
AB = part(id="x", value="ab")


@pytest.mark.parametrize(
    ("before", "after", "deltas"),
    [
        (card(A), card(A), []),
        (card(A), card(part(id="x", value="a")), []),
        (card(A), card(AB), [grown("b")]),
        (card(part(id="x", value="")), card(AB), [grown("ab")]),
        (card(part("Markdown", id="x", value="a")), card(part("Markdown", id="x", value="ab")), [grown("b")]),
        (
            card(part(id="x", value="a", streaming=True)),
            card(part(id="x", value="ab", streaming=True)),
            [grown("b", done=False)],
        ),
        (card(part(value="a")), card(part(value="ab")), []),
        (
            card(A, part(id="y", value="q")),
            card(AB, part(id="y", value="qr")),
            [grown("b"), grown("r", id="y")],
        ),
        (card(part("Box", children=[A])), card(part("Box", children=[AB])), [grown("b")]),
        (card(part("Transition", children=A)), card(part("Transition", children=AB)), [grown("b")]),
        (card(part("Foo", x={"a": [1]})), card(part("Foo", x={"a": [1]})), []),
        (card(part(id="x", value="a", color=None)), card(A), []),
        (card(), card(), []),
    ],
)
def test_growing_text_is_told_as_deltas(
    before: DynamicWidgetRoot, after: DynamicWidgetRoot, deltas: list[Update]
) -> None:
    assert diff_widget(before, after) == deltas


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (card(AB), card(A)),
        (card(A), card(part(id="x", value="b"))),
        (card(A), card(part(id="y", value="ab"))),
        (card(part(value="a")), card(AB)),
        (card(A), card(part("Markdown", id="x", value="ab"))),
        (card(A), card(part(id="x", value="a", key="k"))),
        (card(A), card(part(id="x", value="ab", streaming=True))),
        (card(part(id="x", value="ab", streaming=True)), card(AB)),
        (card(part("Title", id="x", value="a")), card(part("Title", id="x", value="ab"))),
        (card(part(id="x", value=1)), card(part(id="x", value=2))),
        (card(part(id="x", value=None)), card(A)),
        (card(A), card(A, part(value="b"))),
        (card(A), card()),
        (card(A, part(id="y", value="q")), card(AB, part(id="y", value="r"))),
        (card(A, A), card(AB, AB)),
        (card(A), card(A, size="sm")),
        (card(A, size="sm"), card(A)),
        (card(part("Foo", x={"a": [1]})), card(part("Foo", x={"a": [2]}))),
        (card(part("Transition", children=A)), card(part("Transition", children=[A]))),
        (card(part("Transition")), card(part("Transition", children=A))),
        (card(A), DynamicWidgetRoot(type="ListView", children=[A])),
    ],
)
def test_any_other_change_sends_the_whole_root(before: DynamicWidgetRoot, after: DynamicWidgetRoot) -> None:
    assert diff_widget(before, after) == [WidgetRootUpdated(widget=after)]


async def events_of(widget: WidgetRoot | AsyncGenerator[WidgetRoot, None]) -> list[ThreadStreamEvent]:
    stream = stream_widget(make_thread(), widget, copy_text="copied", generate_id=lambda kind: f"{kind}_1")
    return [event async for event in stream]


async def states(*widgets: WidgetRoot) -> AsyncGenerator[WidgetRoot, None]:
    for widget in widgets:
        yield widget


async def test_a_finished_widget_is_one_event() -> None:
    [done] = await events_of(make_widget("Hello"))
    assert isinstance(done, ThreadItemDoneEvent)
    assert isinstance(done.item, WidgetItem)
    assert (done.item.id, done.item.thread_id) == ("message_1", "thr_1")
    assert done.item.copy_text == "copied"


async def test_a_widget_that_changes_is_added_updated_and_done() -> None:
    first, second, last = make_widget("H"), make_widget("Hey"), make_widget("Bye")
    added, grew, replaced, done = await events_of(states(first, first, second, last))
    assert isinstance(added, ThreadItemAddedEvent)
    assert isinstance(done, ThreadItemDoneEvent)
    assert grew == ThreadItemUpdatedEvent(item_id="message_1", update=grown("ey", id="text"))
    assert replaced == ThreadItemUpdatedEvent(item_id="message_1", update=WidgetRootUpdated(widget=last))
    assert done.item == added.item.model_copy(update={"widget": last})
    assert isinstance(added.item, WidgetItem)
    assert added.item.copy_text == "copied"


async def test_a_generator_must_yield_something() -> None:
    with pytest.raises(ValueError, match="yielded a state"):
        await events_of(states())


async def test_the_generator_is_closed_with_the_stream() -> None:
    async def endless() -> AsyncGenerator[WidgetRoot, None]:
        try:
            while True:
                yield make_widget()
        finally:
            closed.append(True)

    closed: list[bool] = []
    stream = stream_widget(make_thread(), endless())
    await anext(stream)
    assert isinstance(stream, AsyncGenerator)
    await stream.aclose()
    assert closed == [True]


async def test_component_that_is_no_root_is_shown_inside_a_basic_one() -> None:
    events = [event async for event in stream_widget(make_thread(), A)]
    (done,) = [event.model_dump(mode="json", exclude_none=True) for event in events]
    shown = {"type": "Basic", "children": [{"id": "x", "type": "Text", "value": "a"}]}
    assert done["item"]["widget"] == shown
    read_back = WidgetItem.model_validate(done["item"])
    assert read_back.widget.model_dump(exclude_none=True) == shown


async def test_text_that_is_no_root_grows_by_deltas() -> None:
    async def states() -> AsyncGenerator[Text, None]:
        for value in ("a", "ab"):
            yield Text(id="x", value=value)

    events = [event async for event in stream_widget(make_thread(), states())]
    assert [event.update for event in events if isinstance(event, ThreadItemUpdatedEvent)] == [grown("b")]
