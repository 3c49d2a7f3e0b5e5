"""The option `api`: where the server is, how it is asked, and by whose secret."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.browser import App
from tests.page.hosts import CHAT, Host, Site, site

KEY = "the-key-of-a-server-of-ours"
OWN_FETCH = """(input, init) => {
  const headers = new Headers(init?.headers);
  headers.set('X-Own', 'yes');
  return fetch(input, {...init, headers});
}"""
ATTACHED = "composer: {attachments: {enabled: true}}"
FILE = "[new File(['some notes'], 'notes.txt', {type: 'text/plain'})]"


def messages(page: Page) -> Locator:
    return page.get_by_role("region", name="Messages")


def send_file(host: Host) -> None:
    host.run(f"() => chat.setComposerValue({{text: 'Read this', files: {FILE}}})")
    host.page.get_by_role("textbox", name="Message").press("Enter")
    host.heard("response.end")
    expect(messages(host.page)).to_contain_text("notes.txt")


# ---- url, domainKey


@pytest.mark.parametrize("url", ["/api/chatkit", "api/chatkit", "ORIGIN/api/chatkit"])
def test_url_may_be_of_the_pages_own_server(host: Host, url: str) -> None:
    """Which here is a way to the app, as a proxy is."""

    def forward(route: Route) -> None:
        path = route.request.url.removeprefix(f"{host.site.address}/api")
        route.fulfill(response=route.fetch(url=f"{host.site.app}{path}"))

    host.page.route("**/api/**", forward)
    host.show(f"{{api: {{url: '{url.replace('ORIGIN', host.site.address)}'}}}}").say("Hello")
    expect(messages(host.page)).to_contain_text("You said: “Hello”")


def test_domain_key_goes_nowhere(host: Host) -> None:
    host.show("{api: {...API, domainKey: 'domain_pk_none_of_your_business'}}").say("Hello")
    told = [f"{each.url} {each.headers} {each.post_data}" for each in host.requests]
    assert told
    assert not any("none_of_your_business" in each for each in told)


# ---- fetch, uploadStrategy


@pytest.mark.parametrize(
    ("strategy", "steps"),
    [("{type: 'two_phase'}", 2), ("{type: 'direct', uploadUrl: `${APP}/files`}", 1)],
    ids=["two phases", "direct"],
)
@pytest.mark.parametrize("own", [False, True], ids=["fetch of the browser", "fetch of the page"])
def test_fetch_of_the_page_carries_everything(host: Host, own: bool, strategy: str, steps: int) -> None:
    fetch = f"fetch: {OWN_FETCH}," if own else ""
    host.show(f"{{api: {{...API, {fetch} uploadStrategy: {strategy}}}, {ATTACHED}}}")
    send_file(host)
    host.call("showHistory")
    with host.page.expect_response("**/threads/search?*"):
        host.page.get_by_role("searchbox", name="Search").fill("Read")
    asked = [each for each in host.requests if each.resource_type in ("fetch", "xhr")]
    assert len(host.asked("attachments.create")) == steps - 1
    assert {each.headers.get("x-own") for each in asked} == {"yes" if own else None}
    names = {each.url.removeprefix(host.site.app).split("?")[0].split("/")[1] for each in asked}
    assert names == {"chatkit", "files", "threads"}


def test_fetch_is_the_one_of_the_newest_options(host: Host) -> None:
    host.show().show(f"{{api: {{...API, fetch: {OWN_FETCH}}}}}").say("Hello")
    assert [each.headers.get("x-own") for each in host.requests if each.method == "POST"] == ["yes"]


# ---- getClientSecret


@pytest.fixture
def signed_site(start: Callable[..., App]) -> Iterator[Site]:
    """A site whose server asks the app for client secrets, without which nobody gets in."""
    with site() as pages:
        settings = {
            "CHATKIT_AUTH": "token",
            "CHATKIT_SESSION_KEY": KEY,
            "CHATKIT_CORS_ORIGINS": pages.address,
        }
        pages.app = start(settings).address
        pages.add("/", CHAT)
        yield pages


@pytest.fixture
def signed(visitor: BrowserContext, signed_site: Site) -> Host:
    """Its page, which can have its server `mint` a secret for a user and a number of seconds."""

    def mint(user: str, seconds: int) -> Any:
        body = {"user": user, "expires_after": {"seconds": seconds}}
        headers = {"Authorization": f"Bearer {KEY}"}
        answer = httpx.post(f"{signed_site.app}/session", json=body, headers=headers, timeout=30)
        return answer.json()["client_secret"]

    page = visitor.new_page()
    page.expose_function("mint", mint)
    return Host(page, signed_site).open()


def hosted(user: str, seconds: int = 300) -> str:
    """Options with a client secret; `calls` gets what each call was given."""
    return f"{{api: {{getClientSecret: old => {{ calls.push(old); return mint('{user}', {seconds}); }}}}}}"


def test_a_client_secret_lets_the_page_chat_without_an_address(signed: Host) -> None:
    signed.show(hosted("alice")).say("Hello")
    expect(messages(signed.page)).to_contain_text("You said: “Hello”")
    assert signed.run("calls") == [None]
    tokens = {each.headers.get("authorization", "") for each in signed.requests if each.method == "POST"}
    assert len(tokens) == 1
    assert tokens.pop().startswith("Bearer cks_")


def test_an_expired_client_secret_is_renewed(signed: Host, tolerated: list[str]) -> None:
    tolerated += ["401"]
    signed.show(hosted("alice", seconds=1)).say("Hello")
    signed.run("async () => { while (calls.length < 2) await chat.fetchUpdates(); }")
    first, second, *_ = signed.run("calls")
    assert first is None
    assert second.startswith("cks_")
    assert signed.told("error") == []


def test_requests_that_are_refused_at_once_ask_for_one_secret(signed: Host, tolerated: list[str]) -> None:
    tolerated += ["401"]
    signed.show(hosted("alice")).say("Hello")
    wrong = "old => { calls.push(old); return old === null ? 'cks_wrong' : mint('alice', 300); }"
    thread = signed.thread
    signed.run("calls.length = 0; location.hash = '#again'")
    signed.open().show(f"{{api: {{getClientSecret: {wrong}}}, initialThread: '{thread}'}}").call(
        "showHistory"
    )
    expect(messages(signed.page)).to_contain_text("Hello")
    assert signed.run("calls") == [None, "cks_wrong"]


def test_a_secret_that_is_refused_again_is_an_error(signed: Host, tolerated: list[str]) -> None:
    tolerated += ["401"]
    signed.show("{api: {getClientSecret: async old => { calls.push(old); return 'cks_wrong'; }}}").call(
        "showHistory"
    )
    expect(signed.page.get_by_role("alert").filter(has_text="no client secret")).to_be_visible()
    assert signed.run("calls") == [None, "cks_wrong"]


def test_a_thread_of_somebody_else_does_not_exist(signed: Host, tolerated: list[str]) -> None:
    tolerated += ["404"]
    signed.show(hosted("alice")).say("Hello")
    thread = signed.thread
    signed.open().show(hosted("bob"))
    signed.call("setThreadId", thread)
    expect(signed.page.get_by_role("alert").filter(has_text="does not exist")).to_be_visible()


def test_a_client_secret_goes_to_no_other_server(signed: Host) -> None:
    signed.show(hosted("alice")).say("Hello")
    signed.page.route("**/elsewhere/**", lambda route: route.fulfill(json={"data": [], "has_more": False}))
    signed.show("{api: {url: '/elsewhere/chatkit'}}").call("showHistory")
    expect(signed.page.get_by_text("No conversations yet")).to_be_visible()
    elsewhere = [each.headers for each in signed.requests if "/elsewhere/" in each.url]
    assert elsewhere
    assert [each for each in elsewhere if "authorization" in each] == []
