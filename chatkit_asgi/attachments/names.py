"""The names of files: as clients give them, as they are kept, and as browsers are told them."""

import re
from pathlib import PurePosixPath
from typing import Literal
from unicodedata import category
from urllib.parse import quote

__all__ = ["clean_name", "disposition"]

MAX_NAME = 200
BIDI_CONTROLS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_name(name: str) -> str:
    """The last part of a name that a client gave, without what could deceive a reader or break a header."""
    shown = "".join(char for char in name if category(char) not in ("Cc", "Cs") and char not in BIDI_CONTROLS)
    last = re.split(r"[/\\]", shown)[-1].strip(" .")
    suffix = PurePosixPath(last).suffix[:20]
    if len(last) > MAX_NAME:
        last = last[: MAX_NAME - len(suffix)] + suffix
    return last or "file"


def disposition(kind: Literal["inline", "attachment"], name: str) -> str:
    """A `Content-Disposition` (RFC 6266): the name twice, once in ASCII for those who know no better."""
    plain = "".join(
        char if char.isascii() and char.isprintable() and char not in '"\\%' else "_" for char in name
    )
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
