"""The client has run a tool for us and sends what came of it."""

import logging

from chatkit_asgi.errors import ConflictError
from chatkit_asgi.server.handlers.threads import Admit, Respond, load_open_thread
from chatkit_asgi.server.turn import Opening
from chatkit_asgi.store import Store, TContext
from chatkit_asgi.types import ClientToolCallItem, ThreadAddClientToolOutputParams

__all__ = ["RECENT_ITEMS", "add_client_tool_output"]

logger = logging.getLogger(__name__)

RECENT_ITEMS = 100
"""How far back a pending call is looked for: more may have been stored since it was made."""


async def add_client_tool_output(
    store: Store[TContext],
    params: ThreadAddClientToolOutputParams,
    context: TContext,
    respond: Respond[TContext],
    admit: Admit,
) -> Opening:
    """Complete the newest pending call and drop the other pending ones, which nobody will answer.

    Raises ConflictError when no call is pending: a repeat changes nothing.
    """
    thread = await load_open_thread(store, params.thread_id, context)
    pending = await _load_pending_calls(store, thread.id, context)
    if not pending:
        raise ConflictError("No tool call waits for an output in this conversation.")
    await admit(thread)
    call, *others = pending
    done = call.model_copy(update={"output": params.result, "status": "completed"})
    await store.save_item(thread.id, done, context)
    for other in others:
        logger.warning("pending client tool call %s of thread %s is dropped", other.call_id, thread.id)
        await store.delete_thread_item(thread.id, other.id, context)
    return Opening(thread=thread, respond=lambda: respond(thread, None, context))


async def _load_pending_calls(
    store: Store[TContext], thread_id: str, context: TContext
) -> list[ClientToolCallItem]:
    """The newest first."""
    page = await store.load_thread_items(
        thread_id, after=None, limit=RECENT_ITEMS, order="desc", context=context
    )
    return [item for item in page.data if isinstance(item, ClientToolCallItem) and item.status == "pending"]
