"""What is broken, absurdly large, or written to confuse leaves the rest of the page as it is."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.page.events import added, assistant, custom, done, item, part, thread, update, user, widget
from tests.page.scripted import Script

ODD: list[Any] = [
    None,
    True,
    7,
    "text",
    [],
    [None],
    {},
    {"type": 7},
    {"_$litType$": 1, "strings": [""], "values": []},
]
TEXTS = "ck-answer ck-markdown .body"


def broken(value: Any, depth: int = 0) -> Iterator[Any]:
    """The value with one field after the other left out, or of another kind."""
    if isinstance(value, dict) and depth < 4:
        for key, inner in value.items():
            if key != "type" or depth:
                yield {name: other for name, other in value.items() if name != key}
                yield from ({**value, key: other} for other in [*ODD, *broken(inner, depth + 1)])
    elif isinstance(value, list) and value and depth < 4:
        yield from ([other] for other in [*ODD, *broken(value[0], depth + 1)])


SOURCE = {"type": "url", "title": "t", "url": "https://example.com", "timestamp": "2026-01-01"}
ANNOTATION = {"type": "annotation", "index": 1, "source": SOURCE}
QUESTION = {
    "type": "multiple_choice",
    "id": "q",
    "question": "Q?",
    "options": [{"value": "a"}],
    "multiple": True,
}
SEARCH = {"type": "web_search", "title": "t", "queries": ["q"], "sources": [SOURCE]}
CHART = {
    "type": "Chart",
    "data": [{"day": "Mon", "n": 1}],
    "xAxis": {"dataKey": "day", "labels": {"Mon": "M"}},
    "series": [{"type": "bar", "dataKey": "n", "color": {"light": "red", "dark": "blue"}}],
}
FORM = {
    "type": "Form",
    "onSubmitAction": {"type": "go", "payload": {}},
    "children": [{"type": "Select", "name": "s", "options": [{"value": "a", "label": "A"}]}],
}
SHAPES = {
    "user": user(
        "x", [{"type": "input_tag", "text": "t", "id": "i"}], attachments=[{"id": "a", "name": "n"}]
    ),
    "assistant": item("assistant_message", "x", content=[part("t", ANNOTATION)]),
    "workflow": item(
        "workflow", "x", workflow={"tasks": [SEARCH], "summary": {"title": "t"}, "expanded": True}
    ),
    "task": item("task", "x", task=SEARCH),
    "image": item("generated_image", "x", image={"id": "i", "url": "/pixel.png"}),
    "questions": item("structured_input", "x", status="pending", inputs=[QUESTION]),
    "answers": item(
        "structured_input", "x", status="answered", inputs=[{**QUESTION, "answer": {"values": ["a"]}}]
    ),
    "chart": widget("x", {"type": "Card", "children": [CHART], "status": {"text": "t", "icon": "bolt"}}),
    "form": widget(
        "x", {"type": "Card", "children": [FORM], "confirm": {"label": "l", "action": {"type": "a"}}}
    ),
    "list": widget(
        "x", {"type": "ListView", "children": [{"type": "ListViewItem", "children": []}], "limit": 1}
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_items_with_fields_that_are_missing_or_wrong_do_not_break_the_others(
    script: Script, tab: Page, shape: str, tolerated: list[str]
) -> None:
    tolerated += ["404", "400"]  # pictures at addresses that are none
    script.show(tab)
    turn = script.say(tab)
    turn.send(done(assistant("before", "Before.")))
    for number, odd in enumerate(broken(SHAPES[shape])):
        turn.send(
            done({**odd, "id": odd["id"] if odd.get("id") != "x" else f"x{number}"} if "id" in odd else odd)
        )
    turn.end(done(assistant("after", "After.")))
    expect(tab.locator(TEXTS).first).to_have_text("Before.")
    expect(tab.locator(TEXTS).last).to_have_text("After.")
    script.say(tab, "Next").end(done(assistant("next", "Next.")))
    expect(tab.locator(TEXTS).last).to_have_text("Next.")


UPDATES = [
    update("a", "assistant_message.content_part.text_delta", content_index=0, delta="!"),
    update("a", "assistant_message.content_part.done", content_index=0, content=part("t", ANNOTATION)),
    update("w", "workflow.task.added", task_index=0, task=custom("t")),
    update("c", "widget.component.updated", component_id="t", component={"type": "Text", "value": "v"}),
    update("c", "widget.streaming_text.value_delta", component_id="t", delta="!", done=False),
    update("g", "generated_image.updated", image={"id": "i", "url": "/pixel.png"}, progress=0.5),
]
EVENTS = [
    {"type": "thread.updated", "thread": thread(title="t")},
    {"type": "stream_options", "stream_options": {"allow_cancel": True}},
    {"type": "progress_update", "text": "t", "icon": "bolt"},
    {"type": "notice", "level": "info", "message": "m", "title": "t"},
    {"type": "client_effect", "name": "n", "data": {}},
    {"type": "error", "code": "custom", "message": "m", "allow_retry": False},
]


@pytest.mark.parametrize("events", [UPDATES, EVENTS])
def test_events_with_fields_that_are_missing_or_wrong_do_not_break_the_others(
    script: Script, tab: Page, events: list[Any], tolerated: list[str]
) -> None:
    tolerated += ["404", "400"]
    script.show(tab)
    turn = script.say(tab)
    card = widget("c", {"type": "Card", "children": [{"type": "Text", "id": "t", "value": "v"}]})
    work = item("workflow", "w", workflow={"tasks": []})
    turn.send(added(assistant("a", "t")), added(card), added(work), added(item("generated_image", "g")))
    turn.send("", "{", "null", "[]", '"text"', "7", '{"type": null}')
    for event in events:
        turn.send(*broken(event))
    turn.end(done(assistant("a", "The end.")), done(card))
    expect(tab.locator(TEXTS)).to_have_text(["The end."])
    expect(tab.locator("ck-widget [part=text]")).to_have_text("v")
    script.say(tab, "Next").end(done(assistant("next", "Next.")))
    expect(tab.locator(TEXTS).last).to_have_text("Next.")


def test_a_loaded_thread_shows_what_is_sound_in_it(script: Script, tab: Page) -> None:
    script.open(tab, None, user("u"), {"type": "widget"}, assistant("a", "Sound."), {"id": 7, "type": []})
    expect(tab.locator(TEXTS)).to_have_text(["Sound."])


LONGEST = 120_000
"""How long the browser may take for what is absurdly large, in ms."""


def test_a_widget_may_be_nested_absurdly(script: Script, tab: Page) -> None:
    depth = 5000
    tree = '{"type":"Box","children":[' * depth + '{"type":"Text","value":"x","id":"t"}' + "]}" * depth
    about = json.dumps(item("widget", "w"))[:-1]
    script.show(tab)
    turn = script.say(tab)
    turn.send('{"type":"thread.item.added","item":' + about + ',"widget":' + tree + "}}")
    turn.send(update("w", "widget.streaming_text.value_delta", component_id="t", delta="!", done=True))
    turn.end(done(assistant("a", "Still here.")))
    expect(tab.locator(TEXTS)).to_have_text(["Still here."])
    expect(tab.locator("ck-widget")).to_have_count(1)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["x" * (5 << 20), "Some words. " * 400_000])
def test_a_text_of_five_megabytes_is_shown(script: Script, tab: Page, text: str) -> None:
    expect.set_options(timeout=LONGEST)
    script.open(tab, user("u"), assistant("a", text))
    assert tab.locator(TEXTS).evaluate("body => body.textContent.length", timeout=LONGEST) > 200_000
    tab.locator("ck-composer textarea").fill("Still there?", timeout=LONGEST)
    expect(tab.locator("ck-composer [part=send-button]")).to_be_enabled()


@pytest.mark.slow
def test_a_page_of_ten_thousand_items_is_shown(script: Script, tab: Page) -> None:
    expect.set_options(timeout=LONGEST)
    script.at_once = 10_000
    items = [user(f"i{n}", f"Q{n}") if n % 2 == 0 else assistant(f"i{n}", f"A{n}") for n in range(10_000)]
    script.open(tab, *items)
    expect(tab.locator(TEXTS).last).to_have_text("A9999")
    script.say(tab, "Still there?").end(done(assistant("z", "Still there.")))
    expect(tab.locator(TEXTS).last).to_have_text("Still there.")


KINDS = ("Text", "Title", "Caption", "Badge", "Button", "Label", "Input", "Select", "Checkbox", "Markdown")
TRICKS = {
    "long": "W" * 3000,
    "zero width": "\u200b\u200d\ufeff" * 1000 + "end",
    "marks": "e" + "\u0301" * 500,
    "address": f"https://example.com/{'a/' * 10}{'b' * 2000}",
}


@pytest.mark.parametrize("visitor", [{"viewport": {"width": 390, "height": 800}}], indirect=True)
@pytest.mark.parametrize("trick", TRICKS)
def test_nothing_is_wider_than_a_phone(script: Script, tab: Page, trick: str) -> None:
    text = TRICKS[trick]
    source = {
        "type": "url",
        "title": text,
        "url": "https://example.com",
        "description": text,
        "attribution": text,
    }
    note = {"type": "annotation", "index": None, "source": source}
    question = {"type": "freeform", "id": "q", "question": text, "description": text}
    choice = {"type": "multiple_choice", "id": "p", "question": text, "options": [{"value": text}]}
    options = [{"value": text, "label": text}]
    fields = [
        {"type": kind, **dict.fromkeys(("value", "label", "name", "placeholder"), text), "options": options}
        for kind in KINDS
    ]
    row = {"type": "Row", "children": [{"type": "Text", "value": text}, {"type": "Badge", "label": text}]}
    script.thread = thread(title=text)
    files = [{"type": "file", "id": "f", "name": text, "mime_type": "text/plain"}]
    search = {"type": "web_search", "title": text, "queries": [text], "sources": [source]}
    script.open(
        tab,
        user("u", text, attachments=files, quoted_text=text),
        assistant(
            "a", part(f"{text}\n\n# {text}\n\n- {text}\n\n> {text}\n\n`{text}`\n\n|a|\n|-|\n|{text}|", note)
        ),
        item("workflow", "w", workflow={"tasks": [search], "summary": {"title": text}, "expanded": True}),
        item("structured_input", "q", status="pending", inputs=[question, choice]),
        widget(
            "c",
            {
                "type": "Card",
                "children": [*fields, row],
                "status": {"text": text},
                "confirm": {"label": text},
            },
        ),
    )
    tab.locator("[part=sources-summary]").click()
    turn = script.say(tab, "Next")
    turn.send({"type": "notice", "level": "info", "title": text, "message": text})
    turn.send({"type": "progress_update", "text": text})
    expect(tab.locator("[part=progress]")).to_be_visible()
    assert tab.evaluate(WIDE) == []
    turn.end({"type": "error", "code": "custom", "message": text, "allow_retry": False})
    expect(tab.locator("[part=error]")).to_be_visible()
    assert tab.evaluate(WIDE) == []


WIDE = """() => {
  const found = [];
  const walk = (root, clipped) => {
    for (const element of root.children ?? []) {
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      const hidden = style.position === 'absolute' && style.clipPath !== 'none';
      if (hidden) continue;
      const isWide = box.width > 0 && box.right > innerWidth + 1;
      if (!clipped && isWide) found.push(`${element.localName}.${element.className}`);
      const clips = clipped || (style.overflowX !== 'visible' && element.part[0] !== 'thread' && !isWide);
      walk(element.shadowRoot ?? element, clips);
    }
  };
  walk(document.body, false);
  if (document.documentElement.scrollWidth > innerWidth) found.push('page');
  return found.slice(0, 5);
}"""


def test_signs_that_turn_the_writing_stay_within_their_words(script: Script, tab: Page) -> None:
    text = "\u202eabc\u202d \u2067def"
    script.thread = thread(title=text)
    files = [{"type": "file", "id": "f", "name": "\u202egnp.exe", "mime_type": "text/plain"}]
    source = {"type": "url", "title": text, "url": "https://example.com"}
    told = part("Words.", {"type": "annotation", "index": 3, "source": source})
    search = {"type": "web_search", "title": text, "queries": [text], "sources": [source]}
    script.open(
        tab,
        user("u", text, attachments=files),
        assistant("a", told),
        item("workflow", "w", workflow={"tasks": [search], "expanded": True, "summary": {"title": text}}),
        widget("c", {"type": "Card", "children": [{"type": "Badge", "label": text}]}),
    )
    expect(tab.locator("ck-user-message .file .name")).to_have_text("gnp.exe")
    tab.locator("[part=sources-summary]").click()
    assert tab.evaluate(LOOSE) == []


LOOSE = """() => {
  const found = [];
  const isHeld = element => {
    const {display, unicodeBidi} = getComputedStyle(element);
    return unicodeBidi.startsWith('isolate') || unicodeBidi === 'plaintext' || display !== 'inline';
  };
  const walk = root => {
    for (const node of root.childNodes) {
      if (node.nodeType === 3 && /[\\u202a-\\u202e\\u2066-\\u2069]/.test(node.data)) {
        const around = node.parentElement ?? root.host;
        if (!isHeld(around)) found.push(`${around.localName}.${around.className}`);
      }
      if (node.nodeType === 1) walk(node.shadowRoot ?? node);
    }
  };
  walk(document.body);
  return found;
}"""
