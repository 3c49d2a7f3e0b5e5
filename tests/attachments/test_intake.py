import pytest

from chatkit_asgi.attachments import UploadLimits, clean_name
from chatkit_asgi.attachments.intake import Intake
from chatkit_asgi.errors import TooLargeError, UnsupportedTypeError
from tests.attachments.samples import HTML, PNG, chunked


def make_intake(data: bytes, limits: UploadLimits, claimed: str = "image/png") -> Intake:
    return Intake(chunked(data), limits, name="a.png", claimed=claimed)


@pytest.mark.parametrize("size", [0, 1, 8191, 8192, 8193, 100_000])
async def test_bytes_pass_unchanged_and_are_counted(size: int) -> None:
    data = (PNG + bytes(100_000))[:size]
    intake = make_intake(data, UploadLimits(100_000))
    assert b"".join([chunk async for chunk in intake]) == data
    assert intake.size == size


async def test_one_byte_over_the_limit_is_refused() -> None:
    intake = make_intake(bytes(20_001), UploadLimits(20_000))
    with pytest.raises(TooLargeError, match="20000"):
        _ = [chunk async for chunk in intake]


async def test_refused_type_hands_no_byte_on() -> None:
    intake = make_intake(HTML + bytes(50_000), UploadLimits(100_000, ["image/*"]))
    with pytest.raises(UnsupportedTypeError):
        await anext(aiter(intake))


@pytest.mark.parametrize("allowed", [None, ["image/*"], ["image/png"], ["IMAGE/PNG"], ["text/plain", "*/*"]])
async def test_allowed_type_passes(allowed: list[str] | None) -> None:
    intake = make_intake(PNG, UploadLimits(1000, allowed))
    _ = [chunk async for chunk in intake]
    assert (intake.mime_type, intake.is_image) == ("image/png", True)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("photo.png", "photo.png"),
        ("Größe €.png", "Größe €.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\docs\\plan.txt", "plan.txt"),
        ("a\x00b\r\nSet-Cookie: x.png", "abSet-Cookie: x.png"),
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        ("\ud800.txt", "txt"),
        ("..", "file"),
        ("", "file"),
        ("x" * 300 + ".png", "x" * 196 + ".png"),
    ],
)
def test_name_is_made_harmless(given: str, kept: str) -> None:
    assert clean_name(given) == kept
