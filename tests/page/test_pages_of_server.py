"""The page at ``/`` around its chat: tokens, addresses, the title, the theme, the events, the policy."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import App
from tests.page.scripted import until
from tests.page.talk import answers, box, said, say, thread_of

TOKENS = {"CHATKIT_AUTH": "token", "CHATKIT_AUTH_TOKENS": "me:let-me-in"}
MODE = "document.documentElement.dataset.theme"
KINDS = ["/widget", "/form", "/workflow", "/image", "/citations", "/structured", "/notice", "/error", "/long"]


def test_the_page_asks_for_a_token_until_it_is_right(
    visitor: BrowserContext, start: Callable[..., App], tolerated: list[str]
) -> None:
    tolerated += ["status of 401"]
    page = visitor.new_page()
    page.goto(start(TOKENS).address)
    dialog = page.get_by_role("dialog", name="Access token")
    token = dialog.get_by_label("Token")
    expect(token).to_be_focused()
    token.fill("wrong")
    token.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text("That token was not accepted.")
    expect(token).to_have_value("")
    token.fill("let-me-in")
    dialog.get_by_role("button", name="Continue").click()
    expect(dialog).to_be_hidden()
    say(page, "Hello")
    page.reload()
    expect(said(page)).to_have_text(["Hello"])
    expect(dialog).to_be_hidden()


def test_whoever_has_no_token_is_asked_again_when_something_is_sent(
    visitor: BrowserContext, start: Callable[..., App], tolerated: list[str]
) -> None:
    tolerated += ["status of 401"]
    page = visitor.new_page()
    page.goto(start(TOKENS).address)
    dialog = page.get_by_role("dialog", name="Access token")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    box(page).fill("Hello")
    box(page).press("Enter")
    dialog.get_by_label("Token").fill("let-me-in")
    page.keyboard.press("Enter")
    expect(answers(page)).to_have_count(1)
    expect(page.locator("[part=send-button]")).to_be_visible()


def test_the_address_names_the_thread(page: Page, visitor: BrowserContext) -> None:
    say(page, "First")
    first = page.url
    page.get_by_role("button", name="New chat").click()
    expect(page).to_have_url(first.partition("#")[0] + "#/")
    expect(said(page)).to_have_count(0)
    say(page, "Second")
    second = page.url
    page.go_back()
    page.go_back()
    expect(said(page)).to_have_text(["First"])
    expect(page).to_have_url(first)
    page.go_forward()
    page.go_forward()
    expect(said(page)).to_have_text(["Second"])
    expect(page).to_have_url(second)
    other = visitor.new_page()
    other.goto(first)
    expect(said(other)).to_have_text(["First"])


def test_a_thread_that_is_not_there_is_said_to_be_missing(page: Page, tolerated: list[str]) -> None:
    tolerated += ["status of 404"]
    page.goto(f"{page.url.partition('#')[0]}#/thr_nobody")
    expect(page.get_by_role("alert").filter(has_text="This conversation does not exist")).to_be_visible()
    page.get_by_role("button", name="New chat").click()
    say(page, "Hello")


def test_the_window_is_titled_as_the_thread(page: Page) -> None:
    expect(page).to_have_title("Chat")
    say(page, "/title Summer plans")
    expect(page).to_have_title("Summer plans – Chat")
    expect(page.get_by_role("heading", name="Summer plans")).to_be_visible()
    page.reload()
    expect(page).to_have_title("Summer plans – Chat")
    page.get_by_role("button", name="New chat").click()
    expect(page).to_have_title("Chat")


@pytest.mark.parametrize("visitor", [{"color_scheme": "dark"}], indirect=True)
def test_the_theme_is_the_system_s_until_it_is_switched(page: Page) -> None:
    ground = "getComputedStyle(document.querySelector('openai-chatkit')).backgroundColor"
    assert page.evaluate(MODE) == "dark"
    dark = page.evaluate(ground)
    page.emulate_media(color_scheme="light")
    until(page, f"{MODE} === 'light'")
    assert page.evaluate(ground) != dark
    page.get_by_role("button", name="dark mode").click()
    until(page, f"{MODE} === 'dark'")
    page.reload()
    assert page.evaluate(MODE) == "dark"
    assert page.evaluate(ground) == dark
    expect(page.get_by_role("button", name="light mode")).to_be_visible()


def test_the_events_are_shown_as_they_come(page: Page, address: str) -> None:
    expect(page.locator("ck-events-panel")).to_have_count(0)
    page.goto(f"{address}/?events")
    panel = page.get_by_role("complementary", name="Events")
    expect(panel).to_be_visible()
    say(page, "Hello")
    rows = panel.locator("summary")
    expect(rows.first).to_contain_text("thread.created")
    expect(rows.filter(has_text="text_delta").first).to_be_visible()
    rows.first.click()
    expect(panel.locator("pre").first).to_contain_text(thread_of(page))
    panel.get_by_role("searchbox").fill("item.done")
    expect(rows).to_have_count(2)
    panel.get_by_role("button", name="Clear").click()
    expect(rows).to_have_count(0)


def test_nothing_breaks_the_policy_or_comes_from_elsewhere(page: Page) -> None:
    page.evaluate(
        "() => { window.broken = []; document.addEventListener('securitypolicyviolation',"
        " event => broken.push(`${event.violatedDirective} ${event.blockedURI}`)); }"
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for word in KINDS:
        say(page, word)
    page.get_by_role("button", name="Show conversations").click()
    expect(page.get_by_role("searchbox")).to_be_visible()
    assert page.evaluate("broken") == []
    origin = page.evaluate("location.origin")
    assert [url for url in asked if not url.startswith((origin, "data:", "blob:"))] == []
