"""What pages may do: which of them act for their user, and what browsers are told about ours."""

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from chatkit_asgi import RequestContext, Settings
from tests.auth.door import LIST, app_of

LISTED = "https://page.example"


def settings_of(tmp_path: Path, **given: Any) -> Settings:
    return Settings.model_validate({"data_dir": tmp_path, "demo_delay": 0, **given})


async def by_cookie(request: Request) -> RequestContext | None:
    """As a host application's session does it."""
    return RequestContext(user_id="alice")


ORIGINS = [
    (None, True),
    ("https://chat.example", True),
    ("http://chat.example", True),
    (LISTED, True),
    ("https://PAGE.example", True),
    ("https://evil.example", False),
    ("https://chat.example.evil.example", False),
    ("https://evil.example/https://chat.example", False),
    ("https://chat.example:8443", False),
    ("http://localhost:5173", False),
    ("http://[::1", False),
    ("null", False),
    ("", False),
]


@pytest.mark.parametrize(("origin", "may"), ORIGINS)
@pytest.mark.parametrize("auth", ["anonymous", "header"])
async def test_only_known_pages_use_what_browsers_send_by_themselves(
    tmp_path: Path, auth: str, origin: str | None, may: bool
) -> None:
    settings = settings_of(tmp_path, auth=auth, cors_origins=LISTED, trusted_proxies="127.0.0.1")
    headers = {"x-forwarded-user": "alice"} | ({} if origin is None else {"origin": origin})
    async with app_of(settings, headers=headers) as http:
        # a form's type: no browser asks for leave first
        response = await http.post("/chatkit", json=LIST, headers={"content-type": "text/plain"})
        upload = await http.post("/files", files={"file": b"x"})
        search = await http.get("/threads/search?q=x")
    assert response.status_code == (200 if may else 403)
    assert upload.status_code == (200 if may else 403)
    assert search.status_code == (200 if may else 403)


@pytest.mark.parametrize(("origin", "may"), ORIGINS)
async def test_only_known_pages_use_a_host_applications_cookies(
    tmp_path: Path, origin: str | None, may: bool
) -> None:
    headers = {} if origin is None else {"origin": origin}
    settings = settings_of(tmp_path, cors_origins=LISTED)
    async with app_of(settings, authenticate=by_cookie, headers=headers) as http:
        assert (await http.post("/chatkit", json=LIST)).status_code == 200
        with_cookie = await http.post("/chatkit", json=LIST, headers={"cookie": "session=1"})
        with_basic = await http.post(
            "/chatkit", json=LIST, headers={"cookie": "session=1", "authorization": "Basic YTpi"}
        )
        with_token = await http.post(
            "/chatkit", json=LIST, headers={"cookie": "session=1", "authorization": "Bearer t"}
        )
    assert with_cookie.status_code == with_basic.status_code == (200 if may else 403)
    assert with_token.status_code == 200, "no page can make a browser send that"


async def test_pages_of_ones_own_machine_may_use_an_app_that_runs_there(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, auth="anonymous")
    origin = {"origin": "http://localhost:5173"}
    async with app_of(settings, base_url="http://127.0.0.1:8000", headers=origin) as http:
        response = await http.post("/chatkit", json=LIST)
    assert response.status_code == 200
    assert response.headers["access-control-allow-credentials"] == "true"


async def test_public_address_is_the_apps_own_behind_a_proxy_that_hides_it(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, auth="anonymous", public_url="https://chat.example/app")
    async with app_of(settings, base_url="http://internal:8000") as http:
        for origin, status in {"https://chat.example": 200, "https://other.example": 403}.items():
            response = await http.post("/chatkit", json=LIST, headers={"origin": origin})
            assert response.status_code == status


@pytest.mark.parametrize(
    ("listed", "origin", "allowed", "credentials"),
    [
        (LISTED, LISTED, LISTED, "true"),
        (LISTED, "https://evil.example", None, None),
        ("*", "https://any.example", "*", None),
        ("", "https://any.example", None, None),
    ],
)
async def test_credentials_are_for_pages_of_a_list_and_preflights_are_kept(
    tmp_path: Path, listed: str, origin: str, allowed: str | None, credentials: str | None
) -> None:
    settings = settings_of(tmp_path, auth="token", auth_tokens="a:b", cors_origins=listed)
    asked = {"origin": origin, "access-control-request-method": "POST"}
    async with app_of(settings) as http:
        response = await http.options("/chatkit", headers=asked)
        actual = await http.post("/chatkit", json=LIST, headers={"origin": origin})
    assert response.status_code == (200 if allowed else 400)
    for each in (response, actual):
        assert each.headers.get("access-control-allow-origin") == allowed
        if allowed:
            assert each.headers.get("access-control-allow-credentials") == credentials
    assert response.headers["access-control-max-age"] == "600"


@pytest.mark.parametrize(
    ("setting", "directive"),
    [
        ("", "frame-ancestors 'self'"),
        ("'none'", "frame-ancestors 'none'"),
        (
            "https://intranet.example, https://*.corp.example:8443",
            "frame-ancestors https://intranet.example https://*.corp.example:8443",
        ),
    ],
)
async def test_page_says_who_may_frame_it(tmp_path: Path, setting: str, directive: str) -> None:
    settings = settings_of(tmp_path, **({"frame_ancestors": setting} if setting else {}))
    async with app_of(settings) as http:
        loaded = re.findall(r'(?:src|href)="(?:\./)?(static/[^"]+)"', (await http.get("/")).text)
        assert len(loaded) > 2
        for path in ("/", *loaded):
            headers = (await http.get(path)).headers
            assert headers["content-security-policy"].endswith(f"; {directive}")
            assert "script-src 'self';" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"


async def test_page_has_no_script_and_no_style_of_its_own_text(tmp_path: Path) -> None:
    async with app_of(settings_of(tmp_path)) as http:
        page = (await http.get("/")).text
    for inline in ("<script>", "<style", " style=", " onclick=", "javascript:"):
        assert inline not in page


@pytest.mark.parametrize(
    "host", ["[::1", "a b", "chat.example/@evil.example", "user@evil.example", "a:b:c", "a:99999999"]
)
@pytest.mark.parametrize("auth", ["none", "anonymous"])
async def test_host_that_is_none_is_refused(tmp_path: Path, auth: str, host: str) -> None:
    async with app_of(settings_of(tmp_path, auth=auth)) as http:
        response = await http.post("/chatkit", json=LIST, headers={"host": host})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("origin", ["http://[::1", "//", "http://]", "http://evil.example:x"])
async def test_origin_that_is_none_is_a_foreign_one(tmp_path: Path, origin: str) -> None:
    async with app_of(settings_of(tmp_path), base_url="http://localhost") as http:
        assert (await http.post("/chatkit", json=LIST, headers={"origin": origin})).status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/chatkit"),
        ("GET", "/threads/search?q=x"),
        ("GET", "/threads/thr_x/stream"),
        ("POST", "/threads/thr_x/cancel"),
        ("POST", "/files"),
        ("GET", "/files/atc_x"),
        ("GET", "/metrics"),
        ("GET", "/readyz"),
        ("GET", "/nothing"),
        ("POST", "/session"),
    ],
)
async def test_no_answer_is_cached_or_taken_for_something_else(
    tmp_path: Path, method: str, path: str
) -> None:
    settings = settings_of(tmp_path, metrics=True, session_key="key")
    async with app_of(settings, base_url="http://localhost") as http:
        response = await http.request(method, path, json=LIST if path == "/chatkit" else None)
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
