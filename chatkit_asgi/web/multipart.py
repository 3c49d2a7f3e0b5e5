"""Reads one file out of a `multipart/form-data` body while the body is still coming in.

Nothing is kept beyond one read of the socket. The one home of `python_multipart`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import unquote

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from chatkit_asgi.errors import InvalidRequestError, UnsupportedTypeError

__all__ = ["MAX_OVERHEAD", "FilePart", "is_multipart", "open_file_part"]

FIELD = b"file"
MAX_OVERHEAD = 64 * 1024
"""How much of a body may be something else than the file: boundaries, headers, other fields."""
MAX_BOUNDARY = 70  # RFC 2046, 5.1.1


@dataclass(frozen=True, slots=True)
class FilePart:
    """The part of the field `file`: what the client calls it, and its bytes as they come.

    Iterating `chunks` raises InvalidRequestError for a second file and for a body that ends too early.
    """

    name: str
    content_type: str
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class _FileBegins:
    name: str
    content_type: str


_Event = _FileBegins | bytes


def is_multipart(content_type: str) -> bool:
    """Whether a body of this type is a form with files."""
    return parse_options_header(content_type)[0] == b"multipart/form-data"


async def open_file_part(body: AsyncIterator[bytes], content_type: str) -> FilePart:
    """Read up to the beginning of the file.

    Raises UnsupportedTypeError for a body that is no such form, InvalidRequestError for a broken one and
    for one without a file.
    """
    events = _events(body, _FormParser(_boundary(content_type)))
    async for event in events:
        if isinstance(event, _FileBegins):
            return FilePart(event.name, event.content_type, _data(events))
    raise InvalidRequestError("The form has no file: send one in the field 'file'.", param="file")


def _boundary(content_type: str) -> bytes:
    if not is_multipart(content_type):
        raise UnsupportedTypeError("Send the file as multipart/form-data, in the field 'file'.")
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not 1 <= len(boundary) <= MAX_BOUNDARY:
        raise InvalidRequestError("The Content-Type names no valid boundary.")
    return boundary


async def _events(body: AsyncIterator[bytes], parser: "_FormParser") -> AsyncIterator[_Event]:
    async for chunk in body:
        for event in parser.feed(chunk):
            yield event
    parser.finish()


async def _data(events: AsyncIterator[_Event]) -> AsyncIterator[bytes]:
    async for event in events:
        if isinstance(event, _FileBegins):
            raise InvalidRequestError("The form has more than one file: send one at a time.", param="file")
        yield event


class _FormParser:
    """Turns the parser's callbacks into a list of events per chunk."""

    def __init__(self, boundary: bytes) -> None:
        self._events: list[_Event] = []
        self._headers: dict[bytes, bytes] = {}
        self._field = bytearray()
        self._value = bytearray()
        self._in_file = False
        self._complete = False
        self._overhead = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begins,
                "on_header_field": lambda data, start, end: self._field.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._header_ends,
                "on_headers_finished": self._headers_end,
                "on_part_data": self._part_data,
                "on_end": self._body_ends,
            },
        )

    def feed(self, chunk: bytes) -> list[_Event]:
        """What this chunk brings of the file."""
        self._events = []
        self._overhead += len(chunk)
        try:
            self._parser.write(chunk)
        except MultipartParseError as exc:
            raise InvalidRequestError("The form cannot be read.") from exc
        if self._overhead > MAX_OVERHEAD:
            raise InvalidRequestError("The form has too much in it beside the file.")
        return self._events

    def finish(self) -> None:
        """Raises InvalidRequestError unless the closing boundary has been seen."""
        if not self._complete:
            raise InvalidRequestError("The form ends too early.")

    def _part_begins(self) -> None:
        self._headers.clear()
        self._in_file = False

    def _header_ends(self) -> None:
        self._headers[bytes(self._field).lower()] = bytes(self._value)
        self._field.clear()
        self._value.clear()

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if options.get(b"name") == FIELD and b"filename" in options:
            self._in_file = True
            content_type = self._headers.get(b"content-type", b"").decode("latin-1")
            self._events.append(_FileBegins(_file_name(options[b"filename"]), content_type))

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._overhead -= end - start
            self._events.append(data[start:end])

    def _body_ends(self) -> None:
        self._complete = True


def _file_name(raw: bytes) -> str:
    """Browsers write quotes and line ends as ``%22``, ``%0D``, ``%0A``, and leave ``%`` as it is."""
    name = raw.decode("utf-8", "replace")
    for escape in ("%22", "%0D", "%0A"):
        name = name.replace(escape, unquote(escape))
    return name
