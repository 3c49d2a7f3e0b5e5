"""The page of ``GET /`` and the script ``chatkit.js`` as a browser takes them: policy, size, other sites."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect

from tests.browser import App

BUDGET = 120 * 1024
"""Bytes that may go over the wire before a chat is there."""
SIZES = """[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .map(entry => [entry.name, entry.encodedBodySize])"""


@contextmanager
def site(body: str) -> Iterator[str]:
    """Another origin, with one document."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 204)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(f"<!doctype html><title>Another site</title>{body}".encode())

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_page_shows_the_element(page: Page) -> None:
    chat = page.locator("openai-chatkit")
    expect(chat).to_be_visible()
    assert chat.evaluate("chat => chat.matches(':defined') && chat.shadowRoot !== null")
    box = chat.bounding_box()
    assert box == {"x": 0, "y": 0, **(page.viewport_size or {})}


def test_all_that_comes_before_a_chat_is_there_is_small(visitor: BrowserContext, address: str) -> None:
    message = {"content": [{"type": "input_text", "text": "How small?"}]}
    creating = {"type": "threads.create", "params": {"input": message}}
    frames = visitor.request.post(f"{address}/chatkit", data=creating).text()
    thread = json.loads(frames.removeprefix("data: ").partition("\n")[0])["thread"]["id"]
    page = visitor.new_page()
    page.goto(f"{address}/#/{thread}")
    expect(page.get_by_text("How small?").last).to_be_visible()
    page.wait_for_load_state("networkidle")
    sizes: dict[str, int] = dict(page.evaluate(SIZES))
    loaded = {
        name: size for name, size in sizes.items() if "/chatkit" not in name and "/composer" not in name
    }
    assert any(name.endswith(".js") and size > 0 for name, size in loaded.items())
    assert sum(loaded.values()) <= BUDGET, loaded


def test_code_of_a_page_that_is_no_file_of_ours_does_not_run(page: Page, tolerated: list[str]) -> None:
    tolerated += ["Trusted"]
    for sink in (
        "document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))",
        "document.body.innerHTML = '<p>'",
        "document.body.setAttribute('onclick', 'window.ran = 1')",
    ):
        with pytest.raises(Error, match="Trusted"):
            page.evaluate(f"() => {{ {sink}; }}")


@pytest.mark.parametrize("kind", ["", " type=module"])
def test_the_script_makes_the_element_on_pages_of_other_sites(
    visitor: BrowserContext, address: str, kind: str
) -> None:
    script = f"<script src={address}/chatkit.js async{kind}></script>"
    with site(f"<openai-chatkit></openai-chatkit>{script}{script}") as origin:
        page = visitor.new_page()
        page.goto(origin)
        page.evaluate("customElements.whenDefined('openai-chatkit')")
        assert page.evaluate("document.querySelector('openai-chatkit').shadowRoot !== null")


def test_a_script_that_cannot_be_loaded_may_be_included_again(
    visitor: BrowserContext, start: Callable[..., App], address: str, tolerated: list[str]
) -> None:
    tolerated += ["could not be loaded", "ERR_"]
    with site("") as origin:
        page = visitor.new_page()
        page.goto(origin)
        page.route("**/static/*.js", lambda route: route.abort())
        with page.expect_console_message(lambda message: "could not be loaded" in message.text):
            page.add_script_tag(url=f"{address}/chatkit.js")
        page.unroute("**/static/*.js")
        page.add_script_tag(url=f"{start().address}/chatkit.js")
        page.evaluate("customElements.whenDefined('openai-chatkit')")


IN_A_BUCKET = {
    "CHATKIT_FILES_URL": "s3://bucket/chat",
    "CHATKIT_FILES_ENDPOINT": "http://127.0.0.1:9000",
    "CHATKIT_FILES_ACCESS_KEY": "a",
    "CHATKIT_FILES_SECRET_KEY": "b",
}


@pytest.mark.parametrize(
    ("address", "connections"),
    [
        ({}, "connect-src 'self';"),
        (IN_A_BUCKET, "connect-src 'self' http://127.0.0.1:9000;"),
        ({**IN_A_BUCKET, "CHATKIT_UPLOAD_THROUGH": "app"}, "connect-src 'self';"),
    ],
    indirect=["address"],
    ids=["disk", "bucket", "bucket through the app"],
)
def test_the_page_may_reach_the_files_where_they_lie(
    visitor: BrowserContext, address: str, connections: str
) -> None:
    assert connections in visitor.request.get(address).headers["content-security-policy"]
