"""ThreadItemConverter: what each kind of item says to the model."""

from typing import Any

import pytest
from openai.types.responses import ResponseInputContentParam

from chatkit_asgi.agents import ThreadItemConverter, simple_to_agent_input
from chatkit_asgi.types import (
    Annotation,
    AssistantMessageContent,
    Attachment,
    CustomTask,
    EntitySource,
    FileSource,
    SearchTask,
    StructuredInputAnswer,
    StructuredInputFreeform,
    ThoughtTask,
    ThreadItem,
    URLSource,
    UserMessageItem,
    UserMessageTagContent,
    UserMessageTextContent,
    Workflow,
)
from tests.factories import (
    make_assistant_message,
    make_attachment,
    make_client_tool_call,
    make_end_of_turn,
    make_generated_image,
    make_hidden_context,
    make_sdk_hidden_context,
    make_structured_input,
    make_task,
    make_user_message,
    make_widget_item,
    make_workflow_item,
)

ANN = UserMessageTagContent(id="u1", text="Ann", data={})


class Telling(ThreadItemConverter):
    async def attachment_to_message_content(self, attachment: Attachment) -> ResponseInputContentParam:
        return {"type": "input_text", "text": f"file {attachment.name}"}

    async def tag_to_message_content(self, tag: UserMessageTagContent) -> ResponseInputContentParam:
        return {"type": "input_text", "text": f"about {tag.text}"}


async def texts(*items: ThreadItem) -> list[list[str]]:
    """The text parts of each message."""
    found: list[Any] = await Telling().to_agent_input(list(items))
    return [[part["text"] for part in message["content"]] for message in found]


def tagged_message(**fields: Any) -> UserMessageItem:
    content = [UserMessageTextContent(text="Ask "), ANN, UserMessageTextContent(text=" or "), ANN]
    return make_user_message(content=content, **fields)


async def test_user_message_is_one_message_with_the_text_as_typed() -> None:
    assert await simple_to_agent_input(make_user_message("  Hello\n")) == [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "  Hello\n"}]}
    ]


async def test_attachments_stand_in_the_message_and_mentions_after_it() -> None:
    message, mentions = await texts(tagged_message(attachments=[make_attachment()]))
    assert message == ["Ask @Ann or @Ann", "file notes.txt"]
    assert mentions[1:] == ["about Ann"]


async def test_only_the_last_message_is_quoted() -> None:
    first, last = make_user_message("a", quoted_text="one"), make_user_message("b", quoted_text="two")
    assert await texts(first, last) == [
        ["a"],
        ["b"],
        ["The user's message is about this passage:\n<quote>\ntwo\n</quote>"],
    ]
    assert await texts(make_user_message("a", quoted_text="")) == [["a"]]


async def test_assistant_message_is_plain_text_which_every_api_takes_back() -> None:
    parts = [AssistantMessageContent(text="One."), AssistantMessageContent(text="Two.")]
    assert await simple_to_agent_input(make_assistant_message(content=parts)) == [
        {"type": "message", "role": "assistant", "content": "One.\nTwo."}
    ]
    assert await simple_to_agent_input(make_assistant_message("")) == []


async def test_sources_of_an_answer_are_told_after_it_if_wanted() -> None:
    sources: list[URLSource | FileSource | EntitySource] = [
        URLSource(title="Oslo", url="https://example.org/oslo"),
        FileSource(title="a.txt", filename="a.txt"),
        EntitySource(title="Ann", id="u1"),
    ]
    cited = [Annotation(source=source, index=3) for source in [*sources, sources[0]]]
    item = make_assistant_message(content=[AssistantMessageContent(text="Yes.", annotations=cited)])
    answer: Any = {"type": "message", "role": "assistant", "content": "Yes."}
    assert await simple_to_agent_input(item) == [answer]

    class Citing(ThreadItemConverter):
        tells_sources = True

    first, told = await Citing().to_agent_input(item)
    lines = "- Oslo: https://example.org/oslo\n- a.txt\n- Ann: u1"
    assert first == answer
    assert told["content"] == [  # type: ignore[typeddict-item]  # a message
        {
            "type": "input_text",
            "text": f"Your answer above cited these sources:\n<sources>\n{lines}\n</sources>",
        }
    ]
    assert len(await Citing().to_agent_input(make_assistant_message("No."))) == 1


async def test_the_list_given_may_grow_while_it_is_converted() -> None:
    items: list[ThreadItem] = [make_user_message("a"), make_user_message("b", quoted_text="q")]

    class Growing(ThreadItemConverter):
        async def user_message_to_input(self, item: UserMessageItem, is_last_message: bool = True) -> Any:
            items[2:] = [make_user_message("late")]
            return await super().user_message_to_input(item, is_last_message)

    found: Any = await Growing().to_agent_input(items)
    first, second, quote = [entry["content"][0]["text"] for entry in found]
    assert (first, second) == ("a", "b")
    assert "<quote>" in quote


@pytest.mark.parametrize(("output", "written"), [(None, "null"), ("é", '"\\u00e9"'), ({"a": 1}, '{"a": 1}')])
async def test_completed_tool_call_is_a_call_and_its_output(output: object, written: str) -> None:
    call, result = await simple_to_agent_input(make_client_tool_call(status="completed", output=output))
    arguments = '{"format": "text"}'
    assert call == {
        "type": "function_call",
        "call_id": "call_1",
        "name": "get_selection",
        "arguments": arguments,
    }
    assert result == {"type": "function_call_output", "call_id": "call_1", "output": written}


@pytest.mark.parametrize(
    "item", [make_client_tool_call(), make_generated_image(image=None), make_end_of_turn()]
)
async def test_what_says_nothing_is_left_out(item: ThreadItem) -> None:
    assert await simple_to_agent_input(item) == []


async def test_widget_is_told_with_its_id_and_json() -> None:
    ((told,),) = await texts(make_widget_item())
    assert told.startswith("The user was shown a widget with the id msg_widget:\n<widget>\n{")
    assert '"value":"Hello"' in told
    assert "created_at" not in told


async def test_generated_image_is_shown() -> None:
    (message,) = await simple_to_agent_input(make_generated_image())
    url = "https://files.example/img_1.png"
    parts: Any = message["content"]  # type: ignore[typeddict-item]  # a message
    assert parts[1] == {"type": "input_image", "detail": "auto", "image_url": url}


async def test_structured_input_has_a_line_for_each_question() -> None:
    questions = [
        StructuredInputFreeform(id="a", question="A?", answer=StructuredInputAnswer(values=["x", "y"])),
        StructuredInputFreeform(id="b", question="B?", answer=StructuredInputAnswer(skipped=True)),
        StructuredInputFreeform(id="c", question="C?"),
    ]
    ((told,),) = await texts(make_structured_input(inputs=questions, status="answered"))
    assert "(status: answered)" in told
    assert "- A?: x, y\n- B?: skipped\n- C?: unanswered" in told


async def test_tasks_are_told_if_they_are_custom_and_say_something() -> None:
    tasks = [
        CustomTask(title="T", content="C"),
        CustomTask(),
        SearchTask(title="S"),
        ThoughtTask(content="th"),
        CustomTask(content="only"),
    ]
    told = "The user was shown that this task was done:\n<task>\n{}\n</task>"
    workflow = make_workflow_item(workflow=Workflow(type="custom", tasks=tasks))
    assert await texts(workflow) == [[told.format("T: C")], [told.format("only")]]
    assert await texts(make_task(task=CustomTask(title="alone"))) == [[told.format("alone")]]


async def test_hidden_context_of_either_kind_is_told() -> None:
    told = "Context for you, which the user does not see:\n<hidden_context>\n{}\n</hidden_context>"
    assert await texts(make_hidden_context("a"), make_sdk_hidden_context("b")) == [
        [told.format("a")],
        [told.format("b")],
    ]


@pytest.mark.parametrize(
    "item",
    [make_user_message(attachments=[make_attachment()]), tagged_message(), make_hidden_context({"a": 1})],
)
async def test_what_only_the_application_understands_has_to_be_overridden(item: ThreadItem) -> None:
    with pytest.raises(NotImplementedError, match="override"):
        await simple_to_agent_input(item)
