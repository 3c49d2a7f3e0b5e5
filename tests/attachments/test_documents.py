"""Documents become text, in a process that can do nothing else and not for ever."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from chatkit_asgi.attachments import documents
from chatkit_asgi.attachments.documents import document_text
from chatkit_asgi.errors import InvalidRequestError, NotSupportedError, TooLargeError
from tests.attachments.office import make_docx, make_pdf, make_pptx, make_xlsx, packed

HTML = b"<html><script>alert(1)</script><body><h1>Oslo</h1><p>by the fjord</body></html>"


@pytest.mark.parametrize(
    ("data", "suffix", "texts"),
    [
        (make_docx("Quarterly f\u00ecgures"), ".docx", ["Quarterly f\u00ecgures"]),
        (make_xlsx(), ".xlsx", ["| city | people |", "| Oslo | 717710 |"]),
        (make_pptx(), ".pptx", ["# Roadmap", "First Oslo, then Bergen"]),
        (make_pdf(), ".pdf", ["Signed in Oslo"]),
        (HTML, ".html", ["# Oslo", "by the fjord"]),
    ],
)
async def test_document_becomes_text(data: bytes, suffix: str, texts: list[str]) -> None:
    found = await document_text(data, suffix, most=10_000)
    assert all(text in found for text in texts)
    assert "alert" not in found


async def test_text_is_cut_where_it_was_asked_for() -> None:
    assert await document_text(make_docx("0123456789"), ".docx", most=4) == "0123"


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (b"PK\x03\x04 and no more", ".docx"),
        (packed({"a.txt": "no document"}), ".docx"),
        (make_docx()[:300], ".docx"),
        (b"%PDF-1.4\nnothing", ".pdf"),
        (b"", ".xlsx"),
    ],
)
async def test_broken_document_is_refused(data: bytes, suffix: str) -> None:
    with pytest.raises(InvalidRequestError):
        await document_text(data, suffix, most=1000)


async def test_bomb_is_not_unpacked() -> None:
    zeros = bytes(documents.MAX_UNPACKED_BYTES // 4)
    bomb = packed({f"word/{number}.xml": zeros for number in range(5)})
    assert len(bomb) < 2_000_000
    with pytest.raises(TooLargeError):
        await document_text(bomb, ".docx", most=1000)


async def test_archive_of_very_many_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_PARTS", 3)
    with pytest.raises(TooLargeError):
        await document_text(make_docx(), ".docx", most=1000)


async def test_conversion_ends_in_time_and_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = tmp_path / "pid"
    endless = tmp_path / "endless.py"
    endless.write_text(f"import os\nopen({str(started)!r}, 'w').write(str(os.getpid()))\nwhile True: pass\n")
    monkeypatch.setattr(documents, "CONVERTER", endless)
    with pytest.raises(InvalidRequestError, match="too long"):
        await document_text(b"", ".html", most=1000, seconds=2)
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)


async def test_keys_stay_with_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    telling = tmp_path / "telling.py"
    telling.write_text("import os; print(sorted(os.environ))")
    monkeypatch.setattr(documents, "CONVERTER", telling)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    found = await document_text(b"", ".html", most=1000)
    assert "PATH" in found
    assert "OPENAI" not in found


async def test_nothing_is_fetched_that_a_document_names() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/x.png"
        page = f'<img src="{url}"><link rel=stylesheet href="{url}"><iframe src="{url}"></iframe>Oslo'
        assert "Oslo" in await document_text(page.encode(), ".html", most=1000)
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()


ENTITIES = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 20}">' for n in range(9))
DRAWING = (
    "<w:p><w:r><w:drawing>"
    '<i:inline xmlns:i="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
    '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData>'
    '<p:pic xmlns:p="http://schemas.openxmlformats.org/drawingml/2006/picture">'
    '<p:blipFill><a:blip r:link="r9"/>'
    "</p:blipFill></p:pic></a:graphicData></a:graphic></i:inline></w:drawing></w:r></w:p>"
)


async def test_document_brings_nothing_in_from_our_disk(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("TOP SECRET")
    entity = make_docx("a&e;b", prologue=f'<!DOCTYPE d [<!ENTITY e SYSTEM "{secret.as_uri()}">]>')
    with pytest.raises(InvalidRequestError):
        await document_text(entity, ".docx", most=1000)
    linked = make_docx(
        body=DRAWING,
        relations=f'<Relationship Id="r9" Type="image" Target="{secret.as_uri()}" TargetMode="External"/>',
    )
    assert await document_text(linked, ".docx", most=1000) == "Quarterly figures"


async def test_document_of_entities_in_entities_is_refused() -> None:
    bomb = make_docx("a&e9;b", prologue=f'<!DOCTYPE d [<!ENTITY e0 "ha">{ENTITIES}]>')
    with pytest.raises(InvalidRequestError):
        await document_text(bomb, ".docx", most=1000)


DEEDS = """
import os, socket, subprocess, sys
from chatkit_asgi.attachments.convert_document import confine

sys.addaudithook(confine)
deeds = [
    lambda: socket.create_connection(("127.0.0.1", 9)),
    lambda: socket.getaddrinfo("example.org", 80),
    lambda: subprocess.run(["true"]),
    lambda: os.system("true"),
    lambda: open("made-by-a-document", "w"),
]
for deed in deeds:
    try:
        deed()
    except PermissionError:
        print("refused")
"""


def test_the_converter_can_only_convert(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DEEDS], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["refused"] * 5
    assert not [*tmp_path.iterdir()]


async def test_without_the_converter_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "can_read_documents", lambda: False)
    with pytest.raises(NotSupportedError, match=r"chatkit-asgi\[documents\]"):
        await document_text(HTML, ".html", most=1000)
