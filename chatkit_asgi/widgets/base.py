"""What every widget component has in common: its base class, and how it is written to the wire.

The classes of single components are in `charts` and `components`.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, SerializationInfo, SerializerFunctionWrapHandler, model_serializer
from typing_extensions import deprecated

from chatkit_asgi.actions import ActionConfig, without_additional

__all__ = ["WidgetComponentBase", "WidgetPart", "named_widget"]

named_widget = deprecated(
    "Named widget classes are deprecated: write a .widget file and build it with WidgetTemplate."
)
"""Marks the class of one component; templates build `DynamicWidgetRoot` instead."""

_SCALARS = frozenset({str, int, float, bool, datetime})


class _NotPlain(Exception):
    """A value that only pydantic knows how to dump."""


def _part_form(part: BaseModel, keep_empty: bool) -> dict[str, Any]:
    """The fields of a component or chart series; `keep_empty` writes ``children: null`` where it is so."""
    values = part.__dict__
    if part.__pydantic_extra__:
        values = {**values, **part.__pydantic_extra__}
    form: dict[str, Any] = {}
    for name, value in values.items():  # the hot loop of widget streaming: no call for what is mostly None
        if value is None:
            if keep_empty and name == "children":
                form[name] = None
        elif type(value) in _SCALARS:
            form[name] = value
        else:
            form[name] = _FORMS.get(type(value), _not_plain)(value, keep_empty)
    return form


def _action_form(action: ActionConfig, keep_empty: bool) -> dict[str, Any]:
    return _dict_form({**action.__dict__, **(action.__pydantic_extra__ or {})}, keep_empty)


def _dict_form(values: dict[str, Any], keep_empty: bool) -> dict[str, Any]:
    return {
        name: value if type(value) in _SCALARS else _FORMS.get(type(value), _not_plain)(value, keep_empty)
        for name, value in values.items()
        if value is not None or name == "children"
    }


def _list_form(values: list[Any], keep_empty: bool) -> list[Any]:
    return [
        value if type(value) in _SCALARS else _FORMS.get(type(value), _not_plain)(value, keep_empty)
        for value in values
        if value is not None
    ]


def _not_plain(value: Any, keep_empty: bool) -> NoReturn:
    raise _NotPlain


_FORMS: dict[type, Callable[[Any, bool], Any]] = {
    type(None): lambda value, keep_empty: value,
    list: _list_form,
    dict: _dict_form,
    ActionConfig: _action_form,
}
"""How a value of a class is written; `WidgetPart` adds its own subclasses."""


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _without_none(each)
            for name, each in value.items()
            if each is not None or name == "children"
        }
    if isinstance(value, list):
        return [_without_none(each) for each in value if each is not None]
    return value


class WidgetPart(BaseModel):
    """A model inside a widget. Properties it does not know are kept and written again."""

    # Built on first use: before that the classes that name each other do not all exist.
    model_config = ConfigDict(extra="allow", json_schema_extra=without_additional, defer_build=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Let dumps take the short way, except for others' classes: these may have aliases or serializers."""
        if cls.__module__.startswith("chatkit_asgi."):
            _FORMS[cls] = _part_form


class WidgetComponentBase(WidgetPart):
    """Base of all components. Dumping one leaves out None at every depth, except for `children`."""

    model_config = ConfigDict(serialize_by_alias=True)

    key: str | None = None
    id: str | None = None
    type: str

    @model_serializer(mode="wrap")
    def serialize(self, next_: SerializerFunctionWrapHandler, info: SerializationInfo):  # type: ignore[no-untyped-def]  # a return type would replace the JSON schema
        """The component as a dict, in one walk over the whole tree where nothing special was asked for."""
        if not (info.include or info.exclude or info.exclude_unset or info.exclude_defaults):
            try:
                return _FORMS.get(type(self), _not_plain)(self, not info.exclude_none)
            except _NotPlain:
                pass
        form = _without_none(next_(self))
        form["type"] = self.type
        return form
