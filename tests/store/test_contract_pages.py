"""What every store promises of its pages."""

import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.store import Store
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import Page, ThreadItem
from tests.factories import make_hidden_context, make_sdk_hidden_context, make_thread, make_user_message
from tests.store.rows import spoil


async def add(store: Store, context: RequestContext, *numbers: int) -> None:
    for number in numbers:
        await store.add_thread_item("thr_1", make_user_message(id=f"msg_{number}"), context)


@pytest.fixture
async def full_store(store: Store, context: RequestContext) -> Store:
    """A store with one thread of seven items."""
    await store.save_thread(make_thread(), context)
    await add(store, context, *range(1, 8))
    return store


def numbers(page: Page[ThreadItem]) -> list[int]:
    return [int(item.id.removeprefix("msg_")) for item in page.data]


@pytest.mark.parametrize(
    ("order", "expected"), [("asc", [1, 2, 3, 4, 5, 6, 7]), ("desc", [7, 6, 5, 4, 3, 2, 1])]
)
@pytest.mark.parametrize("by_id", [False, True], ids=["cursor", "id"])
async def test_pages_join_to_the_whole(
    full_store: Store, context: RequestContext, order: str, expected: list[int], by_id: bool
) -> None:
    """Some clients send the page's own cursor, others the id of the last item that they got."""
    found: list[int] = []
    after, has_more = None, True
    while has_more:
        page = await full_store.load_thread_items("thr_1", after, 3, order, context)
        assert len(page.data) == min(3, 7 - len(found))
        found += numbers(page)
        after, has_more = page.data[-1].id if by_id else page.after, page.has_more
    assert found == expected
    assert page.after is None


async def test_page_that_ends_the_list_has_no_more(full_store: Store, context: RequestContext) -> None:
    page = await full_store.load_thread_items("thr_1", None, 7, "asc", context)
    assert (len(page.data), page.has_more, page.after) == (7, False, None)


async def test_arguments_may_be_given_by_name(full_store: Store, context: RequestContext) -> None:
    page = await full_store.load_thread_items("thr_1", limit=2, order="desc", after=None, context=context)
    assert numbers(page) == [7, 6]
    threads = await full_store.load_threads(limit=2, after=None, order="asc", context=context)
    assert [thread.id for thread in threads.data] == ["thr_1"]


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_cursor_outlives_its_row(full_store: Store, context: RequestContext, order: str) -> None:
    first = await full_store.load_thread_items("thr_1", None, 4, order, context)
    for item in first.data:
        await full_store.delete_thread_item("thr_1", item.id, context)
    rest = await full_store.load_thread_items("thr_1", first.after, 4, order, context)
    assert numbers(rest) == ([5, 6, 7] if order == "asc" else [3, 2, 1])


async def test_cursor_of_the_last_row_is_not_given_to_a_new_one(
    full_store: Store, context: RequestContext
) -> None:
    """A database that gives the number of a deleted last row once more would hide the row that gets it."""
    page = await full_store.load_thread_items("thr_1", "msg_5", 1, "asc", context)
    for number in (6, 7):
        await full_store.delete_thread_item("thr_1", f"msg_{number}", context)
    await add(full_store, context, 8)
    assert numbers(await full_store.load_thread_items("thr_1", page.after, 5, "asc", context)) == [8]


async def test_rows_that_come_and_go_do_not_shift_pages(full_store: Store, context: RequestContext) -> None:
    first = await full_store.load_thread_items("thr_1", None, 3, "desc", context)
    await add(full_store, context, 8, 9)
    await full_store.delete_thread_item("thr_1", "msg_3", context)
    await full_store.save_item("thr_1", make_user_message("changed", id="msg_2"), context)
    rest = await full_store.load_thread_items("thr_1", first.after, 10, "desc", context)
    assert (numbers(first), numbers(rest)) == ([7, 6, 5], [4, 2, 1])


async def test_cursor_at_the_end_gives_an_empty_page(full_store: Store, context: RequestContext) -> None:
    assert await full_store.load_thread_items("thr_1", "msg_7", 3, "asc", context) == Page()


@pytest.mark.parametrize("after", ["msg_99", "seq:", "seq:-1", "seq:" + "9" * 30, "", "nonsense"])
async def test_unknown_cursor_is_refused(full_store: Store, context: RequestContext, after: str) -> None:
    for refused in (
        full_store.load_thread_items("thr_1", after, 3, "asc", context),
        full_store.load_visible_items("thr_1", after, 3, "asc", context),
        full_store.load_threads(3, after, "asc", context),
    ):
        with pytest.raises(InvalidRequestError) as caught:
            await refused
        assert caught.value.param == "after"


async def test_item_of_another_thread_is_no_cursor(full_store: Store, context: RequestContext) -> None:
    await full_store.save_thread(make_thread(id="thr_2"), context)
    with pytest.raises(InvalidRequestError):
        await full_store.load_thread_items("thr_2", "msg_1", 3, "asc", context)


async def test_unknown_order_is_refused(full_store: Store, context: RequestContext) -> None:
    with pytest.raises(InvalidRequestError):
        await full_store.load_thread_items("thr_1", None, 3, "sideways", context)


@pytest.mark.parametrize("limit", [0, -1, -(10**12)])
async def test_limit_below_one_gives_no_rows(full_store: Store, context: RequestContext, limit: int) -> None:
    page = await full_store.load_thread_items("thr_1", None, limit, "asc", context)
    assert (page.data, page.has_more) == ([], True)


async def test_limit_may_be_huge(full_store: Store, context: RequestContext) -> None:
    assert len((await full_store.load_thread_items("thr_1", None, 10**30, "asc", context)).data) == 7


@pytest.fixture
async def half_hidden_store(store: Store, context: RequestContext) -> Store:
    """A store with one thread of six visible items, each after two hidden ones."""
    await store.save_thread(make_thread(), context)
    for number in range(1, 7):
        await store.add_thread_item("thr_1", make_hidden_context(id=f"hidden_{number}"), context)
        await store.add_thread_item("thr_1", make_sdk_hidden_context(id=f"shcx_{number}"), context)
        await add(store, context, number)
    return store


@pytest.mark.parametrize(
    ("order", "expected"), [("asc", [[1, 2, 3, 4], [5, 6]]), ("desc", [[6, 5, 4, 3], [2, 1]])]
)
async def test_pages_of_visible_items_are_full(
    half_hidden_store: Store, context: RequestContext, order: str, expected: list[list[int]]
) -> None:
    first = await half_hidden_store.load_visible_items("thr_1", None, 4, order, context)
    rest = await half_hidden_store.load_visible_items("thr_1", first.after, 4, order, context)
    assert [numbers(first), numbers(rest)] == expected
    assert (first.has_more, rest.has_more) == (True, False)


async def test_default_way_to_visible_items_gives_the_same_pages(
    half_hidden_store: Store, context: RequestContext
) -> None:
    """Stores written for the published package have no query for them."""
    first = await Store.load_visible_items(half_hidden_store, "thr_1", None, 4, "asc", context)
    rest = await Store.load_visible_items(half_hidden_store, "thr_1", first.after, 4, "asc", context)
    assert (numbers(first), first.has_more) == ([1, 2, 3, 4], True)
    assert (numbers(rest), rest.has_more) == ([5, 6], False)


class _OwnCursors(MemoryStore[object]):
    """As stores written for the published package may be: an item's id is no cursor."""

    load_visible_items = Store.load_visible_items

    async def load_thread_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: object
    ) -> Page[ThreadItem]:
        assert after is None or after.startswith("seq:")
        return await super().load_thread_items(thread_id, after, limit, order, context)


@pytest.mark.parametrize("limit", [1, 2, 4, 6, 20])
async def test_default_way_to_visible_items_knows_only_the_cursors_it_was_given(
    context: RequestContext, limit: int
) -> None:
    store = _OwnCursors()
    await store.save_thread(make_thread(), context)
    for number in range(1, 7):
        await store.add_thread_item("thr_1", make_hidden_context(id=f"hidden_{number}"), context)
        await add(store, context, number)
    page, found = Page[ThreadItem](has_more=True), []
    while page.has_more:
        page = await store.load_visible_items("thr_1", page.after, limit, "asc", context)
        assert len(page.data) <= limit
        found += numbers(page)
    assert found == [1, 2, 3, 4, 5, 6]


async def test_hidden_item_is_a_cursor_too(half_hidden_store: Store, context: RequestContext) -> None:
    page = await half_hidden_store.load_visible_items("thr_1", "hidden_5", 10, "asc", context)
    assert numbers(page) == [5, 6]


async def test_item_that_becomes_hidden_leaves_the_visible_ones(
    store: Store, context: RequestContext
) -> None:
    await store.save_thread(make_thread(), context)
    await add(store, context, 1, 2)
    await store.save_item("thr_1", make_hidden_context(id="msg_1"), context)
    assert numbers(await store.load_visible_items("thr_1", None, 10, "asc", context)) == [2]


async def test_page_of_unreadable_rows_leads_on_to_the_next(
    full_store: Store, context: RequestContext
) -> None:
    for number in (1, 2, 3):
        await spoil(full_store, "items", f"msg_{number}")
    first = await full_store.load_thread_items("thr_1", None, 3, "asc", context)
    rest = await full_store.load_thread_items("thr_1", first.after, 10, "asc", context)
    assert (first.data, numbers(rest)) == ([], [4, 5, 6, 7])


async def test_threads_come_in_the_order_of_their_first_saving(
    store: Store, context: RequestContext, other_context: RequestContext
) -> None:
    for number in range(1, 6):
        await store.save_thread(make_thread(id=f"thr_{number}"), context)
        await store.save_thread(make_thread(id=f"thr_other_{number}"), other_context)
    first = await store.load_threads(2, None, "desc", context)
    await store.delete_thread("thr_4", context)
    rest = await store.load_threads(9, first.after, "desc", context)
    by_id = await store.load_threads(9, "thr_2", "asc", context)
    assert [thread.id for thread in first.data] == ["thr_5", "thr_4"]
    assert [thread.id for thread in rest.data] == ["thr_3", "thr_2", "thr_1"]
    assert [thread.id for thread in by_id.data] == ["thr_3", "thr_5"]
