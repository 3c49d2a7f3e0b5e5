"""Files on their way to a model's server, under either API: what is sent is what that API knows."""

import base64
from typing import Any

import pytest

from chatkit_asgi.agents import InputLimits
from chatkit_asgi.agents.models import ModelApi as Api
from chatkit_asgi.context import RequestContext
from chatkit_asgi.types import Attachment
from tests.agents.chat import Chat
from tests.agents.test_agent_server import make_server
from tests.attachments.office import DOCX, make_docx, make_pdf
from tests.attachments.pictures import encoded
from tests.factories import make_attachment
from tests.model_api import ModelApi

BOTH = pytest.mark.parametrize("api", ["responses", "chat_completions"])

PICTURE = encoded((20, 20))
FILES = {
    "a.png": ("image/png", PICTURE),
    "a.pdf": ("application/pdf", make_pdf()),
    "a.txt": ("text/plain", b"remember the milk"),
    "a.docx": (DOCX, make_docx()),
    "a.zip": ("application/zip", b"PK\x03\x04\0"),
}


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


PICTURE_URL = f"data:image/png;base64,{base64_of(PICTURE)}"
PDF_URL = f"data:application/pdf;base64,{base64_of(make_pdf())}"
ON_THE_WIRE: dict[Api, list[Any]] = {
    "responses": [
        {"type": "input_image", "detail": "auto", "image_url": PICTURE_URL},
        {"type": "input_file", "filename": "a.pdf", "file_data": PDF_URL},
    ],
    "chat_completions": [
        {"type": "image_url", "image_url": {"url": PICTURE_URL, "detail": "auto"}},
        {"type": "file", "file": {"file_data": PDF_URL, "filename": "a.pdf"}},
    ],
}


async def read_blob(attachment: Attachment, context: RequestContext) -> bytes:
    return FILES[attachment.id][1]


async def asked(model: ModelApi, api: Api, context: RequestContext, **options: Any) -> list[Any]:
    """What a model is sent of a message with a file of each kind."""
    server = make_server(model, api, read_blob=read_blob, **options)
    for name, (mime_type, _) in FILES.items():
        attachment = make_attachment(id=name, name=name, mime_type=mime_type)
        await server.store.save_attachment(attachment, context)
    events = await Chat(server, context).create("Look", attachments=list(FILES))
    assert "error" not in [event["type"] for event in events]
    await server.aclose()
    content: list[Any] = model.requests[0].input[-1]["content"]
    return content[1:]


@BOTH
async def test_each_kind_of_file_is_sent_as_the_api_knows_it(
    model: ModelApi, api: Api, context: RequestContext
) -> None:
    picture, pdf, *texts = await asked(model, api, context)
    assert [picture, pdf] == ON_THE_WIRE[api]
    kind = "input_text" if api == "responses" else "text"
    assert [part["type"] for part in texts] == [kind] * 3
    text, document, archive = [part["text"] for part in texts]
    assert "remember the milk" in text
    assert "Quarterly figures" in document
    assert archive == "(the user attached a.zip, application/zip: content of this type cannot be shown)"


@BOTH
async def test_model_that_only_reads_gets_nothing_but_text(
    model: ModelApi, api: Api, context: RequestContext
) -> None:
    limits = InputLimits(takes_images=False, takes_files=False)
    picture, pdf, *_ = await asked(model, api, context, limits=limits)
    assert "images cannot be shown" in picture["text"]
    assert "Signed in Oslo" in pdf["text"]
