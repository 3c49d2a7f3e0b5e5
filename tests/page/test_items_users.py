"""What users say beyond plain words, tags and quotes, and the tools that the page itself carries out."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.page.events import assistant, done, item, user
from tests.page.scripted import Script, until

ADA = "{id: 'ada', title: 'Ada L', icon: 'user', group: 'People', interactive: true, data: {born: '1815'}}"
GRACE = "{id: 'grace', title: 'Grace H', group: 'People'}"
ENTITIES = f"""entities: {{
    onTagSearch: async query =>
        [{ADA}, {GRACE}].filter(each => each.title.toLowerCase().includes(query.toLowerCase())),
    onClick: entity => window.told.push(['chosen', entity]),
    onRequestPreview: async entity => entity.id === 'ada'
        ? {{preview: {{type: 'Card', children: [{{type: 'Title', value: 'About ' + entity.title}}]}}}}
        : {{preview: null}},
}}"""
TAG = {
    "type": "input_tag",
    "id": "ada",
    "text": "Ada L",
    "data": {"born": "1815"},
    "group": "People",
    "interactive": True,
}


def test_a_mention_is_found_sent_and_shown(script: Script, tab: Page) -> None:
    script.show(tab, ENTITIES)
    box = tab.get_by_role("textbox", name="Message")
    box.press_sequentially("Ask @ad")
    options = tab.get_by_role("option")
    expect(options).to_have_text(["Ada L"])
    tab.keyboard.press("Enter")
    expect(box).to_have_value("Ask @Ada L ")
    tab.keyboard.type("today")
    tab.keyboard.press("Enter")
    turn = script.asked("threads.create")
    content = turn.params["input"]["content"]
    text = [{"type": "input_text", "text": "Ask "}, TAG, {"type": "input_text", "text": " today"}]
    assert content == text
    turn.send({"type": "thread.created", "thread": script.thread})
    turn.end(done(user("u", content)), done(assistant("a", "Yes.")))
    chip = tab.locator("ck-user-message ck-entity-chip")
    expect(chip.locator(".name")).to_have_text("Ada L")
    chip.get_by_role("button").hover()
    expect(tab.get_by_role("heading", name="About Ada L")).to_be_visible()
    chip.get_by_role("button").click()
    until(tab, "told.some(([name, entity]) => name === 'chosen' && entity?.data?.born === '1815')")


def test_suggestions_come_in_groups_and_go_with_escape(script: Script, tab: Page) -> None:
    script.show(tab, ENTITIES)
    tab.get_by_role("textbox", name="Message").press_sequentially("@")
    expect(tab.get_by_role("option")).to_have_text(["Ada L", "Grace H"])
    expect(tab.locator("[part=suggestions] .group")).to_have_text(["People"])
    tab.keyboard.press("ArrowDown")
    expect(tab.get_by_role("option", selected=True)).to_have_text("Grace H")
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("option")).to_have_count(0)
    expect(tab.get_by_role("textbox", name="Message")).to_have_value("@")


def test_tags_that_cannot_be_chosen_are_words(script: Script, tab: Page) -> None:
    tag = {**TAG, "interactive": False}
    script.open(tab, user("u", [{"type": "input_text", "text": "Ask "}, tag]), assistant("a", "Yes."))
    expect(tab.locator("ck-user-message ck-entity-chip .name")).to_have_text("Ada L")
    expect(tab.locator("ck-user-message").get_by_role("button")).to_have_count(0)


def call(name: str = "add", **arguments: object) -> dict[str, Any]:
    return item("client_tool_call", "tc", status="pending", call_id="c1", name=name, arguments=arguments)


@pytest.mark.parametrize(
    ("handler", "result"),
    [
        ("({name, params}) => ({name, sum: params.a + params.b})", {"name": "add", "sum": 5}),
        ("async () => { await null; return {late: true} }", {"late": True}),
        ("() => undefined", None),
        ("() => { throw new Error('no adding') }", {"error": "no adding"}),
        ("async () => { throw new Error('no adding') }", {"error": "no adding"}),
    ],
)
def test_the_page_carries_out_its_tools(script: Script, tab: Page, handler: str, result: object) -> None:
    script.show(tab, f"onClientTool: {handler}")
    script.say(tab).end(done(call(a=2, b=3)))
    turn = script.asked("threads.add_client_tool_output")
    assert turn.params == {"thread_id": "thr_1", "result": result}
    turn.end(done(assistant("a", "Five.")))
    expect(tab.locator("ck-answer ck-markdown .body")).to_have_text(["Five."])
    expect(tab.get_by_role("button", name="Send")).to_be_visible()


def test_a_tool_without_a_handler_is_answered_with_why(script: Script, tab: Page) -> None:
    script.show(tab)
    script.say(tab).end(done(call()))
    turn = script.asked("threads.add_client_tool_output")
    assert "onClientTool" in turn.params["result"]["error"]


def test_one_tool_may_follow_another(script: Script, tab: Page) -> None:
    script.show(tab, "onClientTool: ({params}) => ({next: params.n + 1})")
    script.say(tab).end(done({**call(n=1), "id": "tc1"}))
    first = script.asked("threads.add_client_tool_output")
    assert first.params["result"] == {"next": 2}
    first.end(done({**call(n=2), "id": "tc2"}))
    second = script.asked("threads.add_client_tool_output")
    assert second.params["result"] == {"next": 3}
    second.end(done(assistant("a", "Done.")))
    expect(tab.locator("ck-answer ck-markdown .body")).to_have_text(["Done."])


def test_nobody_can_write_while_the_page_works_for_the_answer(script: Script, tab: Page) -> None:
    script.show(tab, "onClientTool: () => new Promise(done => { window.finish = () => done({ok: true}) })")
    script.say(tab).end(done(call()))
    until(tab, "window.finish !== undefined")
    expect(tab.get_by_role("button", name="Stop")).to_be_visible()
    tab.evaluate("finish()")
    script.asked("threads.add_client_tool_output").end(done(assistant("a", "Done.")))
    expect(tab.get_by_role("button", name="Send")).to_be_visible()


def test_a_tool_that_takes_too_long_can_be_left(script: Script, tab: Page) -> None:
    script.show(tab, "onClientTool: () => new Promise(done => { window.finish = () => done({ok: true}) })")
    script.say(tab).end(done(call()))
    until(tab, "window.finish !== undefined")
    tab.get_by_role("button", name="Stop").click()
    expect(tab.get_by_role("button", name="Send")).to_be_visible()
    tab.evaluate("finish()")
    script.say(tab, "Never mind").end(done(assistant("a", "As you like.")))
    expect(tab.locator("ck-answer ck-markdown .body")).to_have_text(["As you like."])
    assert not script.has_asked("threads.add_client_tool_output")


def test_messages_show_their_quote_and_keep_their_lines(script: Script, tab: Page) -> None:
    script.open(tab, user("u", "One\n\n  *two*", quoted_text="From before"), assistant("a", "Yes."))
    expect(tab.locator("ck-user-message blockquote")).to_have_text("From before")
    bubble = tab.locator("ck-user-message .bubble")
    assert bubble.inner_text() == "One\n\n  *two*"
