"""The caller's language, and what we say to users in it. What operators and models read stays English."""

from chatkit_asgi.locale.languages import (
    LANGUAGES,
    asking,
    catalogue_of,
    language_name,
    language_of,
    languages_of_header,
    prefer,
)
from chatkit_asgi.locale.texts import UserText, counted_text, translated, user_text

__all__ = [
    "LANGUAGES",
    "UserText",
    "asking",
    "catalogue_of",
    "counted_text",
    "language_name",
    "language_of",
    "languages_of_header",
    "prefer",
    "translated",
    "user_text",
]
