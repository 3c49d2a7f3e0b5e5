"""One walk through the page in a real browser, against the real app in a process of its own."""

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

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (apt-get install chromium)")


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where the app listens; it stops when the test is over."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CHATKIT_", "OPENAI_"))}
    environment = kept | {"CHATKIT_DATA_DIR": str(tmp_path)}
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
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        page = browser.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.extend([message.text] if message.type == "error" else []))
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
