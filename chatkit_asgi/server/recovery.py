"""What a process leaves behind that died in the middle of an answer, made into items of the thread."""

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from chatkit_asgi.errors import NotFoundError
from chatkit_asgi.server.pending import PendingItems, is_worth_keeping
from chatkit_asgi.server.turn import make_note
from chatkit_asgi.server.writer import TurnWriter
from chatkit_asgi.store import Store, TContext
from chatkit_asgi.types import ThreadItem, ThreadItemDoneEvent, ThreadStreamEvent

__all__ = ["INTERRUPTED_NOTE", "recover_turn", "replay"]

INTERRUPTED_NOTE = (
    "The previous answer was cut off because the server stopped. What its tools did was done, whether it says"
    " so or not; do not take it up again unless asked to."
)
"""For the model, after a turn whose process died."""

_EVENT: TypeAdapter[ThreadStreamEvent] = TypeAdapter(ThreadStreamEvent)
_PREFIX = b"data: "


def replay(frames: Sequence[bytes]) -> list[ThreadItem]:
    """The items that the frames of a turn have shown and not finished, as a client sees them in the end."""
    pending = PendingItems()
    for frame in frames:
        try:
            event = _EVENT.validate_json(frame.removeprefix(_PREFIX))
            pending.apply(event)
        except (ValidationError, IndexError):
            continue  # a newer release wrote it, or it was wrong then, too
        if isinstance(event, ThreadItemDoneEvent):
            pending.discard(event.item.id)
    return pending.items()


async def recover_turn(
    store: Store[TContext], thread_id: str, frames: Sequence[bytes], context: TContext
) -> None:
    """Keep what the turn had said, and tell the model. Called in a transaction.

    An item that is stored already stays as it is: its end was not logged any more.
    """
    thread = await store.load_thread(thread_id, context)
    items = [item for item in replay(frames) if is_worth_keeping(item)]
    missing = [item for item in items if not await _is_stored(store, thread_id, item.id, context)]
    if missing:
        # whatever they were to replace is replaced now
        writer = TurnWriter(store, thread_id, context, superseded=())
        await writer.add(*missing)
    note = make_note(store, thread, INTERRUPTED_NOTE, context)
    await store.add_thread_item(thread_id, note, context)


async def _is_stored(store: Store[TContext], thread_id: str, item_id: str, context: TContext) -> bool:
    try:
        await store.load_item(thread_id, item_id, context)
    except NotFoundError:
        return False
    return True
