"""A page of another origin sends files by a real browser's `fetch`: as forms, raw, to the object store."""

import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import PIXEL, App, launched
from tests.s3 import Bucket

TOKEN = "a-secret"
PAGE = b"<!doctype html><title>Another origin</title>"
SCRIPT = """
async ([app, token, bytes, steps]) => {
  const headers = {authorization: `Bearer ${token}`};
  const data = new Uint8Array(bytes);
  const blob = new Blob([data], {type: 'image/png'});
  const form = () => {
    const filled = new FormData();
    filled.append('file', blob, 'a.png');
    return filled;
  };
  const ask = async (type, params) => {
    const response = await fetch(`${app}/chatkit`, {method: 'POST', body: JSON.stringify({type, params}),
      headers: {...headers, 'content-type': 'application/json'}});
    return response.json();
  };
  const about = {name: 'a.png', size: data.length, mime_type: 'image/png'};
  const announce = () => ask('attachments.create', about);
  const follow = async ({upload_descriptor}, body) => {
    const {url, method, headers} = upload_descriptor;
    return fetch(url, {method, headers, body});
  };
  const drawn = url => new Promise(done => {
    const image = new Image();
    image.onload = () => done(image.naturalWidth);
    image.onerror = () => done(0);
    image.src = url;
  });
  const all = {
    direct: async () => {
      const options = {method: 'POST', body: form(), headers, credentials: 'include'};
      const response = await fetch(`${app}/files`, options);
      return [response.status, await drawn((await response.json()).preview_url)];
    },
    form: async () => {
      const created = await announce();
      const options = {method: 'POST', body: form(), credentials: 'include'};
      const response = await fetch(created.upload_url, options);
      return [response.status, await drawn(created.preview_url)];
    },
    raw: async () => {
      const created = await announce();
      const response = await fetch(created.upload_url, {method: 'PUT', body: blob});
      return [response.status, await drawn(created.preview_url)];
    },
    descriptor: async () => {
      const created = await announce();
      const response = await follow(created, data);
      return [response.status, await drawn(created.preview_url)];
    },
    refused: async () => {
      const created = await announce();
      await follow(created, data);
      const response = await follow(created, data);
      return [response.status, (await response.json()).error.code];
    },
  };
  return all[steps]();
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def origin() -> Iterator[str]:
    """Where the page comes from; another port is another origin."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def run(browser: Browser, origin: str, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts an app, and runs a part of the script in a page of the other origin."""
    apps: list[App] = []

    def run(step: str, **settings: str) -> Any:
        auth = {"CHATKIT_AUTH": "token", "CHATKIT_AUTH_TOKENS": f"alice:{TOKEN}"}
        apps.append(App(tmp_path, {"CHATKIT_CORS_ORIGINS": origin, **auth, **settings}))
        page = browser.new_page()
        page.goto(origin)
        found = page.evaluate(SCRIPT, [apps[-1].address, TOKEN, list(PIXEL), step])
        page.close()
        return found

    yield run
    for app in apps:
        app.kill()


@pytest.mark.slow
@pytest.mark.parametrize("step", ["direct", "form", "raw", "descriptor"])
def test_page_of_another_origin_sends_a_file_and_shows_it(run: Callable[..., Any], step: str) -> None:
    assert run(step) == [200, 1]


@pytest.mark.slow
def test_page_of_another_origin_reads_why_it_is_refused(run: Callable[..., Any]) -> None:
    assert run("refused") == [409, "conflict"]


@pytest.mark.slow
def test_page_of_another_origin_sends_a_file_to_the_object_store(
    run: Callable[..., Any], bucket: Bucket
) -> None:
    settings = {f"CHATKIT_{name.upper()}": value for name, value in bucket.settings().items()}
    assert run("descriptor", **settings) == [200, 1]
