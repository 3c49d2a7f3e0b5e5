"""Each option of the published interface that changes what is seen, or names handlers of the page."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import watched
from tests.page.events import widget
from tests.page.hosts import Host, Site
from tests.page.scripted import Script

PROMPTS = """{startScreen: {greeting: 'Good day', prompts: [
  {label: 'Say hello', prompt: 'Hello there', icon: 'bolt'},
  {label: 'Ask about the plan', prompt: [
    {type: 'input_text', text: 'About '}, {type: 'input_tag', id: 'doc_1', text: 'Plan', group: 'Documents'}
  ]},
]}}"""
SURFACE = "surface: {background: '#112233', foreground: '#ddeeff'}"
TAG = {"type": "input_tag", "id": "doc_1", "text": "The plan", "group": "Documents", "data": {"page": "3"}}
ENTITY = {
    "id": "doc_1",
    "title": "The plan",
    "group": "Documents",
    "data": {"page": "3"},
    "interactive": True,
}


@pytest.fixture(scope="module")
def shared_host(browser: Browser, other_site: Site) -> Iterator[Host]:
    """A page for options that only show something: each test replaces those of the one before."""
    with watched(browser, []) as context:
        yield Host(context.new_page(), other_site).open().show()


def messages(page: Page) -> Locator:
    return page.get_by_role("region", name="Messages")


def frame(host: Host) -> Locator:
    return host.page.locator("[part=composer]")


def style(locator: Locator, name: str) -> str:
    return str(locator.evaluate("(element, name) => getComputedStyle(element)[name]", name))


def pixels(locator: Locator, name: str) -> float:
    return float(style(locator, name).removesuffix("px"))


# ---- theme


@pytest.mark.parametrize(
    ("theme", "scheme"),
    [
        ("undefined", "light"),
        ("'light'", "light"),
        ("'dark'", "dark"),
        ("{colorScheme: 'dark'}", "dark"),
        ("{}", "light"),
    ],
)
def test_theme_color_scheme(shared_host: Host, theme: str, scheme: str) -> None:
    shared_host.show(f"{{theme: {theme}}}")
    assert style(shared_host.page.locator("openai-chatkit"), "colorScheme") == scheme


@pytest.mark.parametrize(
    ("color", "part", "name", "value"),
    [
        (SURFACE, "openai-chatkit", "backgroundColor", "rgb(17, 34, 51)"),
        (SURFACE, "textarea", "color", "rgb(221, 238, 255)"),
        ("accent: {primary: '#ff0000', level: 1}", "[part=send-button]", "backgroundColor", "rgb(255, 0, 0)"),
        ("accent: {primary: 'green', level: 0}", "[part=send-button]", "backgroundColor", "rgb(0, 128, 0)"),
    ],
)
def test_theme_color(shared_host: Host, color: str, part: str, name: str, value: str) -> None:
    shared_host.show(f"{{theme: {{color: {{{color}}}}}}}")
    shared_host.page.get_by_role("textbox", name="Message").fill("Hello")
    assert style(shared_host.page.locator(part), name) == value


STYLED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`openai-chatkit { --ck-border-field: rgb(1, 2, 3); }
    openai-chatkit::part(user-message) { background: rgb(4, 5, 6); }
    openai-chatkit::part(assistant-message) { outline: 7px solid; }
    openai-chatkit::part(send-button) { border-radius: 8px; }`);
  document.adoptedStyleSheets.push(sheet);
}"""


def test_pages_style_the_chat_by_its_properties_and_parts(host: Host) -> None:
    host.show().run(STYLED)
    host.say("Hello")
    page = host.page
    assert style(page.locator("[part=composer]"), "borderTopColor") == "rgb(1, 2, 3)"
    assert style(page.locator("[part=user-message]"), "backgroundColor") == "rgb(4, 5, 6)"
    assert style(page.locator("[part=assistant-message]"), "outlineWidth") == "7px"
    assert style(page.locator("[part=send-button]"), "borderTopLeftRadius") == "8px"


def test_theme_color_grayscale(shared_host: Host) -> None:
    """A hue with a tint colours the greys; a shade makes them darker."""
    sunken = "() => getComputedStyle(chat).getPropertyValue('--ck-surface-sunken')"
    looks = []
    for grayscale in (
        "{hue: 220, tint: 0}",
        "{hue: 220, tint: 9}",
        "{hue: 40, tint: 9}",
        "{hue: 40, tint: 9, shade: 2}",
    ):
        shared_host.show(f"{{theme: {{color: {{grayscale: {grayscale}}}}}}}")
        looks.append(shared_host.run(sunken))
    assert len(set(looks)) == len(looks)


@pytest.mark.parametrize(
    ("option", "values", "name"),
    [
        ("radius", ["sharp", "soft", "round", "pill"], "borderTopLeftRadius"),
        ("density", ["compact", "normal", "spacious"], "paddingLeft"),
    ],
)
def test_theme_radius_and_density_have_steps(
    shared_host: Host, option: str, values: list[str], name: str
) -> None:
    sizes = []
    for value in values:
        shared_host.show(f"{{theme: {{{option}: '{value}'}}}}")
        sizes.append(pixels(frame(shared_host), name))
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("size", [14, 15, 16, 17, 18])
def test_theme_base_size(shared_host: Host, size: int) -> None:
    shared_host.show(f"{{theme: {{typography: {{baseSize: {size}}}}}}}")
    assert pixels(shared_host.page.get_by_role("textbox", name="Message"), "fontSize") == size


def test_theme_fonts(shared_host: Host) -> None:
    shared_host.show("""{theme: {typography: {
      fontFamily: 'Georgia, serif', fontFamilyMono: 'Courier',
      fontSources: [{
        family: 'Own', src: '/own.woff2', weight: 700, style: 'italic', display: 'swap',
        unicodeRange: 'U+20-7E',
      }],
    }}}""")
    assert style(frame(shared_host), "fontFamily") == "Georgia, serif"
    assert shared_host.run("() => getComputedStyle(chat).getPropertyValue('--ck-font-mono')") == "Courier"
    asked = (
        "({family, weight, style, display, unicodeRange}) => [family, weight, style, display, unicodeRange]"
    )
    faces = shared_host.run(f"() => [...document.fonts].map({asked})")
    assert faces == [["Own", "700", "italic", "swap", "U+20-7E"]]


# ---- locale, frameTitle


@pytest.mark.parametrize(
    ("locale", "lang", "direction"),
    [
        ("de-DE", "de-DE", "ltr"),
        ("fr", "fr", "ltr"),
        ("ar", "ar", "rtl"),
        ("so-SO", "en", "ltr"),
        ("en", "en", "ltr"),
    ],
)
def test_locale(host: Host, locale: str, lang: str, direction: str) -> None:
    """One that there are no texts in falls back to English; the server is asked in it in any case."""
    host.show(f"{{locale: '{locale}', frameTitle: 'Help'}}")
    chat = host.page.locator("openai-chatkit")
    expect(chat).to_have_attribute("lang", lang)
    expect(host.page.get_by_role("region", name="Help")).to_have_attribute("dir", direction)
    host.call("showHistory")
    [asked] = [each for each in host.requests if each.method == "POST"]
    assert asked.headers["accept-language"] == locale


@pytest.mark.parametrize("visitor", [{"locale": "fr-FR"}], indirect=True)
def test_locale_is_the_browsers_by_default(host: Host) -> None:
    host.show("{locale: undefined}")
    expect(host.page.locator("openai-chatkit")).to_have_attribute("lang", "fr-FR")


@pytest.mark.parametrize(("option", "name"), [("{frameTitle: 'Help'}", "Help"), ("{}", "Chat")])
def test_frame_title(shared_host: Host, option: str, name: str) -> None:
    shared_host.show(option)
    expect(shared_host.page.get_by_role("region", name=name, exact=True)).to_be_visible()


# ---- header, history


def test_header_may_be_away(shared_host: Host) -> None:
    shared_host.show("{header: {enabled: false}}")
    expect(shared_host.page.get_by_role("button", name="Show conversations")).to_have_count(0)


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("{}", "Summer"),
        ("{text: 'Our help'}", "Our help"),
        ("{enabled: false}", None),
        ("{enabled: false, text: 'No'}", None),
    ],
)
def test_header_title(host: Host, title: str, shown: str | None) -> None:
    host.show(f"{{header: {{title: {title}}}}}").say("/title Summer")
    heading = host.page.locator("[part=title]")
    if shown is None:
        expect(heading).to_have_count(0)
    else:
        expect(heading).to_have_text(shown)


def test_header_actions(shared_host: Host) -> None:
    shared_host.show("""{header: {
      leftAction: {icon: 'hamburger', onClick: () => calls.push('left')},
      rightAction: {icon: 'settings-cog', onClick: () => calls.push('right')},
    }}""")
    shared_host.page.get_by_role("button", name="settings cog").click()
    shared_host.page.get_by_role("button", name="hamburger").click()
    assert shared_host.run("calls.splice(0)") == ["right", "left"]


def test_history_may_be_away(shared_host: Host) -> None:
    shared_host.show("{history: {enabled: false}}")
    expect(shared_host.page.get_by_role("button", name="Show conversations")).to_have_count(0)
    shared_host.show("{history: {enabled: true}}")
    expect(shared_host.page.get_by_role("button", name="Show conversations")).to_be_visible()


@pytest.mark.parametrize(
    ("history", "entries"),
    [
        ("{}", ["Rename", "Delete"]),
        ("{showDelete: false}", ["Rename"]),
        ("{showRename: false}", ["Delete"]),
        ("{showDelete: false, showRename: false}", []),
    ],
)
def test_history_actions(host: Host, history: str, entries: list[str]) -> None:
    host.show(f"{{history: {history}}}").say("Hello")
    host.call("showHistory")
    expect(host.page.get_by_role("button", name="Hello", exact=True).first).to_be_visible()
    menus = host.page.get_by_role("button", name="Actions for Hello")
    if not entries:
        expect(menus).to_have_count(0)
        return
    menus.first.click()
    expect(host.page.get_by_role("menuitem")).to_have_text(entries)


# ---- startScreen, disclaimer, initialThread


def test_start_screen_prompts_are_sent(host: Host) -> None:
    host.show(PROMPTS)
    expect(host.page.get_by_role("heading", name="Good day")).to_be_visible()
    host.page.get_by_role("button", name="Say hello").click()
    expect(messages(host.page)).to_contain_text("You said: “Hello there”")
    host.call("setThreadId", None)
    host.page.get_by_role("button", name="Ask about the plan").click()
    host.heard("response.end", 2)
    sent = [each["input"]["content"] for each in host.asked("threads.create")]
    tag = {
        "type": "input_tag",
        "id": "doc_1",
        "text": "Plan",
        "group": "Documents",
        "data": {},
        "interactive": False,
    }
    assert sent == [
        [{"type": "input_text", "text": "Hello there"}],
        [{"type": "input_text", "text": "About "}, tag],
    ]


def test_disclaimer_is_markdown_and_may_be_stronger(shared_host: Host) -> None:
    colors = []
    for more in ("", ", highContrast: true"):
        shared_host.show(f"{{disclaimer: {{text: 'May be **wrong**'{more}}}}}")
        expect(shared_host.page.locator("[part=disclaimer] strong")).to_have_text("wrong")
        colors.append(style(shared_host.page.locator("[part=disclaimer]"), "color"))
    assert colors[0] != colors[1]
    shared_host.show()
    expect(shared_host.page.locator("[part=disclaimer]")).to_have_count(0)


def test_initial_thread_that_is_gone_leaves_a_place_to_write(host: Host, tolerated: list[str]) -> None:
    tolerated += ["404"]
    host.show("{initialThread: 'thr_nowhere'}")
    expect(host.page.get_by_role("alert").filter(has_text="does not exist")).to_be_visible()
    host.page.get_by_role("button", name="New chat").click()
    expect(host.page.get_by_role("heading", name="What can I help with today?")).to_be_visible()


# ---- threadItemActions, thread


def test_thread_item_actions(host: Host) -> None:
    host.show().say("Hello")
    for name in ("Good answer", "Bad answer", "Try again"):
        expect(host.page.get_by_role("button", name=name)).to_have_count(0)
    host.show("{threadItemActions: {feedback: true, retry: true}}")
    host.page.get_by_role("button", name="Good answer").click()
    host.page.get_by_role("button", name="Try again").click()
    host.heard("response.end", 2)
    [feedback], [retried] = host.asked("items.feedback"), host.asked("threads.retry_after_item")
    assert feedback["kind"] == "positive"
    assert retried["thread_id"] == feedback["thread_id"] == host.thread


@pytest.mark.parametrize("follows", [True, False])
def test_auto_scroll(host: Host, follows: bool) -> None:
    host.show(f"{{thread: {{autoScroll: {str(follows).lower()}}}}}").say("/long")
    last = messages(host.page).get_by_text("This is sentence 300 of 300.")
    expect(last).to_be_attached()
    below = "element => element.scrollHeight - element.scrollTop - element.clientHeight"
    assert (host.page.locator("[part=thread]").evaluate(below) < 80) is follows


# ---- onClientTool, widgets, entities


@pytest.mark.parametrize(
    ("handler", "answered", "errors"),
    [
        ("({name, params}) => ({name, params})", '"params": {"text": "hello"}', 0),
        ("async () => ({late: true})", '"late": true', 0),
        ("() => { throw new Error('It broke'); }", "It broke", 1),
        ("async () => { throw new Error('It broke'); }", "It broke", 1),
        ("undefined", "no onClientTool handler", 1),
    ],
    ids=["result", "promise", "throws", "rejects", "missing"],
)
def test_on_client_tool(host: Host, handler: str, answered: str, errors: int) -> None:
    host.show(f"{{onClientTool: {handler}}}").say("/client-tool")
    expect(messages(host.page)).to_contain_text("The page answered:")
    expect(messages(host.page)).to_contain_text(answered)
    assert len(host.told("error")) == errors


def test_widgets_on_action_gets_those_for_the_page(page: Page, script: Script) -> None:
    action = {"type": "buy", "payload": {"id": 7}, "handler": "client"}
    root = {"type": "Card", "children": [{"type": "Button", "label": "Buy", "onClickAction": action}]}
    script.open(
        page,
        widget("wid_1", root),
        options="widgets: {onAction: async (...given) => { (window.calls ??= []).push(given) }}",
    )
    page.get_by_role("button", name="Buy").click()
    expect(page.get_by_role("button", name="Buy")).to_be_enabled()
    assert page.evaluate("calls") == [
        [{"type": "buy", "payload": {"id": 7}}, {"id": "wid_1", "widget": root}]
    ]
    assert not script.has_asked("threads.custom_action")


def test_entities_can_be_clicked_and_looked_at(host: Host) -> None:
    host.show("""{entities: {
      onClick: entity => { calls.push(['click', entity]); },
      onRequestPreview: async entity => {
        calls.push(['preview', entity.id]);
        return {preview: {type: 'Basic', children: [{type: 'Text', value: 'Three pages'}]}};
      },
    }}""")
    content: list[dict[str, Any]] = [{"type": "input_text", "text": "About "}, {**TAG, "interactive": True}]
    host.call("sendUserMessage", {"content": content})
    chip = host.page.get_by_role("button", name="The plan")
    chip.hover()
    expect(host.page.get_by_text("Three pages")).to_be_visible()
    chip.click()
    assert host.run("calls") == [["preview", "doc_1"], ["click", ENTITY]]


def test_entities_that_are_not_interactive_are_no_buttons(host: Host) -> None:
    host.show("{entities: {onClick: entity => { calls.push(entity); }}}")
    host.call("sendUserMessage", {"content": [TAG]})
    expect(messages(host.page)).to_contain_text("The plan")
    expect(host.page.get_by_role("button", name="The plan")).to_have_count(0)
