"""What thread items say to the model: the same messages in the same order, but in words of our own."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity.packages import HERE, OURS, PEER, Make, Package, agreed_clock, make
from tests.parity.stores import Json
from tests.parity.strategies import EXAMPLES, ITEMS, models
from tests.parity.test_engine_turns import EVERY_ITEM, TASKS, card, form, hidden, message, text

TEXT = make.UserMessageTextContent(text="“Look”\n<b>")
TAG = make.UserMessageTagContent(id="t1", text="é", data={"a": None}, group="g")
TWIN = make.UserMessageTagContent(id="t2", text="é", data={})
FILE = make.FileAttachment(id="atc_1", name="n", mime_type="text/plain")


def user(*content: Make, **fields: Any) -> Make:
    fields = {"id": "u", "inference_options": {}, **fields}
    return make.UserMessageItem(content=list(content), **fields, **HERE)


def make_converter(package: Package) -> Any:
    """A converter that knows what attachments, tags and hidden context mean."""

    class Converter(package.agents.ThreadItemConverter):  # type: ignore[misc, name-defined]  # either package's
        async def attachment_to_message_content(self, attachment: Any) -> Any:
            return {"type": "input_text", "text": f"file {attachment.id}"}

        async def tag_to_message_content(self, tag: Any) -> Any:
            return {"type": "input_text", "text": f"tag {tag.id}"}

        async def hidden_context_to_input(self, item: Any) -> Any:
            said = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "h"}]}
            return {"h1": said, "h2": [said, said]}.get(item.id)

    return Converter()


def inputs(package: Package, items: Any, *, own: bool = True) -> Any:
    """What the model gets for the items, or the exception's name."""
    with agreed_clock():
        built = package.build(items)
        convert = make_converter(package).to_agent_input if own else package.agents.simple_to_agent_input
        try:
            return json.loads(json.dumps(asyncio.run(convert(built))))
        except (NotImplementedError, TypeError) as exc:
            return type(exc).__name__


def without_words(entries: Any, facts: tuple[str, ...] = ()) -> Any:
    """The entries, with nothing of their texts but the facts in them; assistants' as our models want them."""
    if isinstance(entries, str):
        return entries
    return [_without_words(entry, facts) for entry in map(_plain, entries) if entry is not None]


def _plain(entry: Json) -> Json | None:
    if entry.get("role") != "assistant" or isinstance(entry["content"], str):
        return entry
    assert all({**part, "text": ""} == EMPTY_PART for part in entry["content"])
    said = "\n".join(part["text"] for part in entry["content"] if part["text"])
    return {**entry, "content": said} if said else None


EMPTY_PART: Json = {"type": "output_text", "text": "", "annotations": [], "logprobs": None}


def _without_words(entry: Json, facts: tuple[str, ...]) -> Json:
    if entry.get("role") != "user":
        return entry
    parts = [
        {**part, "text": [fact for fact in facts if fact in part["text"]]} if "text" in part else part
        for part in entry["content"]
    ]
    return {**entry, "content": parts}


FACTS = (
    *(
        "“Look”\n<b>",
        "@é",
        "file atc_1",
        "tag t1",
        "tag t2",
        "quote this",
        "Which?",
        "Why?",
        "red, blue",
        "skipped",
    ),
    *(
        "unanswered",
        "answered",
        "c: …",
        "title",
        "content",
        "hidden words",
        '"Card"',
        '"value":"Hi"',
        "widget",
        '"handler"',
    ),
)
BUTTON = {"type": "Card", "children": [{"type": "Button", "onClickAction": {"type": "x", "payload": None}}]}
ANSWER = make.StructuredInputAnswer(values=["red", "blue"])
SKIPPED = make.StructuredInputAnswer(skipped=True)
ANSWERED = make.StructuredInputItem(
    id="form",
    status="answered",
    inputs=[
        make.StructuredInputFreeform(id="a", question="Which?", answer=ANSWER),
        make.StructuredInputFreeform(id="b", question="Why?", answer=SKIPPED),
        make.StructuredInputFreeform(id="c", question="Why?"),
    ],
    **HERE,
)


def one_task(task: Make) -> Make:
    return make.TaskItem(id="tsk", task=task, **HERE)


CASES: dict[str, Any] = {
    "nothing": [],
    "every item": [each for each in EVERY_ITEM if each.name != "HiddenContextItem"],
    "a single item": user(TEXT),
    "a tag": [user(TEXT, TAG, TEXT)],
    "twin tags": [user(TAG, TWIN, TAG)],
    "an attachment": [user(TEXT, attachments=[FILE, FILE])],
    "only an attachment": [user(attachments=[FILE])],
    "a quote": [user(TEXT, quoted_text="quote this")],
    "two messages that say the same": [
        user(TEXT, quoted_text="quote this"),
        user(TEXT, quoted_text="quote this"),
    ],
    "a quote of an earlier message": [user(TEXT, quoted_text="quote this"), message(text("Hi"))],
    "a quote, a tag and an attachment": [
        message(text("Hi")),
        user(TEXT, TAG, quoted_text="quote this", attachments=[FILE]),
    ],
    "an empty quote": [user(TEXT, quoted_text="")],
    "an answer in parts": [message(text("a"), text(""), text("b"))],
    "a pending call": make.ClientToolCallItem(id="c", call_id="x", name="n", arguments={}, **HERE),
    "a call that gave nothing": make.ClientToolCallItem(
        id="c", call_id="x", name="n", arguments={"é": [1.0, None]}, status="completed", **HERE
    ),
    "tasks": [one_task(each) for each in TASKS],
    "a task's title": one_task(make.CustomTask(title="title")),
    "a task's content": one_task(make.CustomTask(content="content")),
    "a task of nothing": one_task(make.CustomTask(title="", content="")),
    "a workflow": make.WorkflowItem(id="w", workflow=make.Workflow(type="custom", tasks=TASKS * 2), **HERE),
    "a form": [form()],
    "a form with answers": [ANSWERED],
    "hidden text": make.SDKHiddenContextItem(id="n", content="hidden words", **HERE),
    "hidden context": [hidden("h1", "hidden words"), hidden("h2", {"a": 1}), hidden("h3")],
    "a widget": [make.WidgetItem(id="widget", widget=card(), **HERE)],
    "a widget with a button": [make.WidgetItem(id="widget", widget=BUTTON, **HERE)],
}


@pytest.mark.parametrize("own", [True, False], ids=["own converter", "default"])
@pytest.mark.parametrize("items", CASES.values(), ids=CASES)
def test_items_say_the_same(items: Any, own: bool) -> None:
    ours, theirs = (without_words(inputs(package, items, own=own), FACTS) for package in (OURS, PEER))
    assert ours == theirs


@EXAMPLES
@given(st.lists(st.sampled_from([*ITEMS]).flatmap(models), max_size=4))
def test_generated_items_give_the_same_messages(items: list[Make]) -> None:
    ours, theirs = (without_words(inputs(package, items)) for package in (OURS, PEER))
    assert ours == theirs


def test_one_object_given_twice_quotes_twice() -> None:
    counts = []
    for package in (OURS, PEER):
        item = package.build(user(TEXT, quoted_text="quote this"))
        converted = asyncio.run(package.agents.simple_to_agent_input([item, item]))
        counts.append(len(converted))
    assert counts == [4, 4]
