"""JSON Web Tokens, and how they are attacked (RFC 8725)."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chatkit_asgi.auth import PublicKeys, web_token
from chatkit_asgi.auth.jwts import WebTokenRules
from chatkit_asgi.auth.keys import FRESH_SECONDS, PAUSE_SECONDS, RETRY_SECONDS
from tests.auth.door import Issuer, Key, door, issuing

SECRET = "a secret of thirty-two bytes, at least"
RULES = WebTokenRules(issuers=["https://issuer.example"], audiences=["chat"], leeway=5)
GOOD: dict[str, Any] = {"sub": "alice", "iss": "https://issuer.example", "aud": "chat", "exp": 4_000_000_000}
RSA = Key("first")
OTHER_RSA = Key("second")


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Door:
    """A client of an app that wants the issuer's tokens."""

    def __init__(self, http: httpx.AsyncClient, issuer: Issuer, clock: Clock) -> None:
        self.http = http
        self.issuer = issuer
        self.clock = clock

    async def status(self, token: str) -> int:
        response = await self.http.post("/", headers={"authorization": f"Bearer {token}"})
        if response.status_code == 401:
            assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
            assert token not in response.text
        return response.status_code


@asynccontextmanager
async def asking(*keys: Key, rules: WebTokenRules = RULES) -> AsyncIterator[Door]:
    clock = Clock()
    async with issuing(*keys) as issuer:
        app = door(web_token(rules, keys=PublicKeys(issuer.url, clock=clock)))
        async with client_of(app) as http:
            yield Door(http, issuer, clock)


def client_of(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chat.example")


def with_secret(rules: WebTokenRules = RULES, *secrets: str) -> httpx.AsyncClient:
    return client_of(door(web_token(rules, secrets=secrets or [SECRET])))


async def status_of(http: httpx.AsyncClient, token: str) -> int:
    async with http:
        return (await http.post("/", headers={"authorization": f"Bearer {token}"})).status_code


def signed(secret: str = SECRET, algorithm: str = "HS256", **claims: object) -> str:
    chosen = {name: value for name, value in {**GOOD, **claims}.items() if value is not None}
    return jwt.encode(chosen, secret, algorithm=algorithm)


def forged(header: dict[str, Any], signature: str = "", **claims: object) -> str:
    parts = (urlsafe_b64encode(json.dumps(part).encode()) for part in (header, {**GOOD, **claims}))
    return ".".join([*(part.rstrip(b"=").decode() for part in parts), signature])


@pytest.mark.parametrize(
    "key",
    [
        RSA,
        Key("p256", ec.generate_private_key(ec.SECP256R1()), "ES256"),
        Key("p384", ec.generate_private_key(ec.SECP384R1()), "ES384"),
        Key("ed", ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
    ],
    ids=lambda key: key.algorithm,
)
async def test_token_of_the_issuer_names_the_user(key: Key) -> None:
    async with asking(key) as it:
        response = await it.http.post("/", headers={"authorization": f"Bearer {key.sign(role='admin')}"})
        assert await it.status(key.sign()) == 200
    assert response.json()["user"] == "alice"
    assert response.json()["claims"]["role"] == "admin"
    assert len(it.issuer.asked) == 1, "the keys are kept"


async def test_token_signed_with_any_of_the_secrets_names_the_user() -> None:
    later = "another secret of thirty-two bytes"
    for secret in (SECRET, later):
        assert await status_of(with_secret(RULES, later, SECRET), signed(secret)) == 200
    assert (
        await status_of(with_secret(RULES, later, SECRET), signed("no such secret, but quite a long one"))
        == 401
    )


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"exp": "soon"},
        {"exp": float("inf")},
        {"nbf": int(time.time()) + 3600},
        {"iat": int(time.time()) + 3600},
        {"aud": "another application"},
        {"aud": None},
        {"aud": []},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 300},
        {"sub": "ali\nce"},
        {"sub": "ali\x00ce"},
    ],
    ids=str,
)
async def test_token_that_does_not_say_what_it_has_to_is_refused(claims: dict[str, Any]) -> None:
    assert await status_of(with_secret(), signed(**claims)) == 401
    async with asking(RSA) as it:
        assert await it.status(RSA.sign(**claims)) == 401


async def test_clocks_may_differ_a_little() -> None:
    assert await status_of(with_secret(), signed(exp=int(time.time()) - 2)) == 200


@pytest.mark.parametrize(("tenant", "status"), [("acme", 200), (None, 401), ("", 401), (["acme"], 401)])
async def test_tenant_is_asked_for_where_there_are_tenants(tenant: object, status: int) -> None:
    rules = WebTokenRules(user_claim="uid", tenant_claim="org")
    async with with_secret(rules) as http:
        token = signed(uid=7, org=tenant, sub=None)
        response = await http.post("/", headers={"authorization": f"Bearer {token}"})
    assert response.status_code == status
    if status == 200:
        assert (response.json()["user"], response.json()["tenant"]) == ("7", "acme")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, 0, ["HS256"]])
@pytest.mark.parametrize("signature", ["", "AAAA"])
async def test_token_without_a_signature_is_refused(algorithm: object, signature: str) -> None:
    token = forged({"alg": algorithm, "typ": "JWT", "kid": "first"}, signature)
    assert await status_of(with_secret(), token) == 401
    async with asking(RSA) as it:
        assert await it.status(token) == 401


async def test_public_key_is_no_shared_secret() -> None:
    """HS256 with what everybody may know: the classic confusion of algorithms."""
    public = RSA.private.public_key()
    for kind in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1):
        for encoding in (Encoding.PEM, Encoding.DER):
            secret = public.public_bytes(encoding, kind)
            header, claims, _ = forged({"alg": "HS256", "typ": "JWT", "kid": "first"}).split(".")
            hs256 = jwt.get_algorithm_by_name("HS256")
            signature = hs256.sign(f"{header}.{claims}".encode(), secret)
            token = f"{header}.{claims}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"
            async with asking(RSA) as it:
                assert await it.status(token) == 401


async def test_shared_secret_among_the_public_keys_counts_for_nothing() -> None:
    oct_key = {"kty": "oct", "kid": "shared", "k": urlsafe_b64encode(SECRET.encode()).decode().rstrip("=")}
    token = jwt.encode(GOOD, SECRET, algorithm="HS256", headers={"kid": "shared"})
    async with asking(RSA) as it:
        it.issuer.keys.append(oct_key)
        assert await it.status(token) == 401
        assert await it.status(RSA.sign()) == 200


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
async def test_secret_is_for_one_algorithm(algorithm: str) -> None:
    long = SECRET * 2
    assert await status_of(with_secret(RULES, long), signed(long, algorithm)) == 401


async def test_key_is_for_one_algorithm() -> None:
    async with asking(RSA) as it:
        for algorithm in ("RS512", "PS256"):
            token = jwt.encode(GOOD, RSA.private, algorithm=algorithm, headers={"kid": "first"})
            assert await it.status(token) == 401
        it.issuer.keys = [RSA.public(alg="RS512")]
        it.clock.now += FRESH_SECONDS
        assert await it.status(RSA.sign()) == 401, "the issuer says what the key is for"


async def test_key_for_encryption_signs_nothing() -> None:
    async with asking() as it:
        it.issuer.keys = [RSA.public(use="enc"), OTHER_RSA.public(use="sig")]
        assert await it.status(RSA.sign()) == 401
        assert await it.status(OTHER_RSA.sign()) == 200


def _own_key(headers: dict[str, Any]) -> str:
    return Key("first").sign(headers)


@pytest.mark.parametrize(
    "make",
    [
        lambda url: _own_key({}),
        lambda url: _own_key({"jku": url}),
        lambda url: _own_key({"x5u": url}),
        lambda url: _own_key({"kid": url}),
        lambda url: _own_key({"jwk": OTHER_RSA.public(), "kid": "second"}),
        lambda url: OTHER_RSA.sign({"jwk": OTHER_RSA.public()}),
        lambda url: _own_key({"kid": "../../../../dev/null"}),
        lambda url: _own_key({"kid": "x' UNION SELECT 'key"}),
        lambda url: _own_key({"kid": "first\x00"}),
        lambda url: forged({"alg": "RS256", "kid": {"$ne": 1}}, "AAAA"),
        lambda url: forged({"alg": "RS256", "kid": ["first"]}, "AAAA"),
        lambda url: forged({"alg": "RS256", "kid": 1}, "AAAA"),
        lambda url: RSA.sign({"crit": ["b64"], "b64": False}),
    ],
)
async def test_token_does_not_say_where_its_key_is(make: Callable[[str], str]) -> None:
    async with issuing(OTHER_RSA) as evil, asking(RSA) as it:
        assert await it.status(make(evil.url)) == 401
        assert evil.asked == []
        assert {*it.issuer.asked} == {"/keys"} or it.issuer.asked == []


@pytest.mark.parametrize(
    "token",
    ["a", "a.b", "a.b.c", "....", "é.é.é", "Bearer", "null", f"{'A' * 5000}.B.C", "e30.e30.", "W10.W10.AA"],
)
async def test_what_is_no_token_is_refused(token: str) -> None:
    async with asking(RSA) as it:
        response = await it.http.post("/", headers={b"authorization": f"Bearer {token}".encode()})
        assert response.status_code == 401
    async with with_secret() as http:
        response = await http.post("/", headers={b"authorization": f"Bearer {token}".encode()})
        assert response.status_code == 401


async def test_altered_token_is_refused() -> None:
    header, claims, signature = RSA.sign().split(".")
    _, others, _ = RSA.sign(sub="bob").split(".")
    async with asking(RSA) as it:
        assert await it.status(f"{header}.{others}.{signature}") == 401
        assert await it.status(f"{header}.{claims}.{signature}") == 200


async def test_without_a_token_the_caller_learns_what_to_send() -> None:
    async with asking(RSA) as it:
        response = await it.http.post("/")
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert "Authorization: Bearer" in response.json()["error"]["message"]


async def test_key_without_a_name_is_found_where_there_is_one_only() -> None:
    token = jwt.encode(GOOD, RSA.private, algorithm="RS256")
    async with asking(RSA) as it:
        assert await it.status(token) == 200
    async with asking(RSA, OTHER_RSA) as it:
        assert await it.status(token) == 401


async def test_new_key_is_found_and_an_old_one_forgotten() -> None:
    async with asking(RSA) as it:
        assert await it.status(RSA.sign()) == 200
        it.issuer.keys = [OTHER_RSA.public()]
        it.clock.now += PAUSE_SECONDS
        assert await it.status(OTHER_RSA.sign()) == 200, "an unknown key is looked for"
        assert await it.status(RSA.sign()) == 401
        it.issuer.keys = [RSA.public()]
        it.clock.now += FRESH_SECONDS
        assert await it.status(OTHER_RSA.sign()) == 401, "a withdrawn key counts no longer"


async def test_made_up_keys_do_not_flood_the_issuer() -> None:
    async with asking(RSA) as it:
        for number in range(50):
            assert await it.status(Key.sign(RSA, {"kid": f"made up {number}"})) == 401
        assert len(it.issuer.asked) == 1
        it.clock.now += PAUSE_SECONDS
        for number in range(50):
            assert await it.status(RSA.sign({"kid": f"made up {number}"})) == 401
    assert len(it.issuer.asked) == 2


async def test_issuer_that_is_away_is_no_users_fault() -> None:
    async with asking(RSA) as it:
        it.issuer.is_away = True
        response = await it.http.post("/", headers={"authorization": f"Bearer {RSA.sign()}"})
        assert (response.status_code, response.json()["error"]["code"]) == (503, "unavailable")
        assert it.issuer.url not in response.text
        assert await it.status(RSA.sign()) == 503
        assert len(it.issuer.asked) == 1, "it is given time"
        it.issuer.is_away = False
        it.clock.now += RETRY_SECONDS
        assert await it.status(RSA.sign()) == 200


async def test_keys_are_believed_while_the_issuer_is_away() -> None:
    async with asking(RSA) as it:
        assert await it.status(RSA.sign()) == 200
        it.issuer.is_away = True
        it.clock.now += 10 * FRESH_SECONDS
        assert await it.status(RSA.sign()) == 200
        assert await it.status(OTHER_RSA.sign()) == 401


async def test_issuer_that_sends_elsewhere_is_not_followed() -> None:
    async with issuing(RSA) as elsewhere, asking(RSA) as it:
        it.issuer.moved_to = elsewhere.url
        assert await it.status(RSA.sign()) == 503
        assert elsewhere.asked == []


@pytest.mark.parametrize(
    "keys", [[], [{"kty": "RSA"}], [{"kty": "RSA", "alg": "none", "kid": "a"}], ["x"], None]
)
async def test_issuer_without_usable_keys_is_as_one_that_is_away(keys: Any) -> None:
    async with asking() as it:
        it.issuer.keys = keys
        assert await it.status(RSA.sign()) in (401, 503)


def test_times_of_the_tests_lie_ahead() -> None:
    assert datetime.now(UTC).timestamp() < GOOD["exp"]
