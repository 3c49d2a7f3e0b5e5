"""The demo's widgets, and the types of their actions, which all begin with ``demo.``."""

from typing import Any

from chatkit_asgi.widgets import DynamicWidgetRoot

__all__ = ["CHOOSE", "REPLACE", "SUBMIT", "card", "chosen_row", "filled_form", "form", "rows", "text_card"]

REPLACE = "demo.replace"
CHOOSE = "demo.choose"
SUBMIT = "demo.submit"

CITIES = ("Lisbon", "Oslo", "Tokyo")

Component = dict[str, Any]  # Any: JSON, as a widget template gives it


def card(count: int = 0) -> DynamicWidgetRoot:
    """A card that counts how often its button was pressed."""
    pressed = "Nobody has pressed the button yet." if not count else f"The button was pressed {count} times."
    return _card(
        {"type": "Title", "value": "A card"},
        {"type": "Text", "value": pressed},
        {"type": "Row", "children": [_badge("demo"), {"type": "Caption", "value": "sent by a tool"}]},
        {"type": "Divider"},
        {"type": "Button", "label": "Replace me", "onClickAction": _action(REPLACE, {"count": count + 1})},
    )


def text_card(text: str, *, streaming: bool) -> DynamicWidgetRoot:
    """A card with a text that may still grow."""
    return _card({"type": "Markdown", "id": "text", "value": text, "streaming": streaming})


def rows() -> DynamicWidgetRoot:
    """A list whose rows can be chosen."""
    children = [
        {
            "type": "ListViewItem",
            "key": city,
            "onClickAction": _action(CHOOSE, {"city": city}),
            "children": [{"type": "Text", "value": city}],
        }
        for city in CITIES
    ]
    return DynamicWidgetRoot.model_validate({"type": "ListView", "children": children})


def chosen_row(city: str) -> DynamicWidgetRoot:
    """What takes the list's place."""
    return _card({"type": "Row", "children": [_badge("chosen"), {"type": "Text", "value": city}]})


def form() -> DynamicWidgetRoot:
    """A form with a field of most kinds."""
    fields: list[Component] = [
        {"type": "Label", "value": "Name", "fieldName": "name"},
        {"type": "Input", "name": "name", "placeholder": "Your name", "required": True},
        {"type": "Label", "value": "City", "fieldName": "city"},
        {"type": "Select", "name": "city", "options": [{"value": city, "label": city} for city in CITIES]},
        {"type": "Textarea", "name": "note", "placeholder": "Anything else?"},
        {"type": "Checkbox", "name": "again", "label": "Ask me again"},
        {"type": "Button", "label": "Send", "submit": True, "style": "primary"},
    ]
    return _card({"type": "Form", "onSubmitAction": _action(SUBMIT), "direction": "col", "children": fields})


def filled_form(values: dict[str, object]) -> DynamicWidgetRoot:
    """What takes the form's place: its values."""
    lines = "\n".join(f"- **{name}**: {value}" for name, value in values.items()) or "Nothing was filled in."
    return _card({"type": "Title", "value": "Sent"}, {"type": "Markdown", "value": lines})


def _card(*children: Component) -> DynamicWidgetRoot:
    return DynamicWidgetRoot.model_validate({"type": "Card", "children": list(children)})


def _badge(label: str) -> Component:
    return {"type": "Badge", "label": label}


def _action(kind: str, payload: Component | None = None) -> Component:
    return {"type": kind, "payload": payload or {}}
