"""Generated widgets, and the states that one goes through while it is shown."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.parity.stores import Json

__all__ = ["COMPONENTS", "TEXTS", "widgets"]

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
