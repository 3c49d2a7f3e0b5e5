"""What a link to a blob leads to, and how it is to be served."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from chatkit_asgi.attachments.names import disposition
from chatkit_asgi.attachments.sniffing import SAFE_IMAGES, UNKNOWN_TYPE

__all__ = ["Download", "served_type", "shown_as"]


@dataclass(frozen=True, slots=True)
class Download:
    """A blob that a link gives permission to read; `mime_type` was judged by its bytes."""

    name: str
    mime_type: str
    size: int
    etag: str
    """Never the same for other bytes; with its quotes."""
    open: Callable[[int, int | None], Awaitable[AsyncIterator[bytes]]]
    """The bytes from the one position up to the other."""

    @property
    def is_inline(self) -> bool:
        """Whether a browser may show it in place; everything else is only saved."""
        return self.mime_type in SAFE_IMAGES

    @property
    def served_type(self) -> str:
        """The `Content-Type` to serve it with."""
        return served_type(self.mime_type)

    @property
    def disposition(self) -> str:
        """The `Content-Disposition` to serve it with."""
        return shown_as(self.name, self.mime_type)


def served_type(mime_type: str) -> str:
    """The `Content-Type` of such a blob: nothing that a browser would run."""
    return mime_type if mime_type in SAFE_IMAGES else UNKNOWN_TYPE


def shown_as(name: str, mime_type: str) -> str:
    """The `Content-Disposition` of such a blob (RFC 6266)."""
    return disposition("inline" if mime_type in SAFE_IMAGES else "attachment", name)
