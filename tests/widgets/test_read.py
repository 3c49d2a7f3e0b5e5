"""How widgets are read: any root by `WidgetRoot`, unknown properties kept, named classes deprecated."""

import json
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from chatkit_asgi.widgets import (
    WIDGET_ROOT_ADAPTER,
    BarSeries,
    BasicRoot,
    BoxBase,
    Card,
    DynamicWidgetComponent,
    DynamicWidgetRoot,
    ListView,
    Spacing,
    Text,
    WidgetRoot,
)

quietly = pytest.mark.filterwarnings("ignore:Named widget classes")

CARD = '{"type":"Card","children":[{"type":"Text","value":"a"}]}'


@quietly
@pytest.mark.parametrize(
    ("text", "cls"),
    [
        (CARD, Card),
        ('{"type":"ListView","children":[]}', ListView),
        ('{"type":"Basic"}', BasicRoot),
        ('{"type":"Card","children":[],"size":"huge"}', DynamicWidgetRoot),
    ],
)
def test_widget_root_reads_every_root(text: str, cls: type) -> None:
    for root in (
        WidgetRoot.model_validate_json(text),
        WidgetRoot.model_validate(json.loads(text)),
        TypeAdapter(WidgetRoot).validate_json(text),
        WIDGET_ROOT_ADAPTER.validate_json(text),
    ):
        assert type(root) is cls
        assert isinstance(root, WidgetRoot)


def test_widget_root_refuses_what_is_no_root() -> None:
    assert not isinstance(DynamicWidgetComponent(type="Card"), WidgetRoot)
    with pytest.raises(ValidationError):
        WidgetRoot.model_validate_json('{"type":"Text","value":"a"}')


@quietly
def test_widget_root_serves_as_annotation() -> None:
    class Holder(BaseModel):
        root: WidgetRoot | None = None
        roots: list[WidgetRoot] = []

    card = Card(children=[])
    assert Holder(root=card).root is card
    assert Holder.model_validate_json(f'{{"roots":[{CARD}]}}').model_dump()["roots"] == [json.loads(CARD)]


@quietly
@pytest.mark.parametrize(
    "document",
    [
        {"type": "Card", "children": [], "mine": {"a": [1]}},
        {"type": "Card", "children": [{"type": "Text", "value": "a", "mine": 1}]},
        {"type": "Card", "children": [{"type": "Box", "children": [], "padding": {"mine": 1}, "mine": 2}]},
        {
            "type": "Card",
            "children": [],
            "confirm": {
                "label": "l",
                "action": {
                    "type": "t",
                    "handler": "client",
                    "loadingBehavior": "none",
                    "streaming": False,
                    "mine": 1,
                },
                "mine": 2,
            },
        },
        {
            "type": "Card",
            "children": [
                {
                    "type": "Chart",
                    "data": [],
                    "series": [{"type": "bar", "label": "l", "dataKey": "k", "mine": 1}],
                    "xAxis": {"dataKey": "k", "mine": 2},
                }
            ],
        },
    ],
)
def test_unknown_properties_of_known_components_are_kept(document: dict[str, Any]) -> None:
    root = WidgetRoot.model_validate_json(json.dumps(document))
    assert isinstance(root, Card)
    assert root.model_dump() == document
    assert WidgetRoot.model_validate_json(root.model_dump_json()) == root


@pytest.mark.parametrize(
    "use",
    [
        lambda: Text(value="a"),
        lambda: BoxBase(),
        lambda: BarSeries(label="l", dataKey="k"),
        lambda: WidgetRoot.model_validate_json(CARD),
    ],
)
def test_building_or_reading_a_named_class_warns(use: Callable[[], object]) -> None:
    with pytest.warns(DeprecationWarning, match="Named widget classes"):
        use()


def test_dynamic_classes_and_typed_dicts_do_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        BasicRoot(children=DynamicWidgetComponent(type="Text"))
        DynamicWidgetRoot(type="Card")
        Spacing(x=1)
        WidgetRoot.model_validate_json('{"type":"Basic","children":{"type":"Text","value":"a"}}')


@quietly
def test_type_of_a_component_cannot_be_assigned() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(Text(value="a"), "type", "Title")  # noqa: B010 - a checker would refuse the plain assignment


@quietly
def test_properties_take_the_forms_that_applications_use() -> None:
    card = Card.model_validate(
        {
            "padding": {"left": 8.5},
            "confirm": {"label": "Yes", "action": {"type": "yes"}},
            "children": [
                {"type": "Box", "height": 22, "margin": {"x": -2}, "border": {"style": "dashed", "size": 1}},
                {"type": "Button", "iconStart": None},
            ],
        }
    )
    assert json.loads(card.model_dump_json()) == {
        "type": "Card",
        "padding": {"left": 8.5},
        "confirm": {
            "label": "Yes",
            "action": {
                "type": "yes",
                "handler": "server",
                "loadingBehavior": "auto",
                "streaming": True,
            },
        },
        "children": [
            {
                "type": "Box",
                "children": None,
                "height": 22,
                "margin": {"x": -2},
                "border": {"style": "dashed", "size": 1},
            },
            {"type": "Button"},
        ],
    }
