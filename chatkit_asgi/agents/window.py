"""How much of a conversation the model sees: the newest of it, as much as fits.

Tokens are estimated: no tokenizer is that of every model, and the known ones load their tables from the
network. A token of today's vocabularies (`o200k_base`) has about four bytes of UTF-8, in Latin letters, in
Chinese and in code alike: the estimate was from 0.9 (code) to 1.3 times (English, German, Chinese) the true
count, and further above it in Cyrillic letters (1.7).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from agents import TResponseInputItem

__all__ = ["estimated_tokens", "fit"]

BYTES = 4
"""Of UTF-8 in a token."""
MEDIA_TOKENS = 1_000
"""What an image or a file is taken for: its bytes are no text."""
MEDIA = ("input_image", "input_file", "input_audio")
OVERHEAD = 4
"""Tokens around each entry."""


def fit(entries: Sequence[TResponseInputItem], most: int) -> list[TResponseInputItem]:
    """The newest entries of at most so many tokens, from a user's message on; 0: all.

    What answers a message is never without it, and a tool's output so never without its call. The last
    message is there in any case, however long.
    """
    if not most:
        return list(entries)
    starts = [place for place in range(len(entries)) if _begins(entries, place)]
    left, first = most, starts[-1] if starts else 0
    for place in range(len(entries) - 1, -1, -1):
        left -= estimated_tokens(entries[place])
        if left < 0:
            break
        if place in starts or place == 0:
            first = min(first, place)
    return list(entries[first:])


def estimated_tokens(entry: TResponseInputItem) -> int:
    """About how many tokens the model counts for an entry."""
    return OVERHEAD + _tokens(cast(Mapping[str, Any], entry))


def _tokens(value: object) -> int:
    if isinstance(value, Mapping):
        if value.get("type") in MEDIA:
            return MEDIA_TOKENS
        return sum(map(_tokens, value.values()))
    if isinstance(value, str):
        return -(-len(value.encode("utf-8", "replace")) // BYTES)
    if isinstance(value, Sequence):
        return sum(map(_tokens, value))
    return 0 if value is None else -(-len(json.dumps(value, default=str)) // BYTES)


def _begins(entries: Sequence[TResponseInputItem], place: int) -> bool:
    """Whether a user's message begins there; it may have several entries."""
    return _is_users(entries[place]) and not (place and _is_users(entries[place - 1]))


def _is_users(entry: TResponseInputItem) -> bool:
    return cast(Mapping[str, Any], entry).get("role") == "user"
