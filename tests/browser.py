"""Pages in a real Chromium, and the app that they talk to in a process of its own.

While Playwright runs, its event loop counts as the thread's own, so no test may be asynchronous meanwhile:
fixtures made from this end with their module or folder.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Playwright, expect, sync_playwright

__all__ = ["PIXEL", "App", "launched", "missing", "watched"]

NAMES = ("chromium", "google-chrome", "google-chrome-stable")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",  # a microphone that beeps, which nobody is asked for
    "--use-fake-ui-for-media-stream",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
LOOPBACK = {"127.0.0.1", "localhost", "", None}
PATIENCE_SECONDS = 20
"""How long a test waits for what it expects before it fails."""

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c636460f85f0f0002870180"
    "eb47ba920000000049454e44ae426082"
)
"""A PNG of one pixel."""


class App:
    """`uvicorn chatkit_asgi:app` on a data folder; `settings` are added to its environment."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        *,
        name: str = "chatkit_asgi:app",
        port: int = 0,
    ) -> None:
        own = ("CHATKIT_", "OPENAI_", "AWS_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        command = [sys.executable, "-m", "uvicorn", name, "--port", str(port), "--no-access-log"]
        self._process = subprocess.Popen(
            command,
            env=kept | {"CHATKIT_DATA_DIR": str(folder), **(settings or {})},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.address = self._announced_address()
        self._drain = threading.Thread(target=self._process.communicate, daemon=True)
        self._drain.start()

    @property
    def port(self) -> int:
        port = urlsplit(self.address).port
        assert port is not None
        return port

    def stop(self) -> None:
        """End it as a deployment does; it may take its time."""
        self._process.terminate()
        self._drain.join(PATIENCE_SECONDS)
        self.kill()

    def kill(self) -> None:
        self._process.kill()
        self._drain.join()

    def _announced_address(self) -> str:
        """Read what the app says until it tells its address; its output ends if it could not start."""
        assert self._process.stderr is not None
        said = ""
        for line in self._process.stderr:
            said += line
            if found := re.search(r"running on (http://\S+)", line):
                return found[1]
        self._process.wait()
        self._process.stderr.close()
        pytest.fail(f"the app did not start:\n{said}")


@contextmanager
def launched() -> Iterator[Browser]:
    """A Chromium, of Playwright or of the machine; without one the test is skipped, and fails under CI."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_chromium(driver), args=OPTIONS)
        yield browser
        browser.close()


@contextmanager
def watched(browser: Browser, tolerated: list[str], **options: Any) -> Iterator[BrowserContext]:
    """A browser's context of its own. What its pages complain of, or ask of other hosts, fails the test.

    Complaints that contain a text in `tolerated` do not, which may be added to meanwhile. Refusals by the
    content policy are complaints, too. `options` are Playwright's (viewport, color_scheme, locale…).
    """
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        url = message.location.get("url", "")
        # a half-made picture may have made way for the next before it is fetched
        is_overtaken = "status of 404" in message.text and "/files/atc_" in url
        if message.type == "error" and not is_overtaken:
            complaints.append(f"{message.text} ({url})")

    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    context.on("console", hear)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("request", lambda request: complaints.extend(_foreign(request.url)))
    try:
        yield context
    finally:
        context.close()
    left = [each for each in complaints if not any(text in each for text in tolerated)]
    assert not left, left


def missing(reason: str) -> None:
    """Skip the test for want of something, or fail it where CI ought to have installed that."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _chromium(driver: Playwright) -> str:
    own = driver.chromium.executable_path
    found = own if Path(own).exists() else next(filter(None, map(shutil.which, NAMES)), "")
    if not found:
        missing("needs Chromium (apt-get install chromium, or python -m playwright install chromium)")
    return found


def _foreign(url: str) -> list[str]:
    return [] if urlsplit(url).hostname in LOOPBACK else [f"asked another host: {url}"]
