"""What axe-core says of each view: nothing, in light and dark, on desks and phones."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from chatkit_asgi.agents.demo import WORDS
from tests.browser import PIXEL, App, watched
from tests.page.talk import box, say, start_answer, stop

AXE = Path(__file__).parents[2] / "page" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async tags => {
  const {violations} = await axe.run(document, {runOnly: tags});
  const where = ({target, html}) => [target.flat().join(' '), html];
  return violations.map(({id, nodes}) => [id, nodes.map(where)]);
}"""
ENDLESS = {"slow", "long"}
DESK = {"viewport": {"width": 1280, "height": 860}}
PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True}
OFFERED = """() => {
  const chat = document.querySelector('openai-chatkit');
  chat.setOptions({
    api: {url: 'chatkit', domainKey: ''},
    theme: document.documentElement.dataset.theme,
    header: {rightAction: {icon: 'settings-cog', onClick() {}}},
    startScreen: {greeting: 'Welcome', prompts: [{label: 'Plan a trip', prompt: 'Plan', icon: 'globe'}]},
    composer: {
      attachments: {enabled: true},
      tools: [
        {id: 'search', label: 'Search the web', icon: 'search', pinned: true},
        {id: 'draw', label: 'Draw', icon: 'images'},
      ],
      models: [
        {id: 'small', label: 'Small', description: 'Quick'},
        {id: 'large', label: 'Large', disabled: true},
      ],
      dictation: {enabled: true},
    },
    entities: {
      onTagSearch: async () => ['Ada', 'Bob'].map(title => ({id: title, title, group: 'People'})),
      showComposerMenu: true,
    },
    disclaimer: {text: 'Answers can be wrong.'},
  });
}"""


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opened(
    browser: Browser, shared: App, scheme: str, tolerated: list[str]
) -> Iterator[Callable[[dict[str, Any]], Page]]:
    """Opens the page; the content policy is off, because axe makes elements with styles of its own."""
    contexts = []

    def open(options: dict[str, Any]) -> Page:
        context = watched(browser, tolerated, color_scheme=scheme, bypass_csp=True, **options)
        contexts.append(context)
        page = context.__enter__().new_page()
        page.goto(shared.address)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        return page

    yield open
    for context in contexts:
        context.__exit__(None, None, None)


def faults(page: Page) -> Any:
    return page.evaluate(RUN, TAGS)


def test_every_kind_of_item_has_no_faults(opened: Callable[..., Page]) -> None:
    page = opened(DESK)
    found = {"start": faults(page)}
    for word in WORDS:
        if word not in ENDLESS:
            say(page, f"/{word}")
            found[word] = faults(page)
    assert {word: each for word, each in found.items() if each} == {}


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk", "phone"])
def test_views_have_no_faults(opened: Callable[..., Page], options: dict[str, Any]) -> None:
    page = opened(options)
    found = {"start": faults(page)}
    say(page, "/error")
    found["error"] = faults(page)
    start_answer(page)
    found["answering"] = faults(page)
    stop(page)
    page.get_by_role("button", name="Show conversations").click()
    expect(page.get_by_role("button", name="Actions for /error")).to_be_visible()
    found["history"] = faults(page)
    page.get_by_role("searchbox").fill("nothing like it")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    found["search"] = faults(page)
    page.get_by_role("searchbox").fill("")
    page.get_by_role("button", name="Actions for /error").click()
    expect(page.get_by_role("menu")).to_be_visible()
    found["menu"] = faults(page)
    page.get_by_role("menuitem", name="Rename").click()
    expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    found["rename"] = faults(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Actions for /error").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found["delete"] = faults(page)
    assert {view: each for view, each in found.items() if each} == {}


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk", "phone"])
def test_all_that_a_composer_can_have_has_no_faults(
    opened: Callable[..., Page], options: dict[str, Any], tolerated: list[str]
) -> None:
    tolerated += ["status of 400"]  # the demo has no such tool
    page = opened(options)
    page.evaluate(OFFERED)
    found = {"start": faults(page)}
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add files").click()
    chooser.value.set_files(FilePayload(name="dot.png", mimeType="image/png", buffer=PIXEL))
    expect(page.get_by_role("button", name="Remove dot.png")).to_be_visible()
    page.evaluate(
        "document.querySelector('openai-chatkit').setComposerValue({reply: 'What was said before'})"
    )
    page.get_by_role("button", name="Search the web").click()
    found["files, quote and tool"] = faults(page)
    box(page).press_sequentially("@a")
    expect(page.get_by_role("option", name="Ada")).to_be_visible()
    found["mentions"] = faults(page)
    page.keyboard.press("Enter")
    for name in ("Tools", "Model"):
        page.get_by_title(name, exact=True).click()
        expect(page.get_by_role("menu", name=name)).to_be_visible()
        found[name] = faults(page)
        page.keyboard.press("Escape")
    box(page).press("Enter")
    expect(page.locator("ck-composer").get_by_role("alert")).to_be_visible()
    found["refusal"] = faults(page)
    assert {view: each for view, each in found.items() if each} == {}


def test_the_events_panel_has_no_faults(opened: Callable[..., Page], shared: App) -> None:
    page = opened(DESK)
    page.goto(f"{shared.address}/?events")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    say(page, "Hello")
    page.locator("ck-events-panel summary").first.click()
    assert faults(page) == []


@pytest.mark.parametrize("locale", ["de-DE", "ar", "ja-JP"])
def test_other_languages_have_no_faults(opened: Callable[..., Page], locale: str) -> None:
    page = opened({**DESK, "locale": locale})
    page.locator("openai-chatkit textarea").fill("/citations")
    page.keyboard.press("Enter")
    expect(page.locator("ck-sources")).to_be_visible()
    assert faults(page) == []


def test_the_question_for_a_token_has_no_faults(
    browser: Browser, start: Callable[..., App], scheme: str, tolerated: list[str]
) -> None:
    tolerated += ["status of 401"]
    app = start({"CHATKIT_AUTH": "token", "CHATKIT_AUTH_TOKENS": "me:secret"})
    with watched(browser, tolerated, color_scheme=scheme, bypass_csp=True) as context:
        page = ask(context, app)
        assert faults(page) == []


def ask(context: BrowserContext, app: App) -> Page:
    page = context.new_page()
    page.goto(app.address)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    return page
