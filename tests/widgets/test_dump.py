"""How widgets are written: without None, in one walk, the same bytes as the published package."""

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter

from chatkit_asgi import widgets
from chatkit_asgi.actions import ActionConfig
from chatkit_asgi.types import WidgetRootUpdated
from chatkit_asgi.widgets import (
    WIDGET_ROOT_ADAPTER,
    Button,
    Card,
    DatePicker,
    DynamicWidgetComponent,
    DynamicWidgetRoot,
    Text,
    Transition,
)
from tests import peer

pytestmark = pytest.mark.filterwarnings("ignore:(Named|Direct usage of named) widget classes")

PEER_ROOT: TypeAdapter[Any] = TypeAdapter(peer.widgets.WidgetRoot)

DUMPS: list[dict[str, Any]] = [
    {},
    {"exclude_none": True},
    {"exclude_unset": True},
    {"exclude_defaults": True},
]

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["children", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=6,
)
COMPONENTS = st.recursive(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["Text", "Mine"])}, optional={"value": VALUES, "other": VALUES}
    ),
    lambda inner: st.fixed_dictionaries(
        {"type": st.sampled_from(["Col", "Box", "Mine"]), "children": inner | st.lists(inner, max_size=3)},
        optional={"gap": VALUES, "id": st.text(max_size=3)},
    ),
    max_leaves=6,
)
ROOTS = st.fixed_dictionaries({"type": st.just("Basic"), "children": COMPONENTS}, optional={"extra": VALUES})


@given(ROOTS)
def test_dynamic_widgets_are_written_as_the_published_package_writes_them(document: dict[str, Any]) -> None:
    ours, theirs = WIDGET_ROOT_ADAPTER.validate_python(document), PEER_ROOT.validate_python(document)
    for options in DUMPS:
        assert ours.model_dump_json(**options) == theirs.model_dump_json(**options)
        assert ours.model_dump(**options) == theirs.model_dump(**options)


STRICT = [
    {"type": "Card", "children": [], "padding": {"x": 2, "left": "1px"}, "theme": "dark"},
    {
        "type": "Card",
        "children": [{"type": "Text", "value": "", "minLines": "3", "editable": {"name": "n"}}],
    },
    {"type": "Card", "children": [{"type": "Box", "border": {"top": {"size": 1, "style": "double"}}}]},
    {"type": "Card", "children": [{"type": "Box", "border": {"size": 1}, "padding": 8, "children": []}]},
    {"type": "Card", "children": [{"type": "Unknown", "a": 1, "children": {"type": "Text", "value": "x"}}]},
    {"type": "Card", "children": [{"type": "Text"}, {"type": "Transition", "children": None}]},
    {"type": "Card", "children": {"type": "Text", "value": "single"}},
    {"type": "Card", "children": [], "size": "huge"},
    {"type": "Card", "children": [], "status": {"text": "t", "icon": "search"}},
    {"type": "Card", "children": [], "status": {"text": "t", "favicon": "https://a.example", "frame": True}},
    {
        "type": "Card",
        "children": [],
        "confirm": {"label": "l", "action": {"type": "t", "payload": [None]}},
    },
    {"type": "Card", "children": [{"type": "DatePicker", "name": "d", "min": "2026-01-02T03:04:05"}]},
    {"type": "ListView", "limit": "auto", "children": [{"type": "ListViewItem", "children": [], "gap": 3}]},
    {"type": "ListView", "children": [{"type": "Text", "value": "no item"}]},
    {
        "type": "Card",
        "children": [
            {
                "type": "Chart",
                "data": [{"day": "Mon", "n": 1, "m": 1.5}],
                "series": [
                    {"type": "bar", "label": None, "dataKey": "n"},
                    {"type": "line", "label": "M", "dataKey": "m", "curveType": "step"},
                    {
                        "type": "area",
                        "label": "M",
                        "dataKey": "m",
                        "color": {"dark": "0", "light": "1"},
                    },
                ],
                "xAxis": {"dataKey": "day", "labels": {"Mon": "Monday"}},
            }
        ],
    },
]


@pytest.mark.parametrize("document", STRICT)
def test_known_widgets_are_read_and_written_as_the_published_package_does(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    ours, theirs = WIDGET_ROOT_ADAPTER.validate_json(text), PEER_ROOT.validate_json(text)
    assert _classes(ours) == _classes(theirs)
    for options in DUMPS:
        assert ours.model_dump_json(**options) == theirs.model_dump_json(**options)
        assert ours.model_dump(**options) == theirs.model_dump(**options)


def _classes(component: Any) -> list[str]:
    """The names of the classes of a component and all it contains."""
    children = getattr(component, "children", None) or []
    below = [_classes(child) for child in (children if isinstance(children, list) else [children])]
    return [type(component).__name__, *(name for names in below for name in names)]


def test_none_is_left_out_at_every_depth_except_for_children() -> None:
    action = ActionConfig(type="t", payload={"a": None, "list": [None, 1], "children": None})
    card = Card(children=[Button(label="b", onClickAction=action), Transition(children=None)])
    assert card.model_dump() == {
        "type": "Card",
        "children": [
            {
                "type": "Button",
                "label": "b",
                "onClickAction": {
                    "type": "t",
                    "payload": {"list": [1], "children": None},
                    "handler": "server",
                    "loadingBehavior": "auto",
                    "streaming": True,
                },
            },
            {"type": "Transition", "children": None},
        ],
    }


def test_type_is_written_even_without_defaults() -> None:
    assert Text(value="a").model_dump(exclude_defaults=True) == {"value": "a", "type": "Text"}
    assert Text(value="a").model_dump(include={"value"}) == {"value": "a", "type": "Text"}


def test_widget_inside_another_model_is_written_the_same() -> None:
    event = WidgetRootUpdated(
        widget=DynamicWidgetRoot(type="Card", children=[DynamicWidgetComponent(type="X")])
    )
    assert event.model_dump(exclude_none=True) == {
        "type": "widget.root.updated",
        "widget": {"type": "Card", "children": [{"type": "X"}]},
    }


def test_values_that_are_no_json_are_left_to_pydantic() -> None:
    class Point(BaseModel):
        x: int | None = None

    component = DynamicWidgetComponent.model_validate({"type": "Mine", "at": (Point(x=1), None), "set": {1}})
    assert component.model_dump_json() == '{"type":"Mine","children":null,"at":[{"x":1}],"set":[1]}'
    assert DatePicker(name="d", min=datetime(2026, 1, 2)).model_dump(mode="json")["min"] == (  # noqa: DTZ001
        "2026-01-02T00:00:00"
    )


def test_component_of_an_application_is_written_by_its_own_rules() -> None:
    class Rating(DynamicWidgetComponent):
        best: int = Field(default=5, serialization_alias="bestOf")

    root = DynamicWidgetRoot(type="Card", children=[Rating(type="Rating")])
    assert Rating(type="Rating").model_dump(exclude_none=True) == {"type": "Rating", "bestOf": 5}
    assert root.model_dump_json(exclude_none=True, serialize_as_any=True) == (
        '{"type":"Card","children":[{"type":"Rating","bestOf":5}]}'
    )


def test_every_component_can_be_built_with_its_type_left_out() -> None:
    named = [getattr(widgets, name) for name in widgets.__all__]
    components = [cls for cls in named if isinstance(cls, type) and hasattr(cls, "__deprecated__")]
    models = [cls for cls in components if issubclass(cls, BaseModel) and "type" in cls.model_fields]
    assert len(models) == 29
    assert all(
        cls.model_fields["type"].frozen and not cls.model_fields["type"].is_required() for cls in models
    )
