"""What the model sees of files: each kind with and without the extras, and within its limits."""

import base64
import tracemalloc
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from chatkit_asgi.agents import Allowance, HistoryConverter, InputLimits
from chatkit_asgi.agents import attachments as conversion
from chatkit_asgi.agents.attachments import UNSCALED_BYTES, Converted
from chatkit_asgi.attachments import documents, images
from chatkit_asgi.errors import NotFoundError
from chatkit_asgi.types import Attachment
from tests.attachments.office import DOCX, XLSX, make_docx, make_pdf, make_pptx, make_xlsx, packed
from tests.attachments.pictures import animation, encoded, noise, opened, photo, png_of_size
from tests.attachments.samples import AVIF, HTML, PNG, SVG, ZIP
from tests.factories import make_attachment, make_user_message

OCTETS = "application/octet-stream"


class Files:
    """Attachments by their ids, read in pieces; counts what is asked for."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.opened: list[str] = []
        self.read = 0

    async def __call__(self, attachment: Attachment) -> AsyncIterator[bytes]:
        self.opened.append(attachment.id)
        return self._pieces(self.files[attachment.id])

    async def _pieces(self, data: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(data), 65_536):
            self.read += 65_536
            yield data[start : start + 65_536]


def file(name: str, mime_type: str, **fields: Any) -> Attachment:
    return make_attachment(**{"id": name, "name": name, "mime_type": mime_type, **fields})


async def shown(
    data: bytes, name: str, mime_type: str, limits: InputLimits | None = None, **fields: Any
) -> Any:
    """What the model sees of one file."""
    converter = HistoryConverter(Files({name: data}), limits or InputLimits())
    return (await shown_by(converter, file(name, mime_type, **fields)))[0]


async def shown_by(converter: HistoryConverter, *attachments: Attachment) -> list[Any]:
    (message,) = await converter.to_agent_input(make_user_message(attachments=list(attachments)))
    content: Any = message["content"]  # type: ignore[typeddict-item]  # a message
    return list(content[1:])


def image_of(part: Any) -> bytes:
    head, _, encoded_data = part["image_url"].partition(";base64,")
    assert (part["type"], part["detail"]) == ("input_image", "auto")
    data = base64.b64decode(encoded_data)
    assert head == f"data:image/{opened(data).format}".lower()
    return data


@pytest.fixture
def no_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (images, conversion):
        monkeypatch.setattr(module, "can_scale_images", lambda: False)
    for module in (documents, conversion):
        monkeypatch.setattr(module, "can_read_documents", lambda: False)


async def test_small_image_is_shown_as_it_is() -> None:
    data = encoded((200, 100))
    assert image_of(await shown(data, "a.png", "image/png")) == data


async def test_large_photo_is_shown_upright_and_no_larger_than_is_of_use() -> None:
    data = image_of(await shown(photo((4000, 3000)), "a.jpg", "image/jpeg"))
    assert opened(data).size == (1536, 2048)
    assert b"SecretCam" not in data


@pytest.mark.parametrize("data", [encoded(format="AVIF"), animation()])
async def test_formats_that_models_do_not_know_become_others(data: bytes) -> None:
    assert opened(image_of(await shown(data, "a", "image/avif"))).format == "JPEG"


async def test_bytes_decide_what_an_image_is() -> None:
    assert image_of(await shown(encoded(format="JPEG"), "a.png", "image/png"))
    assert "damaged" in (await shown(PNG, "a.png", "image/png"))["text"]


@pytest.mark.usefixtures("no_extras")
@pytest.mark.parametrize(
    ("data", "mime_type", "why"),
    [
        (AVIF, "image/avif", "images of this type cannot be shown"),
        (encoded() + bytes(UNSCALED_BYTES), "image/png", "too large"),
    ],
)
async def test_without_pillow_images_are_shown_as_they_are_or_not_at_all(
    data: bytes, mime_type: str, why: str
) -> None:
    assert image_of(await shown(photo((400, 300)), "a.jpg", "image/jpeg")) == photo((400, 300))
    assert why in (await shown(data, "a", mime_type))["text"]


async def test_pdf_is_a_file() -> None:
    part = await shown(make_pdf(), "a.pdf", "application/pdf")
    data = base64.b64encode(make_pdf()).decode()
    assert part == {
        "type": "input_file",
        "filename": "a.pdf",
        "file_data": f"data:application/pdf;base64,{data}",
    }


@pytest.mark.parametrize(
    ("data", "limits"),
    [
        (make_pdf(), InputLimits(takes_files=False)),
        (make_pdf(), InputLimits(per_message=Allowance(1, 100, 1000))),
    ],
)
async def test_text_of_a_pdf_that_cannot_go_as_it_is(
    data: bytes, limits: InputLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Signed in Oslo" in (await shown(data, "a.pdf", "application/pdf", limits))["text"]
    monkeypatch.setattr(conversion, "can_read_documents", lambda: False)
    assert (await shown(data, "a.pdf", "application/pdf", limits))["text"].startswith("(the user attached")


@pytest.mark.parametrize("data", [make_pdf()[:200], make_pdf(trailer="/Encrypt 7 0 R"), b"%PDF-1.4 %%EOF"])
async def test_pdf_that_a_model_would_refuse_is_not_sent(data: bytes) -> None:
    """With it, the whole request would be refused, in every turn."""
    limits = InputLimits(per_message=Allowance(10, 10_000_000, 1000))
    part = await shown(data, "a.pdf", "application/pdf", limits)
    assert part["type"] == "input_text" or data.endswith(b"%%EOF")


@pytest.mark.parametrize(
    ("data", "name", "mime_type", "text"),
    [
        ("é".encode(), "a.txt", "text/plain; charset=utf-8", "é"),
        (b"a,b", "a.csv", "text/csv", "a,b"),
        (b'{"a": 1}', "a.json", "application/json", '{"a": 1}'),
        (b"def f(): ...", "f.py", OCTETS, "def f(): ..."),
        (b"all: test", "Makefile", OCTETS, "all: test"),
        (SVG, "a.svg", "image/svg+xml", SVG.decode()),
        (b"\xef\xbb\xbfmarked", "a", OCTETS, "marked"),
        ("schön".encode("utf-16"), "a.txt", "text/plain", "schön"),
        ("schön".encode("latin-1"), "a.txt", "text/plain", "schön"),
        ("привет".encode("koi8-r"), "a.txt", "text/plain; charset=KOI8-R", "привет"),
        (b"sch\xf6n", "a.txt", "text/plain; charset=hex", "schön"),
        (b"BMW and MZ", "a.txt", "text/plain", "BMW and MZ"),
    ],
)
async def test_text_is_read_out(data: bytes, name: str, mime_type: str, text: str) -> None:
    part = await shown(data, name, mime_type)
    assert part == {"type": "input_text", "text": f"The user attached {name}:\n<file>\n{text}\n</file>"}


DOCUMENTS = [
    (make_docx(), "a.docx", DOCX, "Quarterly figures"),
    (make_xlsx(), "a.xlsx", XLSX, "| Oslo | 717710 |"),
    (make_pptx(), "a.pptx", OCTETS, "First Oslo, then Bergen"),
    (b"<h1>Oslo</h1><script>alert(1)</script>", "a.html", "text/html", "# Oslo"),
]


@pytest.mark.parametrize(("data", "name", "mime_type", "text"), DOCUMENTS)
async def test_documents_are_read_out(data: bytes, name: str, mime_type: str, text: str) -> None:
    told = (await shown(data, name, mime_type))["text"]
    assert text in told
    assert "alert" not in told


@pytest.mark.usefixtures("no_extras")
@pytest.mark.parametrize(("data", "name", "mime_type", "text"), DOCUMENTS)
async def test_without_the_converter_documents_are_only_named(
    data: bytes, name: str, mime_type: str, text: str
) -> None:
    told = (await shown(data, name, mime_type))["text"]
    assert told.startswith(f"(the user attached {name}") or b"<h1>" in data


@pytest.mark.parametrize(
    ("data", "name", "mime_type"),
    [
        (b"", "a.png", "image/png"),
        (png_of_size(100_000, 100_000), "a.png", "image/png"),
        (encoded((300, 300), format="JPEG")[:400], "a.jpg", "image/jpeg"),
        (HTML, "a.png", "image/png"),
        (ZIP, "a.zip", "application/zip"),
        (ZIP, "a.docx", DOCX),
        (b"no archive\0", "a.docx", DOCX),
        (packed({"word/document.xml": bytes(300_000_000)}), "a.docx", DOCX),
        (packed({"a": "b"}), "a.xlsx", XLSX),
        (b"\x7fELF\0\0", "a.txt", "text/plain"),
        (b"\xfd\xff\xff" * 9, "a.bin", OCTETS),
        (b"", "a.txt", "text/plain"),
        (b"\x00\x01\x02", "", ""),
        (b"\xff\xff", "\u202egnp.exe", "🙂"),
    ],
    ids=str,
)
async def test_awkward_files_become_notes_or_text(data: bytes, name: str, mime_type: str) -> None:
    part = await shown(data, name, mime_type)
    assert part["type"] == "input_text"
    if data != HTML:
        assert part["text"].startswith("(the user attached")


async def test_note_tells_name_type_and_size() -> None:
    part = await shown(ZIP, "a.zip", "application/zip", metadata={"size": 2_345_678})
    why = "content of this type cannot be shown"
    assert part["text"] == f"(the user attached a.zip, application/zip, 2.3 MB: {why})"


async def test_what_is_gone_or_cannot_be_read_becomes_a_note() -> None:
    async def gone(attachment: Attachment) -> bytes:
        raise NotFoundError("no such attachment")

    async def breaking(attachment: Attachment) -> AsyncIterator[bytes]:
        async def pieces() -> AsyncIterator[bytes]:
            yield encoded() + bytes(10_000)
            raise OSError("disk")

        return pieces()

    picture = file("a.png", "image/png")
    for converter, why in [
        (HistoryConverter(), "its content is not available"),
        (HistoryConverter(gone), "it is no longer available"),
        (HistoryConverter(breaking), "it cannot be read"),
    ]:
        (part,) = await shown_by(converter, picture)
        assert part["text"] == f"(the user attached a.png, image/png: {why})"


async def test_long_text_is_cut_off_and_says_so() -> None:
    limits = InputLimits(per_message=Allowance(1, 1, 8))
    files = Files({"a.txt": b"0123456789", "b.txt": b"0123456789"})
    first, second = await shown_by(
        HistoryConverter(files, limits), file("a.txt", "text/plain"), file("b.txt", "text/plain")
    )
    assert "01234567\n(cut off: 2 characters more)" in first["text"]
    assert second["text"].endswith("text/plain: there is no room left for it)")
    assert files.opened == ["a.txt"]


async def test_long_document_is_cut_off_and_says_so() -> None:
    limits = InputLimits(per_message=Allowance(1, 1, 8))
    part = await shown(make_docx("0123456789"), "a.docx", DOCX, limits)
    assert "01234567\n(cut off: the document goes on)" in part["text"]


@pytest.mark.parametrize(("name", "mime_type"), [("a.txt", "text/plain"), ("a.bin", OCTETS)])
async def test_of_a_large_file_only_the_beginning_is_read(name: str, mime_type: str) -> None:
    """50 MB of text, or of nothing that could be shown."""
    data = (b"x" if mime_type == "text/plain" else b"\0") * 50_000_000
    files = Files({name: data})
    limits = InputLimits(per_message=Allowance(1, 1, 10_000))
    tracemalloc.start()
    (part,) = await shown_by(HistoryConverter(files, limits), file(name, mime_type))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert files.read <= 2 * 65_536
    assert peak < 1_000_000
    assert ("(cut off: the file goes on)" in part["text"]) == (name == "a.txt")


async def test_image_that_is_known_to_be_too_large_is_not_read() -> None:
    files = Files({"a.png": encoded() + bytes(50_000_000)})
    (part,) = await shown_by(
        HistoryConverter(files), file("a.png", "image/png", metadata={"size": 50_000_000})
    )
    assert part["text"] == "(the user attached a.png, image/png, 50.0 MB: it is too large to be shown)"
    assert files.read == 65_536


async def test_model_that_sees_no_images_gets_none() -> None:
    files = Files({"a.png": encoded(), "b": encoded()})
    converter = HistoryConverter(files, InputLimits(takes_images=False))
    parts = await shown_by(converter, file("a.png", "image/png"), file("b", OCTETS))
    assert all("images cannot be shown" in part["text"] for part in parts)
    assert files.opened == ["b"]


def message_of(*names: str) -> Any:
    return make_user_message(attachments=[file(name, "image/png") for name in names])


async def images_of(converter: HistoryConverter, *messages: Any) -> list[list[bool]]:
    found: list[Any] = await converter.to_agent_input(list(messages))
    return [[part["type"] == "input_image" for part in item["content"][1:]] for item in found]


async def test_newest_images_are_shown_and_older_ones_are_named() -> None:
    files = Files({name: encoded() for name in "abcdefg"})
    limits = InputLimits(per_message=Allowance(2, 10**6, 0), per_request=Allowance(3, 10**6, 0))
    converter = HistoryConverter(files, limits)
    found = await images_of(converter, message_of("a", "b"), message_of("c", "d"), message_of("e", "f", "g"))
    assert found == [[False, False], [True, False], [True, True, False]]
    assert files.opened == ["e", "f", "c"]


async def test_thread_of_many_images_sends_only_some_of_them() -> None:
    data = encoded()
    names = [f"{number}.png" for number in range(50)]
    files = Files(dict.fromkeys(names, data))
    found = await images_of(HistoryConverter(files), *[message_of(name) for name in names])
    assert found == [[False]] * 30 + [[True]] * 20
    assert len(files.opened) == 20


async def test_image_that_does_not_fit_beside_the_others_is_named() -> None:
    files = Files({"a": noise(400), "b": encoded()})
    limits = InputLimits(per_message=Allowance(9, 10_000, 0))
    assert await images_of(HistoryConverter(files, limits), message_of("a", "b")) == [[False, True]]


async def test_what_was_converted_before_is_not_converted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Converted()
    files = Files({"a.docx": make_docx()})
    first = await shown_by(HistoryConverter(files, converted=kept), file("a.docx", DOCX))
    monkeypatch.delattr(conversion, "document_text")
    assert await shown_by(HistoryConverter(files, converted=kept), file("a.docx", DOCX)) == first


def test_what_was_converted_is_forgotten_in_the_order_of_its_use() -> None:
    kept = Converted(most=10)
    kept.keep("a", ("12345", ""))
    kept.keep("b", ("12345", ""))
    assert kept.find("a")
    kept.keep("c", ("12345", ""))
    assert kept.find("b") is None
    assert kept.find("a") == ("12345", "")
