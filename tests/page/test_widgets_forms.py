"""Forms in widgets: what is filled in arrives in the payload, once it is valid."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.page.events import assistant, done, user, widget
from tests.page.scripted import Asked, Script

Json = dict[str, Any]
SUBMIT = {"type": "order", "payload": {"id": 7}}
OPTIONS = [{"value": "s", "label": "Small"}, {"value": "l", "label": "Large"}]


def form(*fields: Json, action: Json | None = SUBMIT, **others: object) -> Json:
    return {"type": "Form", "onSubmitAction": action, "children": list(fields), **others}


def field(kind: str, name: str, **fields: object) -> Json:
    return {"type": kind, "name": name, "placeholder": name, **fields}


def button(label: str = "Order", **fields: object) -> Json:
    return {"type": "Button", "label": label, "submit": True, **fields}


def shown(script: Script, tab: Page, *children: Json, **fields: object) -> None:
    script.open(tab, user("u"), widget("w", {"type": "Card", "children": list(children), **fields}))


def action_of(asked: Asked) -> Json:
    assert (asked.params["thread_id"], asked.params["item_id"]) == ("thr_1", "w")
    found: Json = asked.params["action"]
    return found


def test_a_form_sends_the_values_of_all_its_fields(script: Script, tab: Page) -> None:
    shown(
        script,
        tab,
        form(
            {"type": "Label", "value": "Your name", "fieldName": "buyer.name"},
            field("Input", "buyer.name", required=True),
            field("Input", "buyer.age", inputType="number"),
            field("Textarea", "note"),
            field("Select", "size", options=OPTIONS),
            field("DatePicker", "day"),
            {"type": "Checkbox", "name": "gift", "label": "A gift"},
            {"type": "RadioGroup", "name": "how", "options": OPTIONS, "ariaLabel": "How"},
            {"type": "Text", "value": "Hello", "editable": {"name": "greeting"}},
            field("Input", "never", disabled=True, defaultValue="x"),
            button(),
        ),
    )
    tab.get_by_label("Your name").fill("Ada")
    tab.get_by_label("buyer.age").fill("36")
    tab.get_by_label("note").fill("One\nTwo")
    tab.get_by_label("size").select_option("Large")
    tab.get_by_label("day").fill("2026-03-04")
    tab.get_by_label("A gift").check()
    tab.get_by_label("Small", exact=True).check()
    tab.get_by_label("greeting").fill("Good day")
    tab.get_by_role("button", name="Order").click()
    asked = script.asked("threads.custom_action")
    expected = {
        "id": 7,
        "buyer": {"name": "Ada", "age": "36"},
        "note": "One\nTwo",
        "size": "l",
        "day": "2026-03-04",
        "gift": True,
        "how": "s",
        "greeting": "Good day",
    }
    assert action_of(asked) == {"type": "order", "payload": expected}


def test_what_nobody_filled_in_goes_along_empty(script: Script, tab: Page) -> None:
    fields = [field("Input", "name"), field("Select", "size", options=OPTIONS), field("DatePicker", "day")]
    box = {"type": "Checkbox", "name": "gift", "label": "A gift", "defaultChecked": True}
    radios = {"type": "RadioGroup", "name": "how", "options": OPTIONS, "defaultValue": "l"}
    shown(script, tab, form(*fields, box, radios, button()))
    tab.get_by_role("button", name="Order").click()
    payload = action_of(script.asked("threads.custom_action"))["payload"]
    assert payload == {"id": 7, "name": "", "size": "", "day": "", "gift": True, "how": "l"}


@pytest.mark.parametrize(
    ("fields", "wrong", "right"),
    [
        ({"required": True}, "", "x"),
        ({"inputType": "email"}, "nobody", "a@b.example"),
        ({"inputType": "url"}, "nowhere", "https://a.example"),
        ({"pattern": "[0-9]{3}"}, "12", "123"),
    ],
)
def test_a_form_is_sent_only_once_it_is_valid(
    script: Script, tab: Page, fields: Json, wrong: str, right: str
) -> None:
    shown(script, tab, form(field("Input", "value", **fields), button()))
    box = tab.get_by_label("value")
    box.fill(wrong)
    tab.get_by_role("button", name="Order").click()
    expect(box).to_be_focused()
    assert not box.evaluate("box => box.checkValidity()")
    assert not script.has_asked("threads.custom_action")
    box.fill(right)
    tab.get_by_role("button", name="Order").click()
    assert action_of(script.asked("threads.custom_action"))["payload"]["value"] == right


@pytest.mark.parametrize("with_button", [True, False])
def test_enter_sends_a_form(script: Script, tab: Page, with_button: bool) -> None:
    fields = [field("Input", "one"), field("Input", "two"), field("Textarea", "note")]
    shown(script, tab, form(*fields, *([button()] if with_button else [])))
    tab.get_by_label("note").fill("a")
    tab.keyboard.press("Enter")
    expect(tab.get_by_label("note")).to_have_value("a\n")
    assert not script.has_asked("threads.custom_action")
    tab.get_by_label("one").fill("b")
    tab.keyboard.press("Enter")
    payload = action_of(script.asked("threads.custom_action"))["payload"]
    assert payload == {"id": 7, "one": "b", "two": "", "note": "a\n"}


def test_a_card_as_a_form_is_confirmed_or_cancelled(script: Script, tab: Page) -> None:
    shown(
        script,
        tab,
        field("Input", "name", required=True),
        asForm=True,
        confirm={"label": "Yes", "action": {"type": "confirm"}},
        cancel={"label": "No", "action": {"type": "cancel"}},
    )
    tab.get_by_role("button", name="Yes").click()
    assert not script.has_asked("threads.custom_action")
    tab.get_by_role("button", name="No").click()
    turn = script.asked("threads.custom_action")
    assert action_of(turn)["type"] == "cancel"
    turn.end()
    expect(tab.get_by_role("button", name="Yes")).to_be_enabled()
    tab.get_by_label("name").fill("Ada")
    tab.get_by_role("button", name="Yes").click()
    assert action_of(script.asked("threads.custom_action")) == {"type": "confirm", "payload": {"name": "Ada"}}


def test_a_field_does_not_overwrite_what_the_server_has_put_there(script: Script, tab: Page) -> None:
    shown(script, tab, form(field("Input", "id"), field("Input", "more"), button()))
    tab.get_by_label("id").fill("8")
    tab.get_by_label("more").fill("x")
    tab.get_by_role("button", name="Order").click()
    assert action_of(script.asked("threads.custom_action"))["payload"] == {"id": 7, "more": "x"}


@pytest.mark.parametrize(
    ("component", "change", "value"),
    [
        (field("Select", "size", options=OPTIONS), "select", "l"),
        ({"type": "Checkbox", "name": "size", "label": "size"}, "check", True),
        ({"type": "RadioGroup", "name": "size", "options": OPTIONS}, "radio", "l"),
        (field("DatePicker", "size"), "fill", "2026-03-04"),
    ],
)
@pytest.mark.parametrize("in_form", [True, False])
def test_a_change_is_told_with_the_value(
    script: Script, tab: Page, component: Json, change: str, value: object, in_form: bool
) -> None:
    field_shown = {**component, "onChangeAction": {"type": "changed", "payload": {"of": "w"}}}
    others = [field("Input", "name", defaultValue="Ada")] if in_form else []
    shown(script, tab, form(*others, field_shown) if in_form else field_shown)
    match change:
        case "select":
            tab.get_by_label("size").select_option("Large")
        case "check":
            tab.get_by_label("size").check()
        case "radio":
            tab.get_by_label("Large").check()
        case _:
            tab.get_by_label("size").fill("2026-03-04")
    payload = action_of(script.asked("threads.custom_action"))["payload"]
    assert payload == {"of": "w", "size": value} | ({"name": "Ada"} if in_form else {})


def test_a_form_begins_anew_once_it_is_answered(script: Script, tab: Page) -> None:
    shown(script, tab, form(field("Input", "name"), button()))
    tab.get_by_label("name").fill("Ada")
    tab.get_by_role("button", name="Order").click()
    other = {"type": "Card", "children": [form(field("Input", "name"), button("Order more"))]}
    replaced = {"type": "thread.item.replaced", "item": widget("w", other)}
    script.asked("threads.custom_action").end(replaced, done(assistant("a", "Sent.")))
    expect(tab.get_by_role("button", name="Order more")).to_be_visible()
    expect(tab.get_by_label("name")).to_have_value("")


def test_a_chosen_value_can_be_cleared(script: Script, tab: Page) -> None:
    shown(
        script,
        tab,
        form(field("Select", "size", options=OPTIONS, clearable=True, defaultValue="l"), button()),
    )
    tab.get_by_role("button", name="Clear size").click()
    expect(tab.get_by_label("size", exact=True)).to_have_value("")
    tab.get_by_role("button", name="Order").click()
    assert action_of(script.asked("threads.custom_action"))["payload"]["size"] == ""
