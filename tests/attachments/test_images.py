"""Images made smaller: what comes out, and what is refused before it costs anything."""

import asyncio
import subprocess
import sys

import pytest

from chatkit_asgi.attachments import images
from chatkit_asgi.attachments.pictures import MAX_PIXELS
from chatkit_asgi.errors import InvalidRequestError, NotSupportedError, TooLargeError
from tests.attachments.pictures import animation, encoded, noise, opened, photo, png_of_size, secretive_png
from tests.attachments.samples import AVIF, GIF, HTML, JPEG, PDF, PNG, SVG, WEBP, chunked

BROKEN = [PNG, JPEG, GIF, WEBP, AVIF, PDF, HTML, SVG, b"", encoded((400, 400), format="JPEG")[:300]]


async def thumbnail(data: bytes, size: int = 512) -> bytes:
    return await images.thumbnail(chunked(data), size)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP", "AVIF"])
async def test_thumbnail_fits_and_keeps_its_shape(format: str) -> None:
    small = opened(await thumbnail(encoded((1000, 500), format=format), 64))
    assert (small.format, small.size) == ("WEBP", (64, 32))


async def test_small_image_is_not_made_larger() -> None:
    assert opened(await thumbnail(encoded((40, 20)))).size == (40, 20)


async def test_thumbnail_is_upright_and_tells_nothing_of_camera_and_place() -> None:
    made = await thumbnail(photo((400, 200), orientation=6))
    upright = opened(made)
    assert upright.size == (200, 400)
    red, _, blue = upright.convert("RGB").getpixel((100, 10))  # type: ignore[misc]  # of one band or of three
    assert red > blue
    assert b"SecretCam" not in made
    assert not upright.getexif()
    assert b"SecretCam" not in await thumbnail(secretive_png())


async def test_thumbnail_of_an_animation_is_its_first_frame() -> None:
    still = opened(await thumbnail(animation()))
    assert not getattr(still, "is_animated", False)
    red, _, blue = still.convert("RGB").getpixel((15, 15))  # type: ignore[misc]  # as above
    assert red > blue


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
async def test_every_kind_of_pixel_is_drawn(mode: str) -> None:
    format = "JPEG" if mode == "CMYK" else "PNG"
    assert opened(await thumbnail(encoded(format=format, mode=mode))).size == (40, 20)


async def test_bright_pixels_of_16_bits_stay_bright() -> None:
    grey = encoded(mode="I;16", colour=0x8000)
    assert opened(grey).mode == "I;16"
    assert opened(await thumbnail(grey)).convert("L").getpixel((5, 5)) in range(120, 136)


@pytest.mark.parametrize("data", BROKEN)
async def test_what_is_no_image_or_a_broken_one_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        await thumbnail(data)
    with pytest.raises(InvalidRequestError):
        await images.image_for_models(data)


@pytest.mark.parametrize("size", [(8001, 8000), (10_000, 10_000), (20_000, 20_000), (100_000, 100_000)])
async def test_image_of_too_many_pixels_is_not_decoded(size: tuple[int, int]) -> None:
    assert size[0] * size[1] > MAX_PIXELS
    with pytest.raises(TooLargeError):
        await thumbnail(png_of_size(*size))
    with pytest.raises(TooLargeError):
        await images.image_for_models(png_of_size(*size))


async def test_image_of_too_many_bytes_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_IMAGE_BYTES", 2000)
    chunks = chunked(bytes(10_000))
    with pytest.raises(TooLargeError):
        await images.thumbnail(chunks)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_models_get_a_small_image_as_it_is(format: str) -> None:
    data = encoded((200, 100), format=format)
    picture = await images.image_for_models(data)
    assert picture.data == data
    assert picture.mime_type == f"image/{format.lower()}"


@pytest.mark.parametrize(
    ("data", "mime_type", "size"),
    [
        (encoded((4096, 1000)), "image/jpeg", (2048, 500)),
        (encoded((4096, 1000), mode="RGBA"), "image/png", (2048, 500)),
        (encoded((40, 20), format="AVIF"), "image/jpeg", (40, 20)),
        (animation(), "image/jpeg", (30, 30)),
        (photo((40, 20)), "image/jpeg", (20, 40)),
    ],
)
async def test_models_get_what_they_can_use_in_a_format_they_know(
    data: bytes, mime_type: str, size: tuple[int, int]
) -> None:
    picture = await images.image_for_models(data)
    assert picture.mime_type == mime_type
    assert opened(picture.data).size == size
    assert f"image/{opened(picture.data).format}".lower() == mime_type
    assert b"SecretCam" not in picture.data


async def test_large_files_get_small_for_models() -> None:
    large = noise(1800)
    assert len(large) > 4_000_000
    picture = await images.image_for_models(large)
    assert len(picture.data) < 2_000_000


async def test_decoding_lets_others_work() -> None:
    """It takes a thread: the loop that all streams share goes on."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    await images.image_for_models(encoded((6000, 6000), format="PNG"))
    ticking.cancel()
    assert ticks > 10


async def test_without_pillow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "can_scale_images", lambda: False)
    for call in (thumbnail(PNG), images.image_for_models(PNG)):
        with pytest.raises(NotSupportedError, match=r"chatkit-asgi\[images\]"):
            await call


def test_pillow_is_loaded_when_it_is_needed() -> None:
    """It is an extra, and takes its time."""
    code = "import sys; from chatkit_asgi.attachments import images; assert 'PIL' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
