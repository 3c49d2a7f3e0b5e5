from datetime import UTC, datetime, timedelta

import pytest

from chatkit_asgi.attachments import Signer
from chatkit_asgi.errors import NotFoundError

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)


class Clock:
    """A time of day that is set by hand."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


def test_payload_comes_back_unchanged() -> None:
    payload = {"p": "upload", "a": "atc_1", "n": "Größe €.png"}
    signer = Signer(["key"])
    assert signer.verify(signer.sign(payload, 60)) == payload


def test_token_is_fit_for_a_url() -> None:
    token = Signer(["key"]).sign({"n": "a&b=c/d?é" * 20}, 60)
    assert all(char.isascii() and (char.isalnum() or char in "-_.") for char in token)


@pytest.mark.parametrize(("seconds", "valid"), [(0, True), (59, True), (60, False), (3600, False)])
def test_token_expires(seconds: int, valid: bool) -> None:
    clock = Clock()
    signer = Signer(["key"], now=clock)
    token = signer.sign({"a": "atc_1"}, 60)
    clock.time += timedelta(seconds=seconds)
    if valid:
        assert signer.verify(token) == {"a": "atc_1"}
    else:
        with pytest.raises(NotFoundError, match="expired"):
            signer.verify(token)


def test_every_altered_character_is_noticed() -> None:
    signer = Signer(["key"])
    token = signer.sign({"a": "atc_1"}, 60)
    for place, char in enumerate(token[:-1]):  # the last one has bits that mean nothing
        altered = token[:place] + ("A" if char != "A" else "B") + token[place + 1 :]
        with pytest.raises(NotFoundError):
            signer.verify(altered)


@pytest.mark.parametrize("token", ["", ".", "...", "abc", "é", "\x00", "WzFd.x", "a" * 100_000])
def test_nonsense_is_not_found(token: str) -> None:
    with pytest.raises(NotFoundError):
        Signer(["key"]).verify(token)


def test_token_of_another_key_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        Signer(["key"]).verify(Signer(["other"]).sign({"a": "atc_1"}, 60))


def test_rotated_keys_verify_and_only_the_first_signs() -> None:
    before, both = Signer(["old"]), Signer(["new", "old"])
    assert both.verify(before.sign({"a": "atc_1"}, 60)) == {"a": "atc_1"}
    assert Signer(["new"]).verify(both.sign({"a": "atc_2"}, 60)) == {"a": "atc_2"}


@pytest.mark.parametrize("keys", [[], [""], ["key", ""], "key"])
def test_empty_keys_and_a_bare_string_are_refused(keys: list[str] | str) -> None:
    with pytest.raises(ValueError, match="key"):
        Signer(keys)
