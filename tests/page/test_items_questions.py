"""Structured input: questions that the assistant asks, their answers, and the way they are sent."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.page.events import assistant, done, item, user
from tests.page.scripted import Script

COLORS = [{"value": "red"}, {"value": "green"}, {"value": "blue"}]
QUESTIONS: list[dict[str, Any]] = [
    {
        "type": "multiple_choice",
        "id": "color",
        "question": "Which color?",
        "options": COLORS,
        "multiple": False,
    },
    {
        "type": "multiple_choice",
        "id": "mix",
        "question": "Which to mix?",
        "options": COLORS,
        "multiple": True,
    },
    {"type": "freeform", "id": "why", "question": "Why?", "description": "In your own words."},
]


def form(*questions: dict[str, Any], status: str = "pending") -> dict[str, Any]:
    return item("structured_input", "q", status=status, inputs=list(questions))


def answered(*values: list[str]) -> dict[str, Any]:
    given = zip(QUESTIONS, values, strict=True)
    return form(*({**q, "answer": {"values": v, "skipped": not v}} for q, v in given), status="answered")


def test_answers_are_sent_and_then_shown(script: Script, tab: Page) -> None:
    script.open(tab, user("u"), form(*QUESTIONS))
    tab.get_by_role("group", name="Which color?").get_by_label("green").check()
    mix = tab.get_by_role("group", name="Which to mix?")
    mix.get_by_label("blue").check()
    mix.get_by_label("red").check()
    tab.get_by_role("textbox", name="Why?").fill("  Because.  ")
    tab.get_by_role("button", name="Send answers").click()
    turn = script.asked("threads.add_structured_input")
    sent = {
        "color": {"values": ["green"], "skipped": False},
        "mix": {"values": ["red", "blue"], "skipped": False},
        "why": {"values": ["Because."], "skipped": False},
    }
    assert turn.params == {
        "thread_id": "thr_1",
        "item_id": "q",
        "input": {"status": "answered", "answers": sent},
    }
    expect(tab.get_by_role("button", name="Send answers")).to_be_disabled()
    replaced = answered(["green"], ["red", "blue"], ["Because."])
    turn.end({"type": "thread.item.replaced", "item": replaced}, done(assistant("a", "Thank you.")))
    expect(tab.locator("ck-structured-input dd")).to_have_text(["green", "red", "blue", "Because."])
    expect(tab.locator("ck-answer ck-markdown .body")).to_have_text(["Thank you."])


def test_questions_can_be_skipped_one_by_one_or_all(script: Script, tab: Page) -> None:
    script.open(tab, user("u"), form(*QUESTIONS))
    tab.get_by_role("group", name="Which color?").get_by_label("red").check()
    for name in ("Which to mix?", "Why?"):
        tab.get_by_role("group", name=name).get_by_role("button", name="Skip this question").click()
    tab.get_by_role("button", name="Send answers").click()
    turn = script.asked("threads.add_structured_input")
    answers = turn.params["input"]["answers"]
    assert [answers[key]["skipped"] for key in ("color", "mix", "why")] == [False, True, True]
    turn.end()


def test_a_refused_answer_can_be_sent_again(script: Script, tab: Page, tolerated: list[str]) -> None:
    tolerated += ["409"]
    script.open(tab, user("u"), form(QUESTIONS[2]))
    tab.get_by_role("textbox", name="Why?").fill("Because.")
    tab.get_by_role("button", name="Send answer").click()
    script.asked("threads.add_structured_input").refuse(409, "Not now.")
    expect(tab.get_by_role("alert").filter(has_text="Not now.")).to_be_visible()
    expect(tab.get_by_role("textbox", name="Why?")).to_have_value("Because.")
    tab.get_by_role("button", name="Skip", exact=True).click()
    turn = script.asked("threads.add_structured_input")
    assert turn.params["input"] == {"status": "skipped", "answers": {}}
    skipped = {**QUESTIONS[2], "answer": {"values": [], "skipped": True}}
    turn.end({"type": "thread.item.replaced", "item": form(skipped, status="skipped")})
    expect(tab.locator("ck-structured-input dd")).to_have_text(["Skipped"])


def test_many_questions_are_asked_one_after_the_other(script: Script, tab: Page) -> None:
    script.open(
        tab, user("u"), form(*({**QUESTIONS[2], "id": f"q{n}", "question": f"Number {n}?"} for n in range(5)))
    )
    for n in range(5):
        field = tab.get_by_role("textbox", name=f"Number {n}?")
        expect(field).to_have_value("")
        field.fill(f"Answer {n}")
        tab.get_by_role("button", name="Next" if n < 4 else "Send answers").click()
    answers = script.asked("threads.add_structured_input").params["input"]["answers"]
    assert {key: answer["values"] for key, answer in answers.items()} == {
        f"q{n}": [f"Answer {n}"] for n in range(5)
    }


def test_answers_are_there_when_the_thread_is_loaded(script: Script, tab: Page) -> None:
    script.open(tab, user("u"), answered(["green"], [], ["Because."]))
    expect(tab.locator("ck-structured-input dd")).to_have_text(["green", "Skipped", "Because."])
    expect(tab.get_by_role("button", name="Send answers")).to_have_count(0)
