"""A title for a thread that has none, from the message it begins with."""

from chatkit_asgi.types import UserMessageItem, UserMessageTextContent

__all__ = ["title_from"]

MAX_LENGTH = 60


def title_from(message: UserMessageItem) -> str | None:
    """The first line of the message, cut at a word; the first attachment's name where there is no text."""
    text = "".join(
        part.text if isinstance(part, UserMessageTextContent) else f"@{part.text}" for part in message.content
    )
    lines = [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]
    lines += [attachment.name for attachment in message.attachments]
    return _shortened(lines[0]) if lines else None


def _shortened(line: str) -> str:
    if len(line) <= MAX_LENGTH:
        return line
    words, _, cut_word = line[:MAX_LENGTH].rpartition(" ")
    return f"{words or cut_word}…"
