"""`ChatKitServer`: what an application overrides, and one line for each request of the protocol."""

import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Generic, assert_never

from chatkit_asgi.actions import Action
from chatkit_asgi.server.handlers import (
    actions,
    attachments,
    audio,
    client_tools,
    items,
    structured_input,
    threads,
)
from chatkit_asgi.server.turn import Opening, Turn, make_note, save_partial
from chatkit_asgi.server.wire import (
    NonStreamingResult,
    StreamingResult,
    encode_items,
    encode_model,
    encode_thread,
    encode_threads,
)
from chatkit_asgi.server.writer import Guard, patiently
from chatkit_asgi.store import AttachmentStore, Store, TContext
from chatkit_asgi.types import (
    CHATKIT_REQ_ADAPTER,
    AttachmentsCreateReq,
    AttachmentsDeleteReq,
    AudioInput,
    ChatKitReq,
    FeedbackKind,
    GeneratedImageItem,
    InputTranscribeReq,
    ItemsFeedbackReq,
    ItemsListReq,
    NonStreamingReq,
    StreamingReq,
    StreamOptions,
    SyncCustomActionResponse,
    ThreadItem,
    ThreadMetadata,
    ThreadsAddClientToolOutputReq,
    ThreadsAddStructuredInputReq,
    ThreadsAddUserMessageReq,
    ThreadsCreateReq,
    ThreadsCustomActionReq,
    ThreadsDeleteReq,
    ThreadsGetByIdReq,
    ThreadsListReq,
    ThreadsRetryAfterItemReq,
    ThreadsSyncCustomActionReq,
    ThreadStreamEvent,
    ThreadsUpdateReq,
    TranscriptionResult,
    UserMessageItem,
    WidgetItem,
    is_streaming_req,
)

__all__ = ["CUT_OFF_NOTE", "ChatKitServer", "parse_request"]

logger = logging.getLogger(__name__)

CUT_OFF_NOTE = (
    "The previous answer was cut off before it was complete. Do not take it up again unless asked to."
)
"""For the model, after a cancelled turn. It blames nobody: it may have been the user or the network."""

AdmitTurn = Callable[[str, bool], Awaitable[Guard]]
"""Has a turn begin in a thread, which the user may stop or may not. What it gives is asked at each write."""

NOTHING = b"{}"
"""The answer to requests that have none."""


def parse_request(raw: str | bytes | bytearray) -> ChatKitReq:
    """The request that the JSON says. Raises pydantic's ValidationError."""
    return CHATKIT_REQ_ADAPTER.validate_json(raw)


class ChatKitServer(ABC, Generic[TContext]):
    """Answers requests of the protocol. Subclass it and override `respond`, and whatever else is needed.

    The context is handed to every hook and every call of a store as it is.
    """

    def __init__(
        self, store: Store[TContext], attachment_store: AttachmentStore[TContext] | None = None
    ) -> None:
        self.store = store
        self.attachment_store = attachment_store

    @abstractmethod
    def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: TContext
    ) -> AsyncIterator[ThreadStreamEvent]:
        """The events that answer the user, usually an async generator.

        `input_user_message` is stored already; it is None when the user did something else: filled in a form,
        ran a client tool. Finished items are stored before they are sent. Changes to `thread` are saved and
        announced after the next event. An exception ends the stream with an `error` event; `StreamError` and
        `CustomStreamError` say which.
        """

    async def add_feedback(
        self, thread_id: str, item_ids: list[str], feedback: FeedbackKind, context: TContext
    ) -> None:
        """Take the user's word on some items of a thread that exists. The default hands it to the store."""
        await self.store.save_feedback(thread_id, item_ids, feedback, context)

    async def transcribe(self, audio_input: AudioInput, context: TContext) -> TranscriptionResult:
        """The text of a recording. Raises NotImplementedError unless overridden."""
        raise NotImplementedError(f"{type(self).__name__} takes no speech: override transcribe()")

    def action(
        self, thread: ThreadMetadata, action: Action[str, Any], sender: WidgetItem | None, context: TContext
    ) -> AsyncIterator[ThreadStreamEvent]:
        """The events that answer an action of a widget, as for `respond`.

        Raises NotImplementedError unless overridden.
        """
        raise NotImplementedError(f"{type(self).__name__} takes no actions: override action()")

    async def sync_action(
        self, thread: ThreadMetadata, action: Action[str, Any], sender: WidgetItem | None, context: TContext
    ) -> SyncCustomActionResponse:
        """The answer to an action that does not stream. Nothing of it is stored.

        Raises NotImplementedError unless overridden.
        """
        raise NotImplementedError(f"{type(self).__name__} takes no such actions: override sync_action()")

    def get_stream_options(self, thread: ThreadMetadata, context: TContext) -> StreamOptions:
        """What the user may do while an answer comes. The default lets it be stopped."""
        return StreamOptions(allow_cancel=True)

    async def handle_stream_cancelled(
        self, thread: ThreadMetadata, pending_items: list[ThreadItem], context: TContext
    ) -> None:
        """Called when a turn is cancelled or its stream closed, with the items that were shown but not done.

        The default stores those that mean something as they are, and a hidden note for the model. It is
        shielded from the cancellation, but has only a few seconds.
        """
        note = make_note(self.store, thread, CUT_OFF_NOTE, context)

        async def save() -> None:
            async with self.store.transaction():
                await save_partial(self.store, thread, pending_items, context)
                await self.store.add_thread_item(thread.id, note, context)

        await patiently(save)

    async def process(
        self, request: str | bytes | bytearray, context: TContext
    ) -> StreamingResult | NonStreamingResult:
        """Answer a request as it came from the client.

        Raises pydantic's ValidationError, and what `dispatch` raises.
        """
        parsed = parse_request(request)
        logger.info("request %s", parsed.type)
        return await self.dispatch(parsed, context)

    async def dispatch(self, request: ChatKitReq, context: TContext) -> StreamingResult | NonStreamingResult:
        """Answer a request. What a streaming one brings is checked and stored when this returns.

        Raises NotFoundError, InvalidRequestError, ConflictError or NotSupportedError; after that, failures
        are events of the stream.
        """
        if is_streaming_req(request):
            return await self.open(request, context)
        return NonStreamingResult(await self.answer(request, context))

    async def open(
        self, request: StreamingReq, context: TContext, *, admit: AdmitTurn | None = None
    ) -> StreamingResult:
        """As `dispatch`, for requests that are answered with a stream.

        `admit` is called, where there is something to respond to, in the transaction that stores what the
        request brings; what it raises undoes that and comes out here.
        """
        admission = _Admission(self.get_stream_options, context, admit)
        await attachments.require_ready(self.store, self.attachment_store, request, context)
        async with self.store.transaction():
            opening = await self._open(request, context, admission)
            options = admission.options or self.get_stream_options(opening.thread, context)
        return Turn(
            self.store,
            opening,
            options,
            context,
            on_cancelled=self.handle_stream_cancelled,
            guard=admission.guard,
        ).result()

    def _present(self, items: Sequence[ThreadItem]) -> Sequence[ThreadItem]:
        """Items as they leave the server: attachments and images with links that are still good."""
        if self.attachment_store is None:
            return items
        return [_presented(item, self.attachment_store) for item in items]

    async def _open(self, request: StreamingReq, context: TContext, admit: threads.Admit) -> Opening:
        store, respond = self.store, self.respond
        match request:
            case ThreadsCreateReq(params=params):
                return await threads.create_thread(store, params, context, respond, self._present, admit)
            case ThreadsAddUserMessageReq(params=params):
                return await threads.add_user_message(store, params, context, respond, self._present, admit)
            case ThreadsRetryAfterItemReq(params=params):
                return await threads.retry_after_item(store, params, context, respond, admit)
            case ThreadsAddClientToolOutputReq(params=params):
                return await client_tools.add_client_tool_output(store, params, context, respond, admit)
            case ThreadsAddStructuredInputReq(params=params):
                return await structured_input.add_structured_input(store, params, context, respond, admit)
            case ThreadsCustomActionReq(params=params):
                return await actions.custom_action(store, params, context, self.action, admit)
        assert_never(request)

    async def answer(
        self,
        request: NonStreamingReq,
        context: TContext,
        *,
        unfinished: threads.UnfinishedItems | None = None,
    ) -> bytes:
        """As `dispatch`, for requests that are answered with JSON.

        `unfinished` gives the items of a thread that are being said just now.
        """
        store, blobs = self.store, self.attachment_store
        match request:
            case ThreadsGetByIdReq(params=params):
                thread, page = await threads.get_thread(store, params, context, unfinished)
                return encode_thread(thread, encode_items(page, self._present))
            case ThreadsListReq(params=params):
                return encode_threads(await threads.list_threads(store, params, context))
            case ThreadsUpdateReq(params=params):
                return encode_thread(await threads.update_thread(store, params, context))
            case ThreadsDeleteReq(params=params):
                await threads.delete_thread(store, params, context)
            case ThreadsSyncCustomActionReq(params=params):
                return encode_model(
                    await actions.sync_custom_action(store, params, context, self.sync_action)
                )
            case ItemsListReq(params=params):
                return encode_items(await items.list_items(store, params, context, unfinished), self._present)
            case ItemsFeedbackReq(params=params):
                await items.add_feedback(store, params, context, self.add_feedback)
            case AttachmentsCreateReq(params=params):
                return encode_model(await attachments.create_attachment(store, blobs, params, context))
            case AttachmentsDeleteReq(params=params):
                await attachments.delete_attachment(store, blobs, params, context)
            case InputTranscribeReq(params=params):
                return encode_model(await audio.transcribe(params, context, self.transcribe))
            case _:
                assert_never(request)
        return NOTHING


class _Admission(Generic[TContext]):
    """Has a turn admitted, and keeps what the turn needs to know of that."""

    def __init__(
        self,
        get_options: Callable[[ThreadMetadata, TContext], StreamOptions],
        context: TContext,
        admit: AdmitTurn | None,
    ) -> None:
        self.options: StreamOptions | None = None
        self.guard: Guard | None = None
        self._get_options = get_options
        self._context = context
        self._admit = admit

    async def __call__(self, thread: ThreadMetadata) -> None:
        self.options = self._get_options(thread, self._context)
        if self._admit is not None:
            self.guard = await self._admit(thread.id, self.options.allow_cancel)


def _presented(item: ThreadItem, attachment_store: AttachmentStore[Any]) -> ThreadItem:
    match item:
        case UserMessageItem(attachments=[_, *_]):
            presented = [attachment_store.present(attachment) for attachment in item.attachments]
            return item.model_copy(update={"attachments": presented})
        case GeneratedImageItem():
            return attachment_store.present_image(item)
    return item
