"""Two-phase uploads straight to an object store, through the whole app: a real S3 API checks the links."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatkit_asgi import Settings, create_app
from chatkit_asgi.attachments import store as attachment_store
from tests.attachments.pictures import encoded, opened
from tests.attachments.samples import HTML, PNG, make_png
from tests.s3 import Bucket
from tests.web.chat import Chat

Json = dict[str, Any]
Start = Callable[..., Any]


class Client(Chat):
    """A browser: speaks to the app, and to the object store by the links it was given."""

    def __init__(self, http: httpx.AsyncClient, store: httpx.AsyncClient) -> None:
        super().__init__(http)
        self.store = store

    async def announce(self, data: bytes, name: str = "a.png", mime_type: str = "image/png") -> Json:
        created: Json = await self.ask("attachments.create", name=name, size=len(data), mime_type=mime_type)
        return created

    async def put(self, created: Json, data: bytes) -> httpx.Response:
        descriptor = created["upload_descriptor"]
        return await self.store.request(
            descriptor["method"], descriptor["url"], content=data, headers=descriptor["headers"]
        )

    async def upload(self, data: bytes, name: str = "a.png", mime_type: str = "image/png") -> Json:
        created = await self.announce(data, name, mime_type)
        assert (await self.put(created, data)).status_code == 200
        return created

    async def send(self, *attachments: Json) -> httpx.Response:
        ids = [each["id"] for each in attachments]
        return await self.post("threads.create", input=self.message("Look", attachments=ids))


@pytest.fixture
async def start(bucket: Bucket, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts the app on the bucket, with whatever else is to be set."""
    async with AsyncExitStack() as stack:

        async def start(**fields: object) -> Client:
            settings = Settings.model_validate(
                {"data_dir": tmp_path, "demo_delay": 0, **bucket.settings(), **fields}
            )
            app = create_app(settings)
            await stack.enter_async_context(app.router.lifespan_context(app))
            http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
            store = httpx.AsyncClient(trust_env=False, timeout=30)
            return Client(await stack.enter_async_context(http), await stack.enter_async_context(store))

        yield start


async def test_bytes_go_to_the_store_and_count_when_they_have_been_seen(
    start: Start, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachment_store, "can_scale_images", lambda: False)
    client = await start()
    created = await client.announce(PNG)
    descriptor = created["upload_descriptor"]
    assert descriptor["url"].startswith(f"{bucket.access.endpoint}/chatkit/")
    assert (descriptor["method"], descriptor["headers"]) == ("PUT", {"Content-Type": "image/png"})
    early = await client.send(created)
    assert (early.status_code, early.json()["error"]["code"]) == (409, "conflict")
    assert "a.png is not uploaded yet" in early.json()["error"]["message"]
    assert await client.ask("threads.list", limit=10) == {"data": [], "has_more": False}

    assert (await client.put(created, PNG)).status_code == 200
    events = await client.create("Look", attachments=[created["id"]])
    (sent,) = events[1]["item"]["attachments"]
    assert "upload_descriptor" not in sent
    assert "upload_url" not in sent
    shown = await client.store.get(sent["preview_url"])
    assert sent["preview_url"].startswith(f"{bucket.access.endpoint}/chatkit/")
    assert (shown.status_code, shown.content) == (200, PNG)
    assert shown.headers["content-type"] == "image/png"
    assert shown.headers["content-disposition"].startswith("inline; filename")
    assert len(bucket.names()) == 1


async def test_small_copies_for_previews_come_through_the_app(start: Start, bucket: Bucket) -> None:
    client = await start()
    created = await client.upload(encoded((2000, 1000)))
    events = await client.create("Look", attachments=[created["id"]])
    (sent,) = events[1]["item"]["attachments"]
    assert sent["preview_url"].startswith("http://localhost/files/")
    for _ in range(2):
        assert opened((await client.http.get(sent["preview_url"])).content).size == (512, 256)
    assert len(bucket.names()) == 2


async def test_preview_link_of_the_announcement_works_once_the_bytes_are_there(start: Start) -> None:
    client = await start()
    created = await client.announce(PNG)
    assert (await client.http.get(created["preview_url"])).status_code == 404
    await client.put(created, PNG)
    shown = await client.http.get(created["preview_url"])
    assert (shown.content, shown.headers["content-type"]) == (PNG, "image/png")


async def test_link_that_is_used_again_changes_nothing(start: Start) -> None:
    client = await start()
    created = await client.upload(PNG)
    assert (await client.send(created)).status_code == 200
    other = bytes(len(PNG))
    assert (await client.put(created, other)).status_code == 200  # as S3 has it
    assert (await client.http.get(created["preview_url"])).content == PNG


async def test_bytes_that_are_not_what_was_announced_are_a_plain_file(start: Start) -> None:
    client = await start()
    created = await client.upload(HTML)
    events = await client.create("Look", attachments=[created["id"]])
    (sent,) = events[1]["item"]["attachments"]
    assert (sent["type"], sent["mime_type"]) == ("file", "application/octet-stream")
    served = await client.http.get(created["preview_url"])
    assert served.headers["content-type"] == "application/octet-stream"
    assert served.headers["content-disposition"].startswith("attachment; ")


@pytest.mark.parametrize(
    ("data", "status"), [(HTML, 415), (make_png(100_000, 100_000), 413)], ids=["html", "bomb"]
)
async def test_bytes_that_may_not_be_here_are_refused_and_deleted(
    start: Start, bucket: Bucket, data: bytes, status: int
) -> None:
    client = await start(upload_types="image/*")
    created = await client.upload(data)
    assert [(await client.send(created)).status_code for _ in range(2)] == [status, 409]
    assert bucket.names() == []


async def test_older_clients_send_a_form_to_the_app(start: Start) -> None:
    client = await start()
    created = await client.announce(PNG)
    assert created["upload_url"].startswith("http://localhost/files/")
    response = await client.http.post(created["upload_url"], files={"file": ("a.png", PNG, "image/png")})
    assert response.status_code == 200, response.text
    assert (await client.send(created)).status_code == 200


async def test_everything_can_go_through_the_app(start: Start, bucket: Bucket) -> None:
    client = await start(upload_through="app")
    created = await client.announce(PNG)
    assert created["upload_descriptor"] == {"url": created["upload_url"], "method": "POST", "headers": {}}
    response = await client.http.put(created["upload_url"], content=PNG)
    assert response.json()["preview_url"].startswith("http://localhost/files/")
    part = await client.http.get(response.json()["preview_url"], headers={"range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, PNG[1:4])
    assert len(bucket.names()) == 1


async def test_many_requests_may_find_the_same_upload(start: Start, bucket: Bucket) -> None:
    client = await start()
    created = await client.upload(PNG)
    shown = await asyncio.gather(*(client.http.get(created["preview_url"]) for _ in range(5)))
    assert [response.content for response in shown] == [PNG] * 5
    assert len(bucket.names()) == 1


async def test_bytes_are_deleted_with_their_thread(start: Start, bucket: Bucket) -> None:
    client = await start()
    kept = await client.upload(PNG)
    events = await client.create("Look", attachments=[(await client.upload(PNG))["id"]])
    await client.send(kept)
    assert len(bucket.names()) == 2
    await client.ask("threads.delete", thread_id=events[0]["thread"]["id"])
    async with asyncio.timeout(30):
        while len(await asyncio.to_thread(bucket.names)) > 1:  # noqa: ASYNC110 - a task of the app does it
            await asyncio.sleep(0.1)
    assert (await client.http.get(kept["preview_url"])).content == PNG
