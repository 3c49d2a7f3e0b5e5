"""Widget templates: ``.widget`` files, JSON written with Jinja, built into widgets from data."""

import inspect
import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup
from pydantic import BaseModel
from typing_extensions import deprecated

from chatkit_asgi.widgets.components import BasicRoot, DynamicWidgetRoot

__all__ = ["WidgetTemplate"]

_VERSION = "1.0"


def _escaped(value: object) -> Markup:
    """A value as it stands in a string of JSON, unless it is JSON already: by `tojson`, or marked `safe`."""
    if hasattr(value, "__html__"):
        return Markup(value)  # noqa: S704 - what is marked is passed on
    return Markup(json.dumps(str(value), ensure_ascii=False)[1:-1])  # noqa: S704 - escaped as JSON, not as HTML


# autoescape is for macros and blocks, whose output is marked by it and so not escaped twice
_ENVIRONMENT = Environment(undefined=StrictUndefined, autoescape=True, finalize=_escaped)


class WidgetTemplate:
    """A widget with blanks to fill in. Build it once, at import, and use it for every message.

    ``"{{ name }}"`` and ``{{ name | tojson }}`` are both a string, whatever the name: data cannot add to the
    widget. ``{{ json | safe }}`` can.

    `definition` holds `version` (``"1.0"``), `name`, `template` and optionally `jsonSchema`, which describes
    the data and is kept as `data_schema` but not enforced. Raises KeyError for what is missing, ValueError
    for another version.
    """

    def __init__(self, definition: dict[str, Any]) -> None:
        self.version: str = definition["version"]
        if self.version != _VERSION:
            raise ValueError(f"This widget file has version {self.version!r}; only {_VERSION!r} can be read.")
        self.name: str = definition["name"]
        template = definition["template"]
        self.template: Template = (
            template if isinstance(template, Template) else _ENVIRONMENT.from_string(template)
        )
        self.data_schema: dict[str, Any] = definition.get("jsonSchema", {})

    @classmethod
    def from_file(cls, file_path: str) -> "WidgetTemplate":
        """The template in a ``.widget`` file; a relative path starts at the folder of the calling file."""
        path = Path(file_path)
        if not path.is_absolute():
            path = _folder_of_caller() / path
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def build(self, data: dict[str, Any] | BaseModel | None = None) -> DynamicWidgetRoot:
        """The widget for `data`. Raises jinja2's UndefinedError for a variable that the data lacks."""
        return DynamicWidgetRoot.model_validate(self._render(data))

    @deprecated("WidgetTemplate.build_basic() is deprecated: build() makes roots of every type.")
    def build_basic(self, data: dict[str, Any] | BaseModel | None = None) -> BasicRoot:
        """As `build`, for templates whose root is `Basic` and no other."""
        return BasicRoot.model_validate(self._render(data))

    def _render(self, data: dict[str, Any] | BaseModel | None) -> Any:
        values = data.model_dump() if isinstance(data, BaseModel) else data or {}
        return json.loads(self.template.render(**values))


def _folder_of_caller() -> Path:
    """The folder of the file that called `from_file`; the working directory where there is no file."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    name = frame.f_code.co_filename if frame is not None else ""
    return Path(name).resolve().parent if Path(name).is_file() else Path.cwd()
