"""Actions of widgets: whom they reach, what shows that they run, and what becomes of them."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.page.events import assistant, done, user, widget
from tests.page.scripted import Script, until

Json = dict[str, Any]


def button(action: Json, label: str = "Press", **fields: object) -> Json:
    return {"type": "Button", "label": label, "onClickAction": action, **fields}


def card(*children: Json, **fields: object) -> Json:
    return {"type": "Card", "children": list(children), **fields}


def shown(script: Script, tab: Page, *children: Json, options: str = "", **fields: object) -> None:
    script.open(tab, user("u"), widget("w", card(*children, **fields)), options=options)


def press(tab: Page, name: str = "Press") -> Locator:
    control = tab.get_by_role("button", name=name)
    control.click()
    return control


def test_an_action_reaches_the_server_and_changes_the_widget(script: Script, tab: Page) -> None:
    shown(script, tab, button({"type": "go", "payload": {"a": [1, None]}, "handler": "server"}))
    press(tab)
    turn = script.asked("threads.custom_action")
    assert turn.params == {
        "thread_id": "thr_1",
        "item_id": "w",
        "action": {"type": "go", "payload": {"a": [1, None]}},
    }
    replaced = {"type": "thread.item.replaced", "item": widget("w", card({"type": "Text", "value": "Gone"}))}
    turn.send(replaced)
    expect(tab.locator("ck-widget [part=card]")).to_have_text("Gone")
    turn.end(done(assistant("a", "It went.")))
    expect(tab.locator("ck-answer ck-markdown .body")).to_have_text(["It went."])


def test_an_action_without_a_stream_is_answered_with_the_item(script: Script, tab: Page) -> None:
    shown(script, tab, button({"type": "go", "streaming": False}))
    control = press(tab)
    asked = script.asked("threads.sync_custom_action")
    assert asked.params == {"thread_id": "thr_1", "item_id": "w", "action": {"type": "go"}}
    expect(control).to_have_attribute("aria-busy", "true")
    expect(tab.get_by_role("button", name="Stop")).to_have_count(0)
    asked.answer({"updated_item": widget("w", card({"type": "Text", "value": "Gone"}))})
    expect(tab.locator("ck-widget [part=card]")).to_have_text("Gone")


def test_an_answer_without_an_item_leaves_the_widget(script: Script, tab: Page) -> None:
    shown(script, tab, button({"type": "go", "streaming": False}))
    control = press(tab)
    script.asked("threads.sync_custom_action").answer({})
    expect(control).not_to_have_attribute("aria-busy", "true")
    control.click()
    script.asked("threads.sync_custom_action").answer({})


def test_the_page_handles_the_actions_that_are_meant_for_it(script: Script, tab: Page) -> None:
    handler = """widgets: {onAction: async (action, item) => {
        window.told.push(['acted', action, item.id, item.widget.type]);
        await new Promise(done => { window.finish = done });
    }}"""
    action = {"type": "here", "payload": {"x": 1}, "handler": "client"}
    shown(script, tab, button(action), options=handler)
    control = press(tab)
    expect(control).to_have_attribute("aria-busy", "true")
    acted = ["acted", {"type": "here", "payload": {"x": 1}}, "w", "Card"]
    assert acted in tab.evaluate("told")
    tab.evaluate("finish()")
    expect(control).not_to_have_attribute("aria-busy", "true")
    assert not script.has_asked("threads.custom_action")


def test_a_handler_of_the_page_that_fails_is_told(script: Script, tab: Page) -> None:
    options = "widgets: {onAction: async () => { throw new Error('not here') }}"
    shown(script, tab, button({"type": "here", "handler": "client"}), options=options)
    control = press(tab)
    until(tab, "told.some(([name, detail]) => name === 'error' && detail === 'not here')")
    expect(control).not_to_have_attribute("aria-busy", "true")


@pytest.mark.parametrize(
    ("behavior", "on_control", "on_widget"),
    [("auto", True, False), ("self", True, False), ("container", True, True), ("none", False, False)],
)
def test_a_control_shows_that_its_action_runs(
    script: Script, tab: Page, behavior: str, on_control: bool, on_widget: bool
) -> None:
    shown(
        script,
        tab,
        button({"type": "go", "loadingBehavior": behavior, "streaming": False}),
        button({}, "Other"),
    )
    control = press(tab)
    asked = script.asked("threads.sync_custom_action")
    root = tab.locator("ck-widget [part=widget]")
    expect(root).to_have_attribute("aria-busy", "true" if on_widget else "false")
    assert (control.get_attribute("aria-busy") == "true") is on_control
    assert root.evaluate("root => root.inert") is on_widget
    asked.answer({})
    expect(root).to_have_attribute("aria-busy", "false")
    expect(control).not_to_have_attribute("aria-busy", "true")


@pytest.mark.parametrize(("behavior", "on_widget"), [("auto", True), ("none", False), ("self", False)])
def test_a_form_shows_that_it_is_being_sent(
    script: Script, tab: Page, behavior: str, on_widget: bool
) -> None:
    action = {"type": "go", "loadingBehavior": behavior, "streaming": False}
    fields = [{"type": "Input", "name": "name"}, {"type": "Button", "label": "Press", "submit": True}]
    shown(script, tab, {"type": "Form", "onSubmitAction": action, "children": fields})
    press(tab)
    asked = script.asked("threads.sync_custom_action")
    expect(tab.locator("ck-widget [part=widget]")).to_have_attribute("aria-busy", str(on_widget).lower())
    assert tab.locator("ck-widget form").evaluate("form => form.inert") is (behavior == "self")
    asked.answer({})
    expect(tab.locator("ck-widget [part=widget]")).to_have_attribute("aria-busy", "false")
    expect(tab.get_by_role("button", name="Press")).to_be_enabled()


def test_a_second_press_while_an_action_runs_does_nothing(script: Script, tab: Page) -> None:
    shown(script, tab, button({"type": "go", "streaming": False}))
    control = press(tab)
    asked = script.asked("threads.sync_custom_action")
    expect(control).to_have_attribute("aria-busy", "true")
    control.click(force=True)
    control.press("Enter")
    assert not script.has_asked("threads.sync_custom_action")
    asked.answer({})


@pytest.mark.parametrize("streaming", [True, False])
def test_a_refused_action_is_told_and_can_be_tried_again(
    script: Script, tab: Page, tolerated: list[str], streaming: bool
) -> None:
    tolerated += ["409"]
    operation = "threads.custom_action" if streaming else "threads.sync_custom_action"
    shown(script, tab, button({"type": "go", "streaming": streaming}))
    control = press(tab)
    script.asked(operation).refuse(409, "Not now.")
    expect(tab.get_by_role("alert").filter(has_text="Not now.")).to_be_visible()
    expect(control).not_to_have_attribute("aria-busy", "true")
    control.click()
    script.asked(operation)


def test_an_action_that_fails_in_its_stream_is_told(script: Script, tab: Page) -> None:
    shown(script, tab, button({"type": "go"}))
    control = press(tab)
    script.asked("threads.custom_action").end(
        {"type": "error", "code": "custom", "message": "It failed.", "allow_retry": False}
    )
    expect(tab.locator("[part=error]")).to_contain_text("It failed.")
    expect(control).not_to_have_attribute("aria-busy", "true")
    control.click()
    script.asked("threads.custom_action").end()
    expect(tab.locator("[part=error]")).to_have_count(0)


def test_a_row_of_a_list_is_a_button(script: Script, tab: Page) -> None:
    rows = [
        {
            "type": "ListViewItem",
            "onClickAction": {"type": "choose", "payload": {"city": city}},
            "children": [{"type": "Text", "value": city}],
        }
        for city in ("Oslo", "Rome")
    ]
    script.open(tab, user("u"), widget("w", {"type": "ListView", "children": rows}))
    tab.get_by_role("button", name="Rome").press("Enter")
    assert script.asked("threads.custom_action").params["action"]["payload"] == {"city": "Rome"}


def test_a_card_asks_for_yes_or_no(script: Script, tab: Page) -> None:
    fields: dict[str, Any] = {
        "confirm": {"label": "Yes", "action": {"type": "yes"}},
        "cancel": {"label": "No", "action": {"type": "no", "payload": {"id": 1}}},
    }
    shown(script, tab, {"type": "Text", "value": "Really?"}, **fields)
    press(tab, "Yes")
    turn = script.asked("threads.custom_action")
    assert turn.params["action"] == {"type": "yes"}
    expect(tab.locator("ck-widget [part=widget]")).to_have_attribute("aria-busy", "true")
    turn.end()
    press(tab, "No")
    assert script.asked("threads.custom_action").params["action"] == {"type": "no", "payload": {"id": 1}}


def test_the_page_sends_actions_of_its_own(script: Script, tab: Page) -> None:
    shown(script, tab, button({"type": "go"}))
    own = "{type: 'own', payload: {a: 1}}"
    tab.evaluate(f"() => {{ document.querySelector('openai-chatkit').sendCustomAction({own}, 'w') }}")
    turn = script.asked("threads.custom_action")
    assert turn.params == {
        "thread_id": "thr_1",
        "item_id": "w",
        "action": {"type": "own", "payload": {"a": 1}},
    }
    turn.end()
