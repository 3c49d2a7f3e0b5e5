"""The catalogues, ``de.po`` and its siblings: read once, when somebody first asks for the language."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib import import_module
from io import BytesIO
from pathlib import Path

__all__ = ["FOLDER", "catalogue"]

FOLDER = Path(__file__).parent


@cache
def catalogue(language: str) -> NullTranslations:
    """The texts in a language; those of one without a catalogue are English."""
    path = FOLDER / f"{language}.po"
    if not path.is_file():
        return NullTranslations()
    # here and not above: most processes speak English alone
    pofile, mofile = import_module("babel.messages.pofile"), import_module("babel.messages.mofile")
    compiled = BytesIO()
    with path.open("rb") as source:
        mofile.write_mo(compiled, pofile.read_po(source, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)
