"""Plain functions answer as agents do: the same frames, the same history, the same ends."""

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from functools import partial
from typing import Any

import pytest

from chatkit_asgi.agents import AgentServer, AnswerContext, ChatMessage, FunctionServer, demo_agent
from chatkit_asgi.clock import utcnow
from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import CustomStreamError, InvalidRequestError
from chatkit_asgi.locale import asking
from chatkit_asgi.server import StreamingResult
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import (
    ClientToolCallItem,
    CustomTask,
    FileAttachment,
    HiddenContextItem,
    NoticeEvent,
    ThreadItemDoneEvent,
    WidgetItem,
)
from chatkit_asgi.widgets import Card, Text
from tests.agents.chat import Chat, Event

ALICE = RequestContext(user_id="alice", locale="de-AT")
Messages = list[ChatMessage]
Context = AnswerContext[RequestContext]


async def words(messages: Messages, context: Context) -> AsyncIterator[str]:
    for word in ("Good ", "", "morning"):
        yield word


def talk(function: Any, **options: Any) -> Chat:  # anything that can be called
    store: MemoryStore[RequestContext] = MemoryStore()
    return Chat(FunctionServer(store, answer=function, **options), ALICE)


def text_of(events: list[Event]) -> str:
    return "".join(
        event["update"]["delta"] for event in events if event.get("update", {}).get("delta") is not None
    )


def kinds(events: list[Event]) -> list[str]:
    return [event.get("update", event)["type"] for event in events[3:]]


async def frames_of(chat: Chat, text: str) -> list[str]:
    """The frames of an answer, with what differs from one to the next made the same."""
    said = {"content": [{"type": "input_text", "text": text}]}
    request = {"type": "threads.create", "params": {"input": said}}
    result = await chat.server.process(json.dumps(request), chat.context)
    assert isinstance(result, StreamingResult)
    frames = [frame.decode() async for frame in result]
    frames = [re.sub(r"(thr|msg)_\w+", r"\1_x", frame) for frame in frames]
    return [re.sub(r'"created_at":"[^"]+"', '"created_at":"now"', frame) for frame in frames]


# ---- what they give


async def test_frames_are_those_of_an_agent() -> None:
    agent = AgentServer[RequestContext](MemoryStore(), agent=demo_agent(delay=0))
    wanted = await frames_of(Chat(agent, ALICE), "Hello")
    deltas = [json.loads(frame[6:])["update"]["delta"] for frame in wanted if '"delta"' in frame]

    async def same(messages: Messages, context: Context) -> AsyncIterator[str]:
        for delta in deltas:
            yield delta

    assert len(deltas) > 10
    assert await frames_of(talk(same), "Hello") == wanted


async def _coroutine(messages: Messages, context: Context) -> str:
    return "Good morning"


async def _of_iterator(messages: Messages, context: Context) -> AsyncIterator[str]:
    return words(messages, context)


def _plain(messages: Messages, context: Context) -> str:
    return "Good morning"


def _generator(messages: Messages, context: Context) -> Iterator[str]:
    yield "Good "
    yield "morning"


class Answerer:
    async def __call__(self, messages: Messages, context: Context) -> AsyncIterator[str]:
        for word in ("Good ", "morning"):
            yield word


def _with_greeting(greeting: str, messages: Messages, context: Context) -> str:
    return f"{greeting} morning"


@pytest.mark.parametrize(
    "function",
    [
        words,
        _coroutine,
        _of_iterator,
        _plain,
        _generator,
        Answerer(),
        Answerer().__call__,
        partial(_with_greeting, "Good"),
        lambda messages, context: words(messages, context),
        lambda messages, context: ["Good ", "morning"],
    ],
)
async def test_text_is_taken_from_whatever_gives_it(function: Any) -> None:
    chat = talk(function)
    events = await chat.create("Hello")
    assert text_of(events) == "Good morning"
    assert (await chat.items())[-1]["content"] == [
        {"type": "output_text", "text": "Good morning", "annotations": []}
    ]


@pytest.mark.parametrize("is_generator", [False, True])
async def test_plain_functions_do_not_block_the_loop(is_generator: bool) -> None:
    loop, asked, told = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def slow(messages: Messages, context: Context) -> str:
        loop.call_soon_threadsafe(asked.set)
        return "thank you" if told.wait(10) else "nobody else had a turn"

    def slow_generator(messages: Messages, context: Context) -> Iterator[str]:
        yield slow(messages, context)

    async def tell() -> None:
        await asked.wait()
        told.set()

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(tell())
        answer = group.create_task(talk(slow_generator if is_generator else slow).create("Hello"))
    assert text_of(answer.result()) == "thank you"


async def test_nothing_is_an_answer_too() -> None:
    async def silent(messages: Messages, context: Context) -> None:
        return None

    assert kinds(await talk(silent).create("Hello")) == ["thread.updated"]


async def test_events_and_text_stand_in_their_order() -> None:
    async def mixed(messages: Messages, context: Context) -> AsyncIterator[Any]:
        yield "Look: "
        yield NoticeEvent(level="info", message="soon")
        yield "a card."
        widget = Card(children=[Text(value="hi")])
        item_id = context.generate_id("message")
        yield ThreadItemDoneEvent(
            item=WidgetItem(id=item_id, thread_id=context.thread.id, created_at=utcnow(), widget=widget)
        )
        yield "That was it."

    chat = talk(mixed)
    await chat.create("Show me")
    said = [item.get("content", [{}])[0].get("text") for item in (await chat.items())[1:]]
    assert said == ["Look: a card.", None, "That was it."]


async def test_context_shows_progress_widgets_and_workflows() -> None:
    async def working(messages: Messages, context: Context) -> AsyncIterator[str]:
        await context.stream_progress("Looking")
        await context.add_workflow_task(CustomTask(title="Look"))
        yield "Found "
        yield "it."
        await context.stream_widget(Card(children=[Text(value="this")]))

    chat = talk(working)
    events = await chat.create("Find it")
    assert "progress_update" in kinds(events)
    assert [item["type"] for item in await chat.items()] == [
        "user_message",
        "workflow",
        "assistant_message",
        "widget",
    ]


async def test_what_is_neither_text_nor_event_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    async def wrong(messages: Messages, context: Context) -> AsyncIterator[Any]:
        yield "So far "
        yield {"content": "a dictionary"}

    chat = talk(wrong)
    events = await chat.create("Hello")
    assert events[-1] == {
        "type": "error",
        "code": "stream.error",
        "message": "Die Antwort konnte nicht vollständig gegeben werden.",
        "allow_retry": True,
    }
    assert "wrong() gave a dict: it has to be text or an event" in caplog.text
    assert (await chat.items())[1]["content"][0]["text"] == "So far "


async def test_exceptions_become_error_events() -> None:
    async def failing(messages: Messages, context: Context) -> AsyncIterator[str]:
        yield "Half an "
        raise CustomStreamError("The shop is closed.", allow_retry=True)

    chat = talk(failing)
    events = await chat.create("Hello")
    assert events[-1]["message"] == "The shop is closed."
    assert (await chat.items())[1]["content"][0]["text"] == "Half an "


async def test_workflow_of_an_answer_that_fails_has_nothing_going_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def failing(messages: Messages, context: Context) -> AsyncIterator[str]:
        await context.add_workflow_task(CustomTask(title="Look", status_indicator="loading"))
        if messages:
            raise LookupError("nothing there")
        yield "There it is."

    chat = talk(failing)
    events = await chat.create("Find it")
    assert events[-1]["type"] == "error"
    (_, workflow) = await chat.items()
    assert [task["status_indicator"] for task in workflow["workflow"]["tasks"]] == ["none"]
    assert "nothing there" in caplog.text


# ---- how they end


async def test_stopping_closes_the_generator_and_keeps_what_was_said() -> None:
    closed = asyncio.Event()

    async def endless(messages: Messages, context: Context) -> AsyncIterator[str]:
        try:
            while True:
                yield "and "
                await asyncio.sleep(0)
        finally:
            assert not closed.is_set()
            closed.set()

    chat = talk(endless)
    await start_and_leave(chat, frames=8)
    assert closed.is_set()
    assert (await chat.items())[1]["content"][0]["text"].startswith("and and")


async def test_stopping_tells_the_thread_and_closes_its_generator() -> None:
    closed = threading.Event()

    def endless(messages: Messages, context: Context) -> Iterator[str]:
        try:
            yield from ["and "] * 4
            context.stop.wait(20)
            threading.Event().wait(0.2)  # something that cannot be broken off
            yield "never heard"
        finally:
            closed.set()

    chat = talk(endless)
    await start_and_leave(chat, frames=10)  # all that it says before it waits
    assert closed.is_set()
    assert "never heard" not in json.dumps(await chat.items())


async def test_stopping_tells_a_plain_function() -> None:
    loop, asked, heard = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def slow(messages: Messages, context: Context) -> str:
        loop.call_soon_threadsafe(asked.set)
        if context.stop.wait(20):
            heard.set()
        return "never heard"

    chat = talk(slow)
    task = asyncio.create_task(chat.create("Hello"))
    async with asyncio.timeout(20):
        await asked.wait()
        task.cancel()
        await asyncio.wait([task])
        assert await asyncio.to_thread(heard.wait, 10)


async def start_and_leave(chat: Chat, *, frames: int) -> None:
    said = {"content": [{"type": "input_text", "text": "Go on"}]}
    request = {"type": "threads.create", "params": {"input": said}}
    result = await chat.server.process(json.dumps(request), chat.context)
    assert isinstance(result, StreamingResult)
    async with asyncio.timeout(10), aclosing(result.json_events) as events:
        async for frame in events:
            event = json.loads(frame[6:])
            chat.thread_id = chat.thread_id or event["thread"]["id"]
            frames -= 1
            if frames == 0:
                break


# ---- what they get


async def test_messages_are_the_history() -> None:
    seen: list[Messages] = []

    async def listen(messages: Messages, context: Context) -> str:
        seen.append(messages)
        return f"Answer {len(seen)}"

    chat = talk(listen)
    await chat.create("One")
    await chat.say("Two", quoted_text="Answer 1")
    assert [(message.role, message.text) for message in seen[-1]] == [
        ("user", "One"),
        ("assistant", "Answer 1"),
        ("user", "Two\n\nThe user's message is about this passage:\n<quote>\nAnswer 1\n</quote>"),
    ]
    assert seen[-1][0].item is not None


async def test_what_is_no_message_says_what_it_is() -> None:
    seen: list[Messages] = []

    async def listen(messages: Messages, context: Context) -> str:
        seen.append(messages)
        return "Yes"

    chat = talk(listen)
    await chat.create("One")
    item: dict[str, Any] = {"thread_id": chat.thread_id, "created_at": utcnow()}
    for each in (
        HiddenContextItem(id="h1", content="It rains.", **item),
        ClientToolCallItem(
            id="c1", status="completed", call_id="x", name="locate", arguments={"a": 1}, output="Graz", **item
        ),
    ):
        await chat.server.store.add_thread_item(chat.thread_id, each, ALICE)
    await chat.say("Two")
    hidden, call, output = seen[-1][2:5]
    assert (hidden.role, "It rains." in hidden.text) == ("user", True)
    assert (call.role, call.text) == ("assistant", '(called locate with {"a": 1})')
    assert (output.role, output.text) == ("user", '(that call gave "Graz")')


async def test_attachments_are_read_when_they_are_asked_for() -> None:
    read: list[str] = []

    async def read_blob(attachment: Any, context: RequestContext) -> bytes:
        read.append(f"{context.user_id} {attachment.id}")
        return b"the notes"

    async def listen(messages: Messages, context: Context) -> AsyncIterator[str]:
        (attachment,) = messages[-1].attachments
        assert not read
        yield f"{attachment.name} ({attachment.mime_type}): {(await attachment.read()).decode()}"

    chat = talk(listen, read_blob=read_blob)
    attachment = FileAttachment(id="atc_1", name="notes.txt", mime_type="text/plain")
    await chat.server.store.save_attachment(attachment, ALICE)
    events = await chat.create("Read", attachments=["atc_1"])
    assert text_of(events) == "notes.txt (text/plain): the notes"
    assert read == ["alice atc_1"]


async def test_mentions_are_resolved_as_for_agents() -> None:
    async def resolve_tag(tag: Any, context: RequestContext) -> str:
        return f"{tag.text} is a cat of {context.user_id}'s"

    seen: list[Messages] = []

    async def listen(messages: Messages, context: Context) -> None:
        seen.append(messages)

    chat = talk(listen, resolve_tag=resolve_tag)
    tag = {"type": "input_tag", "id": "c1", "text": "Tom", "data": {}, "group": "cats", "interactive": False}
    await chat.ask("threads.create", input={"content": [{"type": "input_text", "text": "Feed "}, tag]})
    ((message,),) = seen
    assert message.text.startswith("Feed @Tom\n\n")
    assert "Tom is a cat of alice's" in message.text


async def test_only_the_newest_items_are_told() -> None:
    seen: list[Messages] = []

    async def listen(messages: Messages, context: Context) -> str:
        seen.append(messages)
        return "ok"

    chat = talk(listen)
    await chat.create("first")
    for number in range(120):
        await chat.say(f"message {number}")
    assert 0 < len(seen[-1]) < 130
    assert seen[-1][-1].text == "message 119"


async def test_context_says_for_whom_it_is() -> None:
    async def listen(messages: Messages, context: Context) -> str:
        thread = await context.store.load_thread(context.thread.id, context.request_context)
        return f"{context.user} {context.locale} {thread.id == context.thread.id} {context.stop.is_set()}"

    assert text_of(await talk(listen).create("Who?")) == "alice de-AT True False"
    with asking(b"fr"):
        chat = Chat(FunctionServer(MemoryStore(), answer=listen), RequestContext(user_id="bob"))
        assert text_of(await chat.create("Who?")) == "bob fr True False"


async def test_thread_gets_a_title() -> None:
    chat = talk(words)
    events = await chat.create("Plans for the summer")
    updated = [event["thread"]["title"] for event in events if event["type"] == "thread.updated"]
    assert updated == ["Plans for the summer"]


async def test_actions_of_widgets_are_told() -> None:
    seen: list[Messages] = []

    async def listen(messages: Messages, context: Context) -> AsyncIterator[Any]:
        seen.append(messages)
        await context.stream_widget(Card(children=[Text(value="this")]))
        yield "ok"

    chat = talk(listen)
    await chat.create("Hello")
    widget = next(item for item in await chat.items() if item["type"] == "widget")
    await chat.act(widget["id"], "order", size=3)
    assert '"action": "order"' in seen[-1][-1].text


# ---- what is none


def _takes_one(messages: Messages) -> str:
    return "no"


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (Answerer, "it is the class Answerer; give an Agent of"),
        ("words", "it is a str; give an Agent of"),
        (
            _takes_one,
            r"_takes_one cannot answer: it is called with \(messages, context\): too many",
        ),
    ],
)
def test_what_cannot_answer_is_refused(function: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        talk(function)
