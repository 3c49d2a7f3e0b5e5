"""Which languages a request asks for, which of ours is nearest, and what a language is called."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib import import_module

__all__ = [
    "LANGUAGES",
    "asking",
    "catalogue_of",
    "language_name",
    "language_of",
    "languages_of_header",
    "prefer",
]

ENGLISH = "en"
LANGUAGES = (ENGLISH, "de", "es", "fr", "ja", "zh-Hans")
"""Those that our texts are written in."""
TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})
"""Marks of Chinese that is written in other characters than those we have: better English than these."""

LONGEST_HEADER = 1000
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
QUALITY = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")

_asked: ContextVar[tuple[str, ...]] = ContextVar("asked", default=())
"""The languages of the request that is being answered, the one that is wanted most first."""


@contextmanager
def asking(header: bytes) -> Iterator[None]:
    """What is done in the block, and in tasks begun there, answers a request with this Accept-Language."""
    token = _asked.set(languages_of_header(header))
    try:
        yield
    finally:
        _asked.reset(token)


def prefer(language: str) -> None:
    """Put the language that the application knows of its user before those of the request."""
    if language and _asked.get()[:1] != (language,):
        _asked.set((language, *_asked.get()))


def languages_of_header(header: bytes) -> tuple[str, ...]:
    """The tags of ``Accept-Language`` (RFC 9110) that are wanted, most first, without what is no tag."""
    return _languages_of(header[:LONGEST_HEADER]) if header else ()


def language_of(context: object) -> str:
    """The tag of the language that a context's user wants, or nothing where nobody has said.

    It is what the context's `locale` says, an attribute or a key, else what the request's header does.
    """
    named = context.get("locale") if isinstance(context, Mapping) else getattr(context, "locale", None)
    asked = _asked.get()
    if isinstance(named, str) and named and (asked or named != ENGLISH):  # English is also the default
        return named
    return asked[0] if asked else ""


def catalogue_of(context: object = None) -> str:
    """That of `LANGUAGES` nearest to what the context's user wants, else to what the request does."""
    return _nearest((language_of(context), *_asked.get()))


@lru_cache(maxsize=256)
def language_name(tag: str) -> str:
    """The English name of a language, to tell a model: ``German (Austria)``. Nothing for what is none."""
    # here and not above: most processes never need it
    babel = import_module("babel")
    try:
        return str(babel.Locale.parse(tag.replace("_", "-"), sep="-").get_display_name(ENGLISH) or "")
    except (ValueError, babel.UnknownLocaleError):
        return ""


@lru_cache(maxsize=256)
def _languages_of(header: bytes) -> tuple[str, ...]:
    weighed = [_weighed(part) for part in header.decode("latin-1").split(",")]
    weighed.sort(key=lambda each: -each[0])  # of equals the first stays first
    return tuple(language for weight, language in weighed if weight > 0)


def _weighed(part: str) -> tuple[float, str]:
    """How much a language is wanted, from 0 (not at all, or no language) to 1, and which."""
    language, *parameters = (each.strip() for each in part.split(";"))
    if not LANGUAGE.fullmatch(language):
        return 0.0, ""
    weights = [QUALITY.fullmatch(parameter.lower()) for parameter in parameters]
    return next((float(weight[1]) for weight in weights if weight), 1.0), language


@lru_cache(maxsize=256)
def _nearest(tags: Sequence[str]) -> str:
    found = (_catalogue(*tag.lower().replace("_", "-").split("-")) for tag in tags)
    return next((language for language in found if language), ENGLISH)


def _catalogue(language: str, *subtags: str) -> str:
    """The catalogue for a tag's language: its region rarely matters."""
    if language != "zh":
        return language if language in LANGUAGES else ""
    return "" if TRADITIONAL.intersection(subtags) and "hans" not in subtags else "zh-Hans"
