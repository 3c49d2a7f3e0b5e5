"""Which language a request asks for, and which of ours is nearest."""

import asyncio
from types import SimpleNamespace

import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.locale import (
    asking,
    catalogue_of,
    language_name,
    language_of,
    languages_of_header,
    prefer,
)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-AT", "de"),
        ("nl, de;q=0.9, en;q=0.5", "de"),
        ("en;q=0.5, fr-CA;q=0.8", "fr"),
        ("en-US, de;q=0.9", "en"),
        ("fr;q=0, es", "es"),
        ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("zh-Hans-HK", "zh-Hans"),
        ("zh-TW", "en"),
        ("zh-Hant, ja;q=0.5", "ja"),
        ("zh-TW, zh;q=0.9", "zh-Hans"),
        ("JA-jp", "ja"),
        ("*", "en"),
        ("*, es;q=0.1", "es"),
        ("", "en"),
        ("tlh", "en"),
    ],
)
def test_texts_are_in_the_nearest_language_that_we_have(header: str, language: str) -> None:
    with asking(header.encode()):
        assert catalogue_of() == language


@pytest.mark.parametrize(
    "header", [b",;,q=;=", b"\xff\xfe", b"a" * 5000, b"../../de", b"de;q=nan", b"de-" * 400, b"q=1;de"]
)
def test_no_header_is_too_bad(header: bytes) -> None:
    with asking(header):
        assert catalogue_of() in ("en", "de")
        assert all(language.isascii() for language in languages_of_header(header))


def test_what_the_application_says_goes_before_the_header() -> None:
    with asking(b"de"):
        assert language_of(RequestContext(user_id="alice", locale="fr-CH")) == "fr-CH"
        assert catalogue_of(RequestContext(user_id="alice", locale="fr-CH")) == "fr"
        assert catalogue_of(RequestContext(user_id="alice", locale="en")) == "en"
        assert catalogue_of({"locale": "ja"}) == "ja"
        assert catalogue_of(RequestContext(user_id="alice", locale="nl")) == "de"


def test_header_speaks_for_contexts_that_say_nothing() -> None:
    with asking(b"de-AT, en;q=0.5"):
        for context in (None, {}, {"locale": None}, SimpleNamespace(user_id="alice")):
            assert language_of(context) == "de-AT"


def test_nobody_said_what_language_it_is() -> None:
    assert language_of(RequestContext(user_id="alice")) == ""
    assert language_of(RequestContext(user_id="alice", locale="en")) == ""
    assert language_of(RequestContext(user_id="alice", locale="es")) == "es"


async def test_tasks_speak_the_language_of_the_request_that_began_them() -> None:
    ended = asyncio.Event()

    async def answer() -> str:
        await ended.wait()
        return catalogue_of()

    with asking(b"es"):
        prefer("fr")
        task = asyncio.create_task(answer())
    ended.set()
    assert await task == "fr"
    assert catalogue_of() == "en"


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("de", "German"),
        ("de-AT", "German (Austria)"),
        ("zh-Hans", "Chinese (Simplified)"),
        ("pt_BR", "Portuguese (Brazil)"),
        ("", ""),
        ("tlhh", ""),
        ("ignore-all-rules", ""),
        ("x" * 3000, ""),
        ("de-" * 30, ""),
    ],
)
def test_languages_have_names_for_models(tag: str, name: str) -> None:
    assert language_name(tag) == name
