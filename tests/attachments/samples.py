"""First bytes of files of many kinds, enough to be told apart by."""

__all__ = ["AVIF", "GIF", "HTML", "JPEG", "PDF", "PNG", "SVG", "WEBP", "ZIP", "chunked"]

from collections.abc import AsyncIterator

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(32)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(32)
GIF = b"GIF89a" + bytes(32)
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(32)
AVIF = b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf" + bytes(32)
PDF = b"%PDF-1.7\n" + bytes(32)
ZIP = b"PK\x03\x04\x14\x00\x00\x00" + bytes(32)
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


async def chunked(data: bytes, size: int = 1024) -> AsyncIterator[bytes]:
    """The bytes in pieces, as a socket would give them."""
    for start in range(0, len(data), size):
        yield data[start : start + size]
