"""The text of office documents, HTML and PDF: by MarkItDown, which is an extra, in a process of its own.

Whatever a document makes the converter do, it does to that process: it is bounded in time and memory, has no
network and none of our secrets, and cannot write.
"""

import os
import sys
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from subprocess import DEVNULL
from zipfile import BadZipFile, ZipFile

from anyio import CapacityLimiter, fail_after, run_process
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync

from chatkit_asgi.errors import InvalidRequestError, NotSupportedError, TooLargeError

__all__ = ["MAX_DOCUMENT_BYTES", "can_read_documents", "document_text"]

MAX_DOCUMENT_BYTES = 30 * 1024 * 1024
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_PARTS = 10_000
"""Office documents are ZIP archives: what is in them, and how many parts."""
SECONDS = 30
AT_ONCE = 2

CONVERTER = Path(__file__).with_name("convert_document.py")
KEPT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "LANG")
"""What the process gets of our environment, which holds keys."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Its numerical libraries would start one for each core, and do no sums."""

_limiter: RunVar[CapacityLimiter] = RunVar("documents")


def can_read_documents() -> bool:
    """Whether the extra is installed."""
    return find_spec("markitdown") is not None


async def document_text(data: bytes, suffix: str, *, most: int, seconds: float = SECONDS) -> str:
    """The document's text as Markdown, up to `most` characters. `suffix` says what it is: ``.docx``, …

    Raises InvalidRequestError for one that cannot be converted in time, TooLargeError for one that unpacks to
    too much, NotSupportedError where the converter is missing.
    """
    if not can_read_documents():
        raise NotSupportedError("Documents are read by MarkItDown: pip install 'chatkit-asgi[documents]'.")
    if len(data) > MAX_DOCUMENT_BYTES:
        raise TooLargeError(f"The document is too large: {MAX_DOCUMENT_BYTES} bytes at most.")
    await run_sync(_check_archive, data)
    async with _places():
        return await _converted(data, suffix, most, seconds)


async def _converted(data: bytes, suffix: str, most: int, seconds: float) -> str:
    command = [sys.executable, "-P", "-X", "utf8", str(CONVERTER), suffix, str(most), str(int(seconds) + 1)]
    environment = {name: os.environ[name] for name in KEPT if name in os.environ} | ONE_THREAD
    try:
        with fail_after(seconds):  # leaving it ends the process
            done = await run_process(command, input=data, check=False, stderr=DEVNULL, env=environment)
    except TimeoutError as exc:
        raise InvalidRequestError("The document took too long to read.") from exc
    except OSError as exc:
        raise InvalidRequestError("The document cannot be read.") from exc
    if done.returncode:
        raise InvalidRequestError("The document cannot be read.")
    text = done.stdout.decode("utf-8", errors="replace")
    if not text.strip():
        raise InvalidRequestError("The document holds no text.")
    return text


def _check_archive(data: bytes) -> None:
    """Python's own reader unpacks no more of a part than the archive says there is."""
    if not data.startswith(b"PK"):
        return
    try:
        with ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
    except (BadZipFile, ValueError, OSError, NotImplementedError) as exc:
        raise InvalidRequestError("The document cannot be read.") from exc
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise TooLargeError(f"The document is too large: {MAX_UNPACKED_BYTES} bytes unpacked at most.")


def _places() -> CapacityLimiter:
    limiter = _limiter.get(None)
    if limiter is None:
        limiter = CapacityLimiter(AT_ONCE)
        _limiter.set(limiter)
    return limiter
