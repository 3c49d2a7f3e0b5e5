"""The official wrapper `@openai/chatkit-react`, unchanged, on a page of another site."""

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from hatch_build import find_node, install
from tests.browser import missing
from tests.page.hosts import FOLDER, Host, Site

PAGE = Path(__file__).parents[2] / "page"
CONFIG = """export default {
  logLevel: "warn",
  define: { "process.env.NODE_ENV": '"%s"' },
  build: { rolldownOptions: { input: "react.jsx", output: { entryFileNames: "react.js" } } },
};"""
BODY = "<div id=root></div><script type=module src={script}></script>"
HANDLERS = {
    "onReady",
    "onError",
    "onEffect",
    "onDeeplink",
    "onResponseStart",
    "onResponseEnd",
    "onHistoryOpen",
    "onHistoryClose",
    "onThreadChange",
    "onThreadLoadStart",
    "onThreadLoadEnd",
    "onToolChange",
    "onLog",
}
ANSWERED = """count => new Promise(resolve => {
  const look = () => told.filter(([name]) => name === 'onResponseEnd').length >= count && resolve();
  document.addEventListener('told', look);
  look();
})"""


def bundle(folder: Path) -> bytes:
    """The page's script, built in that folder with the packages of `page/`."""
    node = find_node()
    if node is None or install(PAGE, node) != 0:
        missing("needs Node 20.19 or newer, and the packages of the page")
    assert node is not None
    (folder / "node_modules").symlink_to(PAGE / "node_modules")
    (folder / "react.jsx").write_bytes((FOLDER / "react.jsx").read_bytes())
    (folder / "vite.config.js").write_text(CONFIG % "production")
    vite = PAGE / "node_modules" / "vite" / "bin" / "vite.js"
    command = [str(node.folder / "node"), str(vite), "build"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
    return (folder / "dist" / "react.js").read_bytes()


@pytest.fixture(scope="module")
def react_site(other_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """`/react` includes the element's script at once, `/late` not at all."""
    other_site.files["/react.js"] = bundle(tmp_path_factory.mktemp("react"))
    body = BODY.format(script="/react.js")
    other_site.add("/react", body)
    other_site.add("/late", body, script="")
    return other_site


@pytest.fixture
def react(visitor: BrowserContext, react_site: Site) -> Host:
    return Host(visitor.new_page(), react_site)


def composer(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message")


def messages(page: Page) -> Locator:
    return page.get_by_role("region", name="Messages")


def say(host: Host, text: str) -> None:
    count = len(host.told("onResponseEnd"))
    composer(host.page).fill(text)
    composer(host.page).press("Enter")
    host.run(ANSWERED, count + 1)


@pytest.mark.parametrize("path", ["/react", "/react?loose"], ids=["strict mode", "without it"])
def test_the_quickstart_chats(react: Host, path: str) -> None:
    react.open(path)
    say(react, "Hello")
    expect(messages(react.page)).to_contain_text("You said: “Hello”")
    told = [name for name, _ in react.told() if name != "onLog"]
    turn = ["onResponseStart", "onThreadChange", "onResponseEnd"]
    assert told == ["onReady", "onThreadChange", *turn]


def test_the_script_may_come_after_react(react: Host) -> None:
    react.open("/late")
    expect(react.page.locator("openai-chatkit")).to_be_attached()
    react.page.add_script_tag(url=f"{react.site.app}/chatkit.js")
    say(react, "Hello")
    expect(messages(react.page)).to_contain_text("You said: “Hello”")
    assert react.told()[0] == ["onReady", None]


def test_every_handler_is_called(react: Host, tolerated: list[str]) -> None:
    tolerated += ["404"]
    react.open("/react")
    for word in ("Hello", "/effect", "/title Summer"):
        say(react, word)
    thread = react.told("onThreadChange")[-1][1]["threadId"]
    react.page.get_by_role("link", name="Pay").click()
    react.run(
        """async thread => {
      await kit.setComposerValue({selectedToolId: 'task'});
      await kit.setThreadId('thr_nowhere');
      await kit.setThreadId(thread);
      await kit.showHistory();
      await kit.hideHistory();
    }""",
        thread,
    )
    told = dict(react.told())
    assert set(told) == HANDLERS
    assert told["onEffect"] == {"name": "demo_effect", "data": {"text": "hello"}}
    assert told["onDeeplink"] == {"name": "pay", "data": {"order": "7"}}
    assert told["onToolChange"] == {"toolId": "task"}
    assert told["onThreadLoadStart"] == told["onThreadLoadEnd"] == {"threadId": thread}


def test_every_method_can_be_called(react: Host) -> None:
    react.open("/react")
    expect(composer(react.page)).to_be_visible()
    react.run("""async () => {
      await kit.focusComposer();
      await kit.sendUserMessage({text: 'By a method'});
      await kit.sendCustomAction({type: 'by.method'});
      await kit.fetchUpdates();
      await kit.setComposerValue({text: 'A draft'});
      await kit.showHistory();
      await kit.hideHistory();
    }""")
    expect(messages(react.page)).to_contain_text("The demo got the action by.method.")
    expect(composer(react.page)).to_have_value("A draft")
    react.run("() => kit.setThreadId(null)")
    expect(messages(react.page)).to_have_count(0)


def test_options_follow_the_state_and_load_nothing_again(react: Host) -> None:
    react.open("/react")
    say(react, "Hello")
    react.page.get_by_role("button", name="Toggle the theme").click()
    expect(react.page.locator("openai-chatkit")).to_have_attribute("data-theme", "dark")
    expect(messages(react.page)).to_contain_text("Hello")
    assert react.asked("threads.get_by_id") == []
    assert len(react.told("onReady")) == 1
    say(react, "/client-tool")
    expect(messages(react.page)).to_contain_text('"theme": "dark"')


def test_an_element_that_goes_stops_reading_and_a_new_one_begins(react: Host) -> None:
    react.open("/react")
    composer(react.page).fill("/slow")
    composer(react.page).press("Enter")
    expect(messages(react.page)).to_contain_text("sentence 1")
    with react.page.expect_event("requestfailed", lambda request: request.url.endswith("/chatkit")):
        react.page.get_by_role("button", name="Toggle the chat").click()
    expect(react.page.locator("openai-chatkit")).to_have_count(0)
    react.page.get_by_role("button", name="Toggle the chat").click()
    expect(react.page.get_by_role("heading", name="What can I help with today?")).to_be_visible()
    say(react, "Hello again")
    expect(messages(react.page)).to_contain_text("Hello again")
    assert react.told("onError") == []
