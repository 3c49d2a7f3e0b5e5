"""What every store promises of `search`."""

from typing import Any

import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import NotSupportedError
from chatkit_asgi.store import SearchResult, Store
from chatkit_asgi.types import HiddenContextItem
from tests.factories import make_assistant_message, make_hidden_context, make_thread, make_user_message
from tests.store.rows import spoil


async def add_thread(store: Store, context: RequestContext, id: str, title: str | None, *texts: str) -> None:
    """A thread with messages by turns of the user and the assistant."""
    await store.save_thread(make_thread(id=id, title=title), context)
    for number, text in enumerate(texts):
        make = make_assistant_message if number % 2 else make_user_message
        item = make(text, id=f"{id}_{number}", thread_id=id)
        await store.add_thread_item(id, item, context)


async def found(store: Store, context: RequestContext, query: str, **options: Any) -> list[str]:
    return [result.thread.id for result in (await store.search(query, context, **options)).data]


def shown(result: SearchResult) -> str:
    """A snippet with its matches in brackets."""
    return "".join(f"[{part.text}]" if part.is_match else part.text for part in result.snippet)


async def test_threads_are_found_by_title_and_by_what_was_said(store: Store, context: RequestContext) -> None:
    await add_thread(store, context, "thr_1", "Trip to Kyoto", "When do the maples turn?")
    await add_thread(store, context, "thr_2", None, "Hello", "Kyoto has many gardens.")
    await add_thread(store, context, "thr_3", "Nothing of it", "Hello", "Osaka")
    page = await store.search("kyoto", context)
    assert [(result.thread.id, result.item_id, shown(result)) for result in page.data] == [
        ("thr_1", None, "Trip to [Kyoto]"),
        ("thr_2", "thr_2_1", "[Kyoto] has many gardens."),
    ]
    assert page.data[0].thread == make_thread(id="thr_1", title="Trip to Kyoto")
    assert not page.has_more


@pytest.mark.parametrize(
    "query",
    [
        "KYOTO",
        "kyo",
        "many gard",
        "gardens kyoto",
        "kyōto",
        "café",
        "CAFE",
        "foo-bar",
        "foo bar",
        "1.5",
        "гостя",
    ],
)
async def test_case_accents_signs_and_order_make_no_difference(
    store: Store, context: RequestContext, query: str
) -> None:
    text = "Kyoto has many gardens, a café with foo-bar for 1.5 € and гостя."
    await add_thread(store, context, "thr_1", None, text)
    assert await found(store, context, query) == ["thr_1"]


@pytest.mark.parametrize("query", ["kyoto osaka", "yoto", "gar many", "x"])
async def test_all_words_are_wanted_and_only_the_last_may_be_a_beginning(
    store: Store, context: RequestContext, query: str
) -> None:
    await add_thread(store, context, "thr_1", "Osaka", "Kyoto has many gardens")
    assert await found(store, context, query) == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        '"',
        "'",
        "\\",
        "* ^ NEAR( AND",
        "a:b",
        "title:x",
        "-- ; DROP",
        "& | ! <->",
        ":*",
        "%_",
        "\x00kyoto",
        "\ud800",
        "…«»",
        "👍",
        "NOT",
        "word " * 500,
        "w" * 5000,
        "{title}",
        "日本",
        "क्षमा",
    ],
)
async def test_any_text_is_a_query(store: Store, context: RequestContext, query: str) -> None:
    await add_thread(store, context, "thr_1", "AND", "or")
    page = await store.search(query, context)
    assert len(page.data) <= 1


async def test_scripts_are_found_as_they_are_written(store: Store, context: RequestContext) -> None:
    await add_thread(store, context, "thr_1", "чай и кофе", "क्षमा करें", "한국어 문장")
    for query in ("чай", "क्षमा", "한국어"):
        assert await found(store, context, query) == ["thr_1"]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Ждём гостя", "ГОСТЯ"),
        ("ΟΔΟΣ", "οδος"),
        ("Une ŒUVRE", "œuvre"),
        ("« Kyoto\N{NO-BREAK SPACE}! »", "kyoto"),
        ("“Kyoto”—that’s it", "kyoto that"),
        ("Kyoto\N{PARTY POPPER}", "kyoto"),
        ("İstanbul", "istanbul"),
        ("Kyo\N{COMBINING MACRON}to", "kyōto"),
        ("한국어", "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165"),
    ],
)
async def test_letters_of_every_script_are_known_from_signs(
    store: Store, context: RequestContext, text: str, query: str
) -> None:
    """Whatever the database's locale: one that is C knows of ASCII alone."""
    await add_thread(store, context, "thr_1", None, text)
    (result,) = (await store.search(query, context)).data
    assert any(part.is_match for part in result.snippet)


async def test_what_belongs_to_others_is_not_found(
    store: Store, context: RequestContext, other_context: RequestContext
) -> None:
    await add_thread(store, context, "thr_1", "Kyoto", "Kyoto")
    assert await found(store, other_context, "kyoto") == []
    assert await found(store, other_context, context.owner) == []


async def test_what_is_hidden_is_not_found(store: Store, context: RequestContext) -> None:
    await store.save_thread(make_thread(title=None), context)
    await store.add_thread_item("thr_1", make_hidden_context("Kyoto"), context)
    assert await found(store, context, "kyoto") == []
    await store.add_thread_item("thr_1", make_user_message("Kyoto", id="msg_1"), context)
    assert await found(store, context, "kyoto") == ["thr_1"]
    hidden = HiddenContextItem.model_validate({**make_hidden_context("Kyoto").model_dump(), "id": "msg_1"})
    await store.save_item("thr_1", hidden, context)
    assert await found(store, context, "kyoto") == []


async def test_index_follows_what_is_written(store: Store, context: RequestContext) -> None:
    await add_thread(store, context, "thr_1", "Osaka", "Nara")
    await store.save_thread(make_thread(title="Kobe"), context)
    await store.save_item("thr_1", make_user_message("Uji", id="thr_1_0"), context)
    assert [await found(store, context, word) for word in ("osaka", "nara")] == [[], []]
    assert [await found(store, context, word) for word in ("kobe", "uji")] == [["thr_1"], ["thr_1"]]
    await store.delete_thread_item("thr_1", "thr_1_0", context)
    assert await found(store, context, "uji") == []
    await store.save_thread(make_thread(title=None), context)
    assert await found(store, context, "kobe") == []
    await add_thread(store, context, "thr_2", "Kyoto", "Kyoto")
    await store.delete_thread("thr_2", context)
    assert await found(store, context, "kyoto") == []


async def test_answer_is_found_until_a_retry_has_replaced_it(store: Store, context: RequestContext) -> None:
    """As long as the user sees it."""
    await add_thread(store, context, "thr_1", None, "Hello", "Kyoto")
    await store.supersede_items("thr_1", "thr_1_0", context)
    assert await found(store, context, "kyoto") == ["thr_1"]
    await store.load_thread_for_turn("thr_1", context)
    assert await found(store, context, "kyoto") == ["thr_1"]
    await store.supersede_items("thr_1", "thr_1_0", context)
    await store.delete_superseded_items("thr_1", context)
    assert await found(store, context, "kyoto") == []


async def test_same_item_id_in_two_threads_is_two_finds(store: Store, context: RequestContext) -> None:
    for thread_id, word in (("thr_1", "Kyoto"), ("thr_2", "Nara")):
        await store.save_thread(make_thread(id=thread_id), context)
        item = make_user_message(f"{word} in autumn", id="msg_1", thread_id=thread_id)
        await store.add_thread_item(thread_id, item, context)
    await store.delete_thread_item("thr_1", "msg_1", context)
    assert [await found(store, context, word) for word in ("kyoto", "nara")] == [[], ["thr_2"]]
    (result,) = (await store.search("autumn", context)).data
    assert (result.item_id, shown(result)) == ("msg_1", "Nara in [autumn]")


async def test_index_is_part_of_the_transaction(store: Store, context: RequestContext) -> None:
    async def write_and_fail() -> None:
        async with store.transaction():
            await add_thread(store, context, "thr_1", "Kyoto", "Nara")
            assert await found(store, context, "nara") == ["thr_1"]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await write_and_fail()
    assert await found(store, context, "kyoto") == []


async def test_best_comes_first(store: Store, context: RequestContext) -> None:
    long = "Of all the towns that there are in the west of the country, perhaps Kyoto."
    await add_thread(store, context, "thr_1", None, long)
    await add_thread(store, context, "thr_2", None, "Kyoto, Kyoto, Kyoto!")
    await add_thread(store, context, "thr_3", "Kyoto")
    for number in range(4, 12):
        await add_thread(store, context, f"thr_{number}", "Something else", "about some other thing")
    assert await found(store, context, "kyoto") == ["thr_3", "thr_2", "thr_1"]


async def test_threads_are_given_once_and_up_to_the_limit(store: Store, context: RequestContext) -> None:
    for number in range(5):
        await add_thread(store, context, f"thr_{number}", "Kyoto", "Kyoto", "Kyoto again")
    page = await store.search("kyoto", context, limit=3)
    assert len({result.thread.id for result in page.data}) == len(page.data) == 3
    assert page.has_more
    assert len(await found(store, context, "kyoto", limit=5)) == 5
    assert not (await store.search("kyoto", context, limit=5)).has_more
    for limit in (0, -1):
        assert (await store.search("kyoto", context, limit=limit)).data == []


async def test_snippets_show_what_is_around(store: Store, context: RequestContext) -> None:
    text = "before " * 200 + "the Kyōto of <b>old</b> times " + "after " * 200
    await add_thread(store, context, "thr_1", None, text)
    (result,) = (await store.search("kyoto old", context)).data
    assert "the [Kyōto] of <b>[old]</b> times after" in shown(result)
    assert shown(result).startswith("…before")
    assert shown(result).endswith("after…")
    assert len(shown(result)) < 200


async def test_documents_that_are_not_understood_are_left_out(store: Store, context: RequestContext) -> None:
    await add_thread(store, context, "thr_1", "Kyoto", "Nara")
    await spoil(store, "items", "thr_1_0")
    assert await found(store, context, "nara") == []
    await spoil(store, "threads", "thr_1")
    assert await found(store, context, "kyoto") == []


async def test_very_long_messages_are_found_by_their_beginning(store: Store, context: RequestContext) -> None:
    words = " ".join(f"word{number}" for number in range(100_000))
    await add_thread(store, context, "thr_1", None, f"Kyoto {words}", "x" * 1_000_000)
    assert await found(store, context, "kyoto word7") == ["thr_1"]


async def test_store_that_cannot_search_says_so(context: RequestContext) -> None:
    class Plain(Store[RequestContext]):
        """As written for the published package."""

    Plain.__abstractmethods__ = frozenset()
    with pytest.raises(NotSupportedError, match="Plain"):
        await Plain().search("kyoto", context)  # type: ignore[abstract]
