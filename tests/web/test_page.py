"""The small page: how it is served, and what its files promise to the content policy."""

import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from chatkit_asgi.web.playground import STATIC, page_routes

SCRIPTS = sorted(STATIC.glob("*.js"))
IMPORT = re.compile(r'^import [^;]*?from "([^"]+)";', re.MULTILINE)


@pytest.fixture
def http() -> httpx.AsyncClient:
    return client_of(Starlette(routes=page_routes(built=None)))


def client_of(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app.test")


class Document(HTMLParser):
    """The tags of a document with their attributes, and the text of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def urls(self) -> list[str]:
        names = ("src", "href", "action", "data", "poster")
        found = [attributes.get(name) for _, attributes in self.tags for name in names]
        return [url for url in found if url is not None]

    def ids(self) -> set[str | None]:
        return {attributes.get("id") for _, attributes in self.tags} - {None}


def document() -> Document:
    return Document((STATIC / "index.html").read_text(encoding="utf-8"))


async def test_the_page_and_all_that_it_loads_are_served(http: httpx.AsyncClient) -> None:
    page = await http.get("/")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for url in document().urls():
        if not url.startswith("#"):
            assert (await http.get(f"/{url}")).status_code == 200, url


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("page.js", "text/javascript; charset=utf-8"),
        ("page.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ],
)
async def test_assets_have_the_types_that_nosniff_demands(
    http: httpx.AsyncClient, name: str, media_type: str
) -> None:
    answer = await http.get(f"/static/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.content == (STATIC / name).read_bytes()


@pytest.mark.parametrize("path", ["/", "/static/page.js", "/static/icon.svg"])
async def test_every_answer_carries_a_strict_content_policy(http: httpx.AsyncClient, path: str) -> None:
    headers = (await http.get(path)).headers
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data: blob:",
        "connect-src": "'self'",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'self'",
    }
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


async def test_what_the_browser_has_is_not_sent_again(http: httpx.AsyncClient) -> None:
    first = await http.get("/static/page.js")
    assert first.headers["cache-control"] == "no-cache"
    for known in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
        again = await http.get("/static/page.js", headers={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    assert (await http.get("/static/page.js", headers={"if-none-match": '"other"'})).status_code == 200


async def test_head_answers_without_a_body_and_other_methods_are_refused(http: httpx.AsyncClient) -> None:
    head = await http.head("/")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0
    assert (await http.post("/")).status_code == 405


@pytest.mark.parametrize(
    "name", ["missing.js", "index.html", "..%2fplayground.py", "%2e%2e/playground.py", ""]
)
async def test_nothing_but_the_assets_is_served(http: httpx.AsyncClient, name: str) -> None:
    assert (await http.get(f"/static/{name}")).status_code == 404


async def test_a_mounted_page_is_reached_with_or_without_the_slash() -> None:
    app = Starlette(routes=[Mount("/deep/chat", app=Starlette(routes=page_routes(built=None)))])
    http = client_of(app)
    bare = await http.get("/deep/chat")
    assert bare.status_code == 307
    assert bare.headers["location"].endswith("/deep/chat/"), "relative URLs need the slash"
    assert (await http.get("/deep/chat/")).status_code == 200
    assert (await http.get("/deep/chat/static/page.js")).status_code == 200


def test_the_page_loads_nothing_from_elsewhere() -> None:
    relative = re.compile(r"(static/[\w.]+|#[\w/]*)")
    assert [url for url in document().urls() if not relative.fullmatch(url)] == []
    assert "url(" not in (STATIC / "page.css").read_text(encoding="utf-8")
    assert "@import" not in (STATIC / "page.css").read_text(encoding="utf-8")


def test_the_document_has_no_inline_code_or_style() -> None:
    for tag, attributes in document().tags:
        assert tag != "style"
        assert tag != "script" or attributes.get("src"), "scripts are files"
        assert not [name for name in attributes if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_build_nodes_and_never_parse_markup(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    forbidden = (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "DOMParser",
    )
    assert [word for word in forbidden if word in text] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_import_only_files_that_exist(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    imported = IMPORT.findall(text)
    assert len(imported) == text.count("\nimport ") + text.startswith("import ")
    assert [name for name in imported if not (name.startswith("./") and (STATIC / name).is_file())] == []


def test_scripts_look_up_only_elements_that_the_document_has() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    wanted = set(re.findall(r'byId\("([^"]+)"\)', text))
    assert wanted
    assert wanted <= document().ids()


def test_every_control_of_the_document_has_a_name() -> None:
    """Buttons without text are labelled; fields have a label, or are hidden behind a button."""
    tags = document().tags
    labelled = {attributes.get("for") for tag, attributes in tags if tag == "label"}
    for tag, attributes in tags:
        if tag == "button" and "icon-button" in (attributes.get("class") or ""):
            assert attributes.get("aria-label"), attributes
        if tag == "textarea":
            assert attributes["id"] in labelled
    log = next(attributes for _, attributes in tags if attributes.get("id") == "log")
    assert (log["role"], log["aria-live"]) == ("log", "polite")
    assert log["aria-label"]
