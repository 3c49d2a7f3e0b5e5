"""The words of the demo model: each shows its item or event in the real page of the real app."""

import pytest
from playwright.sync_api import Page, expect

from chatkit_asgi.agents.demo import WORDS

ANSWER = "ck-answer ck-markdown .body"
CARD = "ck-widget [part=card]"

SIGNS: dict[str, list[tuple[str, str]]] = {
    "help": [(ANSWER, "The demo model understands")],
    "widget": [(CARD, "Nobody has pressed"), (ANSWER, "Press its button")],
    "list": [("ck-widget [part=list-item] >> nth=0", "")],
    "form": [("ck-widget [part=form]", "Name")],
    "stream-widget": [(CARD, "This text grows word by word, inside a widget.")],
    "workflow": [
        ("ck-workflow [part=workflow-summary]", "Showed a task of each kind"),
        ("ck-workflow ck-task >> nth=4", "Drawing"),
        (ANSWER, "The workflow is done."),
    ],
    "reasoning": [("ck-workflow [part=workflow-summary]", "Thought for"), (ANSWER, "These were my thoughts")],
    "image": [("ck-generated-image a[download]", ""), (ANSWER, "A small picture")],
    "citations": [("ck-sources [part=sources-summary]", "Sources 2"), (ANSWER, "say more")],
    "tool": [(ANSWER, "The tool on the server has done its work.")],
    "client-tool": [(ANSWER, "The page answered"), (ANSWER, "demo_client_tool")],
    "structured": [("ck-structured-input fieldset >> nth=2", "Why?")],
    "task": [("ck-task .title", "A task of its own")],
    "hidden": [(ANSWER, "something in the thread that you cannot see")],
    "effect": [(ANSWER, "an effect named demo_effect")],
    "notice": [
        ("[part=notice] >> nth=0", "Something to know."),
        ("[part=notice] >> nth=1", "Something to watch."),
        ("[part=notice] >> nth=2", "Something went wrong."),
    ],
    "progress": [(ANSWER, "The progress is over.")],
    "title": [("ck-header [part=title]", "A new title")],
    "replace": [("ck-task .title", "After"), (ANSWER, "The task was replaced.")],
    "remove": [(ANSWER, "The task was removed.")],
    "end-of-turn": [("ck-user-message .bubble", "/end-of-turn")],
    "error": [("[part=error]", "The demo was asked for an error")],
    "fail": [("[part=error]", "Try again")],
    "slow": [(ANSWER, "This is sentence 1 of 40.")],
    "long": [(ANSWER, "This is sentence 9 of 300.")],
}

ENDLESS = ("slow", "long")


def test_there_is_a_sign_for_each_word() -> None:
    assert SIGNS.keys() == WORDS.keys()


def say(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Message", exact=True).fill(text)
    page.keyboard.press("Enter")
    expect(page.locator("ck-user-message .bubble").last).to_have_text(text)


@pytest.mark.parametrize("start", range(0, len(SIGNS), 5))
def test_each_word_shows_what_it_stands_for(page: Page, start: int) -> None:
    for word in list(SIGNS)[start : start + 5]:
        say(page, f"/{word}")
        for selector, text in SIGNS[word]:
            expect(page.locator(selector)).to_contain_text(text)
        if word in ENDLESS:
            page.get_by_role("button", name="Stop").click()
        expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
        page.get_by_role("button", name="New chat").click()
        expect(page.locator("ck-start")).to_be_visible()
