"""Speech."""

from base64 import b64encode

import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import InvalidRequestError, TooLargeError
from chatkit_asgi.server.handlers import audio
from chatkit_asgi.store.memory import MemoryStore
from tests.fakes import ScriptedServer
from tests.server.client import ask

MIME_TYPE = "audio/webm;codecs=opus"


async def test_a_recording_becomes_text(store: MemoryStore[object], context: RequestContext) -> None:
    server = ScriptedServer(store)
    text = b64encode(b"some sound").decode()
    folded = f"{text[:4]}\r\n{text[4:]}\n"
    answer = await ask(server, "input.transcribe", context, audio_base64=folded, mime_type=MIME_TYPE)
    assert answer == {"text": "what was said"}
    [heard] = server.heard
    assert (heard.data, heard.mime_type, heard.media_type) == (b"some sound", MIME_TYPE, "audio/webm")


@pytest.mark.parametrize("text", ["%%%", "abc", "ab=c", "é"])
async def test_what_is_not_base64_is_refused(
    store: MemoryStore[object], context: RequestContext, text: str
) -> None:
    with pytest.raises(InvalidRequestError):
        await ask(ScriptedServer(store), "input.transcribe", context, audio_base64=text, mime_type=MIME_TYPE)


@pytest.mark.parametrize("size", [11, 100])
async def test_a_recording_has_its_bounds(
    store: MemoryStore[object], context: RequestContext, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(audio, "MAX_AUDIO_BYTES", 10)
    text = b64encode(b"x" * size).decode()
    with pytest.raises(TooLargeError):
        await ask(ScriptedServer(store), "input.transcribe", context, audio_base64=text, mime_type=MIME_TYPE)


async def test_a_server_without_ears_says_so(
    store: MemoryStore[object], context: RequestContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(ScriptedServer, "transcribe")
    with pytest.raises(NotImplementedError):
        await ask(ScriptedServer(store), "input.transcribe", context, audio_base64="", mime_type=MIME_TYPE)
