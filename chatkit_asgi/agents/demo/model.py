"""DemoModel: a model of the Agents SDK that answers by itself, so that everything runs without a network."""

import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

from agents import (
    AgentOutputSchemaBase,
    Handoff,
    Model,
    ModelResponse,
    ModelSettings,
    ModelTracing,
    Tool,
    TResponseInputItem,
    Usage,
)
from openai.types.responses import ResponseCompletedEvent, ResponsePromptParam, ResponseStreamEvent
from openai.types.responses.response_output_text import AnnotationFileCitation, AnnotationURLCitation

from chatkit_asgi.agents.demo.pictures import FINAL_IMAGE, PARTIAL_IMAGES
from chatkit_asgi.agents.demo.words import help_text, long_text, plain_answer
from chatkit_asgi.agents.demo.writer import ResponseWriter

__all__ = ["DEFAULT_DELAY", "DemoModel"]

DEFAULT_DELAY = 0.015
"""Seconds between two words."""

Events = AsyncIterator[ResponseStreamEvent]

THOUGHTS = (
    "The user wants to see me think, so I think about what to show.",
    "A second thought comes whole, as a first one is streamed already.",
)
CITED = "The page of the protocol [1] and a file with notes [2] say more."


class DemoModel(Model):
    """Answers ``/word`` by the tool or the script of that name and anything else with a short text.

    Says so itself, in each plain answer. Keeps no state: what to do follows from the input's last item.
    """

    name = "demo"

    def __init__(self, *, delay: float = DEFAULT_DELAY) -> None:
        self.delay = delay

    async def get_response(self, *args: Any, **kwargs: Any) -> ModelResponse:  # those of `stream_response`
        """The whole response at once."""
        output = [
            event.response.output
            async for event in self.stream_response(*args, **kwargs)
            if isinstance(event, ResponseCompletedEvent)
        ]
        return ModelResponse(output=output[-1], usage=Usage(requests=1), response_id=None)

    async def stream_response(
        self,
        system_instructions: str | None,
        input: str | list[TResponseInputItem],
        model_settings: ModelSettings,
        tools: list[Tool],
        output_schema: AgentOutputSchemaBase | None,
        handoffs: list[Handoff],
        tracing: ModelTracing,
        *,
        previous_response_id: str | None,
        conversation_id: str | None,
        prompt: ResponsePromptParam | None,
    ) -> Events:
        """The events of one response."""
        writer = ResponseWriter(self.name, self.delay)
        yield writer.created()
        async for event in self._written(writer, input, [tool.name for tool in tools]):
            yield event
        yield writer.completed()

    def _written(
        self, writer: ResponseWriter, input: str | list[TResponseInputItem], tools: Sequence[str]
    ) -> Events:
        if isinstance(input, str):
            return self._answered(writer, input, tools)
        items: list[Any] = input  # dicts of fifty kinds
        last = items[-1] if items else {}
        if last.get("type") == "function_call_output":
            is_ours = any(item.get("name") in tools for item in items[-2:])
            output = _text_of(last["output"])
            return writer.message(output if is_ours else f"The page answered: {output}")
        return self._answered(writer, _text_of(last.get("content", "")), tools)

    def _answered(self, writer: ResponseWriter, said: str, tools: Sequence[str]) -> Events:
        if answers := re.search(r"<questions>(.*)</questions>", said, re.DOTALL):
            return writer.message(f"Thank you. This came back:\n{answers[1]}")
        word, _, rest = said.strip().partition(" ")
        if word.startswith("/"):
            tool = word[1:].replace("-", "_")
            if tool in tools:
                return writer.call(tool, json.dumps({"text": rest.strip()}))
            if script := _SCRIPTS.get(word[1:]):
                return script(writer)
        return writer.message(plain_answer(said))


def _text_of(content: Any) -> str:  # a string, or a list of parts of many kinds
    if isinstance(content, str):
        return content
    return " ".join(part["text"] for part in content if part.get("text"))


def _help(writer: ResponseWriter) -> Events:
    return writer.message(help_text())


async def _reasoning(writer: ResponseWriter) -> Events:
    async for event in writer.reasoning(THOUGHTS):
        yield event
    async for event in writer.message("These were my thoughts; this is the answer that followed them."):
        yield event


async def _image(writer: ResponseWriter) -> Events:
    async for event in writer.image(PARTIAL_IMAGES, FINAL_IMAGE):
        yield event
    async for event in writer.message("A small picture, as from an image generator."):
        yield event


def _citations(writer: ResponseWriter) -> Events:
    page = AnnotationURLCitation(
        type="url_citation",
        url="https://platform.openai.com/docs/guides/chatkit",
        title="ChatKit",
        start_index=0,
        end_index=CITED.index("[1]") + 3,
    )
    file = AnnotationFileCitation(
        type="file_citation", file_id="file_notes", filename="notes.txt", index=CITED.index("[2]") + 3
    )
    return writer.message(CITED, [page, file])


def _slow(writer: ResponseWriter) -> Events:
    return writer.message(long_text(40), pace=20)


def _long(writer: ResponseWriter) -> Events:
    return writer.message(long_text(300), pace=0.2)


_SCRIPTS = {
    "help": _help,
    "reasoning": _reasoning,
    "image": _image,
    "citations": _citations,
    "slow": _slow,
    "long": _long,
}
