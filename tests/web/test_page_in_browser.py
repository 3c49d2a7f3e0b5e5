"""Walks through the small page in a real browser, against the real app in a process of its own."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import PIXEL, App, launched, watched


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def address(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the app listens; it stops when the test is over. A parameter adds to its environment."""
    app = App(tmp_path, getattr(request, "param", {}), name="tests.web.small_page:app")
    yield app.address
    app.kill()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page, open in a browser; errors in its scripts fail the test."""
    with watched(browser, ["status of 401"]) as context:  # the browser itself tells of each refused request
        page = context.new_page()
        page.goto(address)
        yield page


def test_an_answer_streams_in_and_is_there_after_a_reload(page: Page) -> None:
    message = page.get_by_label("Message", exact=True)
    message.fill("Hello from the test")
    message.press("Enter")
    answer = page.locator(".assistant_message .prose")
    expect(answer).not_to_be_empty()
    expect(page.get_by_label("Good answer")).to_be_visible()  # it comes when the answer is complete
    text = answer.inner_text()
    page.reload()
    expect(page.locator(".user_message .bubble")).to_have_text("Hello from the test")
    assert page.locator(".assistant_message .prose").inner_text() == text
    expect(page.get_by_label("Conversations", exact=True).get_by_role("listitem")).to_have_count(1)


@pytest.mark.parametrize(
    "address", [{"CHATKIT_AUTH": "token", "CHATKIT_AUTH_TOKENS": "ann:right"}], indirect=True, ids=["token"]
)
def test_a_token_that_is_refused_is_asked_for_again(page: Page) -> None:
    token = page.get_by_label("Token", exact=True)
    refusal = page.get_by_text("That token was not accepted.")
    expect(token).to_be_visible()
    expect(refusal).to_be_hidden()
    for wrong in ("wrong", "\N{SNOWMAN}"):  # the second one does not fit into a header
        token.fill(wrong)
        token.press("Enter")
        expect(refusal).to_be_visible()
        expect(token).to_have_value("")
    token.fill("right")
    token.press("Enter")
    expect(page.get_by_text("Your conversations will be listed here.")).to_be_visible()
    expect(token).to_be_hidden()


def test_files_are_sent_without_text_and_images_are_shown(page: Page) -> None:
    send = page.get_by_role("button", name="Send")
    expect(send).to_be_disabled()
    page.locator("#files").set_input_files({"name": "dot.png", "mimeType": "image/png", "buffer": PIXEL})
    send.click()
    expect(page.get_by_label("Good answer")).to_be_visible()
    page.reload()
    expect(page.locator(".user_message .attachment")).to_have_text("dot.png")
    page.wait_for_function("document.querySelector('.user_message img')?.naturalWidth === 1")
    expect(page.locator(".user_message .bubble")).to_have_count(0)


def test_only_a_failure_that_can_be_retried_offers_it(page: Page) -> None:
    message = page.get_by_label("Message", exact=True)
    again = page.get_by_role("button", name="Try again")
    message.fill("/fail")
    message.press("Enter")
    again.click()
    expect(page.locator(".user_message")).to_have_count(1)
    expect(again).to_be_visible()
    message.fill("/error")
    message.press("Enter")
    expect(page.get_by_text("asked for an error")).to_be_visible()
    expect(again).to_have_count(0)


def test_a_thread_without_a_title_is_called_by_its_beginning_or_its_time(page: Page) -> None:
    message = page.get_by_label("Message", exact=True)
    row = page.get_by_label("Conversations", exact=True).get_by_role("listitem")
    message.fill("Where do the tides come from?\nAnd where do they go?")
    message.press("Enter")
    expect(page.get_by_label("Good answer")).to_be_visible()
    thread = page.url.rpartition("/")[2]
    renaming = {"type": "threads.update", "params": {"thread_id": thread, "title": ""}}
    assert page.request.post(page.url.partition("#")[0] + "chatkit", data=renaming).ok
    page.reload()
    expect(row).to_have_text("Where do the tides come from?")
    expect(page.get_by_role("heading", level=1)).to_have_text("Where do the tides come from?")
    page.get_by_text("New chat").first.click()
    expect(row).to_have_text("Where do the tides come from?")
    page.reload()  # now nothing of the thread has been on the page
    expect(row).to_have_text(re.compile(r"\d{4}.*\d:\d\d"))
