"""A page of another origin sends files by a real browser's `fetch`: as forms, raw, to the object store."""

import base64
import http.server
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.s3 import Bucket
from tests.web.test_uploads_killed import Process

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright (pip install playwright)")

CHROMIUM = shutil.which("chromium")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
TOKEN = "a-secret"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
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


@pytest.fixture(scope="module", autouse=True)
def _chromium() -> None:
    if CHROMIUM is None:
        missing = "needs chromium (apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)


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
def run(origin: str, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts an app, and runs a part of the script in a page of the other origin."""
    processes: list[Process] = []

    def run(step: str, **settings: str) -> Any:
        auth = {"CHATKIT_AUTH": "token", "CHATKIT_AUTH_TOKENS": f"alice:{TOKEN}"}
        process = Process(tmp_path, CHATKIT_CORS_ORIGINS=origin, **auth, **settings)
        processes.append(process)
        with playwright.sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
            page = browser.new_page()
            page.goto(origin)
            found = page.evaluate(SCRIPT, [process.address, TOKEN, list(PIXEL), step])
            browser.close()
        return found

    yield run
    for process in processes:
        process.kill()


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
