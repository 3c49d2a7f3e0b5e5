"""A ChatKit server whose every answer the test writes: what arrives, in which shape, and when.

It runs in a thread of the test's process and serves the built page, too, under the page's own content policy:
``/host`` is an empty document with the element, which `show` gives its options.
"""

import asyncio
import json
import queue
import socket
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import uvicorn
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from chatkit_asgi.web.playground import page_routes
from tests.browser import PIXEL
from tests.page.events import done, thread, user

__all__ = ["Asked", "Script", "scripted", "until"]

SECONDS = 30
"""How long a test waits for the page to ask, and the server for the test to answer."""
THREAD = "thr_1"
STREAMS = {
    "threads.create",
    "threads.add_user_message",
    "threads.add_client_tool_output",
    "threads.add_structured_input",
    "threads.retry_after_item",
    "threads.custom_action",
}
HOST = """<!doctype html><html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A page</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="host.css">
<openai-chatkit></openai-chatkit><script type="module" src="chatkit.js"></script>"""
STYLE = "html, body { block-size: 100%; margin: 0 } openai-chatkit { display: block; block-size: 100% }"
SHOW = """options => {
  const chat = document.querySelector('openai-chatkit');
  window.told ??= [];
  for (const name of ['effect', 'error', 'deeplink', 'thread.change', 'response.start', 'response.end'])
    chat.addEventListener(`chatkit.${name}`, ({detail}) =>
      window.told.push([name, detail?.error ? detail.error.message : detail ?? null]));
  return customElements.whenDefined('openai-chatkit').then(() => chat.setOptions(options));
}"""

UNTIL = """async most => {{
  for (let frame = 0; frame < most; frame += 1) {{
    if ({condition}) return true;
    await new Promise(done => requestAnimationFrame(done));
  }}
  return false;
}}"""
FRAMES = 2000
BOX = "ck-composer textarea"  # roles take long to find among ten thousand items


def until(page: Page, condition: str) -> None:
    """Wait until the JavaScript is true (`wait_for_function` needs a policy that allows eval)."""
    assert page.evaluate(UNTIL.format(condition=condition), FRAMES), condition


class Asked:
    """A request of the page: a stream is answered with `send` and `end`, others with `answer` or `refuse`."""

    def __init__(self, body: dict[str, Any], loop: asyncio.AbstractEventLoop) -> None:  # Any: JSON
        self.params: dict[str, Any] = body["params"]
        self.type: str = body["type"]
        self._loop = loop
        self._answers: asyncio.Queue[bytes | Response | None] = asyncio.Queue()

    def send(self, *events: object) -> Self:
        """Tell events, as they stand; text is sent as a frame of its own."""
        for event in events:
            data = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
            self._put(f"data: {data}\n\n".encode())
        return self

    def end(self, *events: object) -> None:
        self.send(*events)
        self._put(None)

    def answer(self, value: object) -> None:
        self._put(JSONResponse(value))

    def refuse(self, status: int, message: str) -> None:
        self._put(JSONResponse({"error": {"code": "refused", "message": message}}, status))

    async def response(self) -> Response:
        if self.type in STREAMS:
            first = await self._answers.get()
            if isinstance(first, Response):
                return first
            return StreamingResponse(self._frames(first), media_type="text/event-stream")
        answer = await self._answers.get()
        assert isinstance(answer, Response)
        return answer

    async def _frames(self, first: bytes | None) -> AsyncIterator[bytes]:
        frame: Any = first
        while frame is not None:
            yield frame
            frame = await self._answers.get()

    def _put(self, answer: bytes | Response | None) -> None:
        self._loop.call_soon_threadsafe(self._answers.put_nowait, answer)


class Script:
    """What the server does; made by `scripted`."""

    def __init__(self, built: Path) -> None:
        self.address = ""
        self.thread: dict[str, Any] = thread()
        self.items: list[Any] = []
        """What the thread holds when it is loaded, oldest first."""
        self.at_once = 0
        """How many items it gives at once; 0: as many as it is asked for."""
        self.cancelled = threading.Event()
        self.uploads = threading.Event()
        """Set it to have what is sent to ``/upload`` taken; before, it waits on its way."""
        self._asked: defaultdict[str, queue.Queue[Asked]] = defaultdict(queue.Queue)
        self._all: list[Asked] = []
        pages = page_routes(built=built)
        self._page: Any = pages[0]
        self.app = Starlette(
            routes=[
                Route("/chatkit", self._answer, methods=["POST"]),
                Route("/threads/{id}/stream", self._nothing),
                Route("/threads/{id}/cancel", self._cancel, methods=["POST"]),
                Route("/upload", self._upload, methods=["PUT", "POST"]),
                Route("/host", self._host),
                Route("/host.css", lambda _: Response(STYLE, media_type="text/css")),
                Route("/pixel.png", lambda _: Response(PIXEL, media_type="image/png")),
                *pages,
            ]
        )

    # ---- what tests call

    def asked(self, type: str) -> Asked:
        """The next request of that type, as soon as the page has made it."""
        return self._asked[type].get(timeout=SECONDS)

    def has_asked(self, type: str) -> bool:
        return not self._asked[type].empty()

    def show(self, page: Page, options: str = "") -> None:
        """Open the host page; `options` are further ones of the element, as JavaScript."""
        page.goto(f"{self.address}/host")
        self.configure(page, options)
        expect(page.locator(BOX)).to_be_visible()

    def configure(self, page: Page, options: str = "") -> None:
        """Set the options anew."""
        common = (
            "api: {url: 'chatkit', domainKey: ''}, locale: 'en', composer: {attachments: {enabled: true}}"
        )
        actions = "threadItemActions: {feedback: true, retry: true}"
        page.evaluate(f"() => ({SHOW})({{{common}, {actions}, {options}}})")

    def open(self, page: Page, *items: object, options: str = "") -> None:
        """Open the host page on a thread that holds these items."""
        self.items = list(items)
        self.show(page, f"initialThread: '{THREAD}', {options}")
        expect(page.locator("ck-thread [part=thread]")).to_be_visible()

    def say(self, page: Page, text: str = "Hello") -> Asked:
        """Send a message in the page; the answer begins with it, and what follows is the test's."""
        page.locator(BOX).fill(text)
        page.keyboard.press("Enter")
        asked = self.asked("threads.create" if not self.items else "threads.add_user_message")
        if asked.type == "threads.create":
            asked.send({"type": "thread.created", "thread": self.thread})
        said = user(f"user_{len(self.items)}", asked.params["input"]["content"])
        self.items.append(said)
        return asked.send(done(said), {"type": "stream_options", "stream_options": {"allow_cancel": True}})

    def release(self) -> None:
        """Let go of whoever still waits for an answer."""
        self.uploads.set()
        for asked in self._all:
            asked.end()

    # ---- routes

    async def _answer(self, request: Request) -> Response:
        asked = Asked(await request.json(), asyncio.get_running_loop())
        match asked.type:
            case "threads.get_by_id":
                return JSONResponse(
                    {**self.thread, "items": {"data": self.items[:20], "has_more": len(self.items) > 20}}
                )
            case "items.list":
                return JSONResponse(self._items(asked.params))
            case "threads.list":
                return JSONResponse({"data": [self.thread], "has_more": False})
        self._all.append(asked)
        self._asked[asked.type].put(asked)
        return await asked.response()

    def _items(self, params: dict[str, Any]) -> dict[str, Any]:
        """The newest first, a page of them."""
        newest = self.items[::-1]
        ids = [item.get("id") for item in newest if item]
        start = ids.index(params["after"]) + 1 if params.get("after") else 0
        end = start + (self.at_once or params["limit"])
        return {"data": newest[start:end], "has_more": end < len(newest)}

    async def _nothing(self, request: Request) -> Response:
        return Response(status_code=204)

    async def _cancel(self, request: Request) -> Response:
        self.cancelled.set()
        return Response(status_code=204)

    async def _upload(self, request: Request) -> Response:
        await asyncio.to_thread(self.uploads.wait, SECONDS)
        return JSONResponse({"size": len(await request.body())})

    async def _host(self, request: Request) -> Response:
        page: Response = await self._page.endpoint(request)
        policy = page.headers["content-security-policy"]
        return Response(HOST, headers={"Content-Security-Policy": policy}, media_type="text/html")


@contextmanager
def scripted(built: Path) -> Iterator[Script]:
    """The server, listening."""
    script = Script(built)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        script.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(script.app, lifespan="off", ws="none", access_log=False, log_level="critical")
        config.timeout_graceful_shutdown = SECONDS
        server = uvicorn.Server(config)
        running = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        running.start()
        try:
            yield script
        finally:
            script.release()
            server.should_exit = True
            running.join(SECONDS)
