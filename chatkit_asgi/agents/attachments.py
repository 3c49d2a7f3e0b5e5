"""What the model gets to see of an attachment: the image, the PDF, its text; or a note that says why not.

Nothing here fails for what a file holds, or for a file that is gone. What is sent is bounded, by message and
by request.
"""

import base64
import hashlib
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal, NamedTuple, Self

from anyio.to_thread import run_sync
from openai.types.responses import (
    ResponseInputContentParam,
    ResponseInputFileParam,
    ResponseInputImageParam,
)

from chatkit_asgi.agents.input import block, input_text
from chatkit_asgi.agents.texts import decode_text, is_text_claim, looks_like_text
from chatkit_asgi.attachments import (
    MAX_DOCUMENT_BYTES,
    MAX_IMAGE_BYTES,
    SAFE_IMAGES,
    can_read_documents,
    can_scale_images,
    document_text,
    image_for_models,
    read_up_to,
    sniff,
)
from chatkit_asgi.errors import ChatKitError, InvalidRequestError, NotSupportedError, TooLargeError
from chatkit_asgi.types import Attachment

__all__ = ["Allowance", "AttachmentConverter", "Converted", "InputLimits", "ReadAttachment"]

logger = logging.getLogger(__name__)

ReadAttachment = Callable[[Attachment], Awaitable[bytes | AsyncIterator[bytes]]]
"""Gives an attachment's bytes, at once or in pieces: of a long text or a film only the first are read."""

MODEL_IMAGES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
UNSCALED_BYTES = 4 * 1024 * 1024
"""An image that nobody can make smaller goes to the model up to this size."""
HEAD = 8192
DOCUMENTS = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "text/html": ".html",
    "application/xhtml+xml": ".html",
}
SUFFIXES = {".docx": ".docx", ".xlsx": ".xlsx", ".pptx": ".pptx", ".html": ".html", ".htm": ".html"}

NO_ROOM = "there is no room left for it"

Kind = Literal["image", "pdf", "document", "text", "other"]


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much of users' files may go to the model."""

    images: int
    bytes: int
    """Of images and PDFs, before they are made a third longer by base64."""
    text: int
    """Characters."""


PER_MESSAGE = Allowance(images=10, bytes=20 * 1024 * 1024, text=100_000)
PER_REQUEST = Allowance(images=20, bytes=30 * 1024 * 1024, text=200_000)


@dataclass(frozen=True, slots=True)
class InputLimits:
    """What the model understands besides text, and how much of it goes into one message and one request."""

    takes_images: bool = True
    takes_files: bool = True
    """PDFs as they are; where not, their text."""
    per_message: Allowance = PER_MESSAGE
    per_request: Allowance = PER_REQUEST

    @classmethod
    def of_model(cls, takes: Collection[str], *, max_text: int) -> Self:
        """For a model that takes ``images`` or ``files``, and `max_text` characters with a message."""
        return cls(
            takes_images="images" in takes,
            takes_files="files" in takes,
            per_message=replace(PER_MESSAGE, text=max_text),
            per_request=replace(PER_REQUEST, text=2 * max_text),
        )


class Converted:
    """What images and documents have become, by their bytes: it takes a while, and is asked for every turn.

    Keeps the newest up to `most` bytes or characters.
    """

    def __init__(self, most: int = 32 * 1024 * 1024) -> None:
        self._most = most
        self._size = 0
        self._kept: OrderedDict[str, tuple[str, str]] = OrderedDict()

    def find(self, key: str) -> tuple[str, str] | None:
        """What is kept under the key."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def keep(self, key: str, found: tuple[str, str]) -> None:
        """Keep it, and forget what was not asked for longest."""
        if key not in self._kept:
            self._kept[key] = found
            self._size += len(found[0])
        while self._size > self._most:
            _, (forgotten, _) = self._kept.popitem(last=False)
            self._size -= len(forgotten)


class AttachmentConverter:
    """Converts attachments for one request, which is how long its allowance lasts."""

    def __init__(
        self, read: ReadAttachment | None, limits: InputLimits, converted: Converted | None = None
    ) -> None:
        self._read = read
        self._limits = limits
        self._converted = converted or Converted()
        self._request = _Rest(limits.per_request)
        self._message = _Rest(limits.per_message)

    def begin_message(self) -> None:
        """What is converted from now on belongs to another message."""
        self._message = _Rest(self._limits.per_message)

    async def convert(self, attachment: Attachment) -> ResponseInputContentParam:
        """The content for the model. Never raises, but for a cancellation."""
        found = await self._content(attachment, self._read)
        return _note(attachment, found) if isinstance(found, str) else found

    async def convert_generated(
        self, image: Attachment, data: bytes | None = None
    ) -> ResponseInputContentParam:
        """The same for an image that a model made, whose bytes may be at hand."""

        async def given(attachment: Attachment) -> bytes:
            return data or b""

        found = await self._content(image, self._read if data is None else given)
        return input_text(f"(the image cannot be shown to you: {found})") if isinstance(found, str) else found

    async def _content(
        self, attachment: Attachment, read: ReadAttachment | None
    ) -> ResponseInputContentParam | str:
        """The content, or why there is none."""
        if read is None:
            return "its content is not available"
        if why := self._refusal(_claimed_kind(attachment)):
            return why
        try:
            return await self._shown(attachment, read)
        except _Unshown as exc:
            return str(exc)
        except ChatKitError as exc:
            logger.info("attachment %s is not shown to the model: %s", attachment.id, exc)
            return _why(exc)
        except Exception:
            # storage of any make, a file of any content: neither must take the conversation with it
            logger.warning("attachment %s could not be read", attachment.id, exc_info=True)
            return "it cannot be read"

    def _refusal(self, kind: Kind) -> str:
        """Why nothing of the kind can be shown, so that it need not be read; empty when it can."""
        match kind:
            case "image" if not self._limits.takes_images:
                return "images cannot be shown"
            case "image":
                is_full = self._left("images") <= 0 or self._left("bytes") <= 0
            case "pdf":
                is_full = self._left("bytes") <= 0 and self._left("text") <= 0
            case "text" | "document":
                is_full = self._left("text") <= 0
            case _:
                is_full = False
        return NO_ROOM if is_full else ""

    async def _shown(self, attachment: Attachment, read: ReadAttachment) -> ResponseInputContentParam:
        file = await _File.open(attachment, read)
        try:
            if not file.head:
                raise _Unshown("it is empty")
            kind = _kind(attachment, file.head)
            if why := self._refusal(kind):
                raise _Unshown(why)
            match kind:
                case "image":
                    return await self._image(file)
                case "pdf":
                    return await self._pdf(file)
                case "document":
                    return await self._document(file, _suffix(attachment))
                case "text":
                    return await self._text(file)
                case _:
                    raise _Unshown("content of this type cannot be shown")
        finally:
            await file.aclose()

    async def _image(self, file: "_File") -> ResponseInputContentParam:
        data = await file.whole(MAX_IMAGE_BYTES if can_scale_images() else UNSCALED_BYTES)
        url = await self._image_url(data)
        self._spend(images=1, bytes=len(url) * 3 // 4)
        return ResponseInputImageParam(type="input_image", detail="auto", image_url=url)

    async def _image_url(self, data: bytes) -> str:
        if not can_scale_images():
            mime_type = sniff(data[:HEAD])
            if mime_type not in MODEL_IMAGES:
                raise _Unshown("images of this type cannot be shown")
            return _data_url(mime_type, data)
        key = await run_sync(_key, "image", data)
        if (found := self._converted.find(key)) is None:
            picture = await image_for_models(data)
            found = _data_url(picture.mime_type, picture.data), ""
            self._converted.keep(key, found)
        return found[0]

    async def _pdf(self, file: "_File") -> ResponseInputContentParam:
        data = await file.whole(MAX_DOCUMENT_BYTES)
        fits = len(data) <= self._left("bytes")
        if not (self._limits.takes_files and fits) or not _is_readable_pdf(data):
            return await self._converted_text(file, data, ".pdf", or_else=_pdf_fault(data, fits=fits))
        self._spend(bytes=len(data))
        return ResponseInputFileParam(
            type="input_file",
            filename=file.attachment.name or "file.pdf",
            file_data=_data_url("application/pdf", data),
        )

    async def _document(self, file: "_File", suffix: str) -> ResponseInputContentParam:
        if not can_read_documents():
            if suffix == ".html":
                return await self._text(file)
            raise _Unshown("content of this type cannot be shown")
        return await self._converted_text(file, await file.whole(MAX_DOCUMENT_BYTES), suffix)

    async def _converted_text(
        self, file: "_File", data: bytes, suffix: str, *, or_else: str = ""
    ) -> ResponseInputContentParam:
        if not can_read_documents():
            raise _Unshown(or_else)
        most = self._limits.per_message.text
        key = await run_sync(_key, f"{suffix} {most}", data)
        if (found := self._converted.find(key)) is None:
            text = await document_text(data, suffix, most=most + 1)
            found = text[:most], "the document goes on" if len(text) > most else ""
            self._converted.keep(key, found)
        return self._told(file.attachment, *found)

    async def _text(self, file: "_File") -> ResponseInputContentParam:
        room = self._left("text")
        most = room * 4 + 4  # as long as a character gets in UTF-8
        data = await file.up_to(most + 1)
        text = decode_text(data[:most], file.attachment.mime_type, is_claimed=is_text_claim(file.attachment))
        if text is None:
            raise _Unshown("content of this type cannot be shown")
        return self._told(file.attachment, text, "the file goes on" if len(data) > most else "")

    def _told(self, attachment: Attachment, text: str, more: str) -> ResponseInputContentParam:
        room = max(self._left("text"), 0)
        if len(text) > room:
            more = more or f"{len(text) - room} characters more"
            text = text[:room]
        self._spend(text=len(text))
        rest = f"\n(cut off: {more})" if more else ""
        return input_text(f"The user attached {attachment.name}:\n{block('file', text + rest)}")

    def _left(self, what: Literal["images", "bytes", "text"]) -> int:
        found: int = min(getattr(self._request, what), getattr(self._message, what))
        return found

    def _spend(self, *, images: int = 0, bytes: int = 0, text: int = 0) -> None:
        """Raises _Unshown when so many bytes do not fit."""
        if bytes > self._left("bytes"):
            raise _Unshown(NO_ROOM)
        for rest in (self._request, self._message):
            rest.images -= images
            rest.bytes -= bytes
            rest.text -= text


class _Unshown(Exception):
    """Says to the model why it does not see the attachment."""


class _Rest:
    """What is left of an allowance."""

    def __init__(self, allowance: Allowance) -> None:
        self.images = allowance.images
        self.bytes = allowance.bytes
        self.text = allowance.text


class _File(NamedTuple):
    """An attachment's bytes: the first ones, and the rest of them still to be read."""

    attachment: Attachment
    head: bytes
    rest: AsyncIterator[bytes]

    @classmethod
    async def open(cls, attachment: Attachment, read: ReadAttachment) -> "_File":
        """Raises what `read` raises as _Unshown."""
        try:
            found = await read(attachment)
            rest = _one(found) if isinstance(found, bytes) else found
            head = bytearray()
            while len(head) < HEAD and (chunk := await anext(rest, None)) is not None:
                head += chunk
        except Exception as exc:
            # storage of any make
            logger.warning("attachment %s could not be opened", attachment.id, exc_info=True)
            raise _Unshown("it is no longer available") from exc
        return cls(attachment, bytes(head), rest)

    async def up_to(self, most: int) -> bytes:
        """The first bytes, `most` of them at most."""
        if len(self.head) >= most:
            return self.head[:most]
        return self.head + await read_up_to(self.rest, most - len(self.head))

    async def whole(self, most: int) -> bytes:
        """All bytes. Raises _Unshown when there are more than `most`."""
        known = _known_size(self.attachment) or 0
        data = b"" if known > most else await self.up_to(most + 1)
        if max(known, len(data)) > most:
            raise _Unshown("it is too large to be shown")
        return data

    async def aclose(self) -> None:
        """Read no further."""
        close = getattr(self.rest, "aclose", None)
        if close is not None:
            await close()


async def _one(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _kind(attachment: Attachment, head: bytes) -> Kind:
    """What the bytes are; what the client says only decides where they leave it open."""
    if sniff(head) in SAFE_IMAGES:
        return "image"
    if head.lstrip()[:5] == b"%PDF-":
        return "pdf"
    suffix = _suffix(attachment)
    if suffix and (suffix == ".html") != head.startswith(b"PK\x03\x04"):
        return "document"
    return "text" if looks_like_text(head, is_claimed=is_text_claim(attachment)) else "other"


def _claimed_kind(attachment: Attachment) -> Kind:
    mime_type = _mime_type(attachment)
    if mime_type in SAFE_IMAGES:
        return "image"
    if mime_type == "application/pdf":
        return "pdf"
    if _suffix(attachment):
        return "document"
    return "text" if is_text_claim(attachment) else "other"


def _mime_type(attachment: Attachment) -> str:
    return attachment.mime_type.partition(";")[0].strip().lower()


def _suffix(attachment: Attachment) -> str:
    """What the converter calls this kind of document; empty for what it cannot read."""
    by_name = SUFFIXES.get(PurePosixPath(attachment.name).suffix.lower(), "")
    return DOCUMENTS.get(_mime_type(attachment)) or by_name


def _is_readable_pdf(data: bytes) -> bool:
    """A model's API refuses a whole request for one broken or encrypted file."""
    return b"%%EOF" in data[-2048:] and b"/Encrypt" not in data


def _pdf_fault(data: bytes, *, fits: bool) -> str:
    if not _is_readable_pdf(data):
        return "it is protected, or damaged"
    return "PDF files cannot be shown" if fits else "it is too large to be shown"


def _why(exc: ChatKitError) -> str:
    match exc:
        case TooLargeError():
            return "it is too large to be shown"
        case NotSupportedError():
            return "content of this type cannot be shown"
        case InvalidRequestError():
            return "it is damaged, or not what it says it is"
    return "it is no longer available"


def _note(attachment: Attachment, why: str) -> ResponseInputContentParam:
    known = [attachment.name or "a file", attachment.mime_type, _size(attachment)]
    told = ", ".join(part for part in known if part)
    return input_text(f"(the user attached {told}: {why})")


def _size(attachment: Attachment) -> str:
    size = _known_size(attachment)
    if size is None:
        return ""
    if size < 10_000:
        return f"{size} bytes"
    return f"{size / 1e3:.0f} kB" if size < 1e6 else f"{size / 1e6:.1f} MB"


def _known_size(attachment: Attachment) -> int | None:
    size = (attachment.metadata or {}).get("size")
    return size if isinstance(size, int) else None


def _key(purpose: str, data: bytes) -> str:
    return f"{purpose} {hashlib.sha256(data).hexdigest()}"


def _data_url(mime_type: str | None, data: bytes) -> str:
    return f"data:{mime_type};base64,{base64.b64encode(data).decode('ascii')}"
