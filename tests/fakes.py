"""Servers for tests: small, named, shared. They answer from a script instead of a model."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from chatkit_asgi.actions import Action
from chatkit_asgi.server import ChatKitServer
from chatkit_asgi.store import AttachmentStore, Store
from chatkit_asgi.types import (
    Attachment,
    AttachmentCreateParams,
    AudioInput,
    FileAttachment,
    SyncCustomActionResponse,
    ThreadMetadata,
    ThreadStreamEvent,
    TranscriptionResult,
    UserMessageItem,
    WidgetItem,
)

__all__ = ["MemoryAttachmentStore", "ScriptedServer", "Step"]

Step = ThreadStreamEvent | BaseException | asyncio.Event | Callable[[ThreadMetadata], object]
"""An event to yield, an exception to raise, something to wait for, or a change to make to the thread."""


class ScriptedServer(ChatKitServer[Any]):
    """Plays the same script for every answer and action, and records what it was asked.

    `stopped` is set when the responder ends, in whatever way.
    """

    def __init__(
        self, store: Store[Any], *script: Step, attachment_store: AttachmentStore[Any] | None = None
    ) -> None:
        super().__init__(store, attachment_store)
        self.script = script
        self.stopped = asyncio.Event()
        self.asked: list[tuple[ThreadMetadata, UserMessageItem | None, Any]] = []
        self.actions: list[tuple[ThreadMetadata, Action[str, Any], WidgetItem | None, Any]] = []
        self.heard: list[AudioInput] = []
        self.updated_item: WidgetItem | None = None

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Any
    ) -> AsyncIterator[ThreadStreamEvent]:
        self.asked.append((thread, input_user_message, context))
        async with aclosing(self._play(thread)) as events:
            async for event in events:
                yield event

    async def action(
        self, thread: ThreadMetadata, action: Action[str, Any], sender: WidgetItem | None, context: Any
    ) -> AsyncIterator[ThreadStreamEvent]:
        self.actions.append((thread, action, sender, context))
        async with aclosing(self._play(thread)) as events:
            async for event in events:
                yield event

    async def sync_action(
        self, thread: ThreadMetadata, action: Action[str, Any], sender: WidgetItem | None, context: Any
    ) -> SyncCustomActionResponse:
        self.actions.append((thread, action, sender, context))
        return SyncCustomActionResponse(updated_item=self.updated_item)

    async def transcribe(self, audio_input: AudioInput, context: Any) -> TranscriptionResult:
        self.heard.append(audio_input)
        return TranscriptionResult(text="what was said")

    async def _play(self, thread: ThreadMetadata) -> AsyncGenerator[ThreadStreamEvent, None]:
        try:
            for step in self.script:
                if isinstance(step, BaseException):
                    raise step
                if isinstance(step, asyncio.Event):
                    await step.wait()
                elif callable(step):
                    step(thread)
                else:
                    yield step
        finally:
            self.stopped.set()


class MemoryAttachmentStore(AttachmentStore[Any]):
    """Registers uploads under fixed ids and remembers what was deleted."""

    def __init__(self) -> None:
        self.deleted: list[str] = []

    async def create_attachment(self, input: AttachmentCreateParams, context: Any) -> Attachment:
        return FileAttachment(
            id="atc_new", name=input.name, mime_type=input.mime_type, metadata={"key": "blob-1"}
        )

    async def delete_attachment(self, attachment_id: str, context: Any) -> None:
        self.deleted.append(attachment_id)
