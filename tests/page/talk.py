"""How tests talk through the page, and what the server has kept of it."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

__all__ = ["answers", "box", "line", "said", "say", "shown", "start_answer", "stop", "stored", "thread_of"]

Items = list[tuple[str, str]]
"""Kinds and texts of items, oldest first."""

DRAWN = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
"""Ends when what has happened is also to be seen."""
SENTENCES = 40
"""Of the demo's slow answer."""


def box(page: Page) -> Locator:
    """Where messages are written."""
    return page.get_by_role("textbox", name="Message", exact=True)


def said(page: Page) -> Locator:
    """What the user said, as far as it is shown."""
    return page.locator("ck-user-message .bubble")


def answers(page: Page) -> Locator:
    return page.locator("ck-answer .body")


def say(page: Page, text: str) -> None:
    """Send a message and wait for the end of its answer."""
    page.evaluate(DRAWN)
    before = said(page).count()
    box(page).fill(text)
    box(page).press("Enter")
    expect(said(page)).to_have_count(before + 1)
    expect(page.locator("[part=send-button]")).to_be_visible()


def start_answer(page: Page, text: str = "/slow", sign: str = "This is sentence 2") -> None:
    """Send a message and wait until some of its answer is there."""
    box(page).fill(text)
    box(page).press("Enter")
    expect(answers(page).last).to_contain_text(sign)


def stop(page: Page) -> None:
    page.locator("[part=stop-button]").click()
    expect(page.locator("[part=send-button]")).to_be_visible()


def thread_of(page: Page) -> str:
    """The id of the thread that the page shows, as its address tells."""
    page.wait_for_url(re.compile("#/thr_"))
    return page.url.rpartition("#/")[2]


def shown(page: Page) -> Items:
    """What stands in the page, in its order."""
    items = page.locator("ck-user-message, ck-answer").evaluate_all(
        "found => found.map(each => [each.localName, each.item.content.map(part => part.text).join('')])"
    )
    return [
        ("user_message" if tag == "ck-user-message" else "assistant_message", text) for tag, text in items
    ]


def stored(page: Page, thread: str) -> Items:
    """What the server has of the thread: the messages of both sides."""
    params = {"thread_id": thread, "order": "asc", "limit": 100}
    address = page.url.partition("#")[0].partition("?")[0]
    response = page.request.post(f"{address}chatkit", data={"type": "items.list", "params": params})
    items: list[dict[str, Any]] = response.json()["data"]
    told = [item for item in items if item["type"] in {"user_message", "assistant_message"}]
    return [(item["type"], "".join(part["text"] for part in item["content"])) for item in told]


def line(page: Page, text: str) -> Locator:
    """A line of progress, as that the page reconnects."""
    return page.locator(".progress", has_text=text)
