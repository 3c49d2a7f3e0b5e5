"""Files that mean harm, each sent in one step and in two: what is kept of them, and how they are given back.

`pytest -s` prints a table of it.
"""

import io
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from chatkit_asgi import RequestContext, Settings, create_app
from chatkit_asgi.application import create_files
from chatkit_asgi.attachments import BlobAttachmentStore
from chatkit_asgi.store.memory import MemoryStore
from tests.attachments.samples import (
    GIF,
    HTML,
    JPEG,
    PDF,
    PNG,
    PROGRAM,
    SVG,
    WEBP,
    make_gif,
    make_jpeg,
    make_png,
)

OCTETS = "application/octet-stream"
SCRIPT = b"<script>alert(document.domain)</script>"


class Harm(NamedTuple):
    """A file, and what becomes of it."""

    what: str
    data: bytes
    name: str
    claimed: str
    status: int = 200
    kept_name: str = ""
    """Empty: as it was given."""
    kept_type: str = OCTETS
    inline: bool = False


def zipped(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return file.getvalue()


CORPUS = [
    Harm("HTML", HTML, "a.html", "text/html", kept_type="text/html"),
    Harm("HTML named .png", HTML, "a.png", "image/png"),
    Harm("HTML, said to be an image", HTML, "a.html", "image/png", kept_type=OCTETS),
    Harm("HTML named .pdf", HTML, "a.pdf", "application/pdf"),
    Harm("SVG with a script", SVG, "a.svg", "image/svg+xml"),
    Harm("SVG named .png", SVG, "a.png", "image/png"),
    Harm(
        "XHTML",
        b"<?xml version='1.0'?>" + HTML,
        "a.xhtml",
        "application/xhtml+xml",
        kept_type="application/xhtml+xml",
    ),
    Harm(
        "GIF that is a script, too",
        make_gif(0x2A2F, 9) + b"*/=alert(1)",
        "a.gif",
        "image/gif",
        kept_type="image/gif",
        inline=True,
    ),
    Harm("GIF named .js", GIF + b"alert(1)", "a.js", "text/javascript", kept_type="text/javascript"),
    Harm("GIF named .html", GIF + SCRIPT, "a.html", "image/gif"),
    Harm("PNG with HTML behind it", PNG + HTML, "a.png", "image/png", kept_type="image/png", inline=True),
    Harm("PNG said to be HTML", PNG + HTML, "a.png", "text/html", kept_type="text/html"),
    Harm(
        "JPEG with HTML in its remarks",
        JPEG + SCRIPT,
        "a.jpg",
        "image/jpeg",
        kept_type="image/jpeg",
        inline=True,
    ),
    Harm("PDF with HTML behind it", PDF + HTML, "a.pdf", "application/pdf", kept_type="application/pdf"),
    Harm("PDF named .png", PDF, "a.png", "image/png", kept_type="application/pdf"),
    Harm("program named .png", PROGRAM, "a.png", "image/png", kept_type="application/x-msdownload"),
    Harm("double extension", PNG, "a.php.png", "image/png", kept_type="image/png", inline=True),
    Harm("double extension, turned round", PNG, "a.png.exe", "image/png"),
    Harm(
        "path upwards", b"x", "../../../etc/passwd", "text/plain", kept_name="passwd", kept_type="text/plain"
    ),
    Harm(
        "path upwards, for Windows",
        b"x",
        "..\\..\\boot.ini",
        "text/plain",
        kept_name="boot.ini",
        kept_type="text/plain",
    ),
    Harm(
        "path upwards, encoded",
        b"x",
        "..%2f..%2fa.txt",
        "text/plain",
        kept_name="%2f..%2fa.txt",
        kept_type="text/plain",
    ),
    Harm(
        "NUL in the name",
        PNG,
        "a.html\x00.png",
        "image/png",
        kept_name="a.html.png",
        kept_type="image/png",
        inline=True,
    ),
    Harm("name from right to left", PNG, "photo\u202egnp.exe", "image/png", kept_name="photognp.exe"),
    Harm(
        "line end in the name",
        b"x",
        "a.txt\r\nSet-Cookie: a=b",
        "text/plain",
        kept_name="a.txtSet-Cookie: a=b",
        kept_type="text/plain",
    ),
    Harm("quotes in the name", b"x", 'a";filename="b.html', "text/plain", kept_type="text/plain"),
    Harm(
        "script in the name",
        PNG,
        "<img src=x onerror=alert(1)>.png",
        "image/png",
        kept_type="image/png",
        inline=True,
    ),
    Harm("name of dots", b"x", "...", "text/plain", kept_name="file", kept_type="text/plain"),
    Harm("hidden file", b"x", ".htaccess", "text/plain", kept_name="htaccess", kept_type="text/plain"),
    Harm(
        "name of 1000 letters",
        b"x",
        "a" * 996 + ".txt",
        "text/plain",
        kept_name="a" * 196 + ".txt",
        kept_type="text/plain",
    ),
    Harm("type that is none", b"x", "a.txt", "<script>/x\r\ny", kept_type="text/plain"),
    Harm("empty file", b"", "a.txt", "text/plain", kept_type="text/plain"),
    Harm("empty image", b"", "a.png", "image/png"),
    Harm("half an image", PNG[:20], "a.png", "image/png"),
    Harm("WebP named .jpg", WEBP, "a.jpg", "image/jpeg", kept_type="image/webp", inline=True),
    Harm("picture of 100 000 × 100 000", make_png(100_000, 100_000), "a.png", "image/png", status=413),
    Harm(
        "photo of 65 000 × 65 000",
        make_jpeg(65_000, 65_000, before=200_000),
        "a.jpg",
        "image/jpeg",
        status=413,
    ),
    Harm(
        "zip bomb",
        zipped("zeros", bytes(50_000_000)),
        "a.zip",
        "application/zip",
        kept_type="application/zip",
    ),
    Harm(
        "zip with a path upwards",
        zipped("../../x", b"x"),
        "a.zip",
        "application/zip",
        kept_type="application/zip",
    ),
    Harm("a byte too many", bytes(1_000_001), "a.bin", OCTETS, status=413),
]


class Browser:
    """A client of the app, and the app's own view of its attachments."""

    def __init__(self, http: httpx.AsyncClient, files: BlobAttachmentStore[RequestContext]) -> None:
        self.http = http
        self.files = files

    async def download(self, attachment_id: str) -> httpx.Response:
        stored = await self.files.store.load_attachment(attachment_id, RequestContext(user_id="local"))
        return await self.http.get(self.files.download_url(stored))


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    settings = Settings(
        data_dir=tmp_path, demo_delay=0, max_upload_bytes=1_000_000, public_url="http://localhost"
    )
    store: MemoryStore[RequestContext] = MemoryStore()
    files = create_files(settings, store)
    app = create_app(settings, store=store, attachment_store=files)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        yield Browser(http, files)


async def direct(http: httpx.AsyncClient, harm: Harm) -> httpx.Response:
    head = f'--xyz\r\nContent-Disposition: form-data; name="file"; filename="{_escaped(harm.name)}"\r\n'
    claimed = harm.claimed.replace("\r\n", "")
    body = head.encode() + f"Content-Type: {claimed}\r\n\r\n".encode() + harm.data + b"\r\n--xyz--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=xyz"}
    return await http.post("/files", content=body, headers=headers)


async def announced(http: httpx.AsyncClient, harm: Harm) -> httpx.Response:
    params = {"name": harm.name, "size": len(harm.data), "mime_type": harm.claimed}
    created = await http.post("/chatkit", json={"type": "attachments.create", "params": params})
    if created.status_code != 200:
        return created
    return await http.put(created.json()["upload_url"], content=harm.data)


Send = Callable[[httpx.AsyncClient, Harm], Awaitable[httpx.Response]]


def _name(send: Send) -> str:
    return getattr(send, "__name__", "")


def _escaped(name: str) -> str:
    """As browsers do it."""
    return name.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


@pytest.mark.parametrize("send", [direct, announced])
@pytest.mark.parametrize("harm", CORPUS, ids=[harm.what for harm in CORPUS])
async def test_nothing_that_means_harm_is_shown_or_run(
    browser: Browser, harm: Harm, send: Send, tmp_path: Path
) -> None:
    response = await send(browser.http, harm)
    assert response.status_code == harm.status, response.text
    if response.status_code != 200:
        print(f"{harm.what:32} {_name(send):10} {response.status_code} {response.json()['error']['message']}")
        assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
        return
    kept = response.json()
    assert (kept["name"], kept["mime_type"]) == (harm.kept_name or harm.name, harm.kept_type)
    assert kept["type"] == ("image" if harm.inline else "file")
    served = await browser.download(kept["id"])
    print(
        f"{harm.what:32} {_name(send):10} 200 {kept['type']:5} {kept['mime_type']:24}"
        f" {served.headers['content-type']:24} {served.headers['content-disposition'].partition(';')[0]:10}"
        f" {kept['name'][:40]!a}"
    )
    assert served.content == harm.data
    assert served.headers["content-type"] == (harm.kept_type if harm.inline else OCTETS)
    assert served.headers["content-disposition"].startswith("inline;" if harm.inline else "attachment;")
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert "set-cookie" not in served.headers
    (file,) = (path for path in (tmp_path / "files").rglob("*") if path.is_file())
    assert file.parent.name == kept["id"]
