"""Threads: create, list, read, rename, delete; and the user's messages and retries in them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from pydantic_core import from_json

from chatkit_asgi.clock import utcnow
from chatkit_asgi.errors import ChatKitError, ConflictError, InvalidRequestError
from chatkit_asgi.locale import user_text
from chatkit_asgi.server.turn import Opening
from chatkit_asgi.server.wire import Present, client_view, encode_found
from chatkit_asgi.store import ShownItem, ShownThread, Store, TContext
from chatkit_asgi.types import (
    ActiveStatus,
    Attachment,
    InferenceOptions,
    Page,
    Thread,
    ThreadAddUserMessageParams,
    ThreadCreatedEvent,
    ThreadCreateParams,
    ThreadDeleteParams,
    ThreadGetByIdParams,
    ThreadItem,
    ThreadItemDoneEvent,
    ThreadListParams,
    ThreadMetadata,
    ThreadRetryAfterItemParams,
    ThreadStreamEvent,
    ThreadUpdateParams,
    UserMessageInput,
    UserMessageItem,
)

__all__ = [
    "DEFAULT_PAGE_SIZE",
    "MAX_ATTACHMENTS",
    "MAX_THREADS",
    "MAX_TITLE",
    "Respond",
    "UnfinishedItems",
    "add_user_message",
    "create_thread",
    "delete_thread",
    "get_thread",
    "list_threads",
    "load_open_thread",
    "page_size",
    "require_active",
    "retry_after_item",
    "search_threads",
    "update_thread",
    "with_unfinished",
]

DEFAULT_PAGE_SIZE = 20
MAX_THREADS = 10_000
"""Clients ask for all threads at once, with a limit of 9 999."""
MAX_TITLE = 2_000
MAX_ATTACHMENTS = 100
STATUS_TEXTS = {
    "locked": user_text("This conversation is locked."),
    "closed": user_text("This conversation is closed."),
}
"""How many a message may name: each is loaded and saved while the database lets nobody else write."""

Admit = Callable[[ThreadMetadata], Awaitable[None]]
"""Has a turn begin in the thread, or raises. Called when all is checked and, but for a new thread, before
anything is written."""
UnfinishedItems = Callable[[str], Awaitable[Sequence[ThreadItem]]]
"""The items of a thread's running turn that are not stored yet, oldest first."""
Respond = Callable[[ThreadMetadata, UserMessageItem | None, TContext], AsyncIterator[ThreadStreamEvent]]


def page_size(limit: int | None, most: int) -> int:
    """The size of the page for what a client asked; nothing and 0 mean the default."""
    return min(max(limit or DEFAULT_PAGE_SIZE, 1), most)


async def load_open_thread(store: Store[TContext], thread_id: str, context: TContext) -> ThreadMetadata:
    """A thread in which a turn may begin. Raises NotFoundError, and ConflictError when it takes no input."""
    return require_active(await store.load_thread_for_turn(thread_id, context))


def require_active(thread: ThreadMetadata) -> ThreadMetadata:
    """The thread. Raises ConflictError when it is locked or closed."""
    if not isinstance(thread.status, ActiveStatus):
        raise ConflictError(thread.status.reason or STATUS_TEXTS[thread.status.type])
    return thread


async def get_thread(
    store: Store[TContext],
    params: ThreadGetByIdParams,
    context: TContext,
    unfinished: UnfinishedItems | None = None,
) -> tuple[ShownThread, Page[ShownItem]]:
    """A thread and the first page of its items; behind the last stored one, what is being said just now."""
    thread = await store.load_shown_thread(params.thread_id, context)
    # asked before the page is read: what is stored meanwhile is in both, and not in neither
    items = await unfinished(params.thread_id) if unfinished else ()
    page = await store.load_shown_items(params.thread_id, None, DEFAULT_PAGE_SIZE, "asc", context)
    return thread, page if page.has_more else with_unfinished(page, items, newest_last=True)


def with_unfinished(
    page: Page[ShownItem], items: Sequence[ThreadItem], *, newest_last: bool
) -> Page[ShownItem]:
    """The thread's newest page with items that are not stored yet. Its cursor stays what it was."""
    if not items:
        return page
    stored = {_id_of(item) for item in page.data}
    new: list[ShownItem] = [item for item in items if item.id not in stored]
    data = [*page.data, *new] if newest_last else [*reversed(new), *page.data]
    return page.model_copy(update={"data": data})


def _id_of(item: ShownItem) -> object:
    return from_json(item)["id"] if isinstance(item, str) else item.id


async def list_threads(
    store: Store[TContext], params: ThreadListParams, context: TContext
) -> Page[ShownThread]:
    limit = page_size(params.limit, MAX_THREADS)
    return await store.load_shown_threads(limit, params.after, params.order, context)


async def search_threads(store: Store[TContext], query: str, limit: int | None, context: TContext) -> bytes:
    """The JSON of a page of threads with the words of the query, best first. Raises NotSupportedError."""
    return encode_found(await store.search(query, context, limit=page_size(limit, MAX_THREADS)))


async def update_thread(store: Store[TContext], params: ThreadUpdateParams, context: TContext) -> ShownThread:
    if len(params.title) > MAX_TITLE:
        raise InvalidRequestError(
            user_text("A title has at most {most} characters.", most=MAX_TITLE), param="params.title"
        )
    return await store.rename_thread(params.thread_id, params.title, context)


async def delete_thread(store: Store[TContext], params: ThreadDeleteParams, context: TContext) -> None:
    await store.delete_thread(params.thread_id, context)


async def create_thread(
    store: Store[TContext],
    params: ThreadCreateParams,
    context: TContext,
    respond: Respond[TContext],
    present: Present,
    admit: Admit,
) -> Opening:
    """Store a new thread with its first message."""
    thread = Thread(id=store.generate_thread_id(context), created_at=utcnow(), items=Page())
    message, attachments = await _make_user_message(store, thread, params.input, context)
    # plain metadata: a store may keep whatever it is given, items and all
    await store.save_thread(ThreadMetadata(id=thread.id, created_at=thread.created_at), context)
    try:
        await admit(thread)
    except ChatKitError:
        await store.delete_thread(thread.id, context)  # its transactions may undo nothing
        raise
    await _add_user_message(store, message, attachments, context)
    return Opening(
        thread=thread,
        respond=lambda: respond(thread, message, context),
        before_options=[
            ThreadCreatedEvent(thread=client_view(thread)),
            ThreadItemDoneEvent(item=present([message])[0]),
        ],
    )


async def add_user_message(
    store: Store[TContext],
    params: ThreadAddUserMessageParams,
    context: TContext,
    respond: Respond[TContext],
    present: Present,
    admit: Admit,
) -> Opening:
    """Store the user's next message."""
    thread = await load_open_thread(store, params.thread_id, context)
    message, attachments = await _make_user_message(store, thread, params.input, context)
    await admit(thread)
    await _add_user_message(store, message, attachments, context)
    return Opening(
        thread=thread,
        respond=lambda: respond(thread, message, context),
        before_options=[ThreadItemDoneEvent(item=present([message])[0])],
    )


async def retry_after_item(
    store: Store[TContext],
    params: ThreadRetryAfterItemParams,
    context: TContext,
    respond: Respond[TContext],
    admit: Admit,
) -> Opening:
    """Withdraw everything after a user message, so that it is answered anew.

    Raises InvalidRequestError when the item is not a user message.
    """
    thread = await load_open_thread(store, params.thread_id, context)
    message = await store.load_item(thread.id, params.item_id, context)
    if not isinstance(message, UserMessageItem):
        raise InvalidRequestError(user_text("Only a user's message can be retried."), param="params.item_id")
    await admit(thread)
    superseded = await store.supersede_items(thread.id, message.id, context)
    return Opening(thread=thread, respond=lambda: respond(thread, message, context), superseded=superseded)


async def _make_user_message(
    store: Store[TContext], thread: ThreadMetadata, input: UserMessageInput, context: TContext
) -> tuple[UserMessageItem, list[Attachment]]:
    """The message and its attachments, which now belong to the thread; nothing is stored yet."""
    if len(input.attachments) > MAX_ATTACHMENTS:
        raise InvalidRequestError(
            user_text("A message has at most {most} attachments.", most=MAX_ATTACHMENTS),
            param="params.input.attachments",
        )
    found = {
        # in one order for all: two messages that name the same ones do not wait for each other
        attachment_id: await _load_unsent(store, attachment_id, thread, context)
        for attachment_id in sorted({*input.attachments})
    }
    attachments = [found[attachment_id] for attachment_id in input.attachments]
    message = UserMessageItem(
        id=store.generate_item_id("message", thread, context),
        thread_id=thread.id,
        created_at=utcnow(),
        content=input.content,
        attachments=attachments,
        quoted_text=input.quoted_text,
        inference_options=input.inference_options or InferenceOptions(),
    )
    return message, attachments


async def _load_unsent(
    store: Store[TContext], attachment_id: str, thread: ThreadMetadata, context: TContext
) -> Attachment:
    """An attachment, as one of the thread. Raises ConflictError when it is another's already.

    The other one is deleted with its attachments, whoever else names them.
    """
    attachment = await store.load_attachment(attachment_id, context)
    if attachment.thread_id not in (None, thread.id):
        raise ConflictError(
            user_text(
                "The file {name} was sent in another conversation already: attach it anew.",
                name=attachment.name,
            )
        )
    return attachment.model_copy(update={"thread_id": thread.id})


async def _add_user_message(
    store: Store[TContext], message: UserMessageItem, attachments: list[Attachment], context: TContext
) -> None:
    for attachment in attachments:
        await store.save_attachment(attachment, context)
    await store.add_thread_item(message.thread_id, message, context)
