"""Texts for users: English where they are written and in logs, translated where they leave the server.

The catalogues beside this file are in gettext's format and are read as they are; see `catalogues`.
"""

from typing import Any, Self

from chatkit_asgi.locale.catalogues import catalogue
from chatkit_asgi.locale.languages import catalogue_of

__all__ = ["UserText", "counted_text", "translated", "user_text"]


class UserText(str):
    """A text in English that knows what it takes to say it in another language."""

    message: str
    plural: str | None
    values: dict[str, Any]  # Any: what `str.format` takes

    @classmethod
    def of(cls, message: str, plural: str | None, values: dict[str, Any]) -> Self:
        chosen = message if plural is None or values["count"] == 1 else plural
        text = cls(chosen.format(**values))
        text.message, text.plural, text.values = message, plural, values
        return text

    def translated(self, language: str) -> str:
        """The text in one of `LANGUAGES`."""
        found = catalogue(language)
        if self.plural is None:
            return found.gettext(self.message).format(**self.values)
        return found.ngettext(self.message, self.plural, self.values["count"]).format(**self.values)


def user_text(message: str, **values: object) -> UserText:
    """A text for users, `values` in its braces. The message has to stand in the catalogues."""
    return UserText.of(message, None, values)


def counted_text(one: str, many: str, count: int, **values: object) -> UserText:
    """A text that depends on a number, which it names as ``{count}``."""
    return UserText.of(one, many, {"count": count, **values})


def translated(message: object, context: object = None) -> str:
    """A `UserText` in the language of the context's user, else of the request; anything else as it is."""
    if not isinstance(message, UserText):
        return str(message)
    language = catalogue_of(context)
    return str(message) if language == "en" else message.translated(language)
