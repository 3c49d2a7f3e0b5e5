"""Answers beyond text: guardrails, annotations, generated images."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from agents import (
    Agent,
    GuardrailFunctionOutput,
    InputGuardrail,
    InputGuardrailTripwireTriggered,
    OutputGuardrail,
    OutputGuardrailTripwireTriggered,
    Runner,
)
from agents.tool import ImageGenerationTool

from chatkit_asgi.agents import AgentContext, ResponseStreamConverter, stream_agent_response
from chatkit_asgi.server import ChatKitServer
from chatkit_asgi.types import (
    Annotation,
    AssistantMessageContent,
    AssistantMessageItem,
    ErrorEvent,
    FileSource,
    ThreadItemDoneEvent,
    ThreadMetadata,
    ThreadStreamEvent,
    URLSource,
    UserMessageItem,
)
from tests.agents.scripts import RunEvents, image, item_added, item_done, partial_image, run
from tests.seeds.answers import answer, said, saying
from tests.seeds.stores import Context, MyChatKitStore


async def trip(*_: object) -> GuardrailFunctionOutput:
    return GuardrailFunctionOutput(output_info=None, tripwire_triggered=True)


INPUT_GUARD = {"input_guardrails": [InputGuardrail(guardrail_function=trip, name="trip")]}
OUTPUT_GUARD = {"output_guardrails": [OutputGuardrail(guardrail_function=trip, name="trip")]}


@pytest.mark.parametrize(
    ("guard", "told"),
    [
        (INPUT_GUARD, "We blocked that message for safety."),
        (OUTPUT_GUARD, "The assistant response was blocked."),
    ],
)
async def test_blocked_answer_is_taken_back_and_explained(
    store: MyChatKitStore, caller: Context, guard: dict[str, Any], told: str
) -> None:
    assistant_agent: Agent[Any] = Agent(name="a", model=saying("Something bad."), **guard)

    async def respond(
        self: ChatKitServer[Context], thread: ThreadMetadata, input: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        agent_context = AgentContext(thread=thread, store=self.store, request_context=context)
        result = Runner.run_streamed(assistant_agent, "Hello", context=agent_context)
        try:
            async for event in stream_agent_response(agent_context, result):
                yield event
        except InputGuardrailTripwireTriggered:
            yield ErrorEvent(message="We blocked that message for safety.")
        except OutputGuardrailTripwireTriggered:
            yield ErrorEvent(message="The assistant response was blocked.", allow_retry=False)

    events = await said(answer(respond, store), caller)
    assert events[-1] == {"type": "error", "code": "custom", "message": told, "allow_retry": False}
    (thread_id,) = store.threads
    assert [item.type for item in store.items[thread_id]] == ["user_message"]


async def test_annotations_are_attached_by_hand(store: MyChatKitStore, caller: Context) -> None:
    text = "Quarterly revenue grew 12% year over year."

    async def respond(
        self: ChatKitServer[Context], thread: ThreadMetadata, input: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        annotations = [
            Annotation(source=FileSource(filename="q1_report.pdf", title="Q1 Report"), index=len(text) - 1),
            Annotation(
                source=URLSource(url="https://example.com/press-release", title="Press release"),
                index=len(text) - 1,
            ),
        ]
        yield ThreadItemDoneEvent(
            item=AssistantMessageItem(
                id=self.store.generate_item_id("message", thread, context),
                thread_id=thread.id,
                created_at=datetime.now(),  # noqa: DTZ005 - as in the example
                content=[AssistantMessageContent(text=text, annotations=annotations)],
            )
        )

    (done,) = await said(answer(respond, store), caller)
    file, url = done["item"]["content"][0]["annotations"]
    assert (file["source"]["filename"], file["index"]) == ("q1_report.pdf", 41)
    assert (url["source"]["url"], url["source"]["type"]) == ("https://example.com/press-release", "url")


def test_agent_takes_the_image_tool() -> None:
    tool = ImageGenerationTool(tool_config={"type": "image_generation", "partial_images": 3})
    agent: Agent[Any] = Agent(name="designer", instructions="Generate images when asked.", tools=[tool])
    assert agent.tools == [tool]


async def test_image_comes_in_steps(store: MyChatKitStore, caller: Context) -> None:
    async def drawing() -> RunEvents:
        yield item_added(image())
        yield partial_image(1)
        yield item_done(image("RklO"))

    async def respond(
        self: ChatKitServer[Context], thread: ThreadMetadata, input: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        agent_context = AgentContext(thread=thread, store=self.store, request_context=context)
        converter = ResponseStreamConverter(partial_images=3)
        async for event in stream_agent_response(agent_context, run(drawing()), converter=converter):
            yield event

    added, updated, done = await said(answer(respond, store), caller)
    assert "image" not in added["item"]
    assert updated["update"]["progress"] == pytest.approx(1 / 3)
    assert done["item"]["image"]["url"] == "data:image/png;base64,RklO"
