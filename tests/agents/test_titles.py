"""The title that a new thread gets."""

import pytest

from chatkit_asgi.agents.titles import title_from
from chatkit_asgi.types import UserMessageTagContent, UserMessageTextContent
from tests.factories import make_attachment, make_user_message


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hello", "Hello"),
        ("\n\n  two\twords \nnext line", "two words"),
        ("", None),
        ("word " * 20, "word word word word word word word word word word word word…"),
        ("x" * 70, "x" * 60 + "…"),
    ],
)
def test_title_is_the_first_line_cut_at_a_word(text: str, title: str | None) -> None:
    assert title_from(make_user_message(text)) == title


def test_title_names_mentions_and_where_there_is_no_text_the_attachment() -> None:
    tag = UserMessageTagContent(id="u1", text="Ann", data={})
    asked = make_user_message(content=[UserMessageTextContent(text="Ask "), tag])
    assert title_from(asked) == "Ask @Ann"
    assert title_from(make_user_message("", attachments=[make_attachment()])) == "notes.txt"
