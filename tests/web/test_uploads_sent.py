"""What becomes of files in conversations, through the app: whose they are, how many, who refuses them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import AnyUrl

from chatkit_asgi import Settings, create_app
from chatkit_asgi.attachments import Upload
from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.store import AttachmentStore
from chatkit_asgi.types import Attachment, AttachmentCreateParams, FileAttachment
from tests.attachments.samples import PNG
from tests.postgres import new_database
from tests.web.chat import Chat

Start = Callable[..., Any]
TOKENS = {"auth": "token", "auth_tokens": "alice:a-secret,bob:b-secret"}


async def refuse_viruses(upload: Upload, context: RequestContext) -> None:
    """Named by a setting in a test."""
    if b"virus" in b"".join([chunk async for chunk in await upload.open()]):
        raise InvalidRequestError("The file has a virus.")


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts an app and gives a client of it."""
    async with AsyncExitStack() as stack:

        async def start(attachment_store: AttachmentStore[Any] | None = None, **fields: object) -> Chat:
            settings = Settings.model_validate({"data_dir": tmp_path, "demo_delay": 0, **fields})
            app = create_app(settings, attachment_store=attachment_store)
            await stack.enter_async_context(app.router.lifespan_context(app))
            http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
            return Chat(await stack.enter_async_context(http))

        yield start


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Iterator[dict[str, object]]:
    """Settings of an empty one."""
    if request.param == "sqlite":
        yield {}
        return
    with new_database(request.getfixturevalue("postgres_server")) as url:
        key = "a secret of more than 32 bytes, for tests"
        yield {"database_url": url, "auto_migrate": True, "secret_key": key}


async def upload(chat: Chat, data: bytes = PNG, **headers: str) -> httpx.Response:
    return await chat.http.post("/files", files={"file": ("a.png", data, "image/png")}, headers=headers)


async def uploaded(chat: Chat) -> str:
    response = await upload(chat)
    assert response.status_code == 200, response.text
    return str(response.json()["id"])


def error_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["message"]


async def test_file_that_was_sent_cannot_be_sent_in_another_conversation(start: Start) -> None:
    chat = await start()
    file = await uploaded(chat)
    events = await chat.create("Look", attachments=[file])
    thread_id = events[0]["thread"]["id"]
    refused = await chat.post("threads.create", input=chat.message("Look here", attachments=[file]))
    status, message = error_of(refused)
    assert (status, "sent in another conversation already" in message) == (409, True)
    assert len((await chat.ask("threads.list", limit=10))["data"]) == 1
    await chat.say(thread_id, "Look again", attachments=[file, file])  # after a lost connection, say
    await chat.ask("threads.delete", thread_id=thread_id)
    assert (await chat.post("attachments.delete", attachment_id=file)).status_code == 404


async def test_of_two_conversations_at_once_one_gets_the_file(
    start: Start, database: dict[str, object]
) -> None:
    chat = await start(**database)
    for _ in range(5):
        files = [await uploaded(chat) for _ in range(2)]
        responses = await asyncio.gather(
            chat.post("threads.create", input=chat.message("one", attachments=files)),
            chat.post("threads.create", input=chat.message("two", attachments=files[::-1])),
        )
        assert sorted(response.status_code for response in responses) == [200, 409]


async def test_somebody_elses_file_is_not_there(start: Start) -> None:
    chat = await start(**TOKENS)
    alice, bob = ({"authorization": f"Bearer {token}"} for token in ("a-secret", "b-secret"))
    file = (await upload(chat, PNG, **alice)).json()["id"]
    body = {"type": "threads.create", "params": {"input": chat.message("Look", attachments=[file])}}
    deleting = {"type": "attachments.delete", "params": {"attachment_id": file}}
    for request in (body, deleting):
        assert (await chat.http.post("/chatkit", json=request, headers=bob)).status_code == 404
    assert (await chat.http.post("/chatkit", json=body, headers=alice)).status_code == 200


async def test_user_has_so_many_files_and_bytes(start: Start) -> None:
    chat = await start(max_user_files=3, max_user_bytes="1k", **TOKENS)
    alice, bob = ({"authorization": f"Bearer {token}"} for token in ("a-secret", "b-secret"))
    assert (await upload(chat, bytes(1000), **alice)).status_code == 200
    assert error_of(await upload(chat, bytes(25), **alice)) == (
        413,
        "Your files may take 24 more bytes here: delete some, or send a smaller one.",
    )
    assert [(await upload(chat, b"1", **alice)).status_code for _ in range(2)] == [200, 200]
    assert error_of(await upload(chat, b"1", **alice)) == (
        429,
        "You have 3 files here, which is all there may be: delete some first.",
    )
    assert (await upload(chat, bytes(1000), **bob)).status_code == 200


async def test_user_gets_no_further_with_many_uploads_at_once(
    start: Start, database: dict[str, object]
) -> None:
    chat = await start(max_user_bytes=10_000, **database)
    responses = await asyncio.gather(*(upload(chat, bytes(1000)) for _ in range(20)))
    assert sorted(response.status_code for response in responses) == [200] * 10 + [413] * 10


async def test_operator_can_have_uploads_looked_at(start: Start) -> None:
    chat = await start(on_upload="tests.web.test_uploads_sent:refuse_viruses")
    assert error_of(await upload(chat, b"a virus")) == (400, "The file has a virus.")
    assert (await upload(chat)).status_code == 200


class Elsewhere(AttachmentStore[RequestContext]):
    """Made by an application: the bytes are none of ours."""

    def __init__(self) -> None:
        self.deleted: list[str] = []

    async def create_attachment(self, input: AttachmentCreateParams, context: RequestContext) -> Attachment:
        url = AnyUrl("https://bucket.example/put")
        return FileAttachment(id="mine_1", name=input.name, mime_type=input.mime_type, upload_url=url)

    async def delete_attachment(self, attachment_id: str, context: RequestContext) -> None:
        self.deleted.append(attachment_id)


async def test_attachment_store_of_an_application_works_behind_the_app(start: Start) -> None:
    elsewhere = Elsewhere()
    chat = await start(elsewhere)
    created = await chat.ask("attachments.create", name="a.txt", size=3, mime_type="text/plain")
    assert created["upload_descriptor"]["url"] == "https://bucket.example/put"
    events = await chat.create("Look", attachments=["mine_1"])
    assert events[1]["item"]["attachments"][0]["id"] == "mine_1"
    await chat.ask("attachments.delete", attachment_id="mine_1")
    assert elsewhere.deleted == ["mine_1"]
    assert (await upload(chat)).status_code in (404, 405)
