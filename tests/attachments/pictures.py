"""Images of many kinds, made when asked for."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

__all__ = ["animation", "encoded", "noise", "opened", "photo", "png_of_size", "secretive_png"]

RED, BLUE = (255, 0, 0), (0, 0, 255)
ORIENTATION, CAMERA, GPS = 0x0112, 0x010F, 0x8825


def encoded(
    size: tuple[int, int] = (40, 20), *, format: str = "PNG", mode: str = "RGB", colour: int = 0
) -> bytes:
    """One colour, in any format."""
    return _saved(Image.new(mode, size, colour), format)


def noise(side: int) -> bytes:
    """A PNG that cannot be packed, of four bytes for each pixel."""
    return _saved(Image.effect_noise((side, side), 50).convert("RGBA"), "PNG", compress_level=0)


def photo(size: tuple[int, int] = (40, 20), *, orientation: int = 6) -> bytes:
    """A JPEG as telephones write it: red on the left and blue on the right, turned by its EXIF data."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    exif = Image.Exif()
    exif[ORIENTATION], exif[CAMERA] = orientation, "SecretCam"
    exif.get_ifd(GPS)[1] = "N"
    return _saved(image, "JPEG", exif=exif, comment=b"SecretCam", quality=95)


def secretive_png() -> bytes:
    """A PNG with words beside its pixels."""
    words = PngInfo()
    words.add_text("Author", "SecretCam")
    return _saved(Image.new("RGB", (3000, 10)), "PNG", pnginfo=words)


def animation() -> bytes:
    """A GIF: a red picture, then a blue one."""
    frames = [Image.new("RGB", (30, 30), colour) for colour in (RED, BLUE)]
    return _saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that says to be so large, in some fifty bytes."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def opened(data: bytes) -> Image.Image:
    """The image, decoded."""
    image = Image.open(BytesIO(data))
    image.load()
    return image


def _saved(image: Image.Image, format: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
