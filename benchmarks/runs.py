"""Runs of the Agents SDK: `stream_agent_response` over ready-made model events, through `process()`."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from agents import RawResponsesStreamEvent
from openai.types.responses import (
    ResponseContentPartAddedEvent,
    ResponseOutputItemAddedEvent,
    ResponseOutputItemDoneEvent,
    ResponseOutputMessage,
    ResponseOutputText,
    ResponseTextDeltaEvent,
    ResponseTextDoneEvent,
)

from benchmarks.candidates import Candidate
from benchmarks.measure import Load, Row, Target
from benchmarks.turns import DELTAS, TEXTS, stream_load

__all__ = ["ROWS"]


def model_events() -> list[Any]:
    place: Any = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "sequence_number": 0}
    whole = "".join(TEXTS)
    deltas = [
        ResponseTextDeltaEvent(type="response.output_text.delta", delta=text, logprobs=[], **place)
        for text in TEXTS
    ]
    return [
        ResponseOutputItemAddedEvent(
            type="response.output_item.added", item=_message(), output_index=0, sequence_number=0
        ),
        ResponseContentPartAddedEvent(type="response.content_part.added", part=_text(""), **place),
        *deltas,
        ResponseTextDoneEvent(type="response.output_text.done", text=whole, logprobs=[], **place),
        ResponseOutputItemDoneEvent(
            type="response.output_item.done", item=_message(_text(whole)), output_index=0, sequence_number=0
        ),
    ]


def _text(value: str) -> ResponseOutputText:
    return ResponseOutputText(type="output_text", text=value, annotations=[])


def _message(*content: ResponseOutputText) -> ResponseOutputMessage:
    return ResponseOutputMessage(
        id="msg_1", type="message", role="assistant", status="in_progress", content=[*content]
    )


class Run:
    """Of a run's interface, what is used of it. `at_once`: the model is never waited for."""

    def __init__(self, events: Sequence[RawResponsesStreamEvent], *, at_once: bool) -> None:
        self._events = events
        self._at_once = at_once

    async def stream_events(self) -> AsyncIterator[RawResponsesStreamEvent]:
        for event in self._events:
            if not self._at_once:
                await asyncio.sleep(0)
            yield event


def streamed(candidate: Candidate, *, at_once: bool) -> Load:
    raw = [RawResponsesStreamEvent(data=event) for event in model_events()]
    agents, store = candidate.agents, candidate.make_store()
    store.items["thr_turn"] = {}

    async def respond(thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
        run_context = agents.AgentContext(thread=thread, store=store, request_context=context)
        async for event in agents.stream_agent_response(run_context, Run(raw, at_once=at_once)):
            yield event

    return stream_load(candidate, respond)


ROWS = [
    Row("run: model events", Target(times=4.5), DELTAS, lambda each: streamed(each, at_once=True)),
    Row("run: model events, one by one", Target(), DELTAS, lambda each: streamed(each, at_once=False)),
]
