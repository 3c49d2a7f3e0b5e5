"""A client that reads a stream event by event, and keeps what a user would have seen when it broke."""

import asyncio
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any
from uuid import uuid4

import anyio
import httpx

from tests.processes.workers import BOUND

__all__ = ["Reading", "Talk", "script"]

Event = dict[str, Any]  # Any: JSON


def script(*steps: list[Any]) -> str:
    """A message that the talker carries out, different from all others."""
    return json.dumps({"name": uuid4().hex, "steps": steps})


class Reading:
    """One response, while it is read in a task of its own."""

    def __init__(self) -> None:
        self.status = 0
        self.error: Event | None = None
        """The body of a refusal."""
        self.events: list[Event] = []
        self.ids: list[int] = []
        self.heartbeats = 0
        self.is_broken = False
        """Whether the connection ended before the response did."""
        self.turn_id = ""
        self.has_ended = False
        self.task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    @property
    def thread_id(self) -> str:
        return next(str(event["thread"]["id"]) for event in self.events if event["type"] == "thread.created")

    @property
    def types(self) -> list[str]:
        return [str(event["type"]) for event in self.events]

    @property
    def can_be_retried(self) -> bool:
        """Whether it ended as one that was interrupted."""
        last = self.events[-1] if self.events else {}
        return last.get("type") == "error" and last.get("allow_retry") is True

    def texts(self) -> dict[str, str]:
        """What the user has seen of each message of the assistant."""
        texts: dict[str, str] = {}
        for event in self.events:
            if event["type"] == "thread.item.updated" and "delta" in event["update"]:
                texts[event["item_id"]] = texts.get(event["item_id"], "") + event["update"]["delta"]
            elif event["type"] == "thread.item.done" and event["item"]["type"] == "assistant_message":
                texts[event["item"]["id"]] = "".join(part["text"] for part in event["item"]["content"])
        return texts

    @property
    def text(self) -> str:
        return "".join(self.texts().values())

    def note_end(self) -> None:
        """There is no more to come, for whatever reason."""
        self.has_ended = True
        self._news.set()

    async def until(self, condition: Callable[["Reading"], object], bound: float = BOUND) -> None:
        """Wait until what was read is so, or fail when the response has ended and it is not."""
        with anyio.fail_after(bound):
            while not condition(self):
                assert not self.has_ended, (self.status, self.error, self.types[-3:])
                self._news.clear()
                await self._news.wait()

    async def thread(self) -> str:
        """The thread that it has begun, as soon as that is known."""
        await self.until(lambda reading: "thread.created" in reading.types)
        return self.thread_id

    async def has_begun(self, count: int = 1) -> None:
        """Wait for so many pieces of the answer's text."""
        await self.until(lambda reading: reading.text.count(" ") >= count)

    async def ended(self, bound: float = BOUND) -> "Reading":
        assert self.task is not None
        with anyio.fail_after(bound):
            await asyncio.wait([self.task])
        self.task.result()
        return self

    async def leave(self) -> None:
        """Close the connection, as a browser's stop button does."""
        assert self.task is not None
        self.task.cancel()
        await asyncio.wait([self.task])

    async def read(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.turn_id = response.headers.get("chatkit-turn-id", "")
        if response.status_code != 200:
            self.error = json.loads(await response.aread() or b"{}")
        else:
            async for line in response.aiter_lines():
                self._take(line)
        self._news.set()

    def _take(self, line: str) -> None:
        if line.startswith("data: "):
            self.events.append(json.loads(line[6:]))
        elif line.startswith("id: "):
            self.ids.append(int(line[4:]))
        elif line.startswith(":"):
            self.heartbeats += 1
        self._news.set()


class Talk:
    """A user's client. `async with` it; readings that are left open are closed."""

    def __init__(self) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self.http = httpx.AsyncClient(timeout=BOUND, limits=limits)
        self._readings: list[Reading] = []

    async def __aenter__(self) -> "Talk":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for reading in self._readings:
            await reading.leave()
        await self.http.aclose()

    def create(self, url: str, text: str, **headers: str) -> Reading:
        return self.begin(url, "threads.create", {"input": message(text)}, **headers)

    def say(self, url: str, thread_id: str, text: str, **headers: str) -> Reading:
        params = {"thread_id": thread_id, "input": message(text)}
        return self.begin(url, "threads.add_user_message", params, **headers)

    def retry(self, url: str, thread_id: str, item_id: str, **headers: str) -> Reading:
        params = {"thread_id": thread_id, "item_id": item_id}
        return self.begin(url, "threads.retry_after_item", params, **headers)

    def begin(self, url: str, operation: str, params: Event, **headers: str) -> Reading:
        body = {"type": operation, "params": params}
        return self._open("POST", f"{url}/chatkit", json=body, headers=_named(headers))

    def join(self, url: str, thread_id: str, after: int = 0, **query: str) -> Reading:
        return self._open("GET", f"{url}/threads/{thread_id}/stream", params={"after": after, **query})

    def _open(self, method: str, url: str, **options: Any) -> Reading:  # Any: httpx' own
        reading = Reading()
        reading.task = asyncio.create_task(self._read(reading, method, url, **options))
        self._readings.append(reading)
        return reading

    async def _read(self, reading: Reading, method: str, url: str, **options: Any) -> None:
        try:
            async with self.http.stream(method, url, **options) as response:
                await reading.read(response)
        except (httpx.TransportError, OSError):
            reading.is_broken = True
        finally:
            reading.note_end()

    async def ask(self, url: str, operation: str, **params: object) -> Any:  # Any: JSON
        response = await self.http.post(f"{url}/chatkit", json={"type": operation, "params": params})
        assert response.status_code == 200, response.text
        return response.json()

    async def items(self, url: str, thread_id: str) -> list[Event]:
        """What the user is shown of a thread."""
        shown = await self.ask(url, "items.list", thread_id=thread_id, order="asc", limit=1000)
        return list(shown["data"])

    async def cancel(self, url: str, thread_id: str) -> Event:
        response = await self.http.post(f"{url}/threads/{thread_id}/cancel")
        assert response.status_code in (200, 202), response.text
        return dict(response.json())


def message(text: str) -> Event:
    return {"content": [{"type": "input_text", "text": text}]}


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
