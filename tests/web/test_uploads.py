import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Mount

from chatkit_asgi.attachments import BlobAttachmentStore, Signer
from chatkit_asgi.attachments.objects import ObjectBlobStore
from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import Attachment, AttachmentCreateParams
from chatkit_asgi.web.errors import HANDLERS
from chatkit_asgi.web.uploads import upload_routes
from tests.attachments.samples import HTML, PNG, SVG, chunked
from tests.live import serving

LIMIT = 200_000
BOUNDARY = "xyz"
FORM = {"content-type": f"multipart/form-data; boundary={BOUNDARY}", "authorization": "Bearer alice"}
ALICE = {"authorization": "Bearer alice"}


class Directory:
    """The directory that the blobs lie in."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        """The folders of everything in it, half-written files too."""
        return sorted(path.relative_to(self.path).parts[0] for path in self.path.rglob("*") if path.is_file())


async def authenticate(request: Request) -> RequestContext:
    scheme, _, user = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer":
        raise HTTPException(401, "Say who you are.")
    return RequestContext(user_id=user)


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    return Directory(tmp_path / "files")


@pytest.fixture
def attachments(directory: Directory) -> BlobAttachmentStore[RequestContext]:
    return BlobAttachmentStore(
        ObjectBlobStore(directory.path),
        MemoryStore(),
        Signer(["key"]),
        max_bytes=LIMIT,
        base_url="http://host",
    )


def make_app(
    attachments: BlobAttachmentStore[RequestContext], idle_seconds: float = 60, linger_seconds: float = 5
) -> Starlette:
    routes = upload_routes(
        attachments, authenticate, idle_seconds=idle_seconds, linger_seconds=linger_seconds
    )
    return Starlette(routes=routes, exception_handlers=dict(HANDLERS))


@pytest.fixture
async def client(attachments: BlobAttachmentStore[RequestContext]) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(make_app(attachments))
    async with httpx.AsyncClient(transport=transport, base_url="http://host") as client:
        yield client


def part(data: bytes, name: str = "a.png", mime_type: str = "image/png", field: str = "file") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
    return head.encode() + f"Content-Type: {mime_type}\r\n\r\n".encode() + data + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


async def announce(
    attachments: BlobAttachmentStore[RequestContext], *, name: str = "a.png", mime_type: str = "image/png"
) -> Attachment:
    context = RequestContext(user_id="alice")
    params = AttachmentCreateParams(name=name, size=len(PNG), mime_type=mime_type)
    return await attachments.create_attachment(params, context)


async def upload(client: httpx.AsyncClient, data: bytes, name: str, mime_type: str) -> str:
    """Upload directly, and find out the attachment's download link."""
    response = await client.post("/files", files={"file": (name, data, mime_type)}, headers=ALICE)
    assert response.status_code == 200, response.text
    return str(response.json()["id"])


def download_link(attachments: BlobAttachmentStore[RequestContext], stored: Attachment) -> str:
    return attachments.download_url(stored).removeprefix("http://host")


async def stored(attachments: BlobAttachmentStore[RequestContext], attachment_id: str) -> Attachment:
    return await attachments.store.load_attachment(attachment_id, RequestContext(user_id="alice"))


# Direct uploads


async def test_direct_upload_answers_with_the_attachment(
    client: httpx.AsyncClient, directory: Directory
) -> None:
    response = await client.post("/files", files={"file": ("pic.png", PNG, "image/png")}, headers=ALICE)
    body = response.json()
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert re.fullmatch(r"http://host/files/atc_[0-9a-f]{32}\?token=\S+", body.pop("preview_url"))
    assert re.fullmatch(r"atc_[0-9a-f]{32}", body["id"])
    assert body == {"id": body["id"], "name": "pic.png", "mime_type": "image/png", "type": "image"}
    assert directory.names() == [body["id"]]


async def test_preview_url_of_the_answer_shows_the_image(client: httpx.AsyncClient) -> None:
    response = await client.post("/files", files={"file": ("pic.png", PNG, "image/png")}, headers=ALICE)
    shown = await client.get(response.json()["preview_url"])
    assert (shown.status_code, shown.content, shown.headers["content-type"]) == (200, PNG, "image/png")


async def test_other_fields_are_passed_over(client: httpx.AsyncClient) -> None:
    files = [("before", ("x.txt", b"1", "text/plain")), ("file", ("a.txt", b"2", "text/plain"))]
    response = await client.post("/files", files=files, data={"purpose": "chat"}, headers=ALICE)
    assert (response.status_code, response.json()["name"]) == (200, "a.txt")


async def test_form_is_read_in_any_pieces(client: httpx.AsyncClient, directory: Directory) -> None:
    body = part(PNG + b"\r\n--xy\r\n-\n--xyz--\n" * 50) + END
    for size in (1, 3, 64):
        response = await client.post("/files", content=chunked(body, size), headers=FORM)
        assert response.status_code == 200, response.text
    assert len(directory.names()) == 3


async def test_upload_needs_a_user(client: httpx.AsyncClient, directory: Directory) -> None:
    response = await client.post("/files", files={"file": ("a.png", PNG)})
    assert (response.status_code, response.json()["error"]["code"]) == (401, "unauthenticated")
    assert directory.names() == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"garbage" * 100, 400),
        (END, 400),
        (part(PNG, field="other") + END, 400),
        (part(PNG).replace(b"; filename=\"a.png\"", b"") + END, 400),
        (part(PNG) + part(PNG) + END, 400),
        (part(PNG), 400),
        (part(PNG)[:-30], 400),
        (part(PNG)[:40], 400),
        (part(PNG) + part(bytes(70_000), field="other") + END, 400),
        (part(PNG, name="n" * 70_000) + END, 400),
        (part(bytes(LIMIT + 1)) + END, 413),
        (part(bytes(2 * LIMIT)) + END, 413),
    ],
)  # fmt: skip
async def test_unfit_form_is_refused_and_leaves_nothing(
    client: httpx.AsyncClient, directory: Directory, body: bytes, status: int
) -> None:
    for content in (body, chunked(body)):  # with a length, and without
        response = await client.post("/files", content=content, headers=FORM)
        assert response.status_code == status, response.text
        assert set(response.json()["error"]) >= {"type", "code", "message", "param"}
    assert directory.names() == []


async def test_file_of_just_the_limit_is_taken(client: httpx.AsyncClient) -> None:
    response = await client.post("/files", content=part(bytes(LIMIT)) + END, headers=FORM)
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 415),
        ("image/png", 415),
        ("", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=" + "x" * 71, 400),
    ],
)
async def test_body_that_is_no_form_is_refused(
    client: httpx.AsyncClient, content_type: str, status: int
) -> None:
    headers = {**ALICE, "content-type": content_type}
    response = await client.post("/files", content=PNG, headers=headers)
    assert response.status_code == status


async def test_type_that_is_not_allowed_is_refused(
    attachments: BlobAttachmentStore[RequestContext], directory: Directory
) -> None:
    strict = BlobAttachmentStore(
        attachments.blobs,
        attachments.store,
        Signer(["key"]),
        base_url="http://host",
        allowed_types=["image/*"],
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(make_app(strict))) as client:
        files = {"file": ("a.png", HTML * 500, "image/png")}
        response = await client.post("http://host/files", files=files, headers=ALICE)
    assert (response.status_code, response.json()["error"]["code"]) == (415, "unsupported_type")
    assert directory.names() == []


async def test_refusal_before_the_end_of_the_body_closes_the_connection(client: httpx.AsyncClient) -> None:
    early = await client.post("/files", content=part(bytes(2 * LIMIT)) + END, headers=FORM)
    late = await client.post("/files", content=part(PNG), headers=FORM)
    assert (early.status_code, early.headers.get("connection")) == (413, "close")
    assert (late.status_code, late.headers.get("connection")) == (400, None)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Größe.txt", "Größe.txt"),
        ("../../x.txt", "x.txt"),
        ("say %22hi%22.txt", 'say "hi".txt'),
        ("100%.txt", "100%.txt"),
        ("a%0D%0Ab.txt", "ab.txt"),
    ],
)
async def test_name_is_kept_as_far_as_it_is_harmless(
    client: httpx.AsyncClient, given: str, kept: str
) -> None:
    response = await client.post("/files", content=part(b"hi", given, "text/plain") + END, headers=FORM)
    assert response.json()["name"] == kept


# The second phase of an announced upload


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("form", [True, False])
async def test_announced_bytes_come_as_a_form_or_raw_by_either_method(
    client: httpx.AsyncClient, attachments: BlobAttachmentStore[RequestContext], method: str, form: bool
) -> None:
    created = await announce(attachments)
    url = str(created.upload_url)
    if form:
        response = await client.request(method, url, files={"file": ("other.txt", PNG, "text/plain")})
    else:
        response = await client.request(method, url, content=PNG, headers={"content-type": "image/png"})
    body = response.json()
    assert response.status_code == 200, body
    assert (body["id"], body["name"], body["type"]) == (created.id, "a.png", "image")
    assert "upload_descriptor" not in body
    assert (await stored(attachments, created.id)).upload_descriptor is None


async def test_used_link_conflicts(
    client: httpx.AsyncClient, attachments: BlobAttachmentStore[RequestContext]
) -> None:
    url = str((await announce(attachments)).upload_url)
    await client.put(url, content=PNG)
    response = await client.put(url, content=HTML)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "conflict")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST"])
@pytest.mark.parametrize("query", ["", "?token=", "?token=abc", "?token=a.b.c"])
async def test_link_without_a_valid_token_is_not_found(
    client: httpx.AsyncClient, attachments: BlobAttachmentStore[RequestContext], method: str, query: str
) -> None:
    created = await announce(attachments)
    response = await client.request(method, f"/files/{created.id}{query}", headers=ALICE)
    assert response.status_code == 404


@pytest.mark.parametrize("size", [LIMIT + 1, 3 * LIMIT])
async def test_raw_body_over_the_limit_is_refused_with_and_without_a_length(
    client: httpx.AsyncClient,
    attachments: BlobAttachmentStore[RequestContext],
    directory: Directory,
    size: int,
) -> None:
    url = str((await announce(attachments)).upload_url)
    for content in (bytes(size), chunked(bytes(size))):
        response = await client.put(url, content=content)
        assert (response.status_code, response.headers["connection"]) == (413, "close")
    assert directory.names() == []


async def test_lengths_that_lie_are_not_believed(
    client: httpx.AsyncClient, attachments: BlobAttachmentStore[RequestContext], directory: Directory
) -> None:
    url = str((await announce(attachments)).upload_url)
    response = await client.put(url, content=bytes(LIMIT + 1), headers={"content-length": "5"})
    assert response.status_code == 413
    assert directory.names() == []


# Downloads


@pytest.mark.parametrize(
    ("data", "name", "mime_type", "served", "disposition"),
    [
        (PNG, "a.png", "image/png", "image/png", "inline"),
        (HTML, "a.html", "text/html", "application/octet-stream", "attachment"),
        (HTML, "a.png", "image/png", "application/octet-stream", "attachment"),
        (SVG, "a.svg", "image/svg+xml", "application/octet-stream", "attachment"),
        (PNG, "page.html", "image/png", "application/octet-stream", "attachment"),
    ],
)
async def test_only_safe_images_are_shown_in_place(
    client: httpx.AsyncClient,
    attachments: BlobAttachmentStore[RequestContext],
    data: bytes,
    name: str,
    mime_type: str,
    served: str,
    disposition: str,
) -> None:
    attachment_id = await upload(client, data, name, mime_type)
    response = await client.get(download_link(attachments, await stored(attachments, attachment_id)))
    assert response.content == data
    assert re.fullmatch('"[0-9a-f]{16}"', response.headers.pop("etag"))
    assert dict(response.headers) == {
        "accept-ranges": "bytes",
        "content-type": served,
        "content-length": str(len(data)),
        "content-disposition": f"{disposition}; filename=\"{name}\"; filename*=UTF-8''{name}",
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
        "cache-control": "private, max-age=3600",
    }


async def test_head_says_what_get_would(
    client: httpx.AsyncClient, attachments: BlobAttachmentStore[RequestContext]
) -> None:
    attachment = await stored(attachments, await upload(client, PNG, "a.png", "image/png"))
    link = download_link(attachments, attachment)
    head, get = await client.head(link), await client.get(link)
    assert (head.status_code, head.content, head.headers) == (200, b"", get.headers)


@pytest.mark.parametrize(
    ("asked", "status", "said", "got"),
    [
        ("bytes=0-0", 206, "bytes 0-0/10", b"0"),
        ("bytes=2-4", 206, "bytes 2-4/10", b"234"),
        ("Bytes = 8-", 206, "bytes 8-9/10", b"89"),
        ("bytes=-3", 206, "bytes 7-9/10", b"789"),
        ("bytes=-30", 206, "bytes 0-9/10", b"0123456789"),
        ("bytes=5-500", 206, "bytes 5-9/10", b"56789"),
        ("bytes=10-", 416, "bytes */10", b""),
        ("bytes=-0", 416, "bytes */10", b""),
        ("bytes=4-2", 200, None, b"0123456789"),
        ("bytes=0-1,3-4", 200, None, b"0123456789"),
        ("bytes=-", 200, None, b"0123456789"),
        ("lines=1-2", 200, None, b"0123456789"),
        ("bytes=a-b", 200, None, b"0123456789"),
    ],
)
async def test_part_of_a_file_is_given_to_who_asks_for_one(
    client: httpx.AsyncClient,
    attachments: BlobAttachmentStore[RequestContext],
    asked: str,
    status: int,
    said: str | None,
    got: bytes,
) -> None:
    attachment = await stored(attachments, await upload(client, b"0123456789", "a.txt", "text/plain"))
    link = download_link(attachments, attachment)
    response = await client.get(link, headers={"range": asked})
    head = await client.head(link, headers={"range": asked})
    assert (response.status_code, response.headers.get("content-range")) == (status, said)
    assert response.content == got
    assert (head.status_code, head.headers, head.content) == (status, response.headers, b"")


async def test_client_that_has_the_file_is_told_so(
    client: httpx.AsyncClient, attachments: BlobAttachmentStore[RequestContext]
) -> None:
    attachment = await stored(attachments, await upload(client, b"0123456789", "a.txt", "text/plain"))
    link = download_link(attachments, attachment)
    etag = (await client.get(link)).headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        response = await client.get(link, headers={"if-none-match": known})
        assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", etag)
    assert (await client.get(link, headers={"if-none-match": '"other"'})).status_code == 200
    part = {"range": "bytes=1-2"}
    assert (await client.get(link, headers={**part, "if-range": etag})).status_code == 206
    assert (await client.get(link, headers={**part, "if-range": '"other"'})).status_code == 200


async def test_name_of_a_download_follows_rfc_6266(
    client: httpx.AsyncClient, attachments: BlobAttachmentStore[RequestContext]
) -> None:
    name = 'Größe "€" 100%.txt'
    created = await announce(attachments, name=name, mime_type="text/plain")
    await client.put(str(created.upload_url), content=b"hello")
    response = await client.get(download_link(attachments, await stored(attachments, created.id)))
    expected = f"attachment; filename=\"Gr__e ___ 100_.txt\"; filename*=UTF-8''{quote(name, safe='')}"
    assert response.headers["content-disposition"] == expected


async def test_deleted_blob_is_not_found(
    client: httpx.AsyncClient, attachments: BlobAttachmentStore[RequestContext], context: RequestContext
) -> None:
    attachment = await stored(attachments, await upload(client, PNG, "a.png", "image/png"))
    await attachments.store.delete_attachment(attachment.id, context)
    response = await client.get(download_link(attachments, attachment))
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")


async def test_empty_file_is_kept_and_served(
    client: httpx.AsyncClient, attachments: BlobAttachmentStore[RequestContext]
) -> None:
    attachment = await stored(attachments, await upload(client, b"", "a.txt", "text/plain"))
    response = await client.get(download_link(attachments, attachment))
    assert (response.status_code, response.content) == (200, b"")


async def test_links_name_the_mount_point(directory: Directory) -> None:
    attachments: BlobAttachmentStore[RequestContext] = BlobAttachmentStore(
        ObjectBlobStore(directory.path), MemoryStore(), Signer(["key"])
    )
    host = Starlette(routes=[Mount("/deep/api", make_app(attachments))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(host)) as client:
        url = "https://chat.example:8443/deep/api/files"
        response = await client.post(url, files={"file": ("a.png", PNG)}, headers=ALICE)
        preview = response.json()["preview_url"]
        assert preview.startswith(f"{url}/atc_")
        assert (await client.get(preview)).content == PNG


# Over a real socket


async def test_client_that_leaves_mid_body_leaves_nothing(
    attachments: BlobAttachmentStore[RequestContext], directory: Directory
) -> None:
    taken, ended = asyncio.Event(), asyncio.Event()
    app = make_app(attachments)

    async def watched(scope, receive, send):  # type: ignore[no-untyped-def]  # an ASGI app
        received = 0

        async def watching():  # type: ignore[no-untyped-def]
            nonlocal received
            if received > 90_000:
                taken.set()  # all of it went to the disk: more is asked for
            message = await receive()
            received += len(message.get("body", b""))
            return message

        await app(scope, watching, send)
        if scope["type"] == "http":
            ended.set()

    async with serving(watched) as base:
        address = urlsplit(base)
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        head = "POST /files HTTP/1.1\r\nHost: x\r\nContent-Length: 150000\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in FORM.items())
        writer.write(head.encode() + b"\r\n" + part(bytes(100_000))[:-10])
        await writer.drain()
        await asyncio.wait_for(taken.wait(), 10)
        assert directory.names() != []
        writer.transport.abort()
        await asyncio.wait_for(ended.wait(), 10)
    assert directory.names() == []


async def test_upload_that_stalls_is_given_up(
    attachments: BlobAttachmentStore[RequestContext], directory: Directory
) -> None:
    async with serving(make_app(attachments, idle_seconds=0.05, linger_seconds=0.05)) as base:
        address = urlsplit(base)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        link = urlsplit(str((await announce(attachments)).upload_url))
        head = f"PUT {link.path}?{link.query} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this"
        writer.write(head.encode())
        answer = await asyncio.wait_for(reader.read(), 10)  # to the end: the connection is closed
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in answer.lower()
    assert directory.names() == []


async def test_client_still_sending_gets_to_read_the_refusal(
    attachments: BlobAttachmentStore[RequestContext], directory: Directory
) -> None:
    async with serving(make_app(attachments)) as base, httpx.AsyncClient() as client:
        body = part(bytes(100 * LIMIT)) + END  # more than fits into the buffers between the two
        for content in (body, chunked(body, 65_536)):
            response = await client.post(f"{base}/files", content=content, headers=FORM)
            assert (response.status_code, response.json()["error"]["code"]) == (413, "too_large")
    assert directory.names() == []


async def test_large_file_goes_up_and_comes_down_over_a_socket(directory: Directory) -> None:
    attachments: BlobAttachmentStore[RequestContext] = BlobAttachmentStore(
        ObjectBlobStore(directory.path), MemoryStore(), Signer(["key"])
    )
    data = PNG + bytes(range(256)) * 50_000
    async with serving(make_app(attachments)) as base, httpx.AsyncClient() as client:
        response = await client.post(f"{base}/files", files={"file": ("a.png", data)}, headers=ALICE)
        assert (await client.get(response.json()["preview_url"])).content == data
