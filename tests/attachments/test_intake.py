import pytest

from chatkit_asgi.attachments import UploadLimits, clean_name
from chatkit_asgi.attachments.intake import Content, Intake, read_head
from chatkit_asgi.errors import TooLargeError, UnsupportedTypeError
from tests.attachments.samples import (
    HTML,
    JPEG,
    PDF,
    PNG,
    PROGRAM,
    ZIP,
    chunked,
    make_gif,
    make_jpeg,
    make_png,
)


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
    assert intake.content == Content("image/png", "image/png", (3, 2))


@pytest.mark.parametrize(
    ("data", "claimed", "refused"),
    [
        (PROGRAM, "text/plain", True),
        (PROGRAM, "application/pdf", True),
        (HTML, "application/pdf", True),
        (PDF, "application/pdf", False),
        (ZIP, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", False),
        (b"hello", "text/plain", False),
    ],
)
async def test_what_the_bytes_are_has_to_be_allowed_too(data: bytes, claimed: str, refused: bool) -> None:
    limits = UploadLimits(1000, ["application/pdf", "text/*", "application/vnd.*"])
    intake = Intake(chunked(data), limits, name="a", claimed=claimed)
    if refused:
        with pytest.raises(UnsupportedTypeError):
            await intake.begin()
    else:
        await intake.begin()
        assert intake.content.mime_type == claimed


@pytest.mark.parametrize(
    "image",
    [make_png(1000, 1001), make_png(100_000, 100_000), make_gif(1001, 1000), make_jpeg(65_000, 65_000)],
)
async def test_image_of_too_many_pixels_is_refused(image: bytes) -> None:
    with pytest.raises(TooLargeError, match="pixels"):
        await Intake(chunked(image), UploadLimits(10**6, None, 1_000_000), name="", claimed="").begin()


async def test_size_of_a_photo_is_found_behind_the_cameras_remarks() -> None:
    limits = UploadLimits(10**7, None, 1_000_000)
    intake = Intake(chunked(make_jpeg(1000, 1000, before=600_000)), limits, name="a.jpg", claimed="")
    await intake.begin()
    assert intake.content == Content("image/jpeg", "image/jpeg", (1000, 1000))
    with pytest.raises(TooLargeError):
        await Intake(chunked(make_jpeg(1000, 1001, before=600_000)), limits, name="a.jpg", claimed="").begin()


async def test_no_more_is_held_back_than_it_takes_to_know() -> None:
    for data, most in (
        (bytes(10**7), 9_000),
        (PNG + bytes(10**7), 9_000),
        (JPEG[:20] + bytes(10**7), 2 << 20),
    ):
        assert len(await read_head(chunked(data))) <= most


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
