"""Answers in words: how they grow, what they refer to, and what can be done with them."""

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.page.events import added, assistant, done, item, part, thread, update, user, widget
from tests.page.scripted import Script, until

PART = "assistant_message.content_part"
PAGE_SOURCE = {"type": "url", "title": "A page", "url": "https://example.com/a", "description": "About it"}
FILE_SOURCE = {"type": "file", "title": "Notes", "filename": "notes.txt"}
THING_SOURCE = {
    "type": "entity",
    "id": "e1",
    "title": "Ada",
    "label": "Person",
    "interactive": True,
    "data": {"k": "v"},
}


def annotation(source: object, index: int | None = None) -> dict[str, Any]:
    return {"type": "annotation", "source": source, "index": index}


def test_an_answer_grows_part_by_part(script: Script, tab: Page) -> None:
    script.show(tab)
    turn = script.say(tab)
    texts = tab.locator("ck-answer ck-markdown .body")
    turn.send(added(assistant("a")))
    turn.send(update("a", f"{PART}.added", content_index=0, content=part("")))
    turn.send(update("a", f"{PART}.text_delta", content_index=0, delta="One **bo"))
    expect(texts).to_have_text("One bo")
    turn.send(update("a", f"{PART}.text_delta", content_index=0, delta="ld** word"))
    expect(texts.locator("strong")).to_have_text("bold")
    turn.send(update("a", f"{PART}.done", content_index=0, content=part("One **bold** word.")))
    turn.send(update("a", f"{PART}.added", content_index=1, content=part("Two")))
    expect(texts).to_have_text(["One bold word.", "Two"])
    expect(tab.get_by_role("button", name="Copy")).to_have_count(0)
    turn.end(done(assistant("a", "One **bold** word.", "Two parts.")))
    expect(texts).to_have_text(["One bold word.", "Two parts."])
    expect(tab.get_by_role("button", name="Copy")).to_be_visible()


def test_sources_of_all_kinds_come_while_the_text_grows(script: Script, tab: Page) -> None:
    script.show(tab)
    turn = script.say(tab)
    turn.send(added(assistant("a", "One. Two. ")))
    for index, source in enumerate([PAGE_SOURCE, FILE_SOURCE]):
        sent = annotation(source, 4 + 5 * index)
        turn.send(
            update("a", f"{PART}.annotation_added", content_index=0, annotation_index=index, annotation=sent)
        )
    marks = tab.locator("ck-answer ck-markdown button")
    expect(marks).to_have_count(2)
    turn.send(update("a", f"{PART}.text_delta", content_index=0, delta="Three."))
    turn.send(update("a", f"{PART}.done", content_index=0, content=part("One. Two. Three.")))
    expect(marks).to_have_count(2)  # the last update of the text names no sources, and takes none away
    all_of_them = [annotation(PAGE_SOURCE, 4), annotation(FILE_SOURCE, 9), annotation(THING_SOURCE, 16)]
    turn.end(done(assistant("a", part("One. Two. Three.", *all_of_them))))
    expect(marks).to_have_count(3)
    tab.get_by_role("button", name=re.compile("^Sources")).click()
    expect(tab.locator("ck-sources .title")).to_have_text(["A page", "Notes", "Ada"])
    link = tab.get_by_role("link", name="A page")
    expect(link).to_have_attribute("href", "https://example.com/a")
    expect(link).to_have_attribute("rel", re.compile("noopener"))
    expect(tab.locator("ck-sources")).to_contain_text("notes.txt")


def test_formulas_code_and_references_to_signs_are_drawn_under_the_page_s_policy(
    script: Script, tab: Page
) -> None:
    text = (
        "Tea &amp; milk &hearts; $a^2$\n\n$$\\frac{1}{2}$$\n\n```python\nprint(1)\n```\n\n| a |\n|-|\n| 1 |"
    )
    script.open(tab, user("u"), assistant("a", text))
    answer = tab.locator("ck-answer")
    expect(answer.locator("p").first).to_contain_text("Tea & milk ♥")
    expect(answer.locator("math")).to_have_count(2)
    expect(answer.locator("math mfrac")).to_have_count(1)
    expect(answer.locator("ck-code-block")).to_contain_text("print(1)")
    expect(answer.get_by_role("cell")).to_have_text("1")


def test_the_mark_of_a_source_leads_to_it(script: Script, tab: Page) -> None:
    told = part("One. Two.", annotation(PAGE_SOURCE, 4), annotation(FILE_SOURCE, 9))
    script.open(tab, user("u"), assistant("a", told))
    tab.locator("ck-answer ck-markdown button").nth(1).click()
    expect(tab.locator("ck-sources [data-number='2']")).to_be_focused()


def test_a_thing_among_the_sources_can_be_looked_at_and_chosen(script: Script, tab: Page) -> None:
    told = part("Ask her.", annotation(THING_SOURCE, 8))
    preview = "{type: 'Card', children: [{type: 'Text', value: 'She wrote notes.'}]}"
    options = f"""entities: {{
        onClick: entity => window.told.push(['chosen', entity.id, entity.data]),
        onRequestPreview: async entity => ({{preview: {preview}}}),
    }}"""
    script.open(tab, user("u"), assistant("a", told), options=options)
    tab.get_by_role("button", name=re.compile("^Sources")).click()
    thing = tab.locator("ck-sources").get_by_role("button", name=re.compile("Ada"))
    thing.hover()
    expect(tab.get_by_role("group", name="Preview of Ada")).to_be_visible()
    expect(tab.get_by_text("She wrote notes.")).to_be_visible()
    thing.click()
    until(tab, "told.some(each => each[0] === 'chosen' && each[1] === 'e1' && each[2].k === 'v')")


def test_the_title_of_the_thread_changes_as_the_server_says(script: Script, tab: Page) -> None:
    script.show(tab)
    turn = script.say(tab)
    title = tab.locator("ck-header [part=title]")
    turn.send({"type": "thread.updated", "thread": thread(title="Summer plans")})
    expect(title).to_have_text("Summer plans")
    turn.end({"type": "thread.updated", "thread": thread(title="Winter plans")})
    expect(title).to_have_text("Winter plans")


def test_pictures_in_answers_come_only_from_where_the_thread_allows(script: Script, tab: Page) -> None:
    script.thread = thread(allowed_image_domains=["127.0.0.1"])
    text = f"![own]({script.address}/pixel.png) ![other](https://elsewhere.example/x.png)"
    script.open(tab, user("u"), assistant("a", text))
    expect(tab.locator("ck-answer img")).to_have_count(1)
    assert tab.locator("ck-answer img").get_attribute("alt") == "own"


def test_items_are_updated_replaced_and_removed_in_their_places(script: Script, tab: Page) -> None:
    script.show(tab)
    turn = script.say(tab)
    texts = tab.locator("ck-answer ck-markdown .body")
    turn.send(added(assistant("a", "First")), added(assistant("b", "Second")), done(assistant("c", "Third")))
    expect(texts).to_have_text(["First", "Second", "Third"])
    turn.send(done(assistant("a", "First, done")))
    turn.send({"type": "thread.item.replaced", "item": widget("b", {"type": "Card", "children": []})})
    expect(texts).to_have_text(["First, done", "Third"])
    expect(tab.locator("ck-thread .turn > *").nth(2)).to_have_js_property("localName", "ck-widget")
    turn.end({"type": "thread.item.removed", "item_id": "a"})
    expect(texts).to_have_text(["Third"])


def test_what_is_not_known_or_hidden_is_not_shown(script: Script, tab: Page) -> None:
    script.show(tab)
    turn = script.say(tab)
    turn.send(
        {"type": "thread.exploded", "thread": 1},
        done(item("hologram", "h", text="hologram")),
        added(item("hidden_context_item", "x", content="secret")),
        done(item("sdk_hidden_context", "y", content="secret")),
        done(assistant("a", "Before.")),
        update("a", "assistant_message.rewound", content_index=0),
        update("nobody", f"{PART}.text_delta", content_index=0, delta="lost"),
        update("h", f"{PART}.text_delta", content_index=0, delta="lost"),
    )
    turn.end(done(assistant("b", "After.")), done(item("end_of_turn", "end")))
    expect(tab.locator("ck-answer ck-markdown .body")).to_have_text(["Before.", "After."])
    shown = tab.evaluate(TEXT)
    assert not any(word in shown for word in ("secret", "hologram", "lost"))


TEXT = """() => {
  const texts = root => [...root.childNodes].flatMap(node =>
    node.nodeType === 3 ? [node.data] : [...(node.shadowRoot ? texts(node.shadowRoot) : []), ...texts(node)]);
  return texts(document.body).join(' ');
}"""


@pytest.mark.parametrize(("label", "kind"), [("Good answer", "positive"), ("Bad answer", "negative")])
def test_a_rating_names_all_items_of_the_turn(script: Script, tab: Page, label: str, kind: str) -> None:
    first = [user("u1"), assistant("a1", "One")]
    script.open(
        tab, *first, user("u2"), assistant("a2", "Two"), widget("w2", {"type": "Card", "children": []})
    )
    tab.get_by_role("button", name=label).last.click()
    asked = script.asked("items.feedback")
    assert asked.params == {"thread_id": "thr_1", "item_ids": ["a2", "w2"], "kind": kind}
    asked.answer({})
    expect(tab.get_by_role("button", name=label).last).to_have_attribute("aria-pressed", "true")
    expect(tab.get_by_role("button", name=label).first).to_have_attribute("aria-pressed", "false")


def test_trying_again_puts_another_answer_in_the_old_one_s_place(script: Script, tab: Page) -> None:
    script.open(tab, user("u1"), assistant("a1", "One"), user("u2"), assistant("a2", "Two"))
    tab.get_by_role("button", name="Try again").first.click()
    turn = script.asked("threads.retry_after_item")
    assert turn.params == {"thread_id": "thr_1", "item_id": "u1"}
    expect(tab.locator("ck-user-message")).to_have_count(1)
    expect(tab.locator("ck-answer")).to_have_count(0)
    turn.end(done(assistant("b", "Another")))
    expect(tab.locator("ck-answer ck-markdown .body")).to_have_text(["Another"])


def test_a_refused_try_leaves_the_old_answer(script: Script, tab: Page, tolerated: list[str]) -> None:
    tolerated += ["409"]
    script.open(tab, user("u1"), assistant("a1", "One"))
    tab.get_by_role("button", name="Try again").click()
    script.asked("threads.retry_after_item").refuse(409, "Not now.")
    expect(tab.get_by_role("alert").filter(has_text="Not now.")).to_be_visible()
    expect(tab.locator("ck-answer ck-markdown .body")).to_have_text(["One"])


def test_a_copy_holds_the_words_of_the_answer_and_of_its_widgets(
    script: Script, visitor: BrowserContext, tab: Page
) -> None:
    visitor.grant_permissions(["clipboard-read", "clipboard-write"])
    shown = widget("w", {"type": "Card", "children": []}, copy_text="A card in words")
    script.open(tab, user("u"), assistant("a", "One **bold**", "Two"), shown)
    tab.get_by_role("button", name="Copy").click()
    expect(tab.get_by_role("button", name="Copied")).to_be_visible()
    assert tab.evaluate("navigator.clipboard.readText()") == "One **bold**\n\nTwo\n\nA card in words"


def test_a_copy_that_fails_is_not_called_one(script: Script, tab: Page) -> None:
    script.open(tab, user("u"), assistant("a", "One"))
    tab.evaluate(
        "() => { navigator.clipboard.writeText = async () => { throw new Error('no') };"
        "document.execCommand = () => false }"
    )
    tab.get_by_role("button", name="Copy").click()
    expect(tab.get_by_role("alert").filter(has_text="Could not copy")).to_be_visible()
    expect(tab.get_by_role("button", name="Copied")).to_have_count(0)


def test_selected_words_are_sent_as_a_quote(script: Script, tab: Page) -> None:
    script.open(tab, user("u"), assistant("a", "Only these words count."))
    tab.locator("ck-answer ck-markdown p").evaluate(
        "p => { const text = [...p.childNodes].find(node => node.data?.includes('these'));"
        "const start = text.data.indexOf('these');"
        "getSelection().setBaseAndExtent(text, start, text, start + 'these words'.length) }"
    )
    tab.get_by_role("button", name="Reply").click()
    expect(tab.locator("ck-composer .quote")).to_contain_text("these words")
    turn = script.say(tab, "Why?")
    assert turn.params["input"]["quoted_text"] == "these words"
    turn.end(done({**script.items[-1], "quoted_text": "these words"}), done(assistant("b", "Because.")))
    expect(tab.locator("ck-user-message blockquote")).to_have_text("these words")
    expect(tab.locator("ck-composer .quote")).to_have_count(0)
