"""The catalogues say everything that is marked for users, in each language, with the same gaps."""

from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import chatkit_asgi
from chatkit_asgi.locale import LANGUAGES, asking, counted_text, translated
from chatkit_asgi.locale.catalogues import FOLDER

TRANSLATED = [language for language in LANGUAGES if language != "en"]
MARKS = {"user_text": None, "counted_text": (1, 2)}
FILES = [("**.py", "python")]


def texts_of(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def ids_of(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def read(language: str) -> Catalog:
    with (FOLDER / f"{language}.po").open("rb") as source:
        return read_po(source, abort_invalid=True)


def messages(language: str) -> list[Message]:
    return [message for message in read(language) if message.id]


def test_each_language_has_a_catalogue_and_no_other_has() -> None:
    assert {path.stem for path in FOLDER.glob("*.po")} == {*TRANSLATED}


@pytest.mark.parametrize("language", TRANSLATED)
def test_catalogue_has_all_marked_texts_and_no_others(language: str) -> None:
    folder = Path(chatkit_asgi.__file__).parent
    marked = {found[2] for found in extract_from_dir(folder, FILES, keywords=MARKS)}
    assert {message.id for message in messages(language)} == marked


@pytest.mark.parametrize("language", TRANSLATED)
def test_catalogue_is_of_its_language_and_done(language: str) -> None:
    catalogue = read(language)
    assert str(catalogue.locale).replace("_", "-") == language
    for message in messages(language):
        assert not message.fuzzy
        assert len(texts_of(message)) == (catalogue.num_plurals if message.pluralizable else 1), message.id
        assert all(text.strip() == text != "" for text in texts_of(message)), message.id
        assert not {*texts_of(message)} & {*ids_of(message)}, message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_gaps_of_the_original(language: str) -> None:
    for message in messages(language):
        wanted = gaps(ids_of(message)[-1])
        told = [gaps(text) for text in texts_of(message)]
        assert told[-1] == wanted, message.id
        assert all(each <= wanted for each in told), message.id
        if language == "fr":  # whose singular is also that of nothing
            assert all(each == wanted for each in told), message.id


@pytest.mark.parametrize(
    ("language", "one", "many"),
    [
        ("en", "one more byte", "7 more bytes"),
        ("de", "ein Byte", "7 Bytes"),
        ("es", "un byte", "7 bytes"),
        ("fr", "1 octet ", "7 octets"),
        ("ja", "1 バイト", "7 バイト"),
        ("zh-Hans", "1 字节", "7 字节"),
    ],
)
def test_numbers_choose_the_form(language: str, one: str, many: str) -> None:
    singular = "Your files may take one more byte here: delete some, or send a smaller one."
    plural = "Your files may take {count} more bytes here: delete some, or send a smaller one."
    with asking(language.encode()):
        assert one in translated(counted_text(singular, plural, 1))
        assert many in translated(counted_text(singular, plural, 7))
        assert "0" in translated(counted_text(singular, plural, 0))
