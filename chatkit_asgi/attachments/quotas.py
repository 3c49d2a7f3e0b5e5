"""How much one user may keep."""

from dataclasses import dataclass

from chatkit_asgi.errors import TooLargeError, TooManyError
from chatkit_asgi.locale import counted_text
from chatkit_asgi.store import Usage

__all__ = ["Quota"]


@dataclass(frozen=True, slots=True)
class Quota:
    """What one user may keep here; 0 means any amount."""

    max_bytes: int = 0
    max_files: int = 0

    def __bool__(self) -> bool:
        return bool(self.max_bytes or self.max_files)

    def check(self, usage: Usage, *, files: int, size: int) -> None:
        """Raises TooManyError or TooLargeError when so much more would be too much."""
        if self.max_files and usage.files + files > self.max_files:
            raise TooManyError(
                counted_text(
                    "You have one file here, which is all there may be: delete it first.",
                    "You have {count} files here, which is all there may be: delete some first.",
                    usage.files,
                )
            )
        if self.max_bytes and usage.bytes + size > self.max_bytes:
            left = max(self.max_bytes - usage.bytes, 0)
            raise TooLargeError(
                counted_text(
                    "Your files may take one more byte here: delete some, or send a smaller one.",
                    "Your files may take {count} more bytes here: delete some, or send a smaller one.",
                    left,
                )
            )
