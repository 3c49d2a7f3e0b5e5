"""Uploads that end badly: clients leave anywhere, processes are killed. And two processes at once."""

import asyncio
import contextlib
import os
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from chatkit_asgi import Settings, create_app
from chatkit_asgi.store import Usage
from chatkit_asgi.store.sql import SQLiteStore
from tests.attachments.samples import PNG
from tests.live import serving

COMMAND = [sys.executable, "-m", "uvicorn", "chatkit_asgi:app", "--port", "0", "--no-access-log"]
BOUNDARY = "xyz"
HEAD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'.encode()
END = f"\r\n--{BOUNDARY}--\r\n".encode()
WAIT_SECONDS = 30


class Process:
    """The app in a process of its own, on a data folder."""

    def __init__(self, folder: Path, **settings: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CHATKIT_")}
        environment = kept | {"CHATKIT_DATA_DIR": str(folder), "CHATKIT_DEMO_DELAY": "0", **settings}
        self._process = subprocess.Popen(COMMAND, env=environment, stderr=subprocess.PIPE, text=True)
        self.address = self._announced_address()
        self.http = httpx.Client(base_url=self.address, trust_env=False, timeout=WAIT_SECONDS)

    def _announced_address(self) -> str:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := re.search(r"running on (http://\S+)", line):
                return found[1]
        pytest.fail("the server did not start")

    def ask(self, operation: str, **params: Any) -> Any:
        response = self.http.post("/chatkit", json={"type": operation, "params": params})
        assert response.status_code == 200, response.text
        return response

    def upload(self, data: bytes) -> str:
        response = self.http.post("/files", files={"file": ("a.png", data, "image/png")})
        assert response.status_code == 200, response.text
        return str(response.json()["id"])

    def send(self, *attachments: str) -> None:
        content = [{"type": "input_text", "text": "Look"}]
        self.ask("threads.create", input={"content": content, "attachments": attachments})

    def kill(self) -> None:
        self.http.close()
        self._process.kill()
        self._process.wait(WAIT_SECONDS)
        assert self._process.stderr is not None
        self._process.stderr.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts the app on one data folder; what still runs is killed at the end."""
    with contextlib.ExitStack() as stack:

        def start(**settings: str) -> Process:
            process = Process(tmp_path, **settings)
            stack.callback(process.kill)
            return process

        yield start


def files_in(folder: Path) -> list[Path]:
    """Half-written ones too."""
    found = os.walk(folder / "files")  # which does not mind that folders go meanwhile
    return [Path(parent) / name for parent, _, names in found for name in names]


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@contextlib.contextmanager
def half_an_upload(address: str) -> Iterator[None]:
    """The first megabytes of a form are sent, and the rest does not come."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), WAIT_SECONDS) as client:
        client.sendall(_request(10 << 20))
        client.sendall(HEAD + bytes(6 << 20))
        yield


def _request(size: int) -> bytes:
    length = len(HEAD) + size + len(END)
    return (
        "POST /files HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


@pytest.mark.slow
def test_what_a_killed_process_had_of_an_upload_goes(start: Callable[..., Process], tmp_path: Path) -> None:
    first = start()
    kept = first.upload(PNG)
    first.send(kept)
    with half_an_upload(first.address):
        wait_until(lambda: len(files_in(tmp_path)) == 2)
        first.kill()
    assert len(files_in(tmp_path)) == 2
    start(CHATKIT_UNSENT_SECONDS="1")
    wait_until(lambda: len(files_in(tmp_path)) == 1)
    assert files_in(tmp_path)[0].parent.name == kept


@pytest.mark.slow
def test_deletion_that_was_answered_is_carried_out_by_whoever_lives(
    start: Callable[..., Process], tmp_path: Path
) -> None:
    first = start()
    ids = [first.upload(PNG) for _ in range(30)]
    first.send(*ids[1:])
    (thread,) = first.ask("threads.list", limit=10).json()["data"]
    first.ask("threads.delete", thread_id=thread["id"])
    first.kill()
    start()
    wait_until(lambda: len(files_in(tmp_path)) == 1)
    assert files_in(tmp_path)[0].parent.name == ids[0]


@pytest.mark.slow
def test_two_processes_serve_and_sweep_the_same_files(start: Callable[..., Process], tmp_path: Path) -> None:
    settings = {"CHATKIT_SECRET_KEY": "the same for both, and long enough"}
    one, other = start(**settings), start(**settings)
    created = one.ask("attachments.create", name="a.png", size=len(PNG), mime_type="image/png").json()
    link = created["upload_url"].replace(one.address, other.address)
    assert httpx.put(link, content=PNG, trust_env=False).status_code == 200
    assert httpx.put(created["upload_url"], content=PNG, trust_env=False).status_code == 409
    ids = [created["id"], *(process.upload(PNG) for process in (one, other) * 10)]
    one.send(*ids)
    (thread,) = other.ask("threads.list", limit=10).json()["data"]
    assert len(files_in(tmp_path)) == 21
    other.ask("threads.delete", thread_id=thread["id"])
    wait_until(lambda: files_in(tmp_path) == [])


async def test_clients_that_leave_anywhere_leave_nothing(tmp_path: Path) -> None:
    """Two hundred of them: some hang up, some break the connection, some send another end than they said."""
    settings = Settings(data_dir=tmp_path, demo_delay=0)
    app, count, ended = create_app(settings), 200, asyncio.Semaphore(0)
    dice = random.Random(6)  # noqa: S311 - no secret

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)
        if scope["type"] == "http":
            ended.release()

    async def leave(address: str) -> None:
        size = dice.choice([10, 5_000, 300_000, 6 << 20])
        form = HEAD + bytes(size) + END
        cut = form[: dice.randrange(len(form))]
        parts = urlsplit(address)
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(_request(size) + cut)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        if dice.random() < 0.5:
            writer.transport.abort()
        writer.close()

    async with serving(watched) as address:
        for _ in range(0, count, 10):
            await asyncio.gather(*(leave(address) for _ in range(10)))
        async with asyncio.timeout(60):
            for _ in range(count):
                await ended.acquire()
        assert files_in(tmp_path) == []
    store: SQLiteStore[Any] = SQLiteStore(tmp_path / "chatkit.sqlite3")
    assert await store.load_usage({"user_id": "local"}) == Usage()
    await store.aclose()
