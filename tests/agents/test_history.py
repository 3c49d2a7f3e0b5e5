"""The history as AgentServer sends it: nothing in a thread makes the thread unusable."""

from typing import Any

import pytest

from chatkit_asgi.agents import HistoryConverter, ThreadItemConverter
from chatkit_asgi.agents.history import to_robust_input
from chatkit_asgi.errors import NotFoundError
from chatkit_asgi.types import (
    AssistantMessageItem,
    Attachment,
    ThreadItem,
    UserMessageItem,
    UserMessageTagContent,
    UserMessageTextContent,
)
from tests.factories import (
    make_assistant_message,
    make_attachment,
    make_every_item,
    make_hidden_context,
    make_image_attachment,
    make_user_message,
)


def reading(data: bytes) -> Any:
    async def read(attachment: Attachment) -> bytes:
        return data

    return read


async def shown(converter: HistoryConverter, *attachments: Attachment) -> list[Any]:
    """What the model sees of the attachments."""
    (message,) = await converter.to_agent_input(make_user_message(attachments=list(attachments)))
    content: Any = message["content"]  # type: ignore[typeddict-item]  # a message
    return list(content[1:])


async def test_image_is_shown_as_a_data_url() -> None:
    (part,) = await shown(HistoryConverter(reading(b"png")), make_image_attachment())
    assert part == {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,cG5n"}


async def test_pdf_is_a_file() -> None:
    pdf = make_attachment(name="a.pdf", mime_type="application/pdf")
    (part,) = await shown(HistoryConverter(reading(b"pdf")), pdf)
    assert part == {
        "type": "input_file",
        "filename": "a.pdf",
        "file_data": "data:application/pdf;base64,cGRm",
    }


@pytest.mark.parametrize("mime_type", ["text/plain; charset=utf-8", "text/csv", "application/json"])
async def test_text_is_read_out(mime_type: str) -> None:
    (part,) = await shown(HistoryConverter(reading("é".encode())), make_attachment(mime_type=mime_type))
    assert part["text"] == "The user attached notes.txt:\n<file>\né\n</file>"


async def test_long_text_is_cut_off_and_says_so() -> None:
    first, second = make_attachment(), make_attachment(id="atc_2")
    parts = await shown(HistoryConverter(reading(b"0123456789"), max_text=8), first, second)
    assert "01234567\n(cut off: 2 characters more)" in parts[0]["text"]
    assert "too large" in parts[1]["text"]


async def test_images_beyond_the_budget_become_notes() -> None:
    converter = HistoryConverter(reading(b"12345"), max_inline_bytes=8)
    kinds = [
        part["type"] for part in await shown(converter, make_image_attachment(), make_image_attachment())
    ]
    assert kinds == ["input_image", "input_text"]


async def test_what_cannot_be_read_or_shown_becomes_a_note() -> None:
    async def gone(attachment: Attachment) -> bytes:
        raise NotFoundError("no such attachment")

    archive = make_attachment(name="a.zip", mime_type="application/zip")
    for converter in (HistoryConverter(), HistoryConverter(gone), HistoryConverter(reading(b"PK"))):
        (part,) = await shown(converter, archive)
        assert part["text"].startswith("(the user attached a.zip, application/zip: ")


async def test_mentions_are_told_with_their_data() -> None:
    tag = UserMessageTagContent(id="u1", text="Ann", group="people", data={"age": 30})
    message = make_user_message(content=[UserMessageTextContent(text="Ask "), tag])
    _, mentions = await HistoryConverter().to_agent_input(message)
    content: Any = mentions["content"]  # type: ignore[typeddict-item]  # a message
    assert content[1]["text"] == 'Ann: {"id": "u1", "group": "people", "data": {"age": 30}}'


async def test_structured_hidden_context_is_told_as_json() -> None:
    (message,) = await HistoryConverter().to_agent_input(make_hidden_context({"é": [1, None]}))
    assert '{"é": [1, null]}' in str(message)


async def test_every_kind_of_item_is_converted() -> None:
    items = make_every_item()
    assert len(await to_robust_input(HistoryConverter(), items)) == 9


async def test_an_item_that_its_converter_cannot_convert_takes_only_itself_away() -> None:
    class Failing(ThreadItemConverter):
        async def assistant_message_to_input(self, item: AssistantMessageItem) -> None:
            raise KeyError(item.id)

        async def user_message_to_input(self, item: UserMessageItem, is_last_message: bool = True) -> Any:
            return {"role": "user", "content": f"own {is_last_message}"}

    items: list[ThreadItem] = [make_user_message("a"), make_assistant_message("b"), make_user_message("c")]
    assert await to_robust_input(Failing(), items) == [
        {"role": "user", "content": "own False"},
        {"type": "message", "role": "assistant", "content": "b"},
        {"role": "user", "content": "own True"},
    ]
