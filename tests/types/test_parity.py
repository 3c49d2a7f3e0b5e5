"""The shapes of the protocol are those of the published SDK, but for the differences listed here."""

from types import UnionType
from typing import Annotated, Any, Literal, Union, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter
from typing_extensions import is_typeddict

from chatkit_asgi import actions, icons, types, widgets
from tests import peer

# What our JSON schemas have and the published ones do not: definition, kind, name, and why.
ADDITIONS = [
    ("FileAttachment", "properties", "upload_url", "clients of before the upload descriptor know only this"),
    ("ImageAttachment", "properties", "upload_url", "clients of before the upload descriptor know only this"),
    ("AttachmentBase", "properties", "upload_url", "clients of before the upload descriptor know only this"),
    ("Action", "required", "type", "an action without a type cannot be carried out"),
    ("Action_str_Any_", "required", "type", "an action without a type cannot be carried out"),
]

# Plain unions in the published package, which cannot be called or used with isinstance.
CLASSES_FOR_UNIONS = ("Attachment", "WidgetRoot")

# The published schema of Action has a default that JSON cannot express.
pytestmark = pytest.mark.filterwarnings("ignore:Default value")

MODULES = [(peer.types, types), (peer.widgets, widgets), (peer.actions, actions), (peer.icons, icons)]


def _is_shape(value: Any) -> bool:
    if isinstance(value, type) and value.__module__.startswith("chatkit."):
        return issubclass(value, BaseModel) or is_typeddict(value)
    return get_origin(value) in (Annotated, Literal, Union, UnionType)


SHAPES = [
    pytest.param(name, shape, getattr(ours, name, None), id=f"{theirs.__name__}.{name}")
    for theirs, ours in MODULES
    for name, shape in vars(theirs).items()
    if _is_shape(shape)
]


def _without_texts(schema: Any) -> Any:
    """The schema without titles and descriptions: the words are our own."""
    if isinstance(schema, dict):
        return {
            key: _without_texts(value)
            for key, value in schema.items()
            if not (key in ("title", "description") and isinstance(value, str))
        }
    return [_without_texts(each) for each in schema] if isinstance(schema, list) else schema


def _without_additions(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    definitions = {**schema.get("$defs", {}), name: schema}
    for definition, kind, entry, _reason in ADDITIONS:
        found = definitions.get(definition, {})
        if kind == "properties":
            found.get("properties", {}).pop(entry, None)
        elif entry in found.get("required", []):
            found["required"].remove(entry)
            if not found["required"]:
                del found["required"]
    return schema


@pytest.mark.parametrize("mode", ["validation", "serialization"])
@pytest.mark.parametrize(("name", "theirs", "ours"), SHAPES)
def test_json_schema_is_the_published_one(name: str, theirs: Any, ours: Any, mode: Any) -> None:
    expected = _without_texts(TypeAdapter(theirs).json_schema(mode=mode))
    schema = _without_additions(name, _without_texts(TypeAdapter(ours).json_schema(mode=mode)))
    assert schema == expected


@pytest.mark.parametrize(("name", "theirs", "ours"), SHAPES)
def test_fields_stand_in_the_published_order(name: str, theirs: Any, ours: Any) -> None:
    """The order of the fields is the order on the wire."""
    expected = list(getattr(theirs, "model_fields", {}))
    added = {entry for definition, _kind, entry, _reason in ADDITIONS if definition == name}
    fields = [field for field in getattr(ours, "model_fields", {}) if field not in added - set(expected)]
    assert name in CLASSES_FOR_UNIONS or fields == expected
