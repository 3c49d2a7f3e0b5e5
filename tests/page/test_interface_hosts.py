"""Where pages of other sites put the element: made by script, moved, removed, twice on a page."""

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.page.hosts import CHAT, SCRIPT, Host, Site

TWICE = "<div id=first></div><div id=second></div>"
MADE = """async () => {
  await customElements.whenDefined('openai-chatkit');
  window.chats = ['first', 'second'].map(id => {
    const told = [];
    const chat = listen(document.createElement('openai-chatkit'), told);
    document.getElementById(id).append(chat);
    show({startScreen: {greeting: `The ${id} one`}, theme: id === 'first' ? 'light' : 'dark'}, chat);
    return {chat, told};
  });
  await Promise.all(chats.map(({told}) => heard('ready', 1, told)));
}"""


def messages(page: Page) -> Locator:
    return page.get_by_role("region", name="Messages")


def begin_slowly(host: Host) -> None:
    host.show()
    host.run("() => void chat.sendUserMessage({text: '/slow'})")
    expect(messages(host.page)).to_contain_text("sentence 2 ")


def test_a_page_with_a_strict_policy_uses_all_of_it(host: Host) -> None:
    """Whatever the policy refuses would be an error in the console, which fails the test."""
    host.show("{theme: {colorScheme: 'dark', radius: 'sharp', typography: {baseSize: 18}}}")
    for word in ("Hello", "/widget", "/form", "/image", "/workflow", "/citations"):
        host.say(word)
    expect(messages(host.page)).to_contain_text("A small picture")
    assert host.page.evaluate("document.querySelectorAll('style, [style]:not(openai-chatkit)').length") == 0
    foreign = [
        each.url for each in host.requests if not each.url.startswith((host.site.app, host.site.address))
    ]
    assert [url for url in foreign if not url.startswith(("data:", "blob:"))] == []


@pytest.mark.parametrize("script", [SCRIPT, SCRIPT * 2, SCRIPT.replace("async", "type=module") + SCRIPT])
def test_the_script_may_be_included_twice(visitor: BrowserContext, other_site: Site, script: str) -> None:
    other_site.add("/twice", CHAT, script=script)
    host = Host(visitor.new_page(), other_site).open("/twice").show()
    host.say("Hello")
    expect(messages(host.page)).to_contain_text("Hello")
    assert [name for name, _ in host.told()].count("ready") == 1


def test_two_elements_on_a_page_do_not_disturb_each_other(visitor: BrowserContext, other_site: Site) -> None:
    other_site.add("/two", TWICE)
    host = Host(visitor.new_page(), other_site).open("/two")
    host.run(MADE)
    first, second = host.page.locator("#first"), host.page.locator("#second")
    host.run("() => chats[0].chat.sendUserMessage({text: 'Only here'})")
    expect(first.get_by_role("region", name="Messages")).to_contain_text("Only here")
    expect(second.get_by_role("heading", name="The second one")).to_be_visible()
    assert host.run("() => chats[1].told.map(([name]) => name)") == ["ready", "thread.change"]
    schemes = host.run("() => chats.map(({chat}) => chat.dataset.theme)")
    assert schemes == ["light", "dark"]


def test_an_element_that_is_moved_goes_on(host: Host) -> None:
    begin_slowly(host)
    host.run("() => document.body.appendChild(document.createElement('section')).append(chat)")
    expect(messages(host.page)).to_contain_text("sentence 4 ")
    host.page.get_by_role("button", name="Stop").click()
    host.heard("response.end")
    assert len(host.asked("threads.create")) == 1
    assert [name for name, _ in host.told("ready", "response.start", "error")] == ["ready", "response.start"]


def test_an_element_that_is_removed_stops_reading_and_comes_back_to_it(host: Host) -> None:
    begin_slowly(host)
    with host.page.expect_event("requestfailed", lambda request: request.url.endswith("/chatkit")):
        host.run("() => chat.remove()")
    host.heard("response.end")
    host.run("() => document.body.append(chat)")
    host.heard("response.start", 2)
    expect(messages(host.page)).to_contain_text("sentence 6 ")
    host.page.get_by_role("button", name="Stop").click()
    host.heard("response.end", 2)
    assert host.told("error") == []


def test_an_element_that_is_removed_while_it_loads_loads_when_it_is_back(host: Host) -> None:
    host.show().say("Hello")
    thread = host.thread
    host.run(
        """async thread => {
      await chat.setThreadId(null);
      const opened = chat.setThreadId(thread);
      await heard('thread.load.start');
      chat.remove();
      await opened;
      document.body.append(chat);
    }""",
        thread,
    )
    expect(messages(host.page)).to_contain_text("Hello")
    assert host.told("error") == []


def test_an_element_that_is_gone_is_forgotten(visitor: BrowserContext, other_site: Site) -> None:
    """Nothing that outlives it, as listeners of the window do, may hold on to it."""
    other_site.add("/two", TWICE)
    host = Host(visitor.new_page(), other_site).open("/two")
    host.run(MADE)
    host.run("""async () => {
      await chats[1].chat.sendUserMessage({text: 'Goodbye'});
      window.gone = new WeakRef(chats.pop().chat);
      gone.deref().remove();
    }""")
    session = visitor.new_cdp_session(host.page)
    for _ in range(5):
        session.send("HeapProfiler.collectGarbage")
        host.run("() => new Promise(resolve => setTimeout(resolve))")
    assert host.run("() => gone.deref() === undefined")


@pytest.mark.parametrize("address", [{"CHATKIT_CORS_ORIGINS": "https://elsewhere.example"}], indirect=True)
def test_a_site_that_the_app_does_not_know_is_refused(
    visitor: BrowserContext, other_site: Site, address: str, tolerated: list[str]
) -> None:
    tolerated += ["CORS", "ERR_FAILED"]
    other_site.policies["/open"] = "connect-src *"
    other_site.add("/open")
    host = Host(visitor.new_page(), other_site).open("/open")
    host.show(f"{{api: {{url: '{address}/chatkit'}}}}").call("showHistory")
    expect(host.page.get_by_role("alert").filter(has_text="cannot be reached")).to_be_visible()
