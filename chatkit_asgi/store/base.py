"""The contracts of persistence: `Store` for threads, items and attachments, `AttachmentStore` for bytes.

Backends live beside this file; nothing here knows them.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Generic, cast

from typing_extensions import TypeVar

from chatkit_asgi.context import owner_of
from chatkit_asgi.errors import NotFoundError, NotSupportedError
from chatkit_asgi.ids import StoreItemType, default_generate_id
from chatkit_asgi.locale import user_text
from chatkit_asgi.store.outbox import Outbox, Usage
from chatkit_asgi.store.search import SearchResult
from chatkit_asgi.store.shown import ShownItem, ShownThread
from chatkit_asgi.types import (
    Attachment,
    AttachmentCreateParams,
    FeedbackKind,
    GeneratedImageItem,
    Page,
    ThreadItem,
    ThreadMetadata,
    is_hidden,
)

__all__ = [
    "AttachmentStore",
    "NotFoundError",
    "Store",
    "StoreItemType",
    "TContext",
    "default_generate_id",
    "is_overridden",
]

TContext = TypeVar("TContext", default=object)

READ_AT_ONCE = 20
"""Items in a page where a default reads many."""


class AttachmentStore(ABC, Generic[TContext]):
    """Registers uploads and deletes their bytes. The metadata itself lives in the `Store`."""

    @abstractmethod
    async def delete_attachment(self, attachment_id: str, context: TContext) -> None:
        """Delete the bytes. May be called twice; raises NotFoundError for somebody else's attachment."""

    async def create_attachment(self, input: AttachmentCreateParams, context: TContext) -> Attachment:
        """Register an upload that is about to come and say where its bytes go (two-phase upload).

        Raises NotImplementedError unless overridden.
        """
        raise NotImplementedError(
            f"{type(self).__name__} takes no two-phase uploads: override create_attachment()"
        )

    def generate_attachment_id(self, mime_type: str, context: TContext) -> str:
        """A new attachment id."""
        return default_generate_id("attachment")

    async def require_ready(self, attachment: Attachment, context: TContext) -> None:
        """Called before a message that names the attachment is taken, outside of any transaction.

        Raises ConflictError while its bytes are not there; the default knows nothing of bytes.
        """

    def present(self, attachment: Attachment) -> Attachment:
        """The attachment as it leaves the server, for example a copy with a link that is still good.

        Called each time; the default gives it as it is.
        """
        return attachment

    def present_image(self, item: GeneratedImageItem) -> GeneratedImageItem:
        """The same for an image that a model made and this store keeps."""
        return item


class Store(ABC, Generic[TContext]):
    """Keeps threads, their items in order, and attachment metadata, each for its owner.

    Everything that belongs to another owner is *not found*: `NotFoundError` from loads, nothing in pages,
    no effect from deletes. Values handed in are the caller's: a store copies what it keeps.
    """

    def generate_thread_id(self, context: TContext) -> str:
        """A new thread id."""
        return default_generate_id("thread")

    def generate_item_id(self, item_type: StoreItemType, thread: ThreadMetadata, context: TContext) -> str:
        """A new id for an item of the given kind in `thread`."""
        return default_generate_id(item_type)

    @abstractmethod
    async def load_thread(self, thread_id: str, context: TContext) -> ThreadMetadata:
        """The thread's metadata, without its items. Raises NotFoundError.

        Inside a `transaction`, no other one changes or deletes the thread until this one ends.
        """

    @abstractmethod
    async def save_thread(self, thread: ThreadMetadata, context: TContext) -> None:
        """Insert or replace the metadata; the items of a `Thread` are not looked at.

        Raises NotFoundError when the id belongs to somebody else.
        """

    @abstractmethod
    async def load_thread_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: TContext
    ) -> Page[ThreadItem]:
        """A page of items, hidden ones included, in the order they were first added (`asc`) or its reverse.

        `after` is the last page's `after` or the id of the last item seen. Called with positions and with
        keywords. Raises NotFoundError for an unknown thread, InvalidRequestError for an unknown cursor.
        """

    @abstractmethod
    async def save_attachment(self, attachment: Attachment, context: TContext) -> None:
        """Insert or replace the metadata of an attachment, what its `thread_id` says included."""

    @abstractmethod
    async def load_attachment(self, attachment_id: str, context: TContext) -> Attachment:
        """An attachment's metadata. Raises NotFoundError.

        Inside a `transaction`, no other one changes or deletes it until this one ends.
        """

    @abstractmethod
    async def delete_attachment(self, attachment_id: str, context: TContext) -> None:
        """Delete the metadata; where there is an `outbox`, its bytes follow. May be repeated."""

    @abstractmethod
    async def load_threads(
        self, limit: int, after: str | None, order: str, context: TContext
    ) -> Page[ThreadMetadata]:
        """A page of the owner's threads, in the order of their first saving or its reverse."""

    @abstractmethod
    async def add_thread_item(self, thread_id: str, item: ThreadItem, context: TContext) -> None:
        """Append an item; one whose id the thread has already is replaced and keeps its place.

        Raises NotFoundError for an unknown thread.
        """

    @abstractmethod
    async def save_item(self, thread_id: str, item: ThreadItem, context: TContext) -> None:
        """Replace an item in its place, or append it when the thread has none of that id."""

    @abstractmethod
    async def load_item(self, thread_id: str, item_id: str, context: TContext) -> ThreadItem:
        """One item, hidden or not. Raises NotFoundError."""

    @abstractmethod
    async def delete_thread(self, thread_id: str, context: TContext) -> None:
        """Delete a thread, its items and its attachments' metadata. May be repeated."""

    @abstractmethod
    async def delete_thread_item(self, thread_id: str, item_id: str, context: TContext) -> None:
        """Delete one item. May be repeated."""

    # What follows has a default, so that stores written for the published SDK go on working.

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Makes the store calls inside it one unit: all of them or, when an exception leaves it, none.

        The default does nothing: each call stands alone. Nesting joins the outer transaction.
        """
        yield

    def owner_of(self, context: TContext) -> str | None:
        """Whose rows the context may see; None where that is not known, so that nobody is taken for another.

        The default understands what `chatkit_asgi.context.owner_of` does.
        """
        return owner_of(context) or None

    @property
    def outbox(self) -> Outbox | None:
        """Where deleted attachments leave word of their bytes, for those who keep these; None: nowhere."""
        return None

    async def load_usage(self, context: TContext) -> Usage:
        """What the owner's attachments with bytes amount to, for quotas; the default counts nothing.

        Inside a `transaction`, nobody adds to it until this one ends.
        """
        return Usage()

    async def delete_everything(self, context: TContext) -> None:
        """Delete all threads and attachments of the context's owner. May be repeated.

        Raises NotSupportedError unless overridden.
        """
        raise NotSupportedError(f"{type(self).__name__} cannot: override delete_everything().")

    async def load_thread_for_turn(self, thread_id: str, context: TContext) -> ThreadMetadata:
        """As `load_thread`, for a turn that is about to begin: called in the transaction that admits it.

        What an earlier turn superseded and never replaced, because its process died, is brought back first.
        """
        return await self.load_thread(thread_id, context)

    async def supersede_items(self, thread_id: str, after: str, context: TContext) -> list[ThreadItem]:
        """Withdraw all items after the item `after`, hidden ones too, so that it can be answered anew.

        `load_thread_items` and `load_item` do not give them any more. `load_visible_items` does, until
        `delete_superseded_items`: the user keeps an answer until there is another, whatever happens.
        `restore_superseded_items` takes it all back and is given what this returns. Raises NotFoundError.

        The default deletes the items and returns them, oldest first: they do not outlive the process.
        """
        newer = await self._load_items_after(thread_id, after, context)
        for item in newer:
            await self.delete_thread_item(thread_id, item.id, context)
        return newer[::-1]

    async def restore_superseded_items(
        self, thread_id: str, items: Sequence[ThreadItem], context: TContext
    ) -> None:
        """Make superseded items what they were. May be repeated."""
        for item in items:
            await self.add_thread_item(thread_id, item, context)

    async def delete_superseded_items(self, thread_id: str, context: TContext) -> None:
        """Delete superseded items for good. May be repeated."""

    async def _load_items_after(self, thread_id: str, item_id: str, context: TContext) -> list[ThreadItem]:
        """All that came after the item, newest first. Raises NotFoundError when there is no such item."""
        newer: list[ThreadItem] = []
        after: str | None = None
        while True:
            page = await self.load_thread_items(thread_id, after, READ_AT_ONCE, "desc", context)
            for item in page.data:
                if item.id == item_id:
                    return newer
                newer.append(item)
            if not page.has_more or page.after in (None, after):
                raise NotFoundError(user_text("Item {id} was not found.", id=item_id))
            after = page.after

    async def load_visible_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: TContext
    ) -> Page[ThreadItem]:
        """As `load_thread_items`, without the items a client never sees; full whenever more of them exist.

        The default reads on until the page is full, and may announce more where only hidden items follow;
        a backend does better in its query.
        """
        seen: list[ThreadItem] = []
        while True:
            # never more than fits: the only cursor that every store knows is that of a page it gave
            page = await self.load_thread_items(thread_id, after, limit - len(seen), order, context)
            seen += [item for item in page.data if not is_hidden(item)]
            if len(seen) >= limit or not page.has_more or page.after in (None, after):
                return Page(data=seen, has_more=page.has_more, after=page.after)
            after = page.after

    async def load_shown_thread(self, thread_id: str, context: TContext) -> ShownThread:
        """As `load_thread`, or at once the JSON that clients get of it, where a store has that at hand.

        So with the three below. Their defaults give models; what a backend gives has to be, byte for byte,
        what would have been made of the model. Attachments are only given as models.
        """
        return await self.load_thread(thread_id, context)

    async def rename_thread(self, thread_id: str, title: str, context: TContext) -> ShownThread:
        """Give a thread another title and change nothing else. Raises NotFoundError."""
        async with self.transaction():
            thread = await self.load_thread(thread_id, context)
            renamed = thread.model_copy(update={"title": title})
            await self.save_thread(renamed, context)
        return renamed

    async def load_shown_threads(
        self, limit: int, after: str | None, order: str, context: TContext
    ) -> Page[ShownThread]:
        """As `load_threads`, each of them as a model or as JSON."""
        # by keywords and positions as ever: stores are written for how the published package calls them
        page = await self.load_threads(limit=limit, after=after, order=order, context=context)
        return cast("Page[ShownThread]", page)

    async def load_shown_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: TContext
    ) -> Page[ShownItem]:
        """As `load_visible_items`, each of them as a model or as JSON."""
        page = await self.load_visible_items(thread_id, after, limit, order, context)
        return cast("Page[ShownItem]", page)

    async def save_feedback(
        self, thread_id: str, item_ids: list[str], kind: FeedbackKind, context: TContext
    ) -> None:
        """Keep what the user thinks of some items; a later word on the same item replaces the earlier one.

        The default keeps nothing. Raises NotFoundError for an unknown thread.
        """

    async def search(self, query: str, context: TContext, *, limit: int = 20) -> Page[SearchResult]:
        """Up to `limit` of the owner's threads with all words of `query` in their title or in one message.

        Best first, titles before messages. Case, accents and signs make no difference; the last word may be
        a beginning. What is hidden is not found. What was written in a transaction is found as soon as it
        ends. Raises NotSupportedError unless overridden.
        """
        raise NotSupportedError(f"{type(self).__name__} cannot search: override search().")

    async def load_feedback(self, thread_id: str, context: TContext) -> dict[str, FeedbackKind]:
        """What was last said of the thread's items, by item id; the default knows of nothing.

        Raises NotFoundError for an unknown thread.
        """
        return {}


def is_overridden(store: Store[Any], backend: type[Store[Any]], *names: str) -> bool:
    """Whether an application has put a method of its own in the place of one of its backend's."""
    return any(
        getattr(getattr(store, name), "__func__", None) is not getattr(backend, name) for name in names
    )
