"""A server that goes away in the middle of an answer, and comes back on the same port and data folder."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser import App
from tests.page.talk import answers, line, said, say, shown, start_answer, stored, thread_of

QUICK = {"CHATKIT_LEASE": "2", "CHATKIT_SHUTDOWN_GRACE": "0.2"}
"""A process that is gone is missed soon, and one that is told to go does so at once."""


@pytest.mark.parametrize("end", [App.stop, App.kill], ids=["SIGTERM", "SIGKILL"])
def test_a_restart_in_mid_answer_loses_and_doubles_nothing(
    visitor: BrowserContext, start: Callable[..., App], tolerated: list[str], end: Callable[[App], None]
) -> None:
    tolerated += ["ERR_", "503"]
    app = start(QUICK)
    page = visitor.new_page()
    page.goto(app.address)
    say(page, "Hello")
    start_answer(page)
    before = shown(page)[3][1]
    end(app)
    expect(line(page, "Reconnecting").or_(page.get_by_role("alert").filter(has_text="."))).to_be_visible()
    start(QUICK, port=app.port)
    again = page.get_by_role("alert").get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    expect(said(page)).to_have_text(["Hello", "/slow"])
    assert shown(page) == stored(page, thread_of(page))
    kept = shown(page)[3][1]
    # what a process that is killed had not written yet is gone: less than a second of it
    assert kept.startswith(before) or (end is App.kill and kept and before.startswith(kept))
    page.reload()
    expect(answers(page)).to_have_count(2)
    assert shown(page) == stored(page, thread_of(page))
    say(page, "Still there?")
    assert [text for kind, text in shown(page) if kind == "user_message"] == [
        "Hello",
        "/slow",
        "Still there?",
    ]
