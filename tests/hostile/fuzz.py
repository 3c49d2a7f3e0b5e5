"""Sends mutated requests to the whole app and looks at every answer.

``python -m tests.hostile.fuzz --inputs 100000 [--seed N]`` is the long run; the tests do a short one.
"""

import argparse
import asyncio
import json
import logging
import resource
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from starlette.applications import Starlette

from chatkit_asgi import Settings, create_app
from tests.hostile.mutations import KEY, Asked, mutated, valid_requests

__all__ = ["Answered", "Wall", "ask", "standing"]

BOUND = 30
"""Seconds after which an answer counts as a hang."""
NOT_OFFERED = 501
"""The one server error that is an answer: nothing is away here."""
HEADERS = [(b"host", b"localhost"), (b"authorization", b"Bearer secret"), (b"user-agent", b"fuzz")]


class Answered:
    """What came back."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.body = bytearray()
        self.is_whole = False

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            self.is_whole = not message.get("more_body", False)


async def ask(app: Starlette, asked: Asked, dice: Random) -> Answered:
    """The whole answer to a request whose body comes in pieces."""
    names = {name for name, _ in asked.headers}
    pieces = [asked.body]
    if len(asked.body) > 2 and dice.random() < 0.3:
        place = dice.randrange(1, len(asked.body))
        pieces = [asked.body[:place], asked.body[place:]]
    messages = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]
    gone = asyncio.Event()

    async def receive() -> Any:
        if messages:
            return messages.pop(0)
        await gone.wait()
        return {"type": "http.disconnect"}

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": asked.path,
        "raw_path": asked.path.encode("utf-8", "surrogatepass"),
        "query_string": asked.query,
        "root_path": "",
        "headers": [*(header for header in HEADERS if header[0] not in names), *asked.headers],
        "client": ("127.0.0.1", 1234),
        "server": ("127.0.0.1", 8000),
    }
    answered = Answered()
    async with asyncio.timeout(BOUND):
        await app(scope, receive, answered.send)
    return answered


class Wall:
    """An app with everything in it that can be named, and a count of what it answered."""

    def __init__(self, app: Starlette, dice: Random) -> None:
        self.app = app
        self.dice = dice
        self.answers: Counter[tuple[str, int]] = Counter()
        self.requests: list[Asked] = []

    async def furnish(self) -> None:
        """Put a thread, files and a link there, whose ids requests then name."""
        created = await self._chatkit(
            "threads.create", input={"content": [{"type": "input_text", "text": "/form"}]}
        )
        frames = [
            json.loads(frame[6:]) for frame in bytes(created.body).split(b"\n\n") if frame[:6] == b"data: "
        ]
        item = next(event["item"]["id"] for event in frames if event["type"] == "thread.item.done")
        announced = await self._announce()
        file = await self._announce()
        target = str(file["upload_descriptor"]["url"])
        token = target.partition("token=")[2]
        put = Asked("PUT", f"/files/{file['id']}", b"hello", b"token=" + token.encode())
        assert (await ask(self.app, put, self.dice)).status == 200
        self.requests = valid_requests(
            {
                "thread": frames[0]["thread"]["id"],
                "item": item,
                "attachment": file["id"],
                "announced": announced["id"],
                "token": str(announced["upload_descriptor"]["url"]).partition("token=")[2],
            }
        )

    async def _announce(self) -> Any:
        answer = await self._chatkit("attachments.create", name="a.txt", size=5, mime_type="text/plain")
        return json.loads(bytes(answer.body))

    async def _chatkit(self, operation: str, **params: Any) -> Answered:
        body = json.dumps({"type": operation, "params": params}).encode()
        answered = await ask(self.app, Asked("POST", "/chatkit", body), self.dice)
        assert answered.status == 200, bytes(answered.body)
        return answered

    async def send(self, asked: Asked) -> Answered:
        return await ask(self.app, asked, self.dice)

    async def throw(self) -> None:
        """Send one mutated request. Raises AssertionError for an answer that must not be."""
        asked = mutated(self.dice.choice(self.requests), self.dice)
        try:
            answered = await self.send(asked)
            check(asked, answered)
        except Exception as exc:
            raise AssertionError(f"{exc!r}, asked for {asked}"[:5000]) from exc
        route = asked.path.split("/")[1][:9] if asked.path.isascii() else "?"
        self.answers[route if route in ROUTES else "other", answered.status // 100] += 1

    async def stands(self) -> None:
        """Raises AssertionError unless the app still does what it is for."""
        listed = await self._chatkit("threads.list", limit=1)
        assert json.loads(bytes(listed.body))["data"]
        await self._chatkit("threads.create", input={"content": [{"type": "input_text", "text": "hello"}]})


ROUTES = ("chatkit", "files", "threads", "session", "composer")


def check(asked: Asked, answered: Answered) -> None:
    """What holds for every answer, whatever was asked."""
    status = answered.status
    assert answered.is_whole, "the answer has no end"
    assert status < 500 or status == NOT_OFFERED, bytes(answered.body)
    assert b"traceback" not in answered.body.lower()
    assert b"sqlalchemy" not in answered.body.lower()
    assert answered.headers[b"x-content-type-options"] == b"nosniff"
    if status >= 400 and asked.method != "HEAD" and not is_preflight(asked):
        error = json.loads(bytes(answered.body))["error"]
        assert error["type"] in ("invalid_request_error", "server_error")
        assert error["code"]
        assert error["message"]
        assert error["request_id"] == answered.headers[b"x-request-id"].decode()
    if answered.headers.get(b"content-type", b"").startswith(b"text/event-stream"):
        assert answered.body.endswith(b"\n\n") or not answered.body
        for frame in bytes(answered.body).split(b"\n\n")[:-1]:
            json.loads(frame.rpartition(b"data: ")[2])


def is_preflight(asked: Asked) -> bool:
    return asked.method == "OPTIONS"


@asynccontextmanager
async def standing(data_dir: Path, seed: int) -> AsyncIterator[Wall]:
    """An app on SQLite that everything can be thrown at."""
    settings = Settings(
        data_dir=data_dir,
        demo_delay=0,
        auth="token",
        auth_tokens="alice:secret",
        session_key=KEY,
        rate_limit="off",
        rate_limit_messages="off",
        rate_limit_address="off",
        rate_limit_failures="off",
        heartbeat=0,
    )
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        wall = Wall(app, Random(seed))  # noqa: S311 - dice, no secret
        await wall.furnish()
        yield wall


def resident() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


async def run(inputs: int, seed: int) -> None:
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        async with standing(Path(folder), seed) as wall:
            tasks = len(asyncio.all_tasks())
            for number in range(inputs + 1):
                if number % (inputs // 10) == 0:
                    print(
                        f"{number:8} inputs, {resident() / 1e6:.1f} MB, {dict(sorted(wall.answers.items()))}",
                        flush=True,
                    )
                await wall.throw()
            await wall.stands()
            print(f"seed {seed}: all answered; tasks {tasks} before, {len(asyncio.all_tasks())} after")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    asyncio.run(run(given.inputs, given.seed))
