"""Reading a request's body whole, for what is small. Uploads stream instead."""

from starlette.requests import ClientDisconnect, Request

from chatkit_asgi.errors import InvalidRequestError, TooLargeError
from chatkit_asgi.locale import user_text

__all__ = ["read_body"]


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, counted while it comes: lengths that clients claim are not believed."""
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > limit:
                raise TooLargeError(
                    user_text("The request is larger than this server takes ({most} bytes).", most=limit)
                )
    except ClientDisconnect:
        raise InvalidRequestError("The request ended before its body was complete.") from None
    return bytes(body)
