"""Items: read a page of them, and take feedback on some."""

from collections.abc import Awaitable, Callable

from chatkit_asgi.server.handlers.threads import UnfinishedItems, page_size, with_unfinished
from chatkit_asgi.store import ShownItem, Store, TContext
from chatkit_asgi.types import FeedbackKind, ItemFeedbackParams, ItemsListParams, Page

__all__ = ["MAX_ITEMS", "AddFeedback", "add_feedback", "list_items"]

MAX_ITEMS = 1_000

AddFeedback = Callable[[str, list[str], FeedbackKind, TContext], Awaitable[None]]


async def list_items(
    store: Store[TContext],
    params: ItemsListParams,
    context: TContext,
    unfinished: UnfinishedItems | None = None,
) -> Page[ShownItem]:
    """A page of items; with the newest one comes what is being said just now."""
    limit, is_newest = page_size(params.limit, MAX_ITEMS), params.order == "desc" and params.after is None
    items = await unfinished(params.thread_id) if unfinished and is_newest else ()
    page = await store.load_shown_items(params.thread_id, params.after, limit, params.order, context)
    return with_unfinished(page, items, newest_last=False)


async def add_feedback(
    store: Store[TContext], params: ItemFeedbackParams, context: TContext, add: AddFeedback[TContext]
) -> None:
    """Hand the feedback on. Raises NotFoundError for an unknown thread."""
    await store.load_thread(params.thread_id, context)
    await add(params.thread_id, params.item_ids, params.kind, context)
