"""The built page: how its files are served, here and to other sites, and what its policy lets it load."""

import gzip
import zlib
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from chatkit_asgi.web.playground import page_routes
from tests.web.test_page import client_of

CHUNK = "static/element-DEADBEEF.js"
CODE = b"export const chat = 1;" * 100
FILES = {
    "index.html": b"<!doctype html><title>Chat</title>",
    "chatkit.js": b"import('./static/element-DEADBEEF.js')",
    "licenses.md": b"# Licenses",
    CHUNK: CODE,
    f"{CHUNK}.gz": gzip.compress(CODE),
    f"{CHUNK}.br": b"as brotli",
    "static/icon-DEADBEEF.svg": b"<svg/>",
}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder as the build leaves it."""
    folder = tmp_path / "page"
    (folder / "static").mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def http(built: Path) -> httpx.AsyncClient:
    return client_of(Starlette(routes=page_routes(built=built)))


async def raw(http: httpx.AsyncClient, path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """The answer, and its body as it was sent."""
    async with http.stream("GET", path, headers={"accept-encoding": "", **headers}) as response:
        return response, b"".join([part async for part in response.aiter_raw()])


async def test_the_page_its_script_and_their_licences_are_asked_for_each_time(
    http: httpx.AsyncClient,
) -> None:
    types = {"/": "text/html", "/chatkit.js": "text/javascript", "/licenses.md": "text/plain"}
    for path, media_type in types.items():
        response = await http.get(path)
        assert response.status_code == 200
        assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
        assert response.headers["cache-control"] == "no-cache"
        again = await http.get(path, headers={"if-none-match": response.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_what_bears_a_hash_in_its_name_is_kept_for_a_year(http: httpx.AsyncClient) -> None:
    for name in (CHUNK, "static/icon-DEADBEEF.svg"):
        response = await http.get(f"/{name}")
        assert (response.status_code, response.content) == (200, FILES[name] if name != CHUNK else CODE)
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_pages_of_other_sites_may_load_the_script_but_not_the_page(http: httpx.AsyncClient) -> None:
    for path in ("/chatkit.js", f"/{CHUNK}"):
        headers = (await http.get(path, headers={"origin": "https://other.example"})).headers
        assert headers["access-control-allow-origin"] == "*"
        assert headers["cross-origin-resource-policy"] == "cross-origin"
    headers = (await http.get("/")).headers
    assert "access-control-allow-origin" not in headers
    assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("GZIP", "gzip"),
        ("gzip;q=1.0, br;q=0", "gzip"),
        ("br; q=0.000, gzip;q=0.0", ""),
        ("*", "br"),
        ("*, br;q=0", "gzip"),
        ("*;q=0", ""),
        ("identity", ""),
        ("", ""),
    ],
)
async def test_a_file_is_sent_as_small_as_the_client_takes_it(
    http: httpx.AsyncClient, accepted: str, coding: str
) -> None:
    response, body = await raw(http, f"/{CHUNK}", **{"accept-encoding": accepted})
    assert response.headers.get("content-encoding", "") == coding
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"
    assert int(response.headers["content-length"]) == len(body)
    assert body == {"": CODE, "br": b"as brotli", "gzip": FILES[f"{CHUNK}.gz"]}[coding]


async def test_each_coding_has_a_tag_of_its_own(http: httpx.AsyncClient) -> None:
    zipped, body = await raw(http, f"/{CHUNK}", **{"accept-encoding": "gzip"})
    assert zlib.decompress(body, 31) == CODE
    plain, _ = await raw(http, f"/{CHUNK}")
    assert zipped.headers["etag"] != plain.headers["etag"]
    again, body = await raw(
        http, f"/{CHUNK}", **{"accept-encoding": "gzip", "if-none-match": zipped.headers["etag"]}
    )
    assert (again.status_code, body, again.headers["vary"]) == (304, b"", "Accept-Encoding")


async def test_nothing_is_served_but_what_the_build_has_made(http: httpx.AsyncClient, built: Path) -> None:
    (built / "static" / "late.js").write_bytes(b"nothing")
    names = ("late.js", f"{CHUNK[7:]}.gz", "index.html", "..%2findex.html", "%2e%2e/licenses.md", "")
    for name in names:
        assert (await http.get(f"/static/{name}")).status_code == 404, name
    assert (await http.get("/index.html")).status_code == 404


async def test_the_policy_lets_the_page_load_only_its_own_code(built: Path) -> None:
    origins = ["https://bucket.s3.example", "http://127.0.0.1:9000"]
    http = client_of(Starlette(routes=page_routes(("'none'",), origins, built=built)))
    told = (await http.get("/")).headers["content-security-policy"]
    assert dict(rule.split(" ", 1) for rule in told.split("; ")) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data: blob: https: https://bucket.s3.example http://127.0.0.1:9000",
        "connect-src": "'self' https://bucket.s3.example http://127.0.0.1:9000",
        "media-src": "blob:",
        "form-action": "'none'",
        "base-uri": "'none'",
        "require-trusted-types-for": "'script'",
        "frame-ancestors": "'none'",
    }


async def test_a_mounted_page_finds_its_files_beside_it(built: Path) -> None:
    app = Starlette(routes=[Mount("/deep/chat", app=Starlette(routes=page_routes(built=built)))])
    http = client_of(app)
    assert (await http.get("/deep/chat")).headers["location"].endswith("/deep/chat/")
    for path in ("", "chatkit.js", CHUNK):
        assert (await http.get(f"/deep/chat/{path}")).status_code == 200


@pytest.mark.parametrize("folder", [None, Path("missing")])
async def test_a_server_without_the_built_page_says_how_to_get_it(folder: Path | None) -> None:
    http = client_of(Starlette(routes=page_routes(built=folder)))
    assert "static/page.js" in (await http.get("/")).text
    answer = await http.get("/chatkit.js")
    assert answer.status_code == 404
    assert "npm ci && npm run build" in answer.text
