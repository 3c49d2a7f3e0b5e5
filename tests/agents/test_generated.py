"""Images that a model makes: they lie with the files; in rows and frames are links, which never go stale."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from agents import Agent, ImageGenerationTool

from chatkit_asgi.agents import AgentServer, ThreadItemConverter, create_provider, create_run_config
from chatkit_asgi.attachments import BlobAttachmentStore, MemoryBlobStore, Quota, Signer
from chatkit_asgi.clock import utcnow
from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import NotFoundError
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import GeneratedImage, GeneratedImageItem
from tests.agents.chat import Chat, Event
from tests.attachments.pictures import encoded
from tests.factories import make_generated_image
from tests.model_api import Draw, ModelApi, Say

Files = BlobAttachmentStore[RequestContext]

BASE = "https://chat.example/api"
FIRST, SECOND, FINAL = (encoded((20, 20), colour=colour) for colour in (1, 2, 3))


class Clock:
    """Hours may pass."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utcnow() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def blobs() -> MemoryBlobStore:
    return MemoryBlobStore()


def make_files(blobs: MemoryBlobStore, clock: Clock, **options: Any) -> Files:
    return BlobAttachmentStore(
        blobs, MemoryStore(), Signer(["key"], now=clock), **{"base_url": BASE, **options}
    )


@pytest.fixture
def files(blobs: MemoryBlobStore, clock: Clock) -> Files:
    return make_files(blobs, clock)


def make_chat(model: ModelApi, files: Files, context: RequestContext, **options: Any) -> Chat:
    tool = ImageGenerationTool(tool_config={"type": "image_generation", "partial_images": 2})
    server = AgentServer(
        files.store,
        files,
        agent=Agent(name="painter", tools=[tool]),
        run_config=create_run_config(create_provider(base_url=model.url, model="small")),
        **options,
    )
    return Chat(server, context)


@pytest.fixture
async def chat(model: ModelApi, files: Files, context: RequestContext) -> AsyncIterator[Chat]:
    chat = make_chat(model, files, context)
    yield chat
    await chat.server.aclose()  # type: ignore[attr-defined]  # an AgentServer


async def bytes_of(files: Files, url: str) -> bytes:
    """What the link gives."""
    assert url.startswith(f"{BASE}/files/")
    attachment_id, _, token = url.removeprefix(f"{BASE}/files/").partition("?token=")
    found = await files.find_download(attachment_id, token)
    return b"".join([piece async for piece in await found.open(0, None)])


def urls_of(events: list[Event]) -> list[str]:
    parts = [event.get("update", {}) or {} for event in events] + [event.get("item", {}) for event in events]
    return [part["image"]["url"] for part in parts if part.get("image")]


async def image_item(chat: Chat) -> Any:
    (item,) = [item for item in await chat.items() if item["type"] == "generated_image"]
    return item


async def test_finished_image_is_a_link_to_its_bytes(chat: Chat, model: ModelApi, files: Files) -> None:
    model.reply(Draw(FINAL), Say("Here."))
    (url,) = urls_of(await chat.create("Draw"))
    assert await bytes_of(files, url) == FINAL


async def test_unfinished_images_are_links_which_end_with_the_finished_one(
    chat: Chat, model: ModelApi, files: Files, blobs: MemoryBlobStore
) -> None:
    model.reply(Draw(FINAL, partial=(FIRST, SECOND)), Say("Here."))
    events = await chat.create("Draw")
    first, second, final = urls_of(events)
    assert len({first, second, final}) == 3
    updates = [event["update"] for event in events if event["type"] == "thread.item.updated"]
    assert [update["progress"] for update in updates if "progress" in update] == [0, 0.5]
    assert "base64" not in json.dumps(events)
    assert await bytes_of(files, final) == FINAL
    for url in (first, second):
        with pytest.raises(NotFoundError):
            await bytes_of(files, url)


async def test_answer_that_is_stopped_keeps_the_last_unfinished_image_alone(
    chat: Chat, model: ModelApi, files: Files
) -> None:
    model.reply(Draw(FINAL, partial=(FIRST, SECOND), holds=True))
    message = {"content": [{"type": "input_text", "text": "Draw"}]}
    request = {"type": "threads.create", "params": {"input": message}}
    result: Any = await chat.server.process(json.dumps(request), chat.context)
    chat.thread_id = result.thread_id
    events: list[Event] = []
    shown = asyncio.Event()

    async def listen() -> None:
        async for frame in result:
            events.append(json.loads(frame[6:]))
            if len(urls_of(events)) == 2:
                shown.set()

    listening = asyncio.create_task(listen())
    await asyncio.wait_for(shown.wait(), 10)
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    first, second = urls_of(events)
    with pytest.raises(NotFoundError):
        await bytes_of(files, first)
    assert await bytes_of(files, second) == SECOND
    assert await bytes_of(files, (await image_item(chat))["image"]["url"]) == SECOND


async def test_link_is_fresh_whenever_the_item_is_read(
    chat: Chat, model: ModelApi, files: Files, clock: Clock
) -> None:
    model.reply(Draw(FINAL), Say("Here."))
    (url,) = urls_of(await chat.create("Draw"))
    clock.ahead = timedelta(days=400)
    with pytest.raises(NotFoundError):
        await bytes_of(files, url)
    assert await bytes_of(files, (await image_item(chat))["image"]["url"]) == FINAL
    thread = await chat.ask("threads.get_by_id", thread_id=chat.thread_id)
    assert await bytes_of(files, thread["items"]["data"][1]["image"]["url"]) == FINAL


async def test_link_survives_new_keys_and_a_new_address(
    chat: Chat, model: ModelApi, files: Files, blobs: MemoryBlobStore, context: RequestContext
) -> None:
    model.reply(Draw(FINAL), Say("Here."))
    await chat.create("Draw")
    moved: Files = BlobAttachmentStore(blobs, files.store, Signer(["new"]), base_url="https://new.example")
    chat.server.attachment_store = moved
    url = (await image_item(chat))["image"]["url"]
    attachment_id, _, token = url.removeprefix("https://new.example/files/").partition("?token=")
    assert (await moved.find_download(attachment_id, token)).size == len(FINAL)


async def test_model_gets_its_image_back_as_data(chat: Chat, model: ModelApi, clock: Clock) -> None:
    model.reply(Draw(FINAL), Say("Here."))
    await chat.create("Draw")
    clock.ahead = timedelta(days=400)
    await chat.say("And larger")
    content = model.requests[1].input[1]["content"]
    data = base64.b64encode(FINAL).decode()
    assert [part["type"] for part in content] == ["input_text", "input_image"]
    assert content[1]["image_url"] == f"data:image/png;base64,{data}"


async def test_converters_of_ones_own_get_images_as_data(
    model: ModelApi, files: Files, context: RequestContext
) -> None:
    chat = make_chat(model, files, context, converter=ThreadItemConverter())
    model.reply(Draw(FINAL), Say("Here."))
    await chat.create("Draw")
    await chat.say("And larger")
    (part,) = [part for part in model.requests[1].input[1]["content"] if part["type"] == "input_image"]
    assert part["image_url"].startswith("data:image/png;base64,")
    await chat.server.aclose()  # type: ignore[attr-defined]  # an AgentServer


async def test_image_whose_bytes_are_gone_is_a_note(
    chat: Chat, model: ModelApi, blobs: MemoryBlobStore, files: Files, context: RequestContext
) -> None:
    model.reply(Draw(FINAL), Say("Here."))
    (url,) = urls_of(await chat.create("Draw"))
    await blobs.delete_folder(url.removeprefix(f"{BASE}/files/").partition("?")[0])
    assert "error" not in [event["type"] for event in await chat.say("And larger")]
    assert "(the image cannot be shown to you: it is no longer available)" in str(model.requests[1].input)


async def test_image_goes_with_its_thread(
    chat: Chat, model: ModelApi, files: Files, context: RequestContext
) -> None:
    model.reply(Draw(FINAL, partial=(FIRST,)), Say("Here."))
    *_, url = urls_of(await chat.create("Draw"))
    await chat.ask("threads.delete", thread_id=chat.thread_id)
    with pytest.raises(NotFoundError):
        await bytes_of(files, url)


@pytest.mark.parametrize(
    ("image", "options"),
    [(FINAL, {"base_url": ""}), (FINAL, {"quota": Quota(max_bytes=10)}), (b"no image", {})],
    ids=["no address", "no room", "no image"],
)
async def test_image_that_cannot_be_kept_is_its_own_address(
    model: ModelApi,
    blobs: MemoryBlobStore,
    clock: Clock,
    context: RequestContext,
    image: bytes,
    options: dict[str, Any],
) -> None:
    chat = make_chat(model, make_files(blobs, clock, **options), context)
    model.reply(Draw(image), Say("Here."))
    (url,) = urls_of(await chat.create("Draw"))
    assert base64.b64decode(url.removeprefix("data:image/png;base64,")) == image
    assert not blobs._blobs
    assert "error" not in [event["type"] for event in await chat.say("And larger")]
    await chat.server.aclose()  # type: ignore[attr-defined]  # an AgentServer


async def test_no_link_is_made_for_what_the_item_is_not_about(
    chat: Chat, model: ModelApi, files: Files, clock: Clock
) -> None:
    """An address in an item may come from a tool: it must not bring somebody's expired link back to life."""
    model.reply(Draw(FINAL), Say("Here."))
    await chat.create("Draw")
    (stored,) = [
        item
        for item in (await files.store.load_thread_items(chat.thread_id, None, 9, "asc", chat.context)).data
        if isinstance(item, GeneratedImageItem)
    ]
    assert stored.image is not None
    clock.ahead = timedelta(hours=1)
    assert files.present_image(stored) != stored
    planted = [
        stored.model_copy(update={"thread_id": "thr_other"}),
        stored.model_copy(update={"image": GeneratedImage(id="ig_other", url=stored.image.url)}),
        make_generated_image(),
        make_generated_image(image=None),
        make_generated_image(image=GeneratedImage(id="i", url="https://[broken/files/atc_1?token=x")),
        make_generated_image(image=GeneratedImage(id="i", url="data:image/png;base64,AAAA")),
    ]
    for item in planted:
        assert files.image_of(item) is None
        assert files.present_image(item) == item


async def test_without_a_place_for_files_images_are_data(model: ModelApi, context: RequestContext) -> None:
    server: AgentServer[RequestContext] = AgentServer(
        MemoryStore(),
        agent=Agent(name="painter"),
        run_config=create_run_config(create_provider(base_url=model.url, model="small")),
    )
    chat = Chat(server, context)
    model.reply(Draw(FINAL), Say("Here."))
    (url,) = urls_of(await chat.create("Draw"))
    assert url.startswith("data:image/png;base64,")
    await chat.say("And larger")
    assert url in str(model.requests[1].input)
    await server.aclose()
