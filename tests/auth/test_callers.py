"""Who a caller is: by a cookie, a token, a proxy's word or a session's client secret."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount

from chatkit_asgi import RequestContext, Settings, create_app
from chatkit_asgi.auth import Authenticate, Sessions, anonymous_cookie, everybody
from tests.auth.door import LIST, app_of, door
from tests.live import serving
from tests.web.chat import Chat

KEYS = ["the first of the keys", "the key from before"]
START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """A time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def settings_of(tmp_path: Path, **given: Any) -> Settings:
    return Settings.model_validate({"data_dir": tmp_path, "demo_delay": 0, **given})


def visitor(authenticate: Authenticate, url: str = "https://chat.example") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(door(authenticate)), base_url=url)


async def user_of(http: httpx.AsyncClient, **headers: str) -> str:
    response = await http.get("/", headers=headers)
    assert response.status_code == 200, response.text
    return str(response.json()["user"])


# ---- languages


@pytest.mark.parametrize(
    ("asked", "locale"),
    [
        ("de-CH, de;q=0.9, en;q=0.5", "de-CH"),
        ("en;q=0.5, sv;q=0.8", "sv"),
        ("fr;q=0, it", "it"),
        ("fr;q=0", "en"),
        ("*", "en"),
        ("*, es;q=0.1", "es"),
        ("", "en"),
        ("../../etc/passwd, pt-BR;q=0.3", "pt-BR"),
        ("no;q=2, da;q=0.1", "no"),
        ("zh-Hans-CN", "zh-Hans-CN"),
        (",;,q=;=", "en"),
        ("a" * 5000, "en"),
    ],
)
async def test_the_language_that_is_wanted_most_is_the_callers(asked: str, locale: str) -> None:
    async with visitor(everybody) as http:
        assert (await http.get("/", headers={"accept-language": asked})).json()["locale"] == locale


# ---- cookies


async def test_each_browser_is_a_user_of_its_own(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, auth="anonymous")
    async with app_of(settings) as first, app_of(settings) as second:
        thread = (await Chat(first).create("/title mine"))[0]["thread"]["id"]
        assert [each["id"] for each in (await Chat(first).ask("threads.list"))["data"]] == [thread]
        assert (await Chat(second).ask("threads.list"))["data"] == []
        assert (await Chat(second).post("threads.get_by_id", thread_id=thread)).status_code == 404


async def test_cookie_is_kept_from_scripts_from_other_sites_and_from_plain_http(tmp_path: Path) -> None:
    async with app_of(settings_of(tmp_path, auth="anonymous")) as http:
        first, second = [await http.post("/chatkit", json=LIST) for _ in range(2)]
    name, _, rest = first.headers["set-cookie"].partition("=")
    assert name == "__Host-chatkit-visitor"
    assert rest.split("; ")[1:] == ["Path=/", "Max-Age=34560000", "HttpOnly", "SameSite=Lax", "Secure"]
    assert "set-cookie" not in second.headers


@pytest.mark.parametrize(
    ("url", "public_url", "same_site", "name", "attributes"),
    [
        ("http://chat.example", "", "lax", "chatkit-visitor", "SameSite=Lax"),
        (
            "http://chat.example",
            "https://chat.example",
            "lax",
            "__Host-chatkit-visitor",
            "SameSite=Lax; Secure",
        ),
        ("https://chat.example", "", "none", "__Host-chatkit-visitor", "SameSite=None; Secure"),
        ("https://chat.example", "", "strict", "__Host-chatkit-visitor", "SameSite=Strict; Secure"),
    ],
)
async def test_cookie_follows_from_how_browsers_come(
    url: str, public_url: str, same_site: Any, name: str, attributes: str
) -> None:
    authenticate = anonymous_cookie(KEYS, public_url=public_url, same_site=same_site)
    async with visitor(authenticate, url) as http:
        cookie = (await http.get("/")).headers["set-cookie"]
    assert cookie.startswith(f"{name}=")
    assert cookie.endswith(f"; {attributes}")


async def test_cookie_of_a_mounted_app_stays_there(tmp_path: Path) -> None:
    host = Starlette(routes=[Mount("/chat", create_app(settings_of(tmp_path, auth="anonymous")))])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(host), base_url="https://host.example"
    ) as http:
        cookie = (await http.post("/chat/chatkit", json=LIST)).headers["set-cookie"]
    assert cookie.startswith("__Secure-chatkit-visitor=")
    assert "; Path=/chat; " in cookie


@pytest.mark.parametrize("value", ["", "x", "e30.AAAA", "a.b.c", "é"])
async def test_made_up_cookie_is_nobodys(value: str) -> None:
    async with visitor(anonymous_cookie(KEYS)) as http:
        response = await http.get("/", headers={b"cookie": f"__Host-chatkit-visitor={value}".encode()})
    assert re.fullmatch("anon_[0-9a-f]{32}", response.json()["user"])
    assert "set-cookie" in response.headers


async def test_altered_cookie_is_nobodys() -> None:
    async with visitor(anonymous_cookie(KEYS)) as http:
        user = await user_of(http)
        payload, signature = http.cookies["__Host-chatkit-visitor"].rsplit(".", 1)
        http.cookies.clear()
        for forged in (f"{payload[:-1]}A.{signature}", f"{payload}.{signature[:-2]}AA", payload):
            assert await user_of(http, cookie=f"__Host-chatkit-visitor={forged}") != user


async def test_cookie_of_an_older_key_counts_and_is_renewed_with_the_first() -> None:
    clock = Clock()
    async with visitor(anonymous_cookie(KEYS[1:], now=clock)) as http:
        user = await user_of(http)
        old = http.cookies["__Host-chatkit-visitor"]
    clock.now += timedelta(days=2)
    async with visitor(anonymous_cookie(KEYS, now=clock)) as http:
        assert await user_of(http, cookie=f"__Host-chatkit-visitor={old}") == user
        new = http.cookies["__Host-chatkit-visitor"]
    async with visitor(anonymous_cookie(KEYS[:1], now=clock)) as http:
        assert await user_of(http, cookie=f"__Host-chatkit-visitor={new}") == user
        assert await user_of(http, cookie=f"__Host-chatkit-visitor={old}") != user


async def test_cookie_that_was_not_used_for_a_year_and_more_is_nobodys() -> None:
    clock = Clock()
    async with visitor(anonymous_cookie(KEYS, now=clock)) as http:
        user = await user_of(http)
        clock.now += timedelta(days=401)
        assert await user_of(http) != user


# ---- tokens


async def test_token_may_be_known_by_its_hash_alone(tmp_path: Path) -> None:
    tokens = f"alice:sha256:{sha256(b'hidden').hexdigest()}, bob:open"
    async with app_of(settings_of(tmp_path, auth="token", auth_tokens=tokens)) as http:
        for token, status in {
            "hidden": 200,
            "open": 200,
            f"sha256:{sha256(b'open').hexdigest()}": 401,
        }.items():
            response = await http.post("/chatkit", json=LIST, headers={"authorization": f"Bearer {token}"})
            assert response.status_code == status
        hashed = tokens.partition(",")[0].removeprefix("alice:")
        response = await http.post("/chatkit", json=LIST, headers={"authorization": f"Bearer {hashed}"})
        assert response.status_code == 401, "who reads the settings cannot use them"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic open", "open", "bearer\topen", "Bearer open2"]
)
async def test_anything_but_the_token_is_refused(tmp_path: Path, header: str) -> None:
    async with app_of(settings_of(tmp_path, auth="token", auth_tokens="bob:open")) as http:
        response = await http.post("/chatkit", json=LIST, headers={"authorization": header})
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")


# ---- a proxy's word

PROXIED = {"auth": "header", "trusted_proxies": "10.0.0.0/8, 192.0.2.1, 2001:db8::/32"}


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("10.1.2.3", 200),
        ("::ffff:10.1.2.3", 200),
        ("192.0.2.1", 200),
        ("2001:db8::7", 200),
        ("192.0.2.2", 403),
        ("127.0.0.1", 403),
        ("::1", 403),
        ("testclient", 403),
        ("", 403),
    ],
)
async def test_header_counts_from_trusted_proxies_alone(tmp_path: Path, address: str, status: int) -> None:
    settings = settings_of(tmp_path, **PROXIED)
    async with app_of(settings, address=address, headers={"x-forwarded-user": "alice"}) as http:
        assert (await http.post("/chatkit", json=LIST)).status_code == status


async def test_proxys_word_on_its_client_does_not_make_the_client_a_proxy(tmp_path: Path) -> None:
    """Nor the proxy a client: it is known by its own address, whomever it speaks for."""
    forwarded = {"x-forwarded-user": "alice", "x-forwarded-for": "10.9.9.9", "x-forwarded-proto": "https"}
    settings = settings_of(tmp_path, **PROXIED)
    async with app_of(settings, address="198.51.100.1", headers=forwarded) as http:
        assert (await http.post("/chatkit", json=LIST)).status_code == 403
    forwarded["x-forwarded-for"] = "198.51.100.1"
    async with app_of(settings, address="10.0.0.1", headers=forwarded) as http:
        assert (await http.post("/chatkit", json=LIST)).status_code == 200


@pytest.mark.parametrize("users", [[], [""], ["alice", "bob"], ["x" * 300], ["ali\tce"]])
async def test_proxy_has_to_name_one_user(tmp_path: Path, users: list[str]) -> None:
    headers = [("x-forwarded-user", user) for user in users]
    async with app_of(settings_of(tmp_path, **PROXIED), address="10.0.0.1", headers=headers) as http:
        assert (await http.post("/chatkit", json=LIST)).status_code == 401


async def test_users_of_tenants_that_a_proxy_names_do_not_meet(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, **PROXIED, auth_header="Remote-User", auth_tenant_header="Remote-Org")
    headers = {"remote-user": "alice", "remote-org": "acme"}
    async with app_of(settings, address="10.0.0.1", headers=headers) as http:
        thread = (await Chat(http).create("hi"))[0]["thread"]["id"]
        http.headers["remote-org"] = "umbrella"
        assert (await Chat(http).post("threads.get_by_id", thread_id=thread)).status_code == 404
        del http.headers["remote-org"]
        assert (await Chat(http).post("threads.get_by_id", thread_id=thread)).status_code == 401


@pytest.mark.parametrize(("address", "is_secure"), [("10.0.0.1", True), ("192.0.2.9", False)])
async def test_trusted_proxy_tells_that_tls_ended_there(
    tmp_path: Path, address: str, is_secure: bool
) -> None:
    settings = settings_of(tmp_path, auth="anonymous", trusted_proxies="10.0.0.1")
    headers = {"x-forwarded-proto": "https"}
    async with app_of(settings, address=address, headers=headers, base_url="http://chat.example") as http:
        cookie = (await http.post("/chatkit", json=LIST)).headers["set-cookie"]
    assert cookie.endswith("; Secure") is is_secure


# ---- sessions

KEY = "the key that servers have"
FOR_ALICE = {"user": "alice"}


@asynccontextmanager
async def minting(tmp_path: Path, **given: Any) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_of(tmp_path, **{"auth": "token", "session_key": f"{KEY}, older", **given})
    async with app_of(settings) as http:
        yield http


async def mint(http: httpx.AsyncClient, key: str = KEY, **body: object) -> Any:
    response = await http.post("/session", json=body, headers={"authorization": f"Bearer {key}"})
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    return response.json()


async def ask(http: httpx.AsyncClient, token: str) -> httpx.Response:
    return await http.post("/chatkit", json=LIST, headers={"authorization": f"Bearer {token}"})


async def test_page_with_a_client_secret_is_the_user_it_was_minted_for(tmp_path: Path) -> None:
    async with minting(tmp_path) as http:
        minted = {user: await mint(http, user=user) for user in ("alice", "bob")}
        assert {*minted["alice"]} == {"client_secret", "expires_at"}
        alice, bob = (Chat(http) for _ in range(2))
        http.headers["authorization"] = f"Bearer {minted['alice']['client_secret']}"
        thread = (await alice.create("hi"))[0]["thread"]["id"]
        http.headers["authorization"] = f"Bearer {minted['bob']['client_secret']}"
        assert (await bob.post("threads.get_by_id", thread_id=thread)).status_code == 404


@pytest.mark.parametrize("key", [KEY, "older"])
async def test_each_of_the_keys_mints(tmp_path: Path, key: str) -> None:
    async with minting(tmp_path) as http:
        assert (await ask(http, (await mint(http, key, **FOR_ALICE))["client_secret"])).status_code == 200


async def test_key_may_be_known_by_its_hash_alone(tmp_path: Path) -> None:
    async with minting(tmp_path, session_key=f"sha256:{sha256(KEY.encode()).hexdigest()}") as http:
        await mint(http, **FOR_ALICE)


@pytest.mark.parametrize("header", ["", "Bearer", f"Basic {KEY}", "Bearer wrong", f"Bearer {KEY}x"])
async def test_without_a_key_nothing_is_minted(tmp_path: Path, header: str) -> None:
    async with minting(tmp_path) as http:
        response = await http.post("/session", json=FOR_ALICE, headers={"authorization": header})
        assert (response.status_code, response.json()["error"]["code"]) == (401, "unauthenticated")


async def test_client_secret_mints_no_other_and_a_key_opens_no_thread(tmp_path: Path) -> None:
    async with minting(tmp_path) as http:
        secret = (await mint(http, **FOR_ALICE))["client_secret"]
        again = await http.post("/session", json=FOR_ALICE, headers={"authorization": f"Bearer {secret}"})
        assert again.status_code == 401
        assert (await ask(http, KEY)).status_code == 401


async def test_page_that_knows_the_key_is_told_off(tmp_path: Path) -> None:
    async with minting(tmp_path, cors_origins="https://page.example") as http:
        headers = {"authorization": f"Bearer {KEY}", "origin": "https://page.example"}
        assert (await http.post("/session", json=FOR_ALICE, headers=headers)).status_code == 403


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "user"),
        ({"user": ""}, "user"),
        ({"user": "x" * 256}, "user"),
        ({"user": "a\x00b"}, "user"),
        ({"user": 7}, "user"),
        ({"user": "a", "tenant": "x\n"}, "tenant"),
        ({"user": "a", "expires_after": {"seconds": 0}}, "expires_after.seconds"),
        ({"user": "a", "expires_after": {"seconds": 601}}, "expires_after.seconds"),
        ({"user": "a", "claims": []}, "claims"),
        ([], None),
    ],
)
async def test_what_cannot_be_minted_is_told(tmp_path: Path, body: object, param: str | None) -> None:
    async with minting(tmp_path) as http:
        response = await http.post("/session", json=body, headers={"authorization": f"Bearer {KEY}"})
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)


async def test_body_of_what_another_maker_of_client_secrets_wants_is_understood(tmp_path: Path) -> None:
    async with minting(tmp_path) as http:
        body: dict[str, Any] = {
            "user": "alice",
            "workflow": {"id": "wf_1"},
            "expires_after": {"anchor": "created_at", "seconds": 9},
        }
        await mint(http, **body)


async def test_session_is_over_when_it_expires() -> None:
    clock = Clock()
    sessions = Sessions(KEYS, now=clock)
    secret, expires = sessions.mint("alice", 60, tenant="acme", claims={"role": "admin"})
    assert expires == int(START.timestamp()) + 60
    async with visitor(sessions.beside(everybody)) as http:
        found = (await http.get("/", headers={"authorization": f"Bearer {secret}"})).json()
        assert (found["user"], found["tenant"], found["claims"]) == ("alice", "acme", {"role": "admin"})
        clock.now += timedelta(seconds=60)
        late = await http.get("/", headers={"authorization": f"Bearer {secret}"})
    assert (late.status_code, late.json()["error"]["message"]) == (
        401,
        "The session has expired: get a new client secret.",
    )


async def test_key_that_is_dropped_ends_its_sessions() -> None:
    secret, _ = Sessions(KEYS[1:]).mint("alice", 60)
    async with visitor(Sessions(KEYS).beside(everybody)) as http:
        assert await user_of(http, authorization=f"Bearer {secret}") == "alice"
    async with visitor(Sessions(KEYS[:1]).beside(everybody)) as http:
        assert (await http.get("/", headers={"authorization": f"Bearer {secret}"})).status_code == 401


async def test_signature_of_a_cookie_makes_no_session() -> None:
    """And no link's either: each purpose has a key derived for it."""
    async with visitor(anonymous_cookie(KEYS)) as http:
        await user_of(http)
        cookie = http.cookies["__Host-chatkit-visitor"]
    async with visitor(Sessions(KEYS).beside(everybody)) as http:
        assert (await http.get("/", headers={"authorization": f"Bearer cks_{cookie}"})).status_code == 401


async def test_sessions_stand_beside_an_applications_own_authentication(tmp_path: Path) -> None:
    async def authenticate(request: Request) -> RequestContext | None:
        return None

    settings = settings_of(tmp_path, session_key=KEY)
    async with app_of(settings, authenticate=authenticate) as http:
        secret = (await mint(http, **FOR_ALICE))["client_secret"]
        assert (await ask(http, secret)).status_code == 200
        assert (await ask(http, "other")).status_code == 401


async def test_there_is_no_such_route_without_a_key(tmp_path: Path) -> None:
    async with app_of(settings_of(tmp_path), base_url="http://localhost") as http:
        assert (await http.post("/session", json=FOR_ALICE)).status_code == 404


async def test_page_on_a_real_socket_gets_its_cookie_before_the_stream(tmp_path: Path) -> None:
    async with (
        serving(create_app(settings_of(tmp_path, auth="anonymous"))) as url,
        httpx.AsyncClient(base_url=url) as http,
    ):
        await Chat(http).create("hi")
        assert "chatkit-visitor" in http.cookies
        assert len((await Chat(http).ask("threads.list"))["data"]) == 1
