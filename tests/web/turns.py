"""A server that answers word by word as its test lets it, and clients that read its answers over a socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import httpx
from starlette.applications import Starlette
from starlette.requests import Request

from chatkit_asgi import RequestContext, Settings, create_app
from chatkit_asgi.clock import utcnow
from chatkit_asgi.server import ChatKitServer
from chatkit_asgi.store import Store
from chatkit_asgi.streams import TurnRunner
from chatkit_asgi.types import (
    AssistantMessageContentPartTextDelta,
    StreamOptions,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemUpdatedEvent,
    ThreadMetadata,
    ThreadStreamEvent,
    UserMessageItem,
)
from tests.factories import make_assistant_message
from tests.live import serving
from tests.web.chat import Chat, Event

__all__ = [
    "BOUND",
    "Answer",
    "Puppet",
    "Reading",
    "Talk",
    "delta_of",
    "patiently",
    "runner_of",
    "talking",
    "text_of",
    "texts_of",
]

BOUND = 15
"""Seconds until a wait for what must happen is given up."""


class Answer:
    """One answer in the making. What it is told to do it does, in order, as soon as it can."""

    def __init__(self, thread: ThreadMetadata, message: UserMessageItem | None, context: Any) -> None:
        self.thread = thread
        self.message = message
        self.context = context
        self.item = make_assistant_message(
            "", id=f"msg_{uuid4().hex}", thread_id=thread.id, created_at=utcnow()
        )
        self.said: list[str] = []
        """The words that were taken from it."""
        self.ended = asyncio.Event()
        self._steps: asyncio.Queue[Callable[[], ThreadStreamEvent | None]] = asyncio.Queue()

    @property
    def waits(self) -> bool:
        """Whether it was not done yet what it was told to do."""
        return not self._steps.empty()

    def say(self, *words: str) -> None:
        for word in words:
            self._steps.put_nowait(lambda word=word: self._delta(word))  # type: ignore[misc]  # bound now

    def do(self, step: Callable[[], ThreadStreamEvent | None]) -> None:
        """Send an event, raise what it raises, or come to the end of the answer where it gives None."""
        self._steps.put_nowait(step)

    def send(self, event: ThreadStreamEvent) -> None:
        self.do(lambda: event)

    def fail(self, failure: Exception) -> None:
        def step() -> ThreadStreamEvent | None:
            raise failure

        self.do(step)

    def finish(self) -> None:
        """Store the message, and end."""
        self.do(self._done)
        self.do(lambda: None)

    def _delta(self, word: str) -> ThreadStreamEvent:
        self.said.append(word)
        return delta_of(self.item.id, word)

    def _done(self) -> ThreadStreamEvent:
        content = make_assistant_message("".join(self.said)).content
        return ThreadItemDoneEvent(item=self.item.model_copy(update={"content": content}))

    async def events(self) -> AsyncIterator[ThreadStreamEvent]:
        try:
            yield ThreadItemAddedEvent(item=self.item)
            while (event := (await self._steps.get())()) is not None:
                yield event
        finally:
            self.ended.set()


def delta_of(item_id: str, word: str) -> ThreadItemUpdatedEvent:
    """More text of a message."""
    update = AssistantMessageContentPartTextDelta(content_index=0, delta=word)
    return ThreadItemUpdatedEvent(item_id=item_id, update=update)


class Puppet(ChatKitServer[Any]):
    """Gives each request, and each action, an answer that its test has in hand."""

    def __init__(self, store: Store[Any]) -> None:
        super().__init__(store)
        self.answers: list[Answer] = []
        self.allow_cancel = True
        self._asked = asyncio.Event()

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Any
    ) -> AsyncIterator[ThreadStreamEvent]:
        answer = Answer(thread, input_user_message, context)
        self.answers.append(answer)
        self._asked.set()
        async with aclosing(answer.events()) as events:  # type: ignore[type-var]  # a generator
            async for event in events:
                yield event

    def action(self, thread: ThreadMetadata, action: Any, sender: Any, context: Any) -> Any:
        return self.respond(thread, None, context)

    def get_stream_options(self, thread: ThreadMetadata, context: Any) -> StreamOptions:
        return StreamOptions(allow_cancel=self.allow_cancel)

    async def answer_number(self, number: int) -> Answer:
        """The answer to the request of that number, counted from 0, as soon as it has begun."""
        async with asyncio.timeout(BOUND):
            while len(self.answers) <= number:
                self._asked.clear()
                await self._asked.wait()
        return self.answers[number]


class Reading:
    """A stream being read over a socket."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.raw = b""
        """What has been read so far."""
        self._parts = response.aiter_bytes()

    @property
    def turn_id(self) -> str:
        return self.response.headers["chatkit-turn-id"]

    @property
    def frames(self) -> list[bytes]:
        """The whole frames so far; comments are none."""
        parts = self.raw.split(b"\n\n")[:-1]
        return [part for part in parts if not part.startswith(b":")]

    @property
    def events(self) -> list[Event]:
        return [json.loads(frame[frame.index(b"data: ") + 6 :]) for frame in self.frames]

    @property
    def thread_id(self) -> str:
        return str(self.events[0]["thread"]["id"])

    async def until(self, text: str) -> "Reading":
        """Read until the text has arrived, in a whole frame."""
        async with asyncio.timeout(BOUND):
            while text.encode() not in self.raw or not self.raw.endswith(b"\n\n"):
                self.raw += await anext(self._parts)
        return self

    async def rest(self) -> bytes:
        """All of the stream, to its end."""
        async with asyncio.timeout(BOUND):
            async for part in self._parts:
                self.raw += part
        return self.raw


class Talk:
    """An app on a socket whose answers the test gives itself, and one of its users."""

    def __init__(self, http: httpx.AsyncClient, server: Puppet, runner: TurnRunner, user: str) -> None:
        self.http = http
        self.server = server
        self.runner = runner
        self.user = user
        self.chat = Chat(http)

    def as_user(self, user: str) -> "Talk":
        """The same app for somebody else. Share nothing but the socket."""
        http = httpx.AsyncClient(base_url=self.http.base_url, headers={"x-user": user}, timeout=BOUND)
        return Talk(http, self.server, self.runner, user)

    @asynccontextmanager
    async def reading(
        self, operation: str, headers: Mapping[str, str] = MappingProxyType({}), **params: object
    ) -> AsyncIterator[Reading]:
        """Read what answers an operation; leaving the block hangs up."""
        body = {"type": operation, "params": params}
        async with self.http.stream("POST", "/chatkit", json=body, headers=headers) as response:
            if response.status_code != 200:
                await response.aread()
            assert response.status_code == 200, response.text
            yield Reading(response)

    def creating(self, text: str = "Hello", **headers: str) -> Any:  # Any: a context manager of a Reading
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.reading("threads.create", named, input=Chat.message(text))

    def saying(self, thread_id: str, text: str = "And then?", **headers: str) -> Any:  # Any: the same
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        message = Chat.message(text)
        return self.reading("threads.add_user_message", named, thread_id=thread_id, input=message)

    @asynccontextmanager
    async def joining(self, thread_id: str, query: str = "", **headers: str) -> AsyncIterator[Reading]:
        """Read the thread's running turn."""
        url = f"/threads/{thread_id}/stream{query}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.stream("GET", url, headers=named) as response:
            assert response.status_code == 200, response.status_code
            yield Reading(response)

    async def cancel(self, thread_id: str) -> httpx.Response:
        return await self.http.post(f"/threads/{thread_id}/cancel")

    async def begin(self, text: str = "Hello", **headers: str) -> tuple[str, Answer]:
        """A thread whose turn has said "One " and whose reader has left."""
        number, readers = len(self.server.answers), self.runner.figures.readers
        async with self.creating(text, **headers) as stream:
            answer = await self.server.answer_number(number)
            answer.say("One ")
            await stream.until("One ")
            thread_id = stream.thread_id
        await self.read_by(readers)
        return thread_id, answer

    async def read_by(self, readers: int) -> None:
        """Wait until the server knows of so many readers, of all its turns."""
        await patiently(lambda: self.runner.figures.readers == readers)

    async def idle(self) -> None:
        """Wait until all turns are over."""
        await patiently(lambda: self.runner.live == 0)

    async def stored(self, thread_id: str) -> list[Any]:  # Any: items of all kinds
        """All items of the thread, those that are hidden from clients too."""
        context = RequestContext(user_id=self.user)
        page = await self.server.store.load_thread_items(thread_id, None, 100, "asc", context)
        return page.data


async def patiently(is_so: Callable[[], bool]) -> None:
    """Wait for something that nothing tells of."""
    async with asyncio.timeout(BOUND):
        while not is_so():  # noqa: ASYNC110 - sockets and other tasks bring it about
            await asyncio.sleep(0.002)


async def by_header(request: Request) -> RequestContext:
    """Whoever the request says is calling."""
    return RequestContext(user_id=request.headers.get("x-user", "alice"))


@asynccontextmanager
async def talking(
    settings: Settings, store: Store[Any], *, authenticate: Any = by_header, server: Any = None
) -> AsyncIterator[Talk]:
    """The app on a socket, with a `Puppet` unless another server is given."""
    server = server or Puppet(store)
    app = create_app(settings, server=server, authenticate=authenticate)
    async with (
        serving(app) as url,
        httpx.AsyncClient(
            base_url=url,
            timeout=BOUND,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        ) as http,
    ):
        yield Talk(http, server, runner_of(app), "alice")


def runner_of(app: Starlette) -> TurnRunner:
    """What runs the app's turns."""
    (endpoint,) = (route.endpoint for route in app.routes if getattr(route, "path", "") == "/chatkit")  # type: ignore[attr-defined]
    return endpoint._desk._runner  # type: ignore[no-any-return]


def text_of(item: Event) -> str:
    return "".join(part["text"] for part in item["content"])


def texts_of(items: Sequence[Event]) -> list[str]:
    """What was said in a thread, by whom ever."""
    return [text_of(item) for item in items if item["type"] in ("user_message", "assistant_message")]
