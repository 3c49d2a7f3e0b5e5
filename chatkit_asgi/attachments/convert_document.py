"""A program of its own, which `documents` starts: a document on stdin, its text as Markdown on stdout.

Arguments: what the document is (``.docx``), how many characters to write, how many seconds to work.
It imports nothing of ours.
"""

import os
import sys
from io import BytesIO

from markitdown import MarkItDown, StreamInfo
from markitdown.converters import DocxConverter, HtmlConverter, PdfConverter, PptxConverter, XlsxConverter

__all__: list[str] = []

MAX_MEMORY = 3 * 1024**3
"""Address space, of which the converter's libraries take more than half before they have read anything."""
CONVERTERS = (DocxConverter, HtmlConverter, PdfConverter, PptxConverter, XlsxConverter)
"""Of many: others read archives of archives, or ask services."""
FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.remove")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def confine(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: no network, no other program, no file that is written."""
    if event.startswith(FORBIDDEN):
        raise PermissionError(event)
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING:
        raise PermissionError(event)


def limit(seconds: int) -> None:
    """Bound memory and time where the system can."""
    try:
        import resource  # not on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(suffix: str, most: str, seconds: str) -> None:
    """Convert what stdin holds."""
    limit(int(seconds))
    converter = MarkItDown(enable_builtins=False, enable_plugins=False)
    for each in CONVERTERS:
        converter.register_converter(each())
    sys.addaudithook(confine)
    document = BytesIO(sys.stdin.buffer.read())
    found = converter.convert_stream(document, stream_info=StreamInfo(extension=suffix))
    sys.stdout.buffer.write(found.markdown[: int(most)].encode("utf-8", errors="replace"))


if __name__ == "__main__":
    main(*sys.argv[1:])
