"""How compatible servers write their streams: each a little in its own way.

A dialect turns what a model says into frames; `DialectServer` sends them and keeps what it was asked.
"""

import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.live import serving

__all__ = ["CHAT", "RESPONSES", "DialectServer", "Said", "dialect_server"]

Json = dict[str, Any]  # Any: JSON


@dataclass(frozen=True)
class Said:
    """One response of the model: what it thinks, says, and which tools it calls."""

    text: str = ""
    thought: str = ""
    calls: Sequence[tuple[str, Json]] = ()
    fails: bool = False
    """Whether the server gives up behind the text."""


Dialect = Callable[[Said, int], Iterator[str]]
"""The lines of an answer; the number says how many came before."""


def _words(text: str) -> list[str]:
    return [word if place == 0 else f" {word}" for place, word in enumerate(text.split(" "))] if text else []


def _chunk(delta: Json, finish: str | None = None, *, id: str = "chatcmpl-1", **more: Any) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {
        "id": id,
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
        **more,
    }


def _data(chunk: Json) -> str:
    return f"data: {json.dumps(chunk)}\n\n"


USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}


def openai_chat(said: Said, number: int) -> Iterator[str]:
    """A role first, arguments in pieces, usage behind everything."""
    id = f"chatcmpl-{number}"
    yield _data(_chunk({"role": "assistant", "content": "", "refusal": None}, id=id))
    for word in _words(said.text):
        yield _data(_chunk({"content": word}, id=id))
    for index, (name, arguments) in enumerate(said.calls):
        call = {"index": index, "id": f"call_{number}_{index}", "type": "function"}
        yield _data(_chunk({"tool_calls": [{**call, "function": {"name": name, "arguments": ""}}]}, id=id))
        for piece in json.dumps(arguments):
            yield _data(_chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}, id=id))
    yield _data(_chunk({}, "tool_calls" if said.calls else "stop", id=id))
    yield _data({**_chunk({}, id=id), "choices": [], "usage": USAGE})
    yield "data: [DONE]\n\n"


def ollama(said: Said, number: int) -> Iterator[str]:
    """The same id in every response, a role in every chunk, tool calls whole and all of index 0, no usage."""
    thought = {"reasoning": said.thought} if said.thought else {}
    if thought:
        yield _data(_chunk({"role": "assistant", "content": "", **thought}))
    for word in _words(said.text):
        yield _data(_chunk({"role": "assistant", "content": word}))
    for index, (name, arguments) in enumerate(said.calls):
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"id": f"call_{number}{index}", "index": index, "type": "function", "function": function}
        yield _data(_chunk({"role": "assistant", "content": "", "tool_calls": [call]}))
    yield _data(_chunk({"role": "assistant", "content": ""}, "tool_calls" if said.calls else "stop"))
    yield "data: [DONE]\n\n"


def vllm(said: Said, number: int) -> Iterator[str]:
    """Thoughts in a field of their own, nulls, an id for a call in its first piece alone, usage null."""
    id = f"chatcmpl-{number:032x}"
    yield _data(_chunk({"role": "assistant", "content": ""}, id=id, usage=None))
    for word in _words(said.thought):
        yield _data(_chunk({"reasoning_content": word, "content": None}, id=id))
    for word in _words(said.text):
        yield _data(_chunk({"content": word, "reasoning_content": None}, id=id, usage=None))
    for index, (name, arguments) in enumerate(said.calls):
        call = {"id": f"chatcmpl-tool-{number}{index}", "type": "function", "index": index}
        yield _data(_chunk({"tool_calls": [{**call, "function": {"name": name}}]}, id=id))
        half = json.dumps(arguments)
        for piece in (half[:3], half[3:]):
            yield _data(_chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}, id=id))
    last = _chunk({"content": ""}, "tool_calls" if said.calls else "stop", id=id)
    last["choices"][0]["stop_reason"] = None
    yield _data(last)
    yield "data: [DONE]\n\n"


def litellm(said: Said, number: int) -> Iterator[str]:
    """Lines end in CRLF, fields it knows no value for are null, usage comes with the last choice."""
    for line in openai_chat(said, number):
        if line.startswith("data: {"):
            chunk = json.loads(line[6:])
            for choice in chunk["choices"]:
                choice["delta"] = {"role": None, "content": None, "tool_calls": None, **choice["delta"]}
                choice["logprobs"] = None
                if choice["finish_reason"]:
                    chunk["usage"] = USAGE
            if not chunk["choices"]:
                continue
            line = _data({**chunk, "system_fingerprint": None, "citations": None})
        yield line.replace("\n", "\r\n")


def azure(said: Said, number: int) -> Iterator[str]:
    """A first chunk without choices, and the content filter's word in all others."""
    filtered = [
        {"prompt_index": 0, "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}}}
    ]
    yield _data({**_chunk({}, id=""), "choices": [], "model": "", "prompt_filter_results": filtered})
    for line in openai_chat(said, number):
        if line.startswith("data: {"):
            chunk = json.loads(line[6:])
            for choice in chunk["choices"]:
                choice["content_filter_results"] = {}
            line = _data(chunk)
        yield line


def openrouter(said: Said, number: int) -> Iterator[str]:
    """Comments while it looks for a server, thoughts in two fields, failures as a chunk, the last one."""
    for _ in range(3):
        yield ": OPENROUTER PROCESSING\n\n"
    id = f"gen-{number}"
    for word in _words(said.thought):
        details = [{"type": "reasoning.text", "text": word, "index": 0}]
        yield _data(
            _chunk(
                {"role": "assistant", "content": "", "reasoning": word, "reasoning_details": details}, id=id
            )
        )
    for word in _words(said.text):
        yield _data(_chunk({"role": "assistant", "content": word}, id=id, provider="Somebody"))
    for index, (name, arguments) in enumerate(said.calls):
        call = {"index": index, "id": f"toolu_{number}_{index}", "type": "function"}
        function = {"name": name, "arguments": json.dumps(arguments)}
        delta = {"role": "assistant", "content": None, "tool_calls": [{**call, "function": function}]}
        yield _data(_chunk(delta, id=id))
    if said.fails:
        error = {"code": 502, "message": "Provider returned error", "metadata": {"provider_name": "Somebody"}}
        yield _data({**_chunk({"content": ""}, "error", id=id), "error": error})
        return
    yield _data(_chunk({"role": "assistant", "content": ""}, "tool_calls" if said.calls else "stop", id=id))
    yield _data({**_chunk({"role": "assistant", "content": ""}, id=id), "usage": USAGE})
    yield "data: [DONE]\n\n"


CHAT: dict[str, Dialect] = {
    "OpenAI": openai_chat,
    "Ollama": ollama,
    "vLLM": vllm,
    "LiteLLM": litellm,
    "Azure": azure,
    "OpenRouter": openrouter,
}


def _responses(
    said: Said, number: int, *, repeats_ids: bool = False, names_events: bool = True, has_usage: bool = True
) -> Iterator[str]:
    sequence = iter(range(10**6))

    def frame(kind: str, **fields: Any) -> str:
        event = f"event: {kind}\n" if names_events else ""
        return f"{event}data: {json.dumps({'type': kind, 'sequence_number': next(sequence), **fields})}\n\n"

    base: Json = {
        "id": "resp_0" if repeats_ids else f"resp_{number}",
        "object": "response",
        "created_at": 1,
        "status": "in_progress",
        "model": "m",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    yield frame("response.created", response=base)
    yield frame("response.in_progress", response=base)
    output: list[Json] = []
    suffix = "" if repeats_ids else f"{number}_"
    if said.thought:
        item = {"id": f"rs_{suffix}0", "type": "reasoning", "summary": []}
        yield frame("response.output_item.added", output_index=0, item=item)
        place = {"item_id": item["id"], "output_index": 0, "summary_index": 0}
        yield frame(
            "response.reasoning_summary_part.added", **place, part={"type": "summary_text", "text": ""}
        )
        for word in _words(said.thought):
            yield frame("response.reasoning_summary_text.delta", **place, delta=word)
        yield frame("response.reasoning_summary_text.done", **place, text=said.thought)
        part = {"type": "summary_text", "text": said.thought}
        yield frame("response.reasoning_summary_part.done", **place, part=part)
        output.append({**item, "summary": [part]})
        yield frame("response.output_item.done", output_index=0, item=output[-1])
    if said.text:
        yield from _message(said.text, f"msg_{suffix}0", output, frame)
    if said.fails:
        error = {"code": "server_error", "message": "The server had an error."}
        yield frame("response.failed", response={**base, "status": "failed", "error": error})
        return
    for index, (name, arguments) in enumerate(said.calls):
        call = {"id": f"fc_{suffix}{index}", "type": "function_call", "name": name, "arguments": ""}
        call |= {"call_id": f"call_{number}_{index}", "status": "in_progress"}
        place = {"item_id": call["id"], "output_index": len(output)}
        yield frame("response.output_item.added", output_index=len(output), item=call)
        text = json.dumps(arguments)
        for piece in (text[:4], text[4:]):
            yield frame("response.function_call_arguments.delta", **place, delta=piece)
        yield frame("response.function_call_arguments.done", **place, arguments=text, name=name)
        output.append({**call, "arguments": text, "status": "completed"})
        yield frame("response.output_item.done", output_index=len(output) - 1, item=output[-1])
    usage = {"input_tokens": 5, "output_tokens": 7, "total_tokens": 12}
    usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}  # type: ignore[dict-item]  # JSON
    done = {**base, "status": "completed", "output": output, "usage": usage if has_usage else None}
    yield frame("response.completed", response=done)


def _message(text: str, id: str, output: list[Json], frame: Callable[..., str]) -> Iterator[str]:
    item: Json = {"id": id, "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    index = len(output)
    yield frame("response.output_item.added", output_index=index, item=item)
    place = {"item_id": id, "output_index": index, "content_index": 0}
    part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    yield frame("response.content_part.added", **place, part=part)
    for word in _words(text):
        yield frame("response.output_text.delta", **place, delta=word, logprobs=[])
    yield frame("response.output_text.done", **place, text=text, logprobs=[])
    part = {**part, "text": text}
    yield frame("response.content_part.done", **place, part=part)
    output.append({**item, "status": "completed", "content": [part]})
    yield frame("response.output_item.done", output_index=index, item=output[-1])


def openai_responses(said: Said, number: int) -> Iterator[str]:
    """As documented."""
    yield from _responses(said, number)


def local_responses(said: Said, number: int) -> Iterator[str]:
    """Ids that begin anew in every response, no names of events, no usage, and the other API's last line."""
    yield from _responses(said, number, repeats_ids=True, names_events=False, has_usage=False)
    yield "data: [DONE]\n\n"


RESPONSES: dict[str, Dialect] = {
    "OpenAI": openai_responses,
    "Azure": openai_responses,
    "Ollama, vLLM": local_responses,
}


class DialectServer:
    """Says what is queued, in its dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.url = ""
        self.requests: list[Json] = []
        self.replies: deque[Said] = deque()
        self._dialect = dialect
        self.app = Starlette(
            routes=[
                Route("/v1/chat/completions", self._answer, methods=["POST"]),
                Route("/v1/responses", self._answer, methods=["POST"]),
            ]
        )

    def reply(self, *replies: Said) -> None:
        self.replies.extend(replies)

    async def _answer(self, request: Request) -> Response:
        asked = await request.json()
        self.requests.append(asked)
        if fault := _fault(asked):
            return JSONResponse({"error": {"message": fault}}, 400, {"x-should-retry": "false"})
        lines = self._dialect(self.replies.popleft(), len(self.requests))
        return StreamingResponse(_sent(lines), media_type="text/event-stream")


async def _sent(lines: Iterator[str]) -> AsyncIterator[str]:
    for line in lines:
        yield line


def _fault(asked: Json) -> str:
    """What strict servers refuse: texts that are empty, outputs without calls, messages without content."""
    calls: set[str] = set()
    for entry in asked.get("messages") or asked.get("input") or []:
        calls |= {call["id"] for call in entry.get("tool_calls") or ()}
        calls |= {entry["call_id"]} if entry.get("type") == "function_call" else set()
        answered = entry.get("tool_call_id") or (
            entry["call_id"] if entry.get("type") == "function_call_output" else None
        )
        if answered and answered not in calls:
            return f"{answered} was not called"
        content = entry.get("content")
        if isinstance(content, list) and any(part.get("text") == "" for part in content):
            return "text content blocks must be non-empty"
        if entry.get("role") == "assistant" and not content and not entry.get("tool_calls"):
            return "an assistant's message is empty"
    return ""


@asynccontextmanager
async def dialect_server(dialect: Dialect) -> AsyncIterator[DialectServer]:
    """The server on a free port."""
    server = DialectServer(dialect)
    async with serving(server.app) as url:
        server.url = f"{url}/v1"
        yield server
