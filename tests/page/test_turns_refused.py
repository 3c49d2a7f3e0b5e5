"""What the server does not take, and what it cannot do."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import App
from tests.page.talk import answers, box, said, say, shown, start_answer, stop, stored, thread_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("address", "status", "reason"),
    [
        ({"CHATKIT_RATE_LIMIT_MESSAGES": "1/day"}, "429", "Too many"),
        ({"CHATKIT_MAX_TEXT": "100"}, "400", "100"),
        ({"CHATKIT_MAX_BODY_BYTES": "2000"}, "413", "large"),
    ],
    indirect=["address"],
    ids=["too many", "too long", "too large"],
)
def test_what_is_refused_comes_back_with_the_reason(
    page: Page, tolerated: list[str], status: str, reason: str
) -> None:
    tolerated += [f"status of {status}"]
    say(page, "Hello")
    text = "a long story " * 300
    box(page).fill(text)
    box(page).press("Enter")
    expect(page.get_by_role("alert").filter(has_text=reason)).to_be_visible()
    expect(box(page)).to_have_value(text)
    expect(box(page)).to_be_focused()
    expect(said(page)).to_have_text(["Hello"])
    assert shown(page) == stored(page, thread_of(page))
    page.reload()
    expect(box(page)).to_have_value(text)


def test_a_thread_that_takes_no_input_says_why(
    visitor: BrowserContext, start: Callable[..., App], tmp_path: Path, tolerated: list[str]
) -> None:
    tolerated += ["status of 409"]
    page = visitor.new_page()
    page.goto(start({}).address)
    say(page, "/form")
    thread = thread_of(page)
    operate(tmp_path, "lock", thread, "--reason", "Under review.")
    box(page).fill("Too late")
    box(page).press("Enter")
    expect(page.get_by_text("Under review.").first).to_be_visible()
    page.reload()
    for reason in ("Under review.", "This conversation is closed."):
        expect(page.get_by_role("status").filter(has_text=reason)).to_be_visible()
        expect(box(page)).to_have_count(0)
        expect(page.get_by_placeholder("Your name")).to_be_disabled()
        expect(page.get_by_role("button", name="Try again")).to_have_count(0)
        operate(tmp_path, "close", thread)
        page.reload()
    operate(tmp_path, "open", thread)
    page.reload()
    expect(box(page)).to_have_value("Too late")


def operate(folder: Path, *arguments: str) -> None:
    """What the operator does meanwhile."""
    own = {"CHATKIT_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "chatkit_asgi", "threads", *arguments]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **own}, check=True, capture_output=True, timeout=60)


# ---- servers of other people


@pytest.fixture
def plain(built: Path, tmp_path: Path) -> Iterator[str]:
    app = App(tmp_path, name="tests.page.servers:plain_app")
    yield app.address
    app.kill()


def test_a_server_that_cannot_cancel_is_left_alone(
    visitor: BrowserContext, plain: str, tolerated: list[str]
) -> None:
    tolerated += ["status of 404"]
    page = visitor.new_page()
    page.goto(plain)
    start_answer(page, "Hello", "word word")
    stop(page)
    kept = shown(page)
    assert kept[1][1].startswith("word word")
    page.reload()
    expect(answers(page)).to_have_count(1)
    assert shown(page)[0] == kept[0]
    assert shown(page)[1][1].startswith(kept[1][1])  # a word may have been on its way
    assert len(shown(page)[1][1]) < len("word " * 60)


# ---- calls to the page


@pytest.mark.parametrize("address", [{"CHATKIT_SERVER": "tests.page.servers:Caller"}], indirect=True)
def test_a_call_to_the_page_is_answered_in_a_turn_that_was_joined_later(
    page: Page, tolerated: list[str]
) -> None:
    tolerated += ["/composer"]  # such a server offers no tools or models
    start_answer(page, "Hello", "word word")
    page.reload()
    expect(answers(page)).to_have_text([" ".join(["word"] * 60), "The page has answered."])
    expect(page.locator("[part=send-button]")).to_be_visible()
    assert shown(page) == stored(page, thread_of(page))
