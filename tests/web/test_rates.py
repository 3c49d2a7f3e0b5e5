"""How often callers may come: counted by user and by address, in memory and in Redis."""

import logging
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatkit_asgi import Settings, create_app
from chatkit_asgi.web.rates import _subnet
from tests.web.chat import Chat

TOKENS = {"auth": "token", "auth_tokens": "alice:a-token,bob:b-token"}
ALICE, BOB = ({"authorization": f"Bearer {token}"} for token in ("a-token", "b-token"))


@asynccontextmanager
async def serving(tmp_path: Path, *, address: str = "127.0.0.1", **settings: Any) -> AsyncIterator[Chat]:
    app = create_app(Settings(data_dir=tmp_path, demo_delay=0, **settings))
    transport = httpx.ASGITransport(app, client=(address, 1234))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=ALICE) as http,
    ):
        yield Chat(http)


async def lists(chat: Chat, headers: dict[str, str] | None = None) -> httpx.Response:
    request = {"type": "threads.list", "params": {}}
    return await chat.http.post("/chatkit", json=request, headers=headers)


async def test_user_who_asks_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    async with serving(tmp_path, **TOKENS, rate_limit="2/hour") as chat:
        first, second, third = [await lists(chat) for _ in range(3)]
        assert [answer.status_code for answer in (first, second, third)] == [200, 200, 429]
        assert first.headers["ratelimit-policy"] == '"requests";q=2;w=3600'
        assert first.headers["ratelimit"].startswith('"requests";r=1;t=')
        assert third.headers["ratelimit"].startswith('"requests";r=0;t=')
        assert 1 <= int(third.headers["retry-after"]) <= 3600
        error = third.json()["error"]
        assert (error["code"], error["request_id"]) == ("too_many", third.headers["x-request-id"])
        assert error["message"].endswith("seconds.")
        assert (await lists(chat, BOB)).status_code == 200  # nobody else is held up


async def test_refusal_is_in_the_callers_language(tmp_path: Path) -> None:
    async with serving(tmp_path, **TOKENS, rate_limit="1/hour") as chat:
        await lists(chat)
        refused = await lists(chat, {"accept-language": "de"})
    assert refused.json()["error"]["message"].startswith("Das waren zu viele Anfragen")


async def test_shortest_of_several_limits_counts(tmp_path: Path) -> None:
    async with serving(tmp_path, **TOKENS, rate_limit="1000/hour;1/day") as chat:
        assert [(await lists(chat)).status_code for _ in range(2)] == [200, 429]


async def test_messages_have_a_limit_of_their_own(tmp_path: Path) -> None:
    async with serving(tmp_path, **TOKENS, rate_limit_messages="1/hour") as chat:
        await chat.create("hello")
        refused = await chat.post("threads.create", input=chat.message("again"))
        assert (refused.status_code, refused.headers["retry-after"].isdigit()) == (429, True)
        assert len((await chat.ask("threads.list"))["data"]) == 1  # nothing was stored, reading goes on


async def test_wrong_proofs_of_an_address_come_to_an_end(tmp_path: Path) -> None:
    async with serving(tmp_path, **TOKENS, rate_limit_failures="2/hour") as chat:
        wrong = {"authorization": "Bearer guess"}
        assert [(await lists(chat, wrong)).status_code for _ in range(3)] == [401, 401, 429]
        assert (await lists(chat)).status_code == 429  # a guess that is right tells nothing, either


async def test_address_has_a_limit_of_its_own(tmp_path: Path) -> None:
    async with serving(tmp_path, **TOKENS, rate_limit_address="2/hour") as chat:
        found = [(await lists(chat, who)).status_code for who in (ALICE, BOB, ALICE)]
    assert found == [200, 200, 429]


async def test_anonymous_users_are_counted_by_address(tmp_path: Path) -> None:
    async with serving(tmp_path, auth="anonymous", rate_limit_messages="2/hour") as chat:
        for status in (200, 200, 429):
            chat.http.cookies.clear()  # a new user each time
            assert (await chat.post("threads.create", input=chat.message("hi"))).status_code == status


async def test_address_is_the_one_that_a_trusted_proxy_tells(tmp_path: Path) -> None:
    settings = {**TOKENS, "rate_limit_address": "1/hour"}
    for trusted, statuses in ((("10.0.0.1",), [200, 200, 429]), ((), [200, 429, 429])):
        data_dir = tmp_path / str(len(trusted))
        async with serving(data_dir, address="10.0.0.1", trusted_proxies=trusted, **settings) as chat:
            found = [
                (await lists(chat, {"x-forwarded-for": client})).status_code
                for client in ("192.0.2.1", "192.0.2.2", "192.0.2.1")
            ]
        assert found == statuses


def test_addresses_of_one_customer_are_one() -> None:
    assert _subnet("2001:db8::1") == _subnet("2001:db8::ffff:1") != _subnet("2001:db8:0:1::1")
    assert _subnet("::ffff:192.0.2.1") == _subnet("192.0.2.1") != _subnet("192.0.2.2")
    assert _subnet("testclient") != _subnet("")


async def test_probes_and_the_page_are_not_counted(tmp_path: Path) -> None:
    async with serving(tmp_path, **TOKENS, rate_limit="1/hour", rate_limit_address="1/hour") as chat:
        assert {(await chat.http.get(path)).status_code for path in ("/healthz", "/readyz", "/") * 2} == {200}
        assert (await lists(chat)).status_code == 200


async def test_pages_of_other_origins_can_read_what_is_left(tmp_path: Path) -> None:
    async with serving(tmp_path, **TOKENS, rate_limit="5/hour", cors_origins=("https://a.example",)) as chat:
        answer = await lists(chat, {"origin": "https://a.example"})
    assert {"retry-after", "ratelimit"} <= set(answer.headers["access-control-expose-headers"].split(", "))


@pytest.mark.parametrize(
    ("settings", "limits"),
    [
        ({}, ["", "", "", "", 0]),
        (TOKENS, ["1200/minute", "60/minute", "6000/minute", "60/minute", 20]),
        (
            {**TOKENS, "rate_limit": "off", "max_turns_per_user": 0},
            ["", "60/minute", "6000/minute", "60/minute", 0],
        ),
        ({"rate_limit_messages": "5/minute"}, ["", "5/minute", "", "", 0]),
    ],
)
def test_those_who_sign_in_are_limited_by_default(settings: dict[str, Any], limits: list[object]) -> None:
    found = Settings(**settings)
    names = ("rate_limit", "rate_limit_messages", "rate_limit_address", "rate_limit_failures")
    assert [*map(found.rate, names), found.most_turns_per_user] == limits


@pytest.mark.parametrize("notation", ["60", "60/fortnight", "0/minute", "60/minute;", "many"])
def test_notation_that_means_nothing_is_refused(notation: str) -> None:
    with pytest.raises(ValueError, match="write off, or for example 60/minute"):
        Settings(rate_limit=notation)


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("there is no redis-server on this machine")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    assert any("Ready to accept connections" in line for line in server.stdout)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.communicate()


async def test_processes_count_together_in_redis(tmp_path: Path, redis_url: str) -> None:
    settings = {**TOKENS, "rate_limit": "3/hour", "rate_limit_url": redis_url}
    async with (
        serving(tmp_path / "a", **settings) as one,
        serving(tmp_path / "b", **settings) as other,
    ):
        found = [(await lists(chat)).status_code for chat in (one, other, one, other)]
    assert found == [200, 200, 200, 429]


async def test_all_are_served_while_redis_is_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"redis://:hush@127.0.0.1:{taken.getsockname()[1]}/0"
        async with serving(tmp_path, **TOKENS, rate_limit="1/hour", rate_limit_url=url) as chat:
            with caplog.at_level(logging.ERROR):
                assert {(await lists(chat)).status_code for _ in range(3)} == {200}
    assert caplog.text.count("requests are not counted") == 1
    assert "hush" not in caplog.text
