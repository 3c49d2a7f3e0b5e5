"""Widgets that change 500 times, through `stream_widget()` and `process()`."""

import warnings
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from benchmarks.candidates import Candidate
from benchmarks.measure import Load, Row, Target
from benchmarks.turns import stream_load

__all__ = ["ROWS", "make_card"]

UPDATES = 500
CHILDREN = 30

States = Callable[[Candidate], Sequence[Any]]


def make_card(candidate: Candidate, text: str) -> Any:
    """A card of some children, as applications build them."""
    w = candidate.widgets
    return w.Card(
        size="md",
        children=[
            w.Title(value="Weather", size="lg", weight="bold"),
            w.Row(gap=2, align="center", children=[w.Icon(name="info", size="sm"), w.Text(value=text)]),
            w.Divider(spacing=2),
            w.Button(label="More", onClickAction={"type": "more", "payload": {"page": 2}}),
        ],
    )


def make_children(candidate: Candidate, first: int = 0) -> list[Any]:
    w = candidate.widgets
    return [
        w.Text(id=f"text_{number}", value=f"Line {number}", size="sm", color="secondary", weight="medium")
        for number in range(first, CHILDREN)
    ]


def growing(number: int) -> str:
    return "word " * (number + 1)


def growing_beside_shared_children(candidate: Candidate) -> Sequence[Any]:
    w, others = candidate.widgets, make_children(candidate, 1)
    return [
        w.Card(children=[w.Text(id="text_0", value=growing(number), streaming=True), *others])
        for number in range(UPDATES)
    ]


def growing_beside_rebuilt_children(candidate: Candidate) -> Sequence[Any]:
    w = candidate.widgets
    return [
        w.Card(
            children=[
                w.Text(id="text_0", value=growing(number), streaming=True),
                *make_children(candidate, 1),
            ]
        )
        for number in range(UPDATES)
    ]


def flat_roots(candidate: Candidate) -> Sequence[Any]:
    w, others = candidate.widgets, make_children(candidate, 1)
    return [w.Card(children=[w.Title(value=f"Step {number}"), *others]) for number in range(UPDATES)]


def nested_roots(candidate: Candidate) -> Sequence[Any]:
    return [_nested(candidate, w_title(candidate, number), 20) for number in range(UPDATES)]


def w_title(candidate: Candidate, number: int) -> Any:
    return candidate.widgets.Title(value=f"Step {number}")


def _nested(candidate: Candidate, inner: Any, depth: int) -> Any:
    w = candidate.widgets
    for level in range(depth - 1):
        inner = w.Box(padding=2, direction="col", children=[inner, w.Text(value=f"Level {level}")])
    return w.Card(size="md", children=[inner])


def dynamic_roots(candidate: Candidate) -> Sequence[Any]:
    """The same flat card as a template builds it."""
    root = candidate.widgets.DynamicWidgetRoot
    return [root.model_validate(state.model_dump(exclude_none=True)) for state in flat_roots(candidate)]


def streamed(states_of: States) -> Callable[[Candidate], Load]:
    def make(candidate: Candidate) -> Load:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # named widget classes are deprecated in both packages
            states = states_of(candidate)

        async def generated() -> AsyncIterator[Any]:
            for state in states:
                yield state

        async def respond(thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
            events = candidate.server.stream_widget(thread, generated(), generate_id=lambda kind: "wid_1")
            async for event in events:
                yield event

        return stream_load(candidate, respond)

    return make


def row(name: str, target: float | None, states_of: States) -> Row:
    return Row(f"widget: {name}", Target(times=target), UPDATES, streamed(states_of))


ROWS = [
    row("text grows, children shared", 12, growing_beside_shared_children),
    row("text grows, children rebuilt", 4.5, growing_beside_rebuilt_children),
    row("new root, flat", 2.8, flat_roots),
    row("new root, nested 20 deep", 10, nested_roots),
    row("new root, flat, from a template", None, dynamic_roots),
]
