"""Widget templates: both packages build the same, and refuse the same."""

from typing import Any

import pytest

from tests.parity.differences import shows
from tests.parity.packages import OURS, PEER, Package, agreed_clock

TEXT = '{"type":"Card","children":[{"type":"Text","value":%s}]}'
LIST = (
    '{"type":"ListView","children":[{% for each in all %}'
    '{"type":"ListViewItem","children":[],"key":{{ each.key | tojson }}}'
    "{% if not loop.last %},{% endif %}{%- endfor -%}]}"
)
CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "a text": (TEXT % '"{{ x }}"', {"x": "a&b<c>'"}),
    "a text as JSON": (TEXT % "{{ x | tojson }}", {"x": "a&b<c>'\"\n é\u2028"}),
    "nothing as JSON": (TEXT % "{{ x | tojson }}", {"x": None}),
    "a list": (LIST, {"all": [{"key": "a"}, {"key": None}]}),
    "an empty list": (LIST, {"all": []}),
    "what is not there": (TEXT % '"{{ y }}"', {"x": 1}),
    "what is not there, deep inside": (TEXT % '"{{ x.y.z }}"', {"x": {"y": {}}}),
    "a condition on what is not there": (TEXT % '"{% if x %}x{% endif %}"', {}),
    "a property that is no named class's": ('{"type":"Card","children":[],"size":"huge","more":{}}', {}),
    "a single child": ('{"type":"Basic","children":{"type":"Own"}}', {}),
    "no root": (TEXT.replace("Card", "Text") % 1, {}),
    "no JSON": ("no", {}),
    "no text": (None, {}),
}


def built(package: Package, method: str, template: Any, data: dict[str, Any]) -> str:
    """The JSON of the widget, or the exception's name."""
    definition = {"version": "1.0", "name": "n", "template": template}
    with agreed_clock():
        try:
            widget = package.widgets.WidgetTemplate(definition)
            return str(getattr(widget, method)(data).model_dump_json())
        except Exception as exc:
            return type(exc).__name__


@pytest.mark.parametrize("method", ["build", "build_basic"])
@pytest.mark.parametrize(("template", "data"), CASES.values(), ids=CASES)
def test_templates_build_alike(method: str, template: Any, data: dict[str, Any]) -> None:
    ours, theirs = (built(package, method, template, data) for package in (OURS, PEER))
    assert ours == theirs


@shows("escaped-blanks")
def test_data_adds_nothing_to_a_widget() -> None:
    data = {"x": 'x","onClickAction":{"type":"pay"},"y":"'}
    ours, theirs = (built(package, "build", TEXT % '"{{ x }}"', data) for package in (OURS, PEER))
    assert '"onClickAction":{' not in ours
    assert '"onClickAction":{' in theirs
