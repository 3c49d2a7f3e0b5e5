"""What users do with widgets: an action that answers with a stream, or with one item at once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from chatkit_asgi.actions import Action
from chatkit_asgi.errors import ErrorCode, InvalidRequestError
from chatkit_asgi.locale import translated
from chatkit_asgi.server.handlers.threads import Admit, load_open_thread, require_active
from chatkit_asgi.server.turn import Opening
from chatkit_asgi.server.wire import ANSWER_FAILED
from chatkit_asgi.store import Store, TContext
from chatkit_asgi.types import (
    ErrorEvent,
    SyncCustomActionResponse,
    ThreadCustomActionParams,
    ThreadItem,
    ThreadMetadata,
    ThreadStreamEvent,
    WidgetItem,
)

__all__ = ["RunAction", "RunSyncAction", "custom_action", "sync_custom_action"]

# Any: an action's payload is whatever the widget's author put there
RunAction = Callable[
    [ThreadMetadata, Action[str, Any], WidgetItem | None, TContext], AsyncIterator[ThreadStreamEvent]
]
RunSyncAction = Callable[
    [ThreadMetadata, Action[str, Any], WidgetItem | None, TContext], Awaitable[SyncCustomActionResponse]
]


async def custom_action(
    store: Store[TContext],
    params: ThreadCustomActionParams,
    context: TContext,
    run: RunAction[TContext],
    admit: Admit,
) -> Opening:
    thread = await load_open_thread(store, params.thread_id, context)
    sender = await _load_sender(store, params, context)
    if sender is not None and not isinstance(sender, WidgetItem):
        refusal = ErrorEvent(
            code=ErrorCode.STREAM_ERROR, message=translated(ANSWER_FAILED, context), allow_retry=False
        )
        return Opening(thread=thread, respond=None, before_options=[refusal])
    await admit(thread)
    return Opening(thread=thread, respond=lambda: run(thread, params.action, sender, context))


async def sync_custom_action(
    store: Store[TContext], params: ThreadCustomActionParams, context: TContext, run: RunSyncAction[TContext]
) -> SyncCustomActionResponse:
    """Raises InvalidRequestError when the action comes from an item that is not a widget."""
    thread = await store.load_thread(params.thread_id, context)
    require_active(thread)
    sender = await _load_sender(store, params, context)
    if sender is not None and not isinstance(sender, WidgetItem):
        raise InvalidRequestError("Actions come from widgets: this item is none.", param="params.item_id")
    return await run(thread, params.action, sender, context)


async def _load_sender(
    store: Store[TContext], params: ThreadCustomActionParams, context: TContext
) -> ThreadItem | None:
    if not params.item_id:
        return None
    return await store.load_item(params.thread_id, params.item_id, context)
