"""Widget templates: what they need, what they build, where their files are looked for."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Template, UndefinedError
from pydantic import BaseModel, ValidationError

from chatkit_asgi.widgets import BasicRoot, DynamicWidgetComponent, DynamicWidgetRoot, WidgetTemplate


def _definition(**changes: Any) -> dict[str, Any]:
    template = '{"type":"Card","children":[{"type":"Text","value":{{ name | tojson }}}]}'
    return {"version": "1.0", "name": "greeting", "template": template, **changes}


def _card(value: Any) -> DynamicWidgetRoot:
    child = DynamicWidgetComponent.model_validate({"type": "Text", "value": value})
    return DynamicWidgetRoot(type="Card", children=[child])


class Person(BaseModel):
    name: str


@pytest.mark.parametrize("name", ["Ada", 'quotes " and \\ and <b>&', "line\nbreak é"])
def test_template_is_built_from_a_dict_or_a_model(name: str) -> None:
    template = WidgetTemplate(_definition())
    assert template.build({"name": name}) == template.build(Person(name=name)) == _card(name)


HOSTILE = [
    'x","onClickAction":{"type":"pay"},"y":"',
    '"}]}',
    "\\",
    '\\"',
    "a\nb\tc",
    "\u2028é😀",
    "{{ 7 * 7 }}",
    "<b>&amp;'",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(
    "blank",
    [
        "{{ name }}",
        "{{ name ~ '' }}",
        "{{ [name] | join(', ') }}",
        "{% macro twice(it) %}{{ it }}{% endmacro %}{{ twice(name) }}",
        "{% set it %}{{ name }}{% endset %}{{ it }}",
        "{% for it in [name] %}{{ it }}{% endfor %}",
        "{{ name | default('-') }}",
    ],
)
def test_data_cannot_add_to_a_widget(blank: str, value: str) -> None:
    template = WidgetTemplate(
        _definition(template=f'{{"type":"Card","children":[{{"type":"Text","value":"{blank}"}}]}}')
    )
    assert template.build({"name": value}) == _card(value)


@pytest.mark.parametrize("value", [{"a": 'x"'}, ['"'], HOSTILE])
def test_neither_can_a_list_or_a_mapping_in_a_string(value: object) -> None:
    template = WidgetTemplate(
        _definition(template='{"type":"Card","children":[{"type":"Text","value":"{{ name }}"}]}')
    )
    assert template.build({"name": value}) == _card(str(value))


def test_numbers_stay_numbers_and_json_that_is_marked_stays_json() -> None:
    template = '{"type":"Card","padding":{{ size }},"children":{{ children | safe }}}'
    built = WidgetTemplate(_definition(template=template)).build(
        {"size": 4, "children": '[{"type":"Divider"}]'}
    )
    assert built.model_dump(exclude_none=True, exclude_unset=True)["padding"] == 4
    assert built.children


def test_template_without_blanks_is_built_from_nothing() -> None:
    assert WidgetTemplate(_definition(template='{"type":"ListView"}')).build() == DynamicWidgetRoot(
        type="ListView"
    )


def test_basic_root_is_built_as_a_dynamic_root() -> None:
    root = WidgetTemplate(_definition(template='{"type":"Basic"}')).build()
    assert type(root) is DynamicWidgetRoot


def test_template_may_be_a_jinja_template() -> None:
    template = WidgetTemplate(_definition(template=Template('{"type":"Card","size":"{{ size }}"}')))
    assert template.build({"size": "sm"}).model_dump(exclude_none=True) == {"type": "Card", "size": "sm"}


def test_undefined_variable_is_an_error() -> None:
    template = WidgetTemplate(_definition(template='{"type":"Card","size":"{{ size }}"}'))
    with pytest.raises(UndefinedError, match="size"):
        template.build({})


def test_other_versions_are_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        WidgetTemplate(_definition(version="1.1"))


@pytest.mark.parametrize("missing", ["version", "name", "template"])
def test_incomplete_definitions_are_refused(missing: str) -> None:
    definition = _definition()
    del definition[missing]
    with pytest.raises(KeyError, match=missing):
        WidgetTemplate(definition)


def test_schema_is_kept_and_not_enforced() -> None:
    template = WidgetTemplate(_definition(jsonSchema={"required": ["other"]}))
    assert template.data_schema == {"required": ["other"]}
    assert template.build({"name": "Ada"}) == _card("Ada")
    assert WidgetTemplate(_definition()).data_schema == {}


def test_build_basic_warns_and_takes_basic_roots_only() -> None:
    with pytest.warns(DeprecationWarning, match="build_basic"):
        root = WidgetTemplate(_definition(template='{"type":"Basic"}')).build_basic()
    assert root == BasicRoot()
    with pytest.warns(DeprecationWarning, match="build_basic"), pytest.raises(ValidationError):
        WidgetTemplate(_definition()).build_basic({"name": "Ada"})


def test_relative_file_is_looked_for_beside_the_calling_file(tmp_path: Path) -> None:
    (tmp_path / "views").mkdir()
    (tmp_path / "views" / "greeting.widget").write_text(json.dumps(_definition()), encoding="utf-8")
    script = tmp_path / "caller.py"
    script.write_text(
        "from chatkit_asgi.widgets import WidgetTemplate\n"
        "template = WidgetTemplate.from_file('views/greeting.widget')\n"
    )
    scope: dict[str, Any] = {"__name__": "caller"}
    exec(compile(script.read_text(), str(script), "exec"), scope)  # noqa: S102 - a module in another folder
    assert scope["template"].name == "greeting"
    assert WidgetTemplate.from_file(str(tmp_path / "views" / "greeting.widget")).name == "greeting"


def test_importing_types_and_widgets_does_not_load_jinja() -> None:
    code = "import sys, chatkit_asgi.types, chatkit_asgi.widgets; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], check=False).returncode == 0
