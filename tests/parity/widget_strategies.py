"""Generated widgets, and the states that one goes through while it is shown."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.parity.stores import Json

__all__ = ["COMPONENTS", "TEXTS", "changed", "widgets"]

TEXTS = st.text(alphabet='ab é\u2028<"\n\x01😀', max_size=4)


def _component(kind: str, **properties: SearchStrategy[Any]) -> SearchStrategy[Json]:
    optional = {"id": st.sampled_from(["x", "y", "z"]), "key": TEXTS, **properties}
    required: dict[str, SearchStrategy[Any]] = {"type": st.just(kind)}
    required |= {name: optional.pop(name) for name in ("value", "label", "name", "src") if name in optional}
    made: SearchStrategy[Json] = st.fixed_dictionaries(required, optional=optional)
    return made


ACTION = st.fixed_dictionaries(
    {"type": TEXTS},
    optional={
        "payload": st.none() | st.dictionaries(TEXTS, TEXTS | st.none(), max_size=1),
        "handler": st.just("client"),
    },
)
LEAVES = st.one_of(
    _component("Text", value=TEXTS, streaming=st.booleans(), size=st.sampled_from(["sm", "xl"])),
    _component("Markdown", value=TEXTS, streaming=st.booleans()),
    _component("Title", value=TEXTS, weight=st.just("bold")),
    _component("Caption", value=TEXTS),
    _component("Badge", label=TEXTS, color=st.just("info")),
    _component(
        "Button", label=TEXTS, iconStart=st.just("search"), onClickAction=ACTION, submit=st.booleans()
    ),
    _component("Image", src=st.just("https://files.example/é.png"), height=st.integers(1, 9) | st.just(2.5)),
    _component("Input", name=TEXTS, defaultValue=TEXTS, required=st.booleans()),
    _component("Divider", spacing=st.integers(0, 3) | st.just("1rem")),
    _component("Spacer"),
)
"""Components without children."""


def _boxes(inner: SearchStrategy[Json]) -> SearchStrategy[Json]:
    children = st.lists(inner, max_size=3)
    return st.one_of(
        _component("Box", children=children, padding=st.just({"left": 8.5}) | st.integers(0, 3)),
        _component("Row", children=children, align=st.just("center"), gap=st.integers(0, 3)),
        _component("Col", children=children, border=st.just({"size": 1, "style": "dashed"})),
        _component("Form", children=children, onSubmitAction=ACTION),
    )


COMPONENTS = st.recursive(LEAVES, _boxes, max_leaves=5)


def widgets() -> SearchStrategy[Json]:
    """Roots of all kinds, as JSON, with properties that are known to their classes."""
    children = st.lists(COMPONENTS, max_size=3)
    rows = st.lists(_component("ListViewItem", children=children, onClickAction=ACTION), max_size=2)
    confirm = st.fixed_dictionaries({"label": TEXTS, "action": ACTION})
    return st.one_of(
        _component("Card", children=children, asForm=st.booleans(), confirm=confirm, size=st.just("sm")).map(
            lambda card: {"children": [], **card}
        ),
        _component("ListView", children=rows, limit=st.integers(1, 3) | st.just("auto")).map(
            lambda view: {"children": [], **view}
        ),
        _component("Basic", children=children, gap=st.integers(0, 3)),
    )


@st.composite
def changed(draw: st.DrawFn) -> tuple[Json, Json]:
    """Two states of a widget: the second is the first after up to two changes somewhere inside."""
    before = draw(widgets())
    after = deepcopy(before)
    for _ in range(draw(st.integers(0, 2))):
        _change(draw, draw(st.sampled_from([*_components(after)])))
    return before, after


def _components(component: Json) -> Iterator[Json]:
    yield component
    for child in component.get("children", []):
        yield from _components(child)


def _change(draw: st.DrawFn, component: Json) -> None:
    children = component.setdefault("children", []) if component["type"] in ("Card", "Box") else []
    match draw(st.sampled_from(["grow", "grow", "grow", "write", "stop", "name", "insert", "drop"])):
        case "grow" if "value" in component:
            component["value"] += draw(TEXTS)
        case "write" if "value" in component:
            component["value"] = draw(TEXTS)
        case "stop" if component["type"] in ("Text", "Markdown"):
            component["streaming"] = draw(st.booleans())
        case "name":
            component[draw(st.sampled_from(["id", "key"]))] = draw(TEXTS)
        case "insert":
            children.insert(0, draw(LEAVES))
        case "drop" if children:
            children.pop()
