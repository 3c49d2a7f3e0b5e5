"""Bytes that arrive as a stream, held in memory up to a limit."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, nullcontext

__all__ = ["read_up_to"]


async def read_up_to(chunks: AsyncIterator[bytes], most: int) -> bytes:
    """The first bytes of `chunks`, `most` of them or all there are; the rest is left where it is.

    Ask for one more than fits to learn whether there are more.
    """
    found = bytearray()
    closing = aclosing(chunks) if isinstance(chunks, AsyncGenerator) else nullcontext()
    async with closing:
        async for chunk in chunks:
            found += chunk[: most - len(found)]
            if len(found) >= most:
                break
    return bytes(found)
