"""Images through Pillow: made smaller, turned upright, rid of what they tell of camera and place.

Plain functions that take their time; `images` runs them in threads, and is loaded where Pillow is missing.
"""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps

from chatkit_asgi.errors import InvalidRequestError, TooLargeError
from chatkit_asgi.locale import user_text

__all__ = ["Picture", "for_models", "thumbnail"]

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF")
"""What is decoded at all: Pillow knows many more formats, with many more faults."""
MAX_PIXELS = 64_000_000
"""More are not decoded: a file of some kilobytes may say that it has billions. These take 256 MB."""
MODEL_FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
MODEL_SIDE = 2048
"""Pixels of the longer side: models scale down what has more."""
MODEL_BYTES = 2 * 1024 * 1024
"""An image of more bytes is written anew, also one that is small enough."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded image."""

    data: bytes
    mime_type: str


def thumbnail(data: bytes, size: int) -> bytes:
    """A WebP of at most `size` pixels in each direction, of an animation the first frame.

    Raises InvalidRequestError and TooLargeError.
    """
    with _opened(data) as image:
        return _encoded(_scaled(image, size), "WEBP", quality=80)


def for_models(data: bytes) -> Picture:
    """The image as models take it: as it is where that is good enough, else written anew.

    Raises InvalidRequestError and TooLargeError.
    """
    with _opened(data) as image:
        if _is_plain(image, data):
            _load(image)  # a model's API that cannot read an image refuses all that comes with it
            return Picture(data, MODEL_FORMATS[str(image.format)])
        return _rewritten(_scaled(image, MODEL_SIDE))


def _is_plain(image: Image.Image, data: bytes) -> bool:
    return (
        image.format in MODEL_FORMATS
        and max(image.size) <= MODEL_SIDE
        and len(data) <= MODEL_BYTES
        and not getattr(image, "is_animated", False)
        and not image.getexif()
    )


def _rewritten(image: Image.Image) -> Picture:
    if image.has_transparency_data:
        encoded = _encoded(image, "PNG")
        if len(encoded) <= MODEL_BYTES:
            return Picture(encoded, "image/png")
        image = _on_white(image)
    return Picture(_encoded(image.convert("RGB"), "JPEG", quality=85), "image/jpeg")


def _opened(data: bytes) -> Image.Image:
    """The image, of which only the head has been read."""
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise _too_many_pixels() from exc
    except Exception as exc:
        # a decoder that is fed with garbage raises whatever comes
        raise _unreadable() from exc
    if image.width * image.height > MAX_PIXELS:
        raise _too_many_pixels()
    return image


def _load(image: Image.Image) -> None:
    try:
        image.load()
    except Exception as exc:
        # as above
        raise _unreadable() from exc


def _scaled(image: Image.Image, size: int) -> Image.Image:
    """Upright, at most `size` in each direction, in RGB or RGBA, without a word about itself."""
    image.draft("RGB", (size, size))  # a JPEG is decoded at a fraction of its size
    _load(image)
    try:
        image = _in_colour(ImageOps.exif_transpose(image))
        image.thumbnail((size, size), Image.Resampling.LANCZOS)
    except Exception as exc:
        # as above
        raise _unreadable() from exc
    image.info = {}
    return image


def _in_colour(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel, of which conversion would keep the lower ones
        image = image.point(lambda value: value / 256).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _on_white(image: Image.Image) -> Image.Image:
    background = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(background, image.convert("RGBA"))


def _encoded(image: Image.Image, format: str, **options: int) -> bytes:
    written = BytesIO()
    image.save(written, format, **options)
    return written.getvalue()


def _unreadable() -> InvalidRequestError:
    return InvalidRequestError(user_text("The image cannot be read."))


def _too_many_pixels() -> TooLargeError:
    return TooLargeError(user_text("The image is too large: {most} pixels at most.", most=MAX_PIXELS))
