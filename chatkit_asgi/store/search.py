"""Search, alike in every store: what is asked for, what a find looks like, and its snippet.

Words are compared without case and accents; the last one of a query may be the beginning of a word.
"""

from collections.abc import Iterator, Sequence
from re import Match, compile
from string import punctuation
from unicodedata import normalize

from pydantic import BaseModel

from chatkit_asgi.types import AssistantMessageItem, ThreadItem, ThreadMetadata, UserMessageItem

__all__ = [
    "MAX_FOUND",
    "SearchResult",
    "SnippetPart",
    "folded_words",
    "is_match",
    "make_snippet",
    "query_words",
    "search_limit",
    "searched_text",
]

MAX_FOUND = 100
"""The most threads that one search gives."""
MAX_QUERY = 1_000
MAX_WORDS = 16
SNIPPET = 160
"""About how many characters a snippet has."""
BEFORE = 50
"""How many of them stand before the first word that was found."""
LONGEST = 100_000
"""How much of a text is looked at."""

WORD = compile(r"[^\W_]+")
ACCENTS = compile("[\u0300-\u036f]")
UNSTORABLE = compile(r"[\x00\ud800-\udfff]")
SIGNS = str.maketrans(dict.fromkeys(punctuation, " "))


class SnippetPart(BaseModel):
    """A piece of plain text, never markup. Several of them, one after the other, are a snippet."""

    text: str
    is_match: bool = False
    """Whether this is a word that was searched for."""


class SearchResult(BaseModel):
    """A thread that was found, and where in it."""

    thread: ThreadMetadata
    item_id: str | None = None
    """The message that fits best; None: it was the title."""
    snippet: list[SnippetPart]
    """What stands there around the words."""


def query_words(query: str) -> list[str]:
    """What to search for. Any text is a query: signs mean nothing, and what is too much is left out."""
    words = UNSTORABLE.sub(" ", normalize("NFC", query[:MAX_QUERY])).translate(SIGNS).split()
    return [word for word in words if WORD.search(word)][:MAX_WORDS]


def search_limit(limit: int) -> int:
    """How many threads are given when `limit` are asked for."""
    return min(max(limit, 0), MAX_FOUND)


def searched_text(item: ThreadItem) -> str:
    """What of an item can be found: the text of messages."""
    if isinstance(item, UserMessageItem | AssistantMessageItem):
        return " ".join(part.text for part in item.content)[:LONGEST]
    return ""


def folded_words(text: str) -> list[str]:
    """The words of a text without case and accents."""
    return WORD.findall(_fold(text))


def is_match(word: str, words: Sequence[str]) -> bool:
    """Whether a folded word is one of those searched for, of which the last may be a beginning."""
    return word in words or word.startswith(words[-1])


def make_snippet(text: str, query: Sequence[str]) -> list[SnippetPart]:
    """The part of the text around the first word of the query in it."""
    text, words = normalize("NFC", text), folded_words(" ".join(query))
    found = [match for match in WORD.finditer(text[:LONGEST]) if is_match(_fold(match[0]), words)]
    start, end = _window(text, found[0].start() if found else 0)
    inside = [match for match in found if start <= match.start() and match.end() <= end]
    return list(_parts(text, start, end, inside))


def _parts(text: str, start: int, end: int, found: Sequence[Match[str]]) -> Iterator[SnippetPart]:
    if start:
        yield SnippetPart(text="…")
    position = start
    for match in found:
        if position < match.start():
            yield SnippetPart(text=text[position : match.start()])
        yield SnippetPart(text=match[0], is_match=True)
        position = match.end()
    if position < end:
        yield SnippetPart(text=text[position:end])
    if end < len(text):
        yield SnippetPart(text="…")


def _window(text: str, match: int) -> tuple[int, int]:
    """From where to where, preferably between words."""
    start = 0
    if match > BEFORE:
        start = match - BEFORE
        start = text.find(" ", start, match) + 1 or start
    if len(text) - start <= SNIPPET:
        return start, len(text)
    end = start + SNIPPET
    space = text.rfind(" ", start + SNIPPET // 2, end)
    return start, space if space > match else end


def _fold(text: str) -> str:
    if text.isascii():
        return text.lower()
    return normalize("NFC", ACCENTS.sub("", normalize("NFD", text))).lower().replace("ς", "σ")
