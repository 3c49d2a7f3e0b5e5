"""Questions in a form, whose answers go on with the conversation.

    CHATKIT_AGENT=examples.structured_input:answer uvicorn chatkit_asgi:app

Say anything: it asks where to go. No model is needed; an agent asks in the same way, from a tool.
"""

from collections.abc import AsyncIterator
from typing import Any

from chatkit_asgi.agents import AnswerContext, ChatMessage
from chatkit_asgi.clock import utcnow
from chatkit_asgi.types import (
    StructuredInputFreeform,
    StructuredInputItem,
    StructuredInputMultipleChoice,
    StructuredInputMultipleChoiceOption,
    ThreadItemDoneEvent,
    ThreadStreamEvent,
)

CITIES = ("Lisbon", "Oslo", "Tokyo")


async def answer(
    messages: list[ChatMessage], context: AnswerContext[Any]
) -> AsyncIterator[ThreadStreamEvent | str]:
    """Ask, and repeat what was answered."""
    form = messages[-1].item
    if not isinstance(form, StructuredInputItem):
        yield "A few questions first."
        yield ThreadItemDoneEvent(item=questions(context))
    elif form.status == "skipped":
        yield "Then I surprise you."
    else:
        answers = {each.id: each.answer.values for each in form.inputs if each.answer}
        yield f"So it is {' and '.join(answers.get('city', [])) or 'anywhere'}"
        yield f", for {wish[0]}." if (wish := answers.get("wish")) else "."


def questions(context: AnswerContext[Any]) -> StructuredInputItem:
    """A choice and a question in one's own words."""
    options = [StructuredInputMultipleChoiceOption(value=city) for city in CITIES]
    return StructuredInputItem(
        id=context.generate_id("message"),
        thread_id=context.thread.id,
        created_at=utcnow(),
        inputs=[
            StructuredInputMultipleChoice(id="city", question="Where to?", options=options, multiple=True),
            StructuredInputFreeform(id="wish", question="What for?", description="A word is enough."),
        ],
    )
