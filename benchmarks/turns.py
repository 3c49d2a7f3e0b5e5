"""Turns of thousands of text deltas, through `process()`."""

import json
from collections.abc import AsyncIterator
from typing import Any

from benchmarks.candidates import MOMENT, Candidate, Respond
from benchmarks.measure import Load, Row, Target

__all__ = ["ROWS", "TEXTS", "add_user_message", "stream_load"]

DELTAS = 5_000
TEXTS = [f" word{number % 97}" if number % 10 else " größer → “mehr”" for number in range(DELTAS)]


def add_user_message(thread_id: str, text: str = "Hello") -> bytes:
    """The request that starts a turn."""
    message = {
        "content": [{"type": "input_text", "text": text}],
        "attachments": [],
        "inference_options": {},
    }
    params = {"thread_id": thread_id, "input": message}
    return json.dumps({"type": "threads.add_user_message", "params": params}).encode()


def stream_load(candidate: Candidate, respond: Respond, **thread_fields: Any) -> Load:
    """A turn from its request to the last byte. Each begins with an empty thread."""
    request, server = add_user_message("thr_turn"), candidate.make_server(respond)

    async def load() -> bytes:
        server.store.forget()
        await server.store.save_thread(candidate.make_thread("thr_turn", **thread_fields), {})
        result = await server.process(request, {})
        return b"".join([frame async for frame in result])

    return load


def ready_made_events(candidate: Candidate) -> list[Any]:
    types = candidate.types
    deltas = [text_delta(types, text) for text in TEXTS]
    done = types.ThreadItemDoneEvent(item=candidate.make_message("msg_1", "thr_turn", "".join(TEXTS)))
    return [begun(candidate), *deltas, done]


def begun(candidate: Candidate) -> Any:
    types = candidate.types
    item = types.AssistantMessageItem(
        id="msg_1", thread_id="thr_turn", created_at=MOMENT, content=[types.AssistantMessageContent(text="")]
    )
    return types.ThreadItemAddedEvent(item=item)


def text_delta(types: Any, text: str) -> Any:
    update = types.AssistantMessageContentPartTextDelta(content_index=0, delta=text)
    return types.ThreadItemUpdatedEvent(item_id="msg_1", update=update)


def plain(candidate: Candidate, **thread_fields: Any) -> Load:
    events = ready_made_events(candidate)

    async def respond(thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        for event in events:
            yield event

    return stream_load(candidate, respond, **thread_fields)


def with_much_metadata(candidate: Candidate) -> Load:
    return plain(candidate, metadata={f"key {number}": f"value {number}" for number in range(100)})


def with_events_built(candidate: Candidate) -> Load:
    types = candidate.types

    async def respond(thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        yield begun(candidate)
        for text in TEXTS:
            yield text_delta(types, text)

    return stream_load(candidate, respond)


ROWS = [
    Row("turn: text deltas", Target(times=5), DELTAS, plain),
    Row("turn: text deltas, built by the caller", Target(times=2.2), DELTAS, with_events_built),
    Row("turn: text deltas, 100 keys of metadata", Target(), DELTAS, with_much_metadata),
]
