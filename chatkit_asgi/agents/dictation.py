"""Speech to text, by the model provider's own service (`POST /audio/transcriptions`)."""

import asyncio
import logging

from openai import APIConnectionError, APIError, APIStatusError, AsyncOpenAI

from chatkit_asgi.errors import BackendError, InvalidRequestError, UnsupportedTypeError
from chatkit_asgi.locale import user_text
from chatkit_asgi.types import AudioInput, TranscriptionResult

__all__ = ["Transcriber"]

logger = logging.getLogger(__name__)

TYPES = {
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/m4a": "m4a",
    "audio/mp3": "mp3",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/vnd.wave": "wav",
    "audio/wav": "wav",
    "audio/wave": "wav",
    "audio/webm": "webm",
    "audio/x-flac": "flac",
    "audio/x-m4a": "m4a",
    "audio/x-wav": "wav",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
"""What browsers and phones record, and how a file of it is called: services go by the name."""
COMMON = ("audio/webm", "audio/mp4", "audio/ogg", "audio/mpeg", "audio/wav", "audio/flac")
"""What is told to callers."""
RECORDING_FAULTS = (400, 413, 415, 422)
"""By which a service refuses the recording, and not us."""
LONGEST_TYPE = 100


class Transcriber:
    """Turns recordings into text with one model of one service; gives up after so many `seconds`."""

    def __init__(self, client: AsyncOpenAI, model: str, *, seconds: float = 60.0) -> None:
        self._client = client.with_options(max_retries=1, timeout=seconds)
        self._model = model
        self._seconds = seconds

    async def transcribe(self, audio: AudioInput) -> TranscriptionResult:
        """What was said. Cancelling it hangs up.

        Raises UnsupportedTypeError or InvalidRequestError for what is no recording, and BackendError where
        the service does not do its work.
        """
        media_type, suffix = _kind(audio)
        file = (f"recording.{suffix}", audio.data, media_type)
        try:
            async with asyncio.timeout(self._seconds):
                heard = await self._client.audio.transcriptions.create(
                    model=self._model, file=file, response_format="json"
                )
        except (TimeoutError, APIError, ValueError) as exc:  # of JSON that is none
            raise _translated(exc) from exc
        return TranscriptionResult(text=heard.text or "")


def _kind(audio: AudioInput) -> tuple[str, str]:
    """The recording's media type, without codecs and other parameters, and the suffix of its file."""
    media_type = audio.media_type.strip().lower()
    if media_type not in TYPES:
        raise UnsupportedTypeError(
            user_text(
                "Recordings of the type {type} are not taken here. These are: {types}.",
                type=media_type[:LONGEST_TYPE] or "?",
                types=", ".join(COMMON),
            )
        )
    if not audio.data:
        raise InvalidRequestError(user_text("The recording is empty."), param="params.audio_base64")
    return media_type, TYPES[media_type]


def _translated(exc: Exception) -> Exception:
    if isinstance(exc, APIStatusError) and exc.status_code in RECORDING_FAULTS:
        logger.warning("the speech service refused a recording: status %d", exc.status_code)
        return InvalidRequestError(
            user_text("The recording could not be understood."), param="params.audio_base64"
        )
    if not isinstance(exc, TimeoutError | APIConnectionError):
        status = getattr(exc, "status_code", type(exc).__name__)
        logger.error("the speech service fails: %s; see CHATKIT_TRANSCRIBE_MODEL and the model's key", status)
    return BackendError(user_text("The speech service does not answer; please try again in a moment."))
