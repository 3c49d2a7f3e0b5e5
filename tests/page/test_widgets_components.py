"""Every component of a widget as a browser draws it, and widgets that grow while they are streamed."""

import warnings
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import chatkit_asgi.widgets as widgets
from chatkit_asgi.widgets import WidgetComponentBase
from tests.page.events import added, done, update, user, widget
from tests.page.scripted import Script

Json = dict[str, Any]
OPTIONS = [{"value": "a", "label": "First"}, {"value": "b", "label": "Second", "description": "The other"}]
COMPONENTS: dict[str, tuple[Json, str]] = {
    "Badge": ({"label": "New", "color": "success"}, "[part=badge]"),
    "Box": ({"children": [{"type": "Text", "value": "In a box"}], "background": "info"}, "[part=box]"),
    "Button": ({"label": "Press", "iconStart": "bolt"}, "[part=button]"),
    "Caption": ({"value": "A caption"}, "[part=caption]"),
    "Chart": (
        {
            "data": [{"day": "Mon", "tea": 3}],
            "xAxis": "day",
            "series": [{"type": "bar", "dataKey": "tea"}],
            "height": 150,
        },
        "[part=chart] canvas",
    ),
    "Checkbox": ({"name": "agreed", "label": "Agreed", "defaultChecked": True}, "[part=checkbox] input"),
    "Col": ({"children": [{"type": "Text", "value": "In a column"}], "gap": 2}, "[part=col]"),
    "DatePicker": ({"name": "day", "defaultValue": "2026-01-02T00:00:00Z"}, "[part=date]"),
    "Divider": ({"spacing": 2}, "[part=divider]"),
    "Form": ({"children": [{"type": "Text", "value": "In a form"}]}, "[part=form]"),
    "Icon": ({"name": "sparkle", "size": "lg"}, "[part=icon] svg"),
    "Image": ({"src": "/pixel.png", "alt": "A dot", "size": 40}, "[part=image]"),
    "Input": ({"name": "text", "defaultValue": "Typed"}, "[part=input]"),
    "Label": ({"value": "Text", "fieldName": "text"}, "[part=label]"),
    "Markdown": ({"value": "Some **words**"}, "[part=markdown] strong"),
    "RadioGroup": ({"name": "choice", "options": OPTIONS, "defaultValue": "b"}, "[part=radio-group]"),
    "Row": ({"children": [{"type": "Text", "value": "In a row"}]}, "[part=row]"),
    "Select": ({"name": "list", "options": OPTIONS, "placeholder": "Choose"}, "[part=select]"),
    "Spacer": ({"minSize": 8}, ".spacer"),
    "Text": ({"value": "A text", "weight": "bold"}, "[part=text]"),
    "Textarea": ({"name": "note", "defaultValue": "Lines"}, "[part=textarea]"),
    "Title": ({"value": "A title"}, "[part=title]"),
    "Transition": ({"children": {"type": "Text", "value": "Changing"}}, "[part=transition]"),
}
ROOTS = {"Basic", "Card", "ListView", "ListViewItem"}


def card(*children: Json, **fields: object) -> Json:
    return {"type": "Card", "children": list(children), **fields}


def text(value: str, **fields: object) -> Json:
    return {"type": "Text", "value": value, **fields}


def test_no_component_is_left_out() -> None:
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        classes = [getattr(widgets, name) for name in widgets.__all__]
        kinds = [each for each in classes if isinstance(each, type) and issubclass(each, WidgetComponentBase)]
        tags = {each.model_fields["type"].default for each in kinds if "type" in each.model_fields}
    assert {tag for tag in tags if isinstance(tag, str)} == COMPONENTS.keys() | ROOTS


def test_every_component_is_drawn(script: Script, tab: Page) -> None:
    children = [{"type": kind, **fields} for kind, (fields, _) in COMPONENTS.items()]
    script.open(tab, user("u"), widget("w", card(*children)))
    for _, selector in COMPONENTS.values():
        drawn = tab.locator(f"ck-widget {selector}").first
        expect(drawn).to_be_attached()
        box = drawn.bounding_box()
        assert box is not None, selector
        assert box["width"] > 0, selector
    expect(tab.get_by_role("textbox", name="Text")).to_have_value("Typed")
    expect(tab.get_by_role("checkbox", name="Agreed")).to_be_checked()
    expect(tab.get_by_role("radio", name="Second")).to_be_checked()
    expect(tab.locator("ck-widget [part=date]")).to_have_value("2026-01-02")
    expect(tab.get_by_role("option")).to_have_text(["Choose", "First", "Second – The other"])


def test_roots_and_tables(script: Script, tab: Page) -> None:
    rows = [{"type": "ListViewItem", "children": [text(name)]} for name in ("Tea", "Cups")]
    table = [
        {"type": "Table.Row", "header": True, "children": [text("Name"), text("Price")]},
        {
            "type": "Table.Row",
            "children": [text("Tea"), {"type": "Table.Cell", "children": [text("3")]}],
        },
    ]
    script.open(
        tab,
        user("u"),
        widget("l", {"type": "ListView", "children": rows, "status": {"text": "Sent", "icon": "check"}}),
        widget("b", {"type": "Basic", "children": [text("No frame")]}),
        widget("t", card({"type": "Table", "children": table})),
        widget("x", card({"type": "Hologram", "children": [text("Inside")]})),
    )
    expect(tab.locator("ck-widget [part=list-item]")).to_have_text(["Tea", "Cups"])
    expect(tab.locator("ck-widget [part=status]")).to_have_text("Sent")
    expect(tab.locator("ck-widget [part=basic]")).to_have_text("No frame")
    expect(tab.get_by_role("columnheader")).to_have_text(["Name", "Price"])
    expect(tab.get_by_role("cell")).to_have_text(["Tea", "3"])
    expect(tab.get_by_text("Inside")).to_be_visible()


@pytest.mark.parametrize("kind", ["bar", "line", "area"])
def test_charts_are_painted_and_can_be_read(script: Script, tab: Page, kind: str) -> None:
    days = ("Mon", "Tue", "Wed")
    chart = {
        "type": "Chart",
        "data": [{"day": day, "tea": 3 + n, "cups": 10 * n} for n, day in enumerate(days)],
        "xAxis": {"dataKey": "day", "labels": {"Mon": "Monday"}},
        "series": [
            {"type": kind, "dataKey": "tea", "label": "Tea", "color": "#ff0000"},
            {"type": kind, "dataKey": "cups"},
        ],
        "height": 200,
    }
    script.open(tab, user("u"), widget("w", card(chart)))
    canvas = tab.locator("ck-chart canvas")
    expect(canvas).to_be_visible()
    red = canvas.evaluate(PAINTED)
    assert red > 20
    table = tab.get_by_role("table", name="The numbers in the chart")
    expect(table.get_by_role("columnheader")).to_have_text(["Name", "Tea", "cups"])
    expect(table.get_by_role("rowheader")).to_have_text(["Monday", "Tue", "Wed"])
    expect(table.get_by_role("cell")).to_have_text(["3", "0", "4", "10", "5", "20"])


PAINTED = """async canvas => {
  const red = () => {
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let at = 0; at < data.length; at += 4)
      if (data[at] > 150 && data[at + 1] < 60 && data[at + 3] > 40) found += 1;
    return found;
  };
  for (let frame = 0; frame < 600 && red() <= 20; frame += 1)
    await new Promise(done => requestAnimationFrame(done));
  return red();
}"""


def test_text_grows_inside_a_widget(script: Script, tab: Page) -> None:
    growing = {"type": "Markdown", "id": "m", "value": "", "streaming": True}
    plain = text("", id="t", streaming=True)
    script.show(tab)
    turn = script.say(tab)
    turn.send(added(widget("w", card({"type": "Col", "children": [growing, plain]}))))
    for delta in ("Some ", "**bold", "** words"):
        turn.send(update("w", "widget.streaming_text.value_delta", component_id="m", delta=delta, done=False))
    expect(tab.locator("ck-widget ck-markdown strong")).to_have_text("bold")
    turn.send(
        update("w", "widget.streaming_text.value_delta", component_id="t", delta="Plain", done=False),
        update("w", "widget.streaming_text.value_delta", component_id="t", delta=" words", done=True),
    )
    expect(tab.locator("ck-widget [part=text]")).to_have_text("Plain words")
    turn.end(done(widget("w", card(text("Done")))))
    expect(tab.locator("ck-widget [part=card]")).to_have_text("Done")


def test_what_is_typed_outlives_updates_of_the_widget(script: Script, tab: Page) -> None:
    script.show(tab)
    turn = script.say(tab)

    def shown(title: str) -> Json:
        field = {"type": "Input", "name": "name", "placeholder": "Your name"}
        return card({"type": "Title", "value": title, "id": "title"}, {"type": "Form", "children": [field]})

    turn.send(added(widget("w", shown("One"))))
    field = tab.get_by_role("textbox", name="Your name")
    field.press_sequentially("Ada")
    turn.send(update("w", "widget.root.updated", widget=shown("Two")))
    title = tab.locator("ck-widget [part=title]")
    expect(title).to_have_text("Two")
    expect(field).to_have_value("Ada")
    expect(field).to_be_focused()
    component = {"type": "Title", "value": "Three", "id": "title"}
    turn.send(update("w", "widget.component.updated", component_id="title", component=component))
    expect(title).to_have_text("Three")
    tab.keyboard.type(" L")
    turn.end(done(widget("w", shown("Four"))))
    expect(title).to_have_text("Four")
    expect(field).to_have_value("Ada L")
    expect(field).to_be_focused()


def test_a_folded_card_opens(script: Script, tab: Page) -> None:
    script.open(tab, user("u"), widget("w", card(text("Folded"), collapsed=True, status={"text": "Details"})))
    inside = tab.locator("ck-widget .card-body")
    expect(inside).to_have_count(0)
    tab.get_by_role("button", name="Show details").click()
    expect(inside).to_have_text("Folded")
    tab.get_by_role("button", name="Hide details").click()
    expect(inside).to_have_count(0)


def test_a_long_list_shows_its_first_rows(script: Script, tab: Page) -> None:
    rows = [{"type": "ListViewItem", "children": [text(f"Row {n}")]} for n in range(12)]
    script.open(tab, user("u"), widget("w", {"type": "ListView", "children": rows, "limit": 4}))
    expect(tab.locator("ck-widget [part=list-item]")).to_have_count(4)
    tab.get_by_role("button", name="Show 8 more").click()
    expect(tab.locator("ck-widget [part=list-item]")).to_have_count(12)
