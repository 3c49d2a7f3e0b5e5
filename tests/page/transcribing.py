"""A server that takes dictation and says what it got."""

import base64
from collections.abc import AsyncIterator
from typing import Any

from chatkit_asgi.server import ChatKitServer
from chatkit_asgi.types import (
    AudioInput,
    ThreadMetadata,
    ThreadStreamEvent,
    TranscriptionResult,
    UserMessageItem,
)

__all__ = ["Transcribing"]

WEBM = base64.b16decode("1A45DFA3")
"""How such a file begins (RFC 9559)."""


class Transcribing(ChatKitServer[Any]):
    """Answers nothing."""

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Any
    ) -> AsyncIterator[ThreadStreamEvent]:
        nothing: list[ThreadStreamEvent] = []
        for event in nothing:
            yield event

    async def transcribe(self, audio_input: AudioInput, context: Any) -> TranscriptionResult:
        kind = audio_input.media_type
        return TranscriptionResult(
            text=f"{kind}, {'a recording' if WEBM in audio_input.data[:4] else 'noise'}"
        )
