"""Speech: the client sends a recording, the server answers with its text."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Awaitable, Callable

from chatkit_asgi.errors import InvalidRequestError, TooLargeError
from chatkit_asgi.locale import user_text
from chatkit_asgi.store import TContext
from chatkit_asgi.types import AudioInput, InputTranscribeParams, TranscriptionResult

__all__ = ["MAX_AUDIO_BYTES", "TranscribeAudio", "transcribe"]

MAX_AUDIO_BYTES = 25_000_000
"""What the common transcription services take."""

TranscribeAudio = Callable[[AudioInput, TContext], Awaitable[TranscriptionResult]]


async def transcribe(
    params: InputTranscribeParams, context: TContext, run: TranscribeAudio[TContext]
) -> TranscriptionResult:
    """Raises InvalidRequestError when the recording is not base64, TooLargeError when it is too long."""
    return await run(AudioInput(data=_decode(params.audio_base64), mime_type=params.mime_type), context)


def _decode(text: str) -> bytes:
    """Base64, folded into lines or not."""
    if len(text) > MAX_AUDIO_BYTES * 3 // 2:
        raise TooLargeError(user_text("The recording is too long."))
    try:
        data = b64decode("".join(text.split()), validate=True)
    except (Base64Error, ValueError):
        raise InvalidRequestError("The recording is not base64.", param="params.audio_base64") from None
    if len(data) > MAX_AUDIO_BYTES:
        raise TooLargeError(user_text("The recording is too long."))
    return data
