"""The page without a mouse, without eyes, enlarged, without motion, from right to left."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import App, watched
from tests.page.scripted import until
from tests.page.talk import answers, box, said, say, start_answer

FOCUS = """() => {
  let found = document.activeElement;
  while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
  return found;
}"""
IS_THERE = f"() => ({FOCUS})() !== document.body"
ALL = """root => [...root.querySelectorAll('*')].flatMap(each =>
  [each, ...(each.shadowRoot ? all(each.shadowRoot) : [])])"""
LOOK = f"""() => {{
  const found = ({FOCUS})();
  const shows = each => {{
    const {{outlineStyle, outlineWidth}} = getComputedStyle(each);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
  }};
  const around = [found, found.closest('label'), found.parentElement].filter(Boolean);
  return found.matches(':focus-visible') && (around.some(shows) || found.localName === 'textarea');
}}"""
NAME = f"""() => {{
  const found = ({FOCUS})();
  const words = found.ariaLabel ?? found.labels?.[0]?.textContent ?? (found.textContent || found.placeholder);
  return words.trim();
}}"""
SMALL = f"""() => {{
  const all = {ALL};
  const kinds = 'button, summary, input, select, textarea, [role=option]';
  const targets = all(document).filter(each => each.matches(kinds) && !each.matches('.citation'));
  const sides = each => [each, each.closest('label'), ...(each.labels ?? [])].filter(Boolean)
    .map(each => each.getBoundingClientRect()).map(box => Math.min(box.width, box.height));
  return targets.filter(each => each.getBoundingClientRect().width > 0 && Math.max(...sides(each)) < 24)
    .map(each => `${{each.outerHTML.slice(0, 120)}} ${{sides(each)}}`);
}}"""
"""What is too small to be touched (WCAG 2.2, 2.5.8); marks within a sentence are excepted there."""
WIDE = f"""() => {{
  const all = {ALL};
  const scrolls = each => !each.matches('.scroller, .chat') && getComputedStyle(each).overflowX !== 'visible';
  const above = each => each.assignedSlot ?? each.parentElement ?? each.getRootNode().host;
  const isInside = each => {{
    let up = above(each);
    while (up && up.localName !== 'openai-chatkit' && !scrolls(up)) up = above(up);
    return up?.localName !== 'openai-chatkit';
  }};
  const chat = document.querySelector('openai-chatkit').shadowRoot;
  return all(chat).filter(each => each.getBoundingClientRect().right > innerWidth + 1 && !isInside(each))
    .map(each => each.outerHTML.slice(0, 100));
}}"""
"""What reaches over the window's edge, but for what scrolls by itself."""
WORDS = ("widget", "list", "form", "workflow", "reasoning", "image", "citations", "structured", "notice")


def press(page: Page, *keys: str) -> None:
    """Press keys one after the other: the focus is never lost, and is to be seen."""
    for key in keys:
        page.keyboard.press(key)
        until(page, f"({LOOK})()")


def tab_to(page: Page, name: str, key: str = "Tab") -> None:
    """Go on until what has that name has the focus."""
    passed = []
    for _ in range(60):
        page.keyboard.press(key)  # behind the last place comes the browser's own frame
        if page.evaluate(IS_THERE):
            passed.append(page.evaluate(NAME))
            assert page.evaluate(LOOK), f"{key}: {passed[-1]}"
            if passed[-1] == name:
                return
    pytest.fail(f"{name} cannot be reached with {key}, but {passed}")


def send(page: Page, text: str) -> None:
    """Write where the focus is."""
    expect(box(page)).to_be_focused()
    page.keyboard.type(text)
    press(page, "Enter")
    expect(said(page).last).to_have_text(text)


def settled(page: Page) -> None:
    expect(page.locator("[part=send-button]")).to_be_visible()


def test_a_conversation_is_led_with_the_keyboard_alone(page: Page) -> None:
    expect(page.get_by_role("heading", name="What can I help")).to_be_visible()
    tab_to(page, "Hello!")
    press(page, "Enter")
    settled(page)
    tab_to(page, "Message")
    send(page, "/slow")
    expect(answers(page).last).to_contain_text("sentence 2")
    tab_to(page, "Stop")
    press(page, "Enter")
    settled(page)
    until(page, f"({IS_THERE})()")
    expect(box(page)).to_be_focused()
    send(page, "/form")
    settled(page)
    expect(page.get_by_placeholder("Your name")).to_be_visible()
    tab_to(page, "Name", "Shift+Tab")
    page.keyboard.type("Ada")
    tab_to(page, "City")
    press(page, "ArrowDown")
    tab_to(page, "Anything else?")
    page.keyboard.type("by hand")
    tab_to(page, "Send")
    press(page, "Enter")
    expect(answers(page).last).to_contain_text("The demo got the action")
    settled(page)
    until(page, f"({IS_THERE})()")


def test_questions_are_answered_with_the_keyboard_alone(page: Page) -> None:
    box(page).focus()
    send(page, "/structured")
    settled(page)
    tab_to(page, "blue", "Shift+Tab")
    press(page, "Space")
    tab_to(page, "Send answers")
    press(page, "Enter")
    expect(page.get_by_text("Thank you. This came back")).to_be_visible()
    settled(page)
    until(page, f"({IS_THERE})()")


def test_the_history_is_used_with_the_keyboard_alone(page: Page) -> None:
    say(page, "First")
    tab_to(page, "New chat", "Shift+Tab")
    press(page, "Enter")
    send(page, "Second")
    settled(page)
    tab_to(page, "Show conversations", "Shift+Tab")
    press(page, "Enter")
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page.get_by_role("button", name="Actions for Second")).to_be_visible()
    tab_to(page, "Actions for Second")
    press(page, "ArrowDown")
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    press(page, "Enter")
    expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    page.keyboard.type("Renamed")
    press(page, "Enter")
    expect(page.get_by_role("button", name="Renamed", exact=True)).to_be_visible()
    tab_to(page, "Actions for Renamed")
    press(page, "Enter")
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    press(page, "ArrowDown")
    expect(page.get_by_role("menuitem", name="Delete")).to_be_focused()
    press(page, "Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    until(page, f"({IS_THERE})()")
    tab_to(page, "Actions for Renamed")
    press(page, "Enter")
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    press(page, "End", "Enter")
    tab_to(page, "Delete")
    press(page, "Enter")
    expect(page.get_by_role("button", name="Renamed", exact=True)).to_be_hidden()
    until(page, f"({IS_THERE})()")
    tab_to(page, "First")
    press(page, "Enter")
    expect(said(page)).to_have_text(["First"])
    expect(box(page)).to_be_focused()
    press(page, "Shift+Tab")
    tab_to(page, "Show conversations", "Shift+Tab")
    press(page, "Enter", "Escape")
    expect(page.get_by_role("searchbox")).to_be_hidden()
    expect(box(page)).to_be_focused()


def test_a_screen_reader_hears_who_said_what(page: Page) -> None:
    say(page, "/citations")
    expect(page.get_by_role("main")).to_match_aria_snapshot("""
        - main:
          - heading "Chat" [level=1]
          - region "Chat":
            - region "Messages":
              - text: You said /citations The assistant said
              - paragraph: /The page of the protocol/
              - group "What to do with this answer":
                - button "Copy"
            - status: /The page of the protocol/
            - textbox "Message"
            - button "Add files"
            - button "Send" [disabled]
    """)


def test_a_screen_reader_hears_that_an_answer_begins_and_what_it_says(page: Page) -> None:
    status = page.locator("ck-thread > [role=status], ck-thread p[role=status]")
    start_answer(page)
    expect(status).to_have_text("The assistant is answering")
    page.locator("[part=stop-button]").click()
    expect(status).to_have_text(re.compile("^This is sentence 1 of 40"))


@pytest.mark.parametrize("visitor", [{"reduced_motion": "reduce"}], indirect=True)
def test_nothing_moves_for_those_who_do_not_want_it(page: Page) -> None:
    start_answer(page)
    moving = (
        "document.getAnimations({subtree: true}).filter(each => each.effect.getTiming().duration > 1).length"
    )
    assert page.evaluate(moving) == 0


@pytest.mark.parametrize(
    "visitor",
    [{"viewport": {"width": 320, "height": 640}}, {"viewport": {"width": 640, "height": 400}}],
    indirect=True,
    ids=["320 px wide", "twice as large"],
)
def test_narrow_windows_show_everything_without_scrolling_aside(page: Page) -> None:
    for word in WORDS:
        say(page, f"/{word}")
        assert page.evaluate(WIDE) == [], word
    page.get_by_role("button", name="Show conversations").click()
    page.get_by_role("button", name="Actions for").click()
    page.get_by_role("menuitem", name="Rename").click()
    expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    assert page.evaluate(WIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")


@pytest.mark.parametrize(
    "visitor", [{"viewport": {"width": 390, "height": 800}, "has_touch": True}], indirect=True
)
def test_what_is_touched_is_large_enough(page: Page, tolerated: list[str]) -> None:
    tolerated += ["/files/"]  # a picture in the making may be gone before it is loaded
    found = {"start": page.evaluate(SMALL)}
    for word in WORDS:
        say(page, f"/{word}")
        found[word] = page.evaluate(SMALL)
    page.get_by_role("button", name="Show conversations").click()
    expect(page.get_by_role("button", name="Actions for")).to_be_visible()
    found["history"] = page.evaluate(SMALL)
    assert {view: each for view, each in found.items() if each} == {}


@pytest.mark.parametrize("visitor", [{"forced_colors": "active"}], indirect=True)
def test_forced_colours_leave_borders_and_focus(page: Page) -> None:
    say(page, "/widget")
    press(page, "Tab")
    frame = "frame => getComputedStyle(frame).borderTopStyle + getComputedStyle(frame).borderTopWidth"
    assert page.locator("ck-composer .frame").evaluate(frame) == "solid1px"
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")


def test_arabic_is_laid_out_from_right_to_left(browser: Browser, shared: App, tolerated: list[str]) -> None:
    with watched(browser, tolerated, locale="ar") as context:
        page = context.new_page()
        page.goto(shared.address)
        chat = page.locator("openai-chatkit section.chat")
        expect(chat).to_have_attribute("dir", "rtl")
        page.locator("openai-chatkit textarea").fill("/list")
        page.keyboard.press("Enter")
        expect(page.locator("[part=send-button]")).to_be_visible()
        send = page.locator("[part=send-button]").bounding_box()
        history = page.locator("[part=history-button]").bounding_box()
        bubble = said(page).bounding_box()
        width = (page.viewport_size or {"width": 0})["width"]
        for found in (send, history, bubble):
            assert found is not None
            assert found["x"] < width / 2
        assert page.evaluate(WIDE) == []
