"""Input beyond text: attachments, @-mentions, choices of tools and models, speech."""

import base64
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY
from uuid import uuid4

import httpx
import pytest
from agents import Agent, RunContextWrapper, Runner, function_tool
from openai.types.responses import (
    ResponseInputContentParam,
    ResponseInputFileParam,
    ResponseInputImageParam,
    ResponseInputTextParam,
)
from pydantic import AnyUrl
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chatkit_asgi.agents import (
    AgentContext,
    ThreadItemConverter,
    simple_to_agent_input,
    stream_agent_response,
)
from chatkit_asgi.attachments.objects import BlobStorageStore
from chatkit_asgi.context import RequestContext
from chatkit_asgi.server import ChatKitServer
from chatkit_asgi.store import AttachmentStore, Store
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import (
    Attachment,
    AttachmentCreateParams,
    AudioInput,
    FileAttachment,
    ImageAttachment,
    ThreadMetadata,
    ThreadStreamEvent,
    TranscriptionResult,
    UserMessageItem,
    UserMessageTagContent,
)
from tests.attachments.samples import chunked
from tests.factories import make_attachment, make_image_attachment
from tests.seeds.answers import AgentChat, answer, calling, said, saying
from tests.seeds.stores import Context, MyChatKitStore
from tests.server.client import ask, message, stream


class BlobAttachmentStore(AttachmentStore[RequestContext]):
    """Says where the bytes go; the blob storage itself is a set of ids."""

    def __init__(self, data_store: Store[RequestContext]) -> None:
        self.data_store = data_store
        self.blobs: set[str] = set()

    def generate_attachment_id(self, mime_type: str, context: RequestContext) -> str:
        return f"att_{uuid4().hex}"

    async def create_attachment(self, input: AttachmentCreateParams, context: RequestContext) -> Attachment:
        att_id = self.generate_attachment_id(input.mime_type, context)
        self.blobs.add(att_id)
        upload_url: Any = f"https://blobs.example/{att_id}"  # Any: a string becomes a URL
        attachment = Attachment(id=att_id, mime_type=input.mime_type, name=input.name, upload_url=upload_url)
        await self.data_store.save_attachment(attachment, context=context)
        return attachment

    async def delete_attachment(self, attachment_id: str, context: RequestContext) -> None:
        self.blobs.remove(attachment_id)


class Silent(ChatKitServer[Any]):
    """Answers nothing."""

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Any
    ) -> AsyncIterator[ThreadStreamEvent]:
        return
        yield


async def test_upload_in_two_phases_is_announced_to_clients_old_and_new(context: RequestContext) -> None:
    data_store: MemoryStore[RequestContext] = MemoryStore()
    server = Silent(store=data_store, attachment_store=BlobAttachmentStore(data_store))
    params = {"name": "a.pdf", "size": 3, "mime_type": "application/pdf"}
    answered = await ask(server, "attachments.create", context, **params)
    url = f"https://blobs.example/{answered['id']}"
    assert answered["upload_url"] == url
    assert answered["upload_descriptor"] == {"url": url, "method": "POST", "headers": {}}
    sent = await stream(server, "threads.create", context, input=message(attachments=[answered["id"]]))
    assert sent[1]["item"]["attachments"][0]["name"] == "a.pdf"


async def test_deleting_an_attachment_takes_its_bytes_along(context: RequestContext) -> None:
    data_store: MemoryStore[RequestContext] = MemoryStore()
    attachments = BlobAttachmentStore(data_store)
    server = Silent(store=data_store, attachment_store=attachments)
    answered = await ask(server, "attachments.create", context, name="a", size=1, mime_type="text/plain")
    await ask(server, "attachments.delete", context, attachment_id=answered["id"])
    assert not attachments.blobs


async def test_blob_storage_beside_the_data_store_needs_nothing_else(
    context: RequestContext, tmp_path: Path
) -> None:
    data_store: MemoryStore[RequestContext] = MemoryStore()
    attachment_store = BlobStorageStore(data_store, tmp_path, base_url="https://app.example")
    server = Silent(data_store, attachment_store)
    created = await ask(server, "attachments.create", context, name="a.txt", size=3, mime_type="text/plain")
    assert created["upload_url"].startswith(f"https://app.example/files/{created['id']}?token=")
    token = created["upload_url"].partition("?token=")[2]
    await attachment_store.receive(created["id"], token, chunked(b"abc"))
    sent = await stream(server, "threads.create", context, input=message(attachments=[created["id"]]))
    assert sent[1]["item"]["attachments"] == [
        {"id": created["id"], "name": "a.txt", "mime_type": "text/plain", "type": "file", "thread_id": ANY}
    ]


async def test_direct_upload_answers_with_the_attachment(context: RequestContext) -> None:
    data_store: MemoryStore[RequestContext] = MemoryStore()

    async def upload_file(request: Request) -> Response:
        async with request.form() as form:
            file = form["file"]
            assert not isinstance(file, str)
            attachment = FileAttachment(id="atc_1", name=file.filename or "", mime_type="text/plain")
        await data_store.save_attachment(attachment, context)
        return Response(content=attachment.model_dump_json(), media_type="application/json")

    app = Starlette(routes=[Route("/files", upload_file, methods=["POST"])])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        answered = await client.post("/files", files={"file": ("a.txt", b"abc", "text/plain")})
    assert Attachment.model_validate(answered.json()) == await data_store.load_attachment("atc_1", context)


async def test_preview_can_be_made_anew_whenever_it_is_loaded(context: RequestContext) -> None:
    class FreshPreviews(MemoryStore[RequestContext]):
        async def load_attachment(self, attachment_id: str, context: RequestContext) -> Attachment:
            attachment = await super().load_attachment(attachment_id, context)
            fresh = AnyUrl(f"https://img.example/{attachment_id}?t=2")
            return attachment.model_copy(update={"preview_url": fresh})

    store = FreshPreviews()
    await store.save_attachment(make_image_attachment(), context)
    events = await stream(Silent(store), "threads.create", context, input=message(attachments=["atc_2"]))
    assert events[1]["item"]["attachments"][0]["preview_url"] == "https://img.example/atc_2?t=2"


async def read_bytes(attachment_id: str) -> bytes:
    return attachment_id.encode()


def as_data_url(mime: str, content: bytes) -> str:
    return "data:" + mime + ";base64," + base64.b64encode(content).decode("utf-8")


class MyConverter(ThreadItemConverter):
    async def attachment_to_message_content(self, attachment: Attachment) -> ResponseInputContentParam:
        content = await read_bytes(attachment.id)
        if isinstance(attachment, ImageAttachment):
            url = as_data_url(attachment.mime_type, content)
            return ResponseInputImageParam(type="input_image", detail="auto", image_url=url)
        return ResponseInputFileParam(
            type="input_file",
            file_data=as_data_url(attachment.mime_type, content),
            filename=attachment.name or "unknown",
        )

    async def tag_to_message_content(self, tag: UserMessageTagContent) -> ResponseInputTextParam:
        assert tag.data["type"] == "article"
        text = f"<ARTICLE_TAG>\nID: {tag.id}\nTitle: {tag.text}\nSummary: short\n</ARTICLE_TAG>"
        return ResponseInputTextParam(type="input_text", text=text)


async def test_attachments_reach_the_model(context: RequestContext) -> None:
    store: MemoryStore[RequestContext] = MemoryStore()
    await store.save_attachment(make_attachment(mime_type="application/pdf"), context)
    await store.save_attachment(make_image_attachment(), context)
    model = saying("I see.")
    server = AgentChat(store, Agent(name="a", model=model), MyConverter())
    await said(server, context, attachments=["atc_1", "atc_2"])
    _, file, image = model.calls[0].input[0]["content"]
    assert (file["type"], file["file_data"]) == ("input_file", "data:application/pdf;base64,YXRjXzE=")
    assert image["image_url"].endswith(";base64,YXRjXzI=")


@function_tool(description_override="Fetch full article content by id.")
async def fetch_article(ctx: RunContextWrapper[AgentContext[Any]], article_id: str) -> dict[str, str]:
    return {"title": "The Future", "content": article_id}


async def test_mention_is_explained_and_can_be_looked_up(context: RequestContext) -> None:
    model = calling("fetch_article", "It is about the future.", article_id="article_123")
    agent: Agent[Any] = Agent(name="a", model=model, tools=[fetch_article])
    tag = {"type": "input_tag", "id": "article_123", "text": "The Future", "data": {"type": "article"}}
    text = {"type": "input_text", "text": "Sum up "}
    server = AgentChat(MemoryStore(), agent, MyConverter())
    await stream(server, "threads.create", context, input={"content": [text, tag], "attachments": []})
    typed, told = model.calls[0].input
    assert typed["content"][0]["text"] == "Sum up @The Future"
    assert "ID: article_123\nTitle: The Future" in told["content"][-1]["text"]
    assert model.calls[1].input[-1]["output"] == "{'title': 'The Future', 'content': 'article_123'}"


OPTIONS: list[tuple[dict[str, Any], str, str]] = [
    ({}, "gpt-4.1-mini", "default"),
    ({"model": "gpt-4.1"}, "gpt-4.1", "default"),
    ({"tool_choice": {"id": "summarize"}}, "gpt-4.1-mini", "summarizer"),
]


@pytest.mark.parametrize(("chosen", "model_name", "agent_name"), OPTIONS)
async def test_choices_of_the_composer_pick_model_and_agent(
    store: MyChatKitStore, caller: Context, chosen: dict[str, Any], model_name: str, agent_name: str
) -> None:
    agents: dict[str | None, Agent[Any]] = {
        name: Agent(name=label, model=saying(label))
        for name, label in (("summarize", "summarizer"), (None, "default"))
    }
    models: list[str] = []

    async def respond(
        self: ChatKitServer[Context], thread: ThreadMetadata, input: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        options = input.inference_options if input else None
        models.append(options.model if options and options.model else "gpt-4.1-mini")
        tool_choice = options.tool_choice.id if options and options.tool_choice else None
        agent_context = AgentContext(thread=thread, store=self.store, request_context=context)
        result = Runner.run_streamed(agents[tool_choice], "Hello", context=agent_context)
        async for event in stream_agent_response(agent_context, result):
            yield event

    events = await said(answer(respond, store), caller, inference_options=chosen)
    assert events[-1]["item"]["content"][0]["text"] == agent_name
    assert models == [model_name]


async def test_context_of_the_application_goes_before_the_input(
    store: MyChatKitStore, caller: Context
) -> None:
    model = saying("Hi, Alice.")
    agent: Agent[Any] = Agent(name="a", model=model)

    async def respond(
        self: ChatKitServer[Context], thread: ThreadMetadata, input: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        extra_context: Any = ResponseInputTextParam(  # Any: a part of a message in the place of one
            type="input_text", text=f"<CONTEXT>user_id: {context['user_id']}</CONTEXT>"
        )
        input_items = [extra_context, *(await simple_to_agent_input(input) if input else [])]
        agent_context = AgentContext(thread=thread, store=self.store, request_context=context)
        result = Runner.run_streamed(agent, input_items, context=agent_context)
        async for event in stream_agent_response(agent_context, result):
            yield event

    await said(answer(respond, store), caller)
    first, second = model.calls[0].input
    assert first["text"] == "<CONTEXT>user_id: alice</CONTEXT>"
    assert second["role"] == "user"


class Listening(Silent):
    async def transcribe(self, audio_input: AudioInput, context: Any) -> TranscriptionResult:
        known = {"audio/webm": "webm", "audio/mp4": "m4a", "audio/ogg": "ogg"}
        ext = known.get(audio_input.media_type)
        if not ext:
            raise HTTPException(status_code=400, detail="Unexpected audio format")
        audio_file = io.BytesIO(audio_input.data)
        audio_file.name = f"audio.{ext}"
        return TranscriptionResult(text=f"{audio_file.name}: {len(audio_file.read())} bytes")


async def test_speech_becomes_text(context: RequestContext) -> None:
    server = Listening(MemoryStore())
    params = {"audio_base64": base64.b64encode(b"sound").decode(), "mime_type": "audio/webm;codecs=opus"}
    assert await ask(server, "input.transcribe", context, **params) == {"text": "audio.webm: 5 bytes"}
    with pytest.raises(HTTPException, match="Unexpected audio format"):
        await ask(server, "input.transcribe", context, **{**params, "mime_type": "audio/wav"})
