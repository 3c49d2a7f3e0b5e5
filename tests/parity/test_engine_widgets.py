"""Widgets, as they are read, written, compared and streamed: the same in both packages."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import pytest
from hypothesis import given

from tests.parity.packages import MOMENT, OURS, PEER, Package, agreed_clock
from tests.parity.stores import Json
from tests.parity.strategies import EXAMPLES
from tests.parity.widget_strategies import changed, widgets

Reader = Callable[[Package, Json], Any]


def strict(package: Package, widget: Json) -> Any:
    """The widget, made of the classes of its components."""
    return package.root_adapter.validate_python(widget)


def dynamic(package: Package, widget: Json) -> Any:
    """The widget as a template builds it."""
    return package.widgets.DynamicWidgetRoot.model_validate(widget)


READERS = pytest.mark.parametrize("read", [strict, dynamic])


def diff(package: Package, read: Reader, before: Json, after: Json) -> list[Json] | None:
    """The deltas; None where the published package cannot tell."""
    with agreed_clock():
        states = [read(package, state) for state in (before, after)]
        try:
            deltas = package.server.diff_widget(*states)
        except (ValueError, AttributeError):
            return None
        return [delta.model_dump(mode="json", exclude_none=True) for delta in deltas]


def same_diff(read: Reader, before: Json, after: Json) -> list[Json]:
    """Our deltas, which have to be theirs; or else the whole root, where they fail."""
    ours, theirs = (diff(package, read, before, after) for package in (OURS, PEER))
    assert ours is not None
    if theirs is None:
        assert [delta["type"] for delta in ours] == ["widget.root.updated"]
    else:
        assert ours == theirs
    return ours


@READERS
@EXAMPLES
@given(changed())
def test_generated_changes_give_the_same_deltas(read: Reader, states: tuple[Json, Json]) -> None:
    same_diff(read, *states)


@READERS
@EXAMPLES
@given(widgets())
def test_generated_widgets_are_written_alike(read: Reader, widget: Json) -> None:
    with agreed_clock():
        ours, theirs = (read(package, widget) for package in (OURS, PEER))
        for options in ({}, {"exclude_none": True}, {"exclude_unset": True}, {"exclude_defaults": True}):
            assert ours.model_dump_json(**options) == theirs.model_dump_json(**options)
            assert ours.model_dump(mode="json", **options) == theirs.model_dump(mode="json", **options)


def root(*children: Json, type: str = "Card", **properties: Any) -> Json:
    return {"type": type, "children": [*children], **properties}


def text(value: str, type: str = "Text", **properties: Any) -> Json:
    return {"type": type, "value": value, **properties}


def box(*children: Json, **properties: Any) -> Json:
    return root(*children, type="Box", **properties)


def form(*children: Json, **properties: Any) -> Json:
    return root(*children, type="Form", onSubmitAction={"type": "send", "payload": {"a": None}}, **properties)


FIELD = {"type": "Input", "name": "n", "defaultValue": "a"}
ROW = root(text("x", id="t"), type="ListViewItem", onClickAction={"type": "open"})
STATES: dict[str, tuple[Json, Json]] = {
    "nothing": (root(text("Hi", id="t")), root(text("Hi", id="t"))),
    "growing text": (root(text("Hi", id="t")), root(text("Hi!", id="t"))),
    "growing markdown": (root(text("Hi", "Markdown", id="t")), root(text("Hi!", "Markdown", id="t"))),
    "growing text that goes on": (
        root(text("Hi", id="t", streaming=True)),
        root(text("Hi!", id="t", streaming=True)),
    ),
    "growing text that ends": (
        root(text("Hi", id="t", streaming=True)),
        root(text("Hi!", id="t", streaming=False)),
    ),
    "text without an id": (root(text("Hi")), root(text("Hi!"))),
    "text with an empty id": (root(text("Hi", id="")), root(text("Hi!", id=""))),
    "from nothing": (root(text("", id="t")), root(text("Hi", id="t"))),
    "shorter text": (root(text("Hi!", id="t")), root(text("Hi", id="t"))),
    "growing title": (root(text("Hi", "Title", id="t")), root(text("Hi!", "Title", id="t"))),
    "growing caption": (root(text("Hi", "Caption", id="t")), root(text("Hi!", "Caption", id="t"))),
    "two texts": (
        root(text("a", id="a"), box(text("b", id="b"))),
        root(text("aa", id="a"), box(text("bb", id="b"))),
    ),
    "text and more": (root(text("a", id="a"), size="sm"), root(text("aa", id="a"), size="md")),
    "another type": (root(text("a", id="a")), root(text("a", "Title", id="a"))),
    "another id": (root(text("a", id="a")), root(text("a", id="b"))),
    "another key": (root(text("a", key="a")), root(text("a", key="b"))),
    "another root": (root(text("a")), root(text("a"), type="Basic")),
    "one child more": (root(text("a")), root(text("a"), text("b"))),
    "one child less": (root(text("a"), text("b")), root(text("a"))),
    "no children": (root(), root()),
    "nested lists": (
        root(ROW, ROW, type="ListView"),
        root(ROW, {**ROW, "children": [text("xy", id="t")]}, type="ListView"),
    ),
    "a deep change": (root(box(box(box(text("a"))))), root(box(box(box(text("b")))))),
    "a deep text": (root(box(box(box(text("a", id="t"))))), root(box(box(box(text("ab", id="t")))))),
    "a form": (root(form(FIELD)), root(form({**FIELD, "defaultValue": "b"}))),
    "a form's text": (root(form(text("a", id="t"), FIELD)), root(form(text("ab", id="t"), FIELD))),
    "an action": (
        root({"type": "Button", "onClickAction": {"type": "a"}}),
        root({"type": "Button", "onClickAction": {"type": "b"}}),
    ),
    "a number of another kind": (
        root({"type": "Spacer", "minSize": 1}),
        root({"type": "Spacer", "minSize": 1.0}),
    ),
}


@READERS
@pytest.mark.parametrize("name", STATES)
def test_changes_give_the_same_deltas(read: Reader, name: str) -> None:
    same_diff(read, *STATES[name])


async def _states(package: Package, read: Reader, states: Iterable[Json]) -> AsyncIterator[Any]:
    for state in states:
        yield read(package, state)


async def _streamed(
    package: Package, read: Reader, states: Iterable[Json] | Json, copy_text: str | None
) -> Any:
    thread = package.types.ThreadMetadata(id="thr_1", created_at=MOMENT)
    widget = read(package, states) if isinstance(states, dict) else _states(package, read, states)
    numbers = iter(range(9))
    events = package.server.stream_widget(thread, widget, copy_text, lambda kind: f"{kind}_{next(numbers)}")
    try:
        return [event.model_dump(mode="json", exclude_none=True) async for event in events]
    except (ValueError, RuntimeError):
        return "error"


GROWING = [root(text("Hello"[:end], id="t", streaming=end < 5)) for end in range(6)]


@READERS
@pytest.mark.parametrize("copy_text", [None, "", "Hi"])
@pytest.mark.parametrize(
    "states",
    [GROWING[0], GROWING, GROWING[:1], [*GROWING, root(box())], [], STATES["another root"]],
    ids=["static", "growing", "one state", "replaced", "none", "another root"],
)
def test_streams_of_widgets_are_alike(read: Reader, states: Any, copy_text: str | None) -> None:
    with agreed_clock():
        ours, theirs = (asyncio.run(_streamed(package, read, states, copy_text)) for package in (OURS, PEER))
    for event in theirs if isinstance(theirs, list) else []:
        if "item" in event:
            event["item"]["created_at"] += "Z"
    assert ours == theirs
