"""What every widget component has in common: its base class, and how it is written to the wire.

The classes of single components are in `charts` and `components`.
"""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, SerializationInfo, SerializerFunctionWrapHandler, model_serializer
from typing_extensions import deprecated

from chatkit_asgi.actions import ActionConfig, without_additional

__all__ = ["WidgetComponentBase", "WidgetPart", "named_widget"]

named_widget = deprecated(
    "Named widget classes are deprecated: write a .widget file and build it with WidgetTemplate."
)
"""Marks the class of one component; templates build `DynamicWidgetRoot` instead."""

_SCALARS = frozenset({str, int, float, bool, type(None)})


class _NotPlain(Exception):
    """A value that only pydantic knows how to dump."""


class WidgetPart(BaseModel):
    """A model inside a widget. Properties it does not know are kept and written again."""

    # Built on first use: before that the classes that name each other do not all exist.
    model_config = ConfigDict(extra="allow", json_schema_extra=without_additional, defer_build=True)

    _is_ours: ClassVar[bool] = True

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Note whether a dump may take the short way: others' classes may have aliases or serializers."""
        cls._is_ours = cls.__module__.startswith("chatkit_asgi.")


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
                return _component_form(self, keep_empty=not info.exclude_none)
            except _NotPlain:
                pass
        form = _without_none(next_(self))
        form["type"] = self.type
        return form


def _component_form(part: WidgetPart, keep_empty: bool) -> dict[str, Any]:
    """The fields of a component or chart series; `keep_empty` writes ``children: null`` where it is so."""
    if not part._is_ours:
        raise _NotPlain
    form = {
        name: _form(value, keep_empty)
        for name, value in part.__dict__.items()
        if value is not None or (keep_empty and name == "children")
    }
    if part.__pydantic_extra__:
        form |= _dict_form(part.__pydantic_extra__, keep_empty)
    return form


def _form(value: Any, keep_empty: bool) -> Any:
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is list:
        return [_form(each, keep_empty) for each in value if each is not None]
    if kind is dict:
        return _dict_form(value, keep_empty)
    if isinstance(value, WidgetPart):
        return _component_form(value, keep_empty)
    if kind is ActionConfig:
        return _dict_form({**value.__dict__, **(value.__pydantic_extra__ or {})}, keep_empty)
    raise _NotPlain


def _dict_form(values: dict[str, Any], keep_empty: bool) -> dict[str, Any]:
    return {
        name: _form(value, keep_empty)
        for name, value in values.items()
        if value is not None or name == "children"
    }


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
