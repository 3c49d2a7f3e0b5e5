"""Images made smaller, for previews and for models: with Pillow, which is an extra, in threads."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync

from chatkit_asgi.attachments.reading import read_up_to
from chatkit_asgi.errors import NotSupportedError, TooLargeError
from chatkit_asgi.locale import user_text

if TYPE_CHECKING:
    from chatkit_asgi.attachments.pictures import Picture

__all__ = ["MAX_IMAGE_BYTES", "can_scale_images", "image_for_models", "thumbnail"]

T = TypeVar("T")

MAX_IMAGE_BYTES = 40 * 1024 * 1024
AT_ONCE = 2
"""Images that are decoded at the same time: each may take 256 MB."""

_limiter: RunVar[CapacityLimiter] = RunVar("images")


def can_scale_images() -> bool:
    """Whether the extra is installed."""
    return find_spec("PIL") is not None


async def thumbnail(chunks: AsyncIterator[bytes], size: int = 512) -> bytes:
    """The image as a WebP of at most `size` pixels in each direction: upright, still, without metadata.

    Raises InvalidRequestError for what is no image or a broken one, TooLargeError for one of too many bytes
    or pixels, NotSupportedError where Pillow is missing.
    """
    data = await read_up_to(chunks, MAX_IMAGE_BYTES + 1)
    if len(data) > MAX_IMAGE_BYTES:
        raise TooLargeError(user_text("The image is too large: {most} bytes at most.", most=MAX_IMAGE_BYTES))
    return await _run(partial(_pictures().thumbnail, data, size))


async def image_for_models(data: bytes) -> "Picture":
    """The image as models take it, no larger than they can use. Raises as `thumbnail`."""
    return await _run(partial(_pictures().for_models, data))


def _pictures() -> Any:  # Any: a module
    if not can_scale_images():
        raise NotSupportedError("Images are made smaller by Pillow: pip install 'chatkit-asgi[images]'.")
    return import_module("chatkit_asgi.attachments.pictures")


async def _run(work: Callable[[], T]) -> T:
    limiter = _limiter.get(None)
    if limiter is None:
        limiter = CapacityLimiter(AT_ONCE)
        _limiter.set(limiter)
    return await run_sync(work, limiter=limiter)
