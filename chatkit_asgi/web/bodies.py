"""Reading a request's body: whole, for what is small, or part by part. Nobody is waited for without end."""

import asyncio
from collections.abc import AsyncIterator

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request

from chatkit_asgi.errors import InvalidRequestError, TooLargeError
from chatkit_asgi.locale import user_text

__all__ = ["body_parts", "read_body"]

TIMES = 4
"""How often longer than the longest silence a body that is read whole may take in all."""


async def read_body(request: Request, limit: int, *, idle_seconds: float) -> bytes:
    """The whole body, counted while it comes: lengths that clients claim are not believed.

    Raises TooLargeError, or HTTPException with 408 when the bytes do not come.
    """
    body, more = bytearray(), True
    now = asyncio.get_running_loop().time
    latest = now() + idle_seconds * TIMES
    try:
        async with asyncio.timeout(idle_seconds) as silence:
            while more:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise InvalidRequestError("The request ended before its body was complete.")
                body += message.get("body", b"")
                if len(body) > limit:
                    raise _too_large(limit)
                more = message.get("more_body", False)
                if more:
                    silence.reschedule(min(now() + idle_seconds, latest))
    except TimeoutError:
        raise _too_slow() from None
    return bytes(body)


async def body_parts(request: Request, idle_seconds: float) -> AsyncIterator[bytes]:
    """The body as it comes. Raises HTTPException with 408 after so many seconds without a byte."""
    parts = request.stream()
    while True:
        try:
            with anyio.fail_after(idle_seconds):
                part = await anext(parts, None)
        except TimeoutError:
            raise _too_slow() from None
        if part is None:
            return
        if part:
            yield part


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(
        user_text("The request is larger than this server takes ({most} bytes).", most=limit)
    )


def _too_slow() -> HTTPException:
    return HTTPException(
        408, user_text("The upload stopped: its bytes no longer came."), {"connection": "close"}
    )
