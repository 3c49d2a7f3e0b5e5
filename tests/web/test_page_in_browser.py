"""Walks through the page in a real browser, against the real app in a process of its own."""

import base64
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright (pip install playwright)")

CHROMIUM = shutil.which("chromium")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
COMMAND = [sys.executable, "-m", "uvicorn", "chatkit_asgi:app", "--port", "0", "--no-access-log"]

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (apt-get install chromium)")


@pytest.fixture
def address(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the app listens; it stops when the test is over. A parameter adds to its environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CHATKIT_", "OPENAI_"))}
    environment = kept | {"CHATKIT_DATA_DIR": str(tmp_path)} | getattr(request, "param", {})
    with subprocess.Popen(COMMAND, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            yield announced_address(server)
        finally:
            server.terminate()


def announced_address(server: subprocess.Popen[str]) -> str:
    """Read what the server says until it tells its address; its output ends if it could not start."""
    assert server.stderr is not None
    said = ""
    for line in server.stderr:
        said += line
        if found := re.search(r"running on (http://\S+)", line):
            return found[1]
    pytest.fail(f"the server did not start:\n{said}")


@pytest.fixture
def page(address: str) -> Iterator[Any]:  # Any: playwright is optional
    """The page, open in a browser; errors in its scripts fail the test."""
    errors: list[str] = []

    def keep_error(message: Any) -> None:
        # the browser itself tells of each refused request
        if message.type == "error" and "status of 401" not in message.text:
            errors.append(message.text)

    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        page = browser.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", keep_error)
        page.goto(address)
        yield page
        browser.close()
    assert errors == []


def test_an_answer_streams_in_and_is_there_after_a_reload(page: Any) -> None:
    expect = playwright.expect
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
def test_a_token_that_is_refused_is_asked_for_again(page: Any) -> None:
    expect = playwright.expect
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


def test_files_are_sent_without_text_and_images_are_shown(page: Any) -> None:
    expect = playwright.expect
    send = page.get_by_role("button", name="Send")
    expect(send).to_be_disabled()
    page.locator("#files").set_input_files({"name": "dot.png", "mimeType": "image/png", "buffer": PIXEL})
    send.click()
    expect(page.get_by_label("Good answer")).to_be_visible()
    page.reload()
    expect(page.locator(".user_message .attachment")).to_have_text("dot.png")
    page.wait_for_function("document.querySelector('.user_message img')?.naturalWidth === 1")
    expect(page.locator(".user_message .bubble")).to_have_count(0)


def test_only_a_failure_that_can_be_retried_offers_it(page: Any) -> None:
    expect = playwright.expect
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


def test_a_thread_without_a_title_is_called_by_its_beginning_or_its_time(page: Any) -> None:
    expect = playwright.expect
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
