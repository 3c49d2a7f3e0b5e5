"""No secret is in anything that the app writes or answers, whatever goes wrong and however much is logged."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
import jwt
import pytest
from sqlalchemy.engine import make_url

from chatkit_asgi import Settings
from tests.model_api import model_api
from tests.web.chat import Chat

BOUND = 60
EVERYTHING = (
    "import logging, sys; logging.basicConfig(level=logging.DEBUG); "
    "from chatkit_asgi.cli import main; sys.exit(main(sys.argv[1:]))"
)
"""Every library says all it can, as under a host application that wants it so."""
ITSELF = ("-m", "chatkit_asgi")
HOW = {"token": ("-c", EVERYTHING), "jwt": ITSELF, "anonymous": ITSELF}

PASSWORD = "the-password-of-the-database"
MODEL_KEY = "sk-the-key-of-the-model"
SECRETS = {
    "CHATKIT_SECRET_KEY": "the-first-signing-key,the-older-signing-key",
    "CHATKIT_SESSION_KEY": "the-key-of-servers,another-key-of-servers",
    "OPENAI_API_KEY": MODEL_KEY,
}
S3 = {
    "CHATKIT_FILES_URL": "s3://bucket/files",
    "CHATKIT_FILES_ENDPOINT": "http://127.0.0.1:1",
    "CHATKIT_FILES_REGION": "here",
    "CHATKIT_FILES_ACCESS_KEY": "THE-ACCESS-KEY",
    "CHATKIT_FILES_SECRET_KEY": "the-secret-access-key",
    "CHATKIT_FILES_SESSION_TOKEN": "the-session-token-of-the-store",
}
JWT_SECRET = "the-secret-of-tokens-of-thirty-two-bytes"
BY_TOKEN = {"CHATKIT_AUTH": "token", "CHATKIT_AUTH_TOKENS": "alice:the-token-of-alice"}
BY_JWT = {"CHATKIT_AUTH": "jwt", "CHATKIT_JWT_SECRET": JWT_SECRET}
TOKEN_OF = {
    "token": "the-token-of-alice",
    "jwt": jwt.encode({"sub": "alice", "exp": 4_000_000_000}, JWT_SECRET, algorithm="HS256"),
    "anonymous": "",
}
SETTINGS = {"token": BY_TOKEN, "jwt": BY_JWT, "anonymous": {"CHATKIT_AUTH": "anonymous"}}


class Outcome:
    """What a run showed of itself, and what it should not have shown."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        given = {name: environment[name] for name in environment if name in SECRET_NAMES}
        self.secrets = {part.split(":")[-1] for value in given.values() for part in value.split(",")}
        self.shown: dict[str, str] = {}

    def add(self, name: str, text: str) -> None:
        self.shown[f"{len(self.shown)} {name}"] = text

    def check(self) -> None:
        assert len(self.secrets) > 4
        for name, text in self.shown.items():
            for secret in self.secrets:
                assert secret not in text, f"{secret} in {name}"


SECRET_NAMES = {*SECRETS, *S3, *BY_TOKEN, *BY_JWT} - {
    "CHATKIT_AUTH",
    "CHATKIT_FILES_URL",
    "CHATKIT_FILES_ENDPOINT",
    "CHATKIT_FILES_REGION",
}


@asynccontextmanager
async def running(
    how: Sequence[str], environment: Mapping[str, str], outcome: Outcome, folder: Path
) -> AsyncIterator[str]:
    """The app in a process of its own, whose output is kept; gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / "output"
    child = _start(how, environment, port, log)
    try:
        await _answers(f"http://127.0.0.1:{port}/healthz", child)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.send_signal(signal.SIGTERM)
        await anyio.to_thread.run_sync(lambda: child.wait(BOUND))
        outcome.add("output", log.read_text())


def _start(
    how: Sequence[str], environment: Mapping[str, str], port: int, log: Path
) -> "subprocess.Popen[bytes]":
    with log.open("wb") as output:
        command = [sys.executable, *how, "serve", "--port", str(port)]
        return subprocess.Popen(command, env=dict(environment), stdout=output, stderr=subprocess.STDOUT)


async def _answers(url: str, child: "subprocess.Popen[bytes]") -> None:
    """Wait until it does."""
    async with httpx.AsyncClient() as http:
        with anyio.fail_after(BOUND):
            while child.poll() is None:
                try:
                    await http.get(url)
                    return
                except httpx.TransportError:
                    await anyio.sleep(0.1)
    raise AssertionError("the process has ended; its output says why")


async def use(http: httpx.AsyncClient, outcome: Outcome, model: Any, way: str) -> None:
    """Many operations and many mistakes. What is answered to the latter is kept, and pages, and figures."""
    chat = Chat(http)

    async def wrong(method: str, path: str, **options: Any) -> None:
        response = await http.request(method, path, **options)
        assert response.status_code >= 400, (path, response.text)
        outcome.add(f"{method} {path}", f"{response.status_code} {response.headers} {response.text}")

    thread = (await chat.create("/title hello"))[0]["thread"]["id"]
    for name, value in http.cookies.items():
        outcome.secrets.add(value)
        outcome.secrets.add(f"{name}=")
    await chat.say(thread, "and more")
    # some servers say in the error which key they got
    key = MODEL_KEY if HOW[way] == ITSELF else "…"
    for status in (401, 400, 500):
        model.fail(status, f"Incorrect API key provided: {key}")
        outcome.add("events of a failure", str(await chat.say(thread, "again")))
    minted = await http.post(
        "/session", json={"user": "bob"}, headers={"authorization": "Bearer the-key-of-servers"}
    )
    outcome.secrets.add(minted.json()["client_secret"])
    bob = {"authorization": f"Bearer {minted.json()['client_secret']}"}
    listed = await http.post("/chatkit", json={"type": "threads.list", "params": {}}, headers=bob)
    assert listed.status_code == 200
    announced = await chat.ask("attachments.create", name="a.txt", size=2, mime_type="text/plain")
    link = urlsplit(announced["upload_url"])
    outcome.secrets.add(link.query)
    uploaded = await http.put(f"{link.path}?{link.query}", content=b"hi")
    assert uploaded.status_code == (503 if way == "token" else 200)
    await wrong("PUT", f"{link.path}?{link.query}", content=b"hi, and more than that")
    await wrong("PUT", f"{link.path}?{link.query}x", content=b"hi")
    await wrong("GET", f"{link.path}?{link.query}")
    if way == "token":
        await wrong("POST", "/files", files={"file": ("a.txt", b"hi")})
    await wrong("POST", "/chatkit", json={"type": "threads.get_by_id", "params": {"thread_id": "thr_x"}})
    await wrong("POST", "/chatkit", content=b"{")
    await wrong("POST", "/session", json={}, headers={"authorization": "Bearer the-key-of-servers"})
    await wrong(
        "POST", "/session", json={"user": "eve"}, headers={"authorization": "Bearer the-key-of-server"}
    )
    await wrong("POST", "/chatkit", json={}, headers={"authorization": f"{bob['authorization']}x"})
    await wrong("GET", f"/threads/{thread}/nothing?token=the-key-of-servers")
    await wrong("GET", "/the%00path", headers={"host": "a b"})
    for path in ("/metrics", "/readyz", "/healthz", "/", "/static/api.js"):
        outcome.add(path, (await http.get(path)).text)


@pytest.fixture
def database(request: pytest.FixtureRequest, way: str) -> str:
    """With tokens PostgreSQL, which here takes any password; else the default."""
    if way != "token":
        return ""
    url = make_url(request.getfixturevalue("postgres_url")).set(password=PASSWORD)
    return url.render_as_string(hide_password=False)


@pytest.mark.slow
@pytest.mark.parametrize("way", SETTINGS)
async def test_no_secret_is_shown(database: str, tmp_path: Path, way: str) -> None:
    async with model_api() as model:
        environment = {
            **os.environ,
            **SECRETS,
            **SETTINGS[way],
            "CHATKIT_DATA_DIR": str(tmp_path),
            "CHATKIT_LOG_LEVEL": "DEBUG",
            "CHATKIT_AUTO_MIGRATE": "1",
            "CHATKIT_METRICS": "1",
            "OPENAI_BASE_URL": model.url,
            "CHATKIT_MODEL": "small",
        }
        if database:
            environment |= S3 | {"CHATKIT_DATABASE_URL": database}
        outcome = Outcome(environment)
        outcome.secrets |= {PASSWORD, *filter(None, [TOKEN_OF[way]])}
        async with (
            running(HOW[way], environment, outcome, tmp_path) as base,
            httpx.AsyncClient(base_url=base, timeout=BOUND) as http,
        ):
            if TOKEN_OF[way]:
                http.headers["authorization"] = f"Bearer {TOKEN_OF[way]}"
            await use(http, outcome, model, way)
    output = outcome.shown[f"{len(outcome.shown) - 1} output"]
    assert ("provided: ***" if HOW[way] == ITSELF else "DEBUG") in output
    assert "operation=threads.create" in output
    outcome.check()


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "migrate"])
def test_no_secret_is_shown_by_a_command_that_reaches_nothing(tmp_path: Path, command: str) -> None:
    environment = {
        **os.environ,
        **SECRETS,
        **S3,
        **BY_TOKEN,
        "CHATKIT_DATA_DIR": str(tmp_path),
        "CHATKIT_LOG_LEVEL": "DEBUG",
        "CHATKIT_DATABASE_URL": f"postgresql+asyncpg://me:{PASSWORD}@127.0.0.1:1/none",
    }
    outcome = Outcome(environment)
    outcome.secrets.add(PASSWORD)
    done = subprocess.run(
        [sys.executable, "-c", EVERYTHING, command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=BOUND,
    )
    assert done.returncode == 1
    outcome.add(command, done.stdout + done.stderr)
    outcome.check()


def test_no_secret_is_in_the_settings_as_python_shows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"postgresql+asyncpg://me:{PASSWORD}@host/none"
    for way in (BY_TOKEN, BY_JWT):
        environment = {**SECRETS, **S3, **way, "CHATKIT_DATABASE_URL": url}
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            settings = Settings()
        outcome = Outcome(environment)
        outcome.secrets.add(PASSWORD)
        for show in (repr, str, lambda each: each.model_dump_json(), lambda each: str(each.model_dump())):
            outcome.add("settings", show(settings))
        outcome.check()


def test_no_secret_is_in_the_fault_of_settings_that_are_not_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    faulty = {
        **SECRETS,
        **BY_TOKEN,
        "CHATKIT_AUTH_TOKENS": "alice:sha256:the-token-of-alice",
        "CHATKIT_LEASE": "x",
    }
    for name, value in faulty.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="lease") as caught:
        Settings()
    outcome = Outcome(faulty)
    outcome.add("fault", f"{caught.value} {caught.value!r}")
    outcome.check()


def test_every_setting_with_a_secret_is_one_that_hides_it() -> None:
    """Whatever sounds like one is; numbers of tokens, and names of claims and headers, are none."""
    sounding = re.compile(r"key|secret|token|password|database_url")
    open_ones = {
        name
        for name, field in Settings.model_fields.items()
        if sounding.search(name) and field.annotation is not int and "SecretStr" not in str(field.annotation)
    }
    assert open_ones == set()
