"""Pages of another site, on an origin of its own, that have the element on them; their script is `host.js`.

They are under the policy that the README asks for: scripts and connections of their own and of the app, no
inline code, no inline style.
"""

import json
import mimetypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from playwright.sync_api import Page, Request

__all__ = ["CHAT", "FOLDER", "Host", "Site", "site"]

FOLDER = Path(__file__).parent
CHAT = "<openai-chatkit></openai-chatkit>"
SCRIPT = "<script src={app}/chatkit.js async></script>"
PAGE = """<!doctype html><html lang=en><title>Another site</title><meta name=app content={app}>
<link rel=stylesheet href=/host.css>{script}<main>{body}</main><script src=/host.js></script>"""
POLICY = (
    "default-src 'none'; script-src 'self' {app}; connect-src 'self' {app}; style-src 'self'; "
    "img-src 'self' data: blob: {app}; font-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Site:
    """The other site, made by `site`; `app` is the address of the app whose element its pages take."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.app = ""
        self.files: dict[str, bytes] = {}
        """Its files by their paths, beside those of this folder."""
        self.policies: dict[str, str] = {}
        """The content policies of pages that need another one."""

    def add(self, path: str, body: str = CHAT, *, script: str = SCRIPT) -> None:
        """Put a page under the path, with the element's script and `host.js`."""
        page = PAGE.format(app=self.app, script=script.format(app=self.app), body=body)
        self.files[path] = page.encode()

    def read(self, path: str) -> bytes | None:
        here = FOLDER / path.removeprefix("/")
        return self.files.get(path) or (here.read_bytes() if here.is_file() else None)


class Host:
    """A page of that site in a browser. JavaScript that it runs finds what `host.js` has."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page = page
        self.site = site
        self._sent: list[Request] = []
        page.on("request", lambda request: self._sent.append(request))

    def open(self, path: str = "/") -> Self:
        self.page.goto(f"{self.site.address}{path}")
        return self

    def show(self, options: str = "{}") -> Self:
        """Set the element's options, as JavaScript, and wait until it is ready."""
        self.page.evaluate(f"async () => {{ await show({options}); await heard('ready'); }}")
        return self

    def call(self, method: str, *arguments: object) -> None:
        """Call one of the element's methods and wait for it."""
        self.page.evaluate("([method, args]) => chat[method](...args)", [method, list(arguments)])

    def run(self, script: str, argument: object = None) -> Any:  # Any: JSON
        return self.page.evaluate(script, argument)

    def say(self, text: str, **params: object) -> None:
        """Send a message by the element's method, and wait for the end of its answer."""
        self.call("sendUserMessage", {"text": text, **params})

    def heard(self, name: str, count: int = 1) -> None:
        self.page.evaluate("([name, count]) => heard(name, count)", [name, count])

    def told(self, *names: str) -> list[Any]:
        """What the element has told, as pairs; with names only those events."""
        told: list[Any] = self.page.evaluate("told")
        return [pair for pair in told if not names or pair[0] in names]

    def ask(self, type: str, **params: object) -> Any:
        return self.page.evaluate("([type, params]) => ask(type, params)", [type, params])

    def asked(self, *types: str) -> list[Any]:
        """The parameters of the requests of these types that the page has made, in order."""
        bodies = [json.loads(each.post_data or "{}") for each in self._sent if self._is_operation(each)]
        return [body["params"] for body in bodies if body.get("type") in types]

    @property
    def requests(self) -> list[Request]:
        return self._sent

    @property
    def thread(self) -> str:
        """The id of the thread that it told of last."""
        return str(self.told("thread.change")[-1][1]["threadId"])

    def _is_operation(self, request: Request) -> bool:
        return request.method == "POST" and request.url.split("?")[0].endswith("/chatkit")


@contextmanager
def site() -> Iterator[Site]:
    """The site, listening on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            content = pages.read(path)
            kind = mimetypes.guess_type(path)[0] or "text/html; charset=utf-8"
            self.send_response(200 if content is not None else 204)
            self.send_header("content-type", kind)
            self.send_header(
                "content-security-policy", pages.policies.get(path, POLICY.format(app=pages.app))
            )
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        pages = Site(server.server_port)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield pages
        finally:
            server.shutdown()
            thread.join()
