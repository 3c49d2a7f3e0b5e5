"""ThreadItemConverter: what each kind of thread item says to the model. Override a method to change it."""

import json
import re
from collections.abc import Sequence
from typing import assert_never

from agents import TResponseInputItem
from openai.types.responses import (
    EasyInputMessageParam,
    ResponseFunctionToolCallParam,
    ResponseInputContentParam,
    ResponseInputImageParam,
    ResponseInputTextParam,
)
from openai.types.responses.response_input_item_param import FunctionCallOutput, Message

from chatkit_asgi.types import (
    AssistantMessageItem,
    Attachment,
    ClientToolCallItem,
    CustomTask,
    EndOfTurnItem,
    EntitySource,
    FileSource,
    GeneratedImageItem,
    HiddenContextItem,
    SDKHiddenContextItem,
    StructuredInput,
    StructuredInputItem,
    Task,
    TaskItem,
    ThreadItem,
    URLSource,
    UserMessageItem,
    UserMessageTagContent,
    UserMessageTextContent,
    WidgetItem,
    WorkflowItem,
)

__all__ = [
    "GENERATED",
    "InputItems",
    "ThreadItemConverter",
    "block",
    "input_text",
    "simple_to_agent_input",
    "user_message",
]

InputItems = TResponseInputItem | list[TResponseInputItem] | None
"""What a method of the converter answers: one item of input, several, or nothing."""

GENERATED = "This image was generated for the user:"
MENTIONS = (
    "The @ mentions in the user's message stand for the following. Write these names without the @ sign."
)


class ThreadItemConverter:
    """Turns thread items into input for a run, each kind by a method of its own.

    Attachments, tags and hidden context that is not a string mean something only to the application: their
    methods raise NotImplementedError unless overridden.
    """

    tells_sources: bool = False
    """Whether the model is reminded of what its answers cited: annotations are no part of their text."""

    async def attachment_to_message_content(self, attachment: Attachment) -> ResponseInputContentParam:
        """What the model sees of an attachment, in the message that it came with."""
        raise NotImplementedError(
            f"{type(self).__name__} has to override attachment_to_message_content() to take attachments"
        )

    async def tag_to_message_content(self, tag: UserMessageTagContent) -> ResponseInputContentParam:
        """What the model is told about a mentioned thing."""
        raise NotImplementedError(
            f"{type(self).__name__} has to override tag_to_message_content() to take tags"
        )

    async def generated_image_to_input(self, item: GeneratedImageItem) -> InputItems:
        """An image made in an earlier turn; nothing while it has none."""
        if item.image is None:
            return None
        image = ResponseInputImageParam(type="input_image", detail="auto", image_url=item.image.url)
        return user_message(input_text(GENERATED), image)

    async def hidden_context_to_input(self, item: HiddenContextItem) -> InputItems:
        """What the application wants the model to know."""
        if not isinstance(item.content, str):
            raise NotImplementedError(
                f"{type(self).__name__} has to override hidden_context_to_input() for content other than text"
            )
        return _hidden_context(item.content)

    async def sdk_hidden_context_to_input(self, item: SDKHiddenContextItem) -> InputItems:
        """What this package wants the model to know, for example that the user stopped an answer."""
        return _hidden_context(item.content)

    async def task_to_input(self, item: TaskItem) -> InputItems:
        """A custom task with a title or content; nothing for other kinds."""
        return _task_message(item.task)

    async def structured_input_to_input(self, item: StructuredInputItem) -> InputItems:
        """The questions that the user was asked, a line each, with what came back."""
        lines = "\n".join(_answer_line(each) for each in item.inputs)
        return user_message(
            input_text(
                f"The user was asked these questions (status: {item.status}):\n{block('questions', lines)}"
            )
        )

    async def workflow_to_input(self, item: WorkflowItem) -> InputItems:
        """The workflow's custom tasks, a message each; thoughts stay out."""
        messages = [_task_message(task) for task in item.workflow.tasks]
        return [message for message in messages if message is not None]

    async def widget_to_input(self, item: WidgetItem) -> InputItems:
        """The widget that the user was shown, as JSON."""
        widget = item.widget.model_dump_json(exclude_unset=True, exclude_none=True)
        return user_message(
            input_text(f"The user was shown a widget with the id {item.id}:\n{block('widget', widget)}")
        )

    async def user_message_to_input(self, item: UserMessageItem, is_last_message: bool = True) -> InputItems:
        """The message with its attachments; then the quote, of the last message only; then its mentions."""
        messages: list[TResponseInputItem] = [
            user_message(
                input_text("".join(_as_typed(part) for part in item.content)),
                *[await self.attachment_to_message_content(each) for each in item.attachments],
            )
        ]
        if item.quoted_text and is_last_message:
            messages.append(_quote(item.quoted_text))
        if tags := _distinct_tags(item):
            told = [await self.tag_to_message_content(tag) for tag in tags]
            messages.append(user_message(input_text(MENTIONS), *told))
        return messages

    async def assistant_message_to_input(self, item: AssistantMessageItem) -> InputItems:
        """The answer's text: the one form that both the Responses API and Chat Completions take back.

        What it cited follows in a message of its own, if `tells_sources`.
        """
        text = "\n".join(part.text for part in item.content if part.text)
        if not text:
            return None
        answer = EasyInputMessageParam(type="message", role="assistant", content=text)
        sources = _distinct_sources(item) if self.tells_sources else []
        return [answer, _citations(sources)] if sources else answer

    async def client_tool_call_to_input(self, item: ClientToolCallItem) -> InputItems:
        """The call and what came back from the client; nothing for a call that was never answered."""
        if item.status == "pending":
            return None
        call = ResponseFunctionToolCallParam(
            type="function_call", call_id=item.call_id, name=item.name, arguments=json.dumps(item.arguments)
        )
        output = FunctionCallOutput(
            type="function_call_output", call_id=item.call_id, output=json.dumps(item.output)
        )
        return [call, output]

    async def end_of_turn_to_input(self, item: EndOfTurnItem) -> InputItems:
        """Nothing: it is a mark for the client."""
        return None

    async def to_agent_input(
        self, thread_items: Sequence[ThreadItem] | ThreadItem
    ) -> list[TResponseInputItem]:
        """The input for a run, from items in their order or from a single one."""
        # a copy: the caller's list may grow while attachments are being read
        items = list(thread_items) if isinstance(thread_items, Sequence) else [thread_items]
        found: list[TResponseInputItem] = []
        for item in items:
            found += await self.item_to_input(item, is_last_message=item is items[-1])
        return found

    async def item_to_input(
        self, item: ThreadItem, *, is_last_message: bool = True
    ) -> list[TResponseInputItem]:
        """The input for one item, however its method puts it."""
        found = await self._by_kind(item, is_last_message)
        if found is None:
            return []
        return found if isinstance(found, list) else [found]

    async def _by_kind(self, item: ThreadItem, is_last_message: bool) -> InputItems:
        match item:
            case UserMessageItem():
                return await self.user_message_to_input(item, is_last_message)
            case AssistantMessageItem():
                return await self.assistant_message_to_input(item)
            case ClientToolCallItem():
                return await self.client_tool_call_to_input(item)
            case WidgetItem():
                return await self.widget_to_input(item)
            case GeneratedImageItem():
                return await self.generated_image_to_input(item)
            case StructuredInputItem():
                return await self.structured_input_to_input(item)
            case WorkflowItem():
                return await self.workflow_to_input(item)
            case TaskItem():
                return await self.task_to_input(item)
            case HiddenContextItem():
                return await self.hidden_context_to_input(item)
            case SDKHiddenContextItem():
                return await self.sdk_hidden_context_to_input(item)
            case EndOfTurnItem():
                return await self.end_of_turn_to_input(item)
            case _:
                assert_never(item)


_DEFAULT_CONVERTER = ThreadItemConverter()


async def simple_to_agent_input(
    thread_items: Sequence[ThreadItem] | ThreadItem,
) -> list[TResponseInputItem]:
    """The input for a run by the default conversion; see `ThreadItemConverter` for what that cannot do."""
    return await _DEFAULT_CONVERTER.to_agent_input(thread_items)


def input_text(text: str) -> ResponseInputTextParam:
    """Text as a part of a message."""
    return ResponseInputTextParam(type="input_text", text=text)


def user_message(*parts: ResponseInputContentParam) -> Message:
    """A message in the user's role."""
    return Message(type="message", role="user", content=list(parts))


def block(tag: str, text: str) -> str:
    """Text between tags, so that the model sees where it begins and ends: it cannot end them itself."""
    inside = re.sub(rf"<(\s*/\s*{tag}\s*)>", r"<\\\1>", text, flags=re.IGNORECASE)
    return f"<{tag}>\n{inside}\n</{tag}>"


def _quote(text: str) -> Message:
    return user_message(input_text(f"The user's message is about this passage:\n{block('quote', text)}"))


def _hidden_context(text: str) -> Message:
    told = f"Context for you, which the user does not see:\n{block('hidden_context', text)}"
    return user_message(input_text(told))


def _as_typed(part: UserMessageTextContent | UserMessageTagContent) -> str:
    return part.text if isinstance(part, UserMessageTextContent) else f"@{part.text}"


def _distinct_tags(item: UserMessageItem) -> list[UserMessageTagContent]:
    """The tags of a message; of several with the same text the first."""
    tags: dict[str, UserMessageTagContent] = {}
    for part in item.content:
        if isinstance(part, UserMessageTagContent):
            tags.setdefault(part.text, part)
    return list(tags.values())


def _distinct_sources(item: AssistantMessageItem) -> list[str]:
    """A line for each source that the message cites, in the order of the text."""
    cited = (annotation.source for part in item.content for annotation in part.annotations)
    return list(dict.fromkeys(_source_line(source) for source in cited))


def _source_line(source: URLSource | FileSource | EntitySource) -> str:
    match source:
        case URLSource():
            place = source.url
        case FileSource():
            place = source.filename
        case EntitySource():
            place = source.id
    return place if source.title in ("", place) else f"{source.title}: {place}"


def _citations(sources: list[str]) -> Message:
    lines = "\n".join(f"- {source}" for source in sources)
    return user_message(input_text(f"Your answer above cited these sources:\n{block('sources', lines)}"))


def _task_message(task: Task) -> Message | None:
    if not isinstance(task, CustomTask) or not (task.title or task.content):
        return None
    text = ": ".join(part for part in (task.title, task.content) if part)
    return user_message(input_text(f"The user was shown that this task was done:\n{block('task', text)}"))


def _answer_line(question: StructuredInput) -> str:
    answer = question.answer
    if answer is None:
        return f"- {question.question}: unanswered"
    return f"- {question.question}: {'skipped' if answer.skipped else ', '.join(answer.values)}"
