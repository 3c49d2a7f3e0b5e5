"""Beginnings of files of many kinds, enough to be told apart by."""

import struct
import zlib
from base64 import b64decode
from collections.abc import AsyncIterator

__all__ = [
    "AVIF",
    "GIF",
    "HTML",
    "JPEG",
    "PDF",
    "PNG",
    "PROGRAM",
    "SVG",
    "WEBP",
    "ZIP",
    "chunked",
    "make_gif",
    "make_jpeg",
    "make_png",
]


def make_png(width: int, height: int) -> bytes:
    """As much of a picture as says its size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    checksum = struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + checksum + bytes(32)


def make_jpeg(width: int, height: int, *, before: int = 0) -> bytes:
    """The same, with so many bytes of a camera's remarks before the size."""
    remarks = b"".join(b"\xff\xe1\xff\xff" + bytes(0xFFFD) for _ in range(before // 0xFFFF))
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01" + bytes(7) + remarks + frame + bytes(32)


def make_gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + bytes(32)


PNG, JPEG, GIF = make_png(3, 2), make_jpeg(3, 2), make_gif(3, 2)
WEBP = b64decode("UklGRjAAAABXRUJQVlA4ICQAAABwAQCdASoDAAIADMDOJaACdAFAAAD+2iYRho1+LuxHGSQAAAA=")[:40]
AVIF = b64decode(
    "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAAAA"
    "AAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAAIgAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFD"
    "b2xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAAAwAAAAIAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBAAwAAAAAE2NvbHJu"
    "Y2x4AAEADQAGgAAAABdpcG1hAAAAAAAAAAEAAQQBAoMEAAAAKm1kYXQSAAoIGAQrRAQ0GhAyFB/3h4UV3///4sAAAJA1jjwuTpPj"
)[:267]
PDF = b"%PDF-1.7\n" + bytes(32)
ZIP = b"PK\x03\x04\x14\x00\x00\x00" + bytes(32)
PROGRAM = b"MZ\x90\x00" + bytes(64)
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


async def chunked(data: bytes, size: int = 1024) -> AsyncIterator[bytes]:
    """The bytes in pieces, as a socket would give them."""
    for start in range(0, len(data), size):
        yield data[start : start + size]
