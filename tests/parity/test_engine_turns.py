"""Turns that are easily got wrong, one by one: the same bytes, the same store."""

from typing import Any

import pytest

from tests.parity.compare import compare, take_alike
from tests.parity.conversation import (
    Advance,
    Change,
    Conversation,
    Outcome,
    Pick,
    Raise,
    Remember,
    Step,
    Turn,
    create,
    in_thread,
    say,
)
from tests.parity.packages import HERE, Make, make


def text(value: str, *annotations: Make) -> Make:
    return make.AssistantMessageContent(text=value, annotations=list(annotations))


def message(*content: Make, id: str = "msg_a") -> Make:
    return make.AssistantMessageItem(id=id, content=list(content), **HERE)


def done(item: Make) -> Make:
    return make.ThreadItemDoneEvent(item=item)


def added(item: Make) -> Make:
    return make.ThreadItemAddedEvent(item=item)


def hidden(id: str = "hidden", content: Any = "between us") -> Make:
    return make.HiddenContextItem(id=id, content=content, **HERE)


def call(id: str = "tc_1", **fields: Any) -> Make:
    return make.ClientToolCallItem(
        id=id, call_id=f"call_{id}", name="look", arguments={"a": None}, **fields, **HERE
    )


def form(**fields: Any) -> Make:
    options = [make.StructuredInputMultipleChoiceOption(value=each) for each in ("red", "blue")]
    questions = [
        make.StructuredInputMultipleChoice(id="color", question="Which?", options=options),
        make.StructuredInputMultipleChoice(id="colors", question="Which?", options=options, multiple=True),
        make.StructuredInputFreeform(id="why", question="Why?", description="In short."),
    ]
    return make.StructuredInputItem(id="form", inputs=questions, **fields, **HERE)


def card(text: str = "Hi") -> dict[str, Any]:
    return {"type": "Card", "children": [{"type": "Text", "id": "t", "value": text}]}


def widget(id: str = "widget") -> Make:
    return make.WidgetItem(id=id, widget=card(), copy_text="Hi", **HERE)


SOURCES = [
    make.URLSource(title="é", url="https://e.com/?q=é", attribution="E", timestamp="2026"),
    make.FileSource(title="f", filename="f.txt", description="", group="g"),
    make.EntitySource(title="e", id="e1", icon="vendor:e", label="L", data={"n": None}, preview="lazy"),
]
TASKS = [
    make.CustomTask(title="c", icon="lucide:x", content="…", status_indicator="loading"),
    make.SearchTask(title="s", title_query="q", queries=["q"], sources=SOURCES[:1]),
    make.ThoughtTask(content="hm"),
    make.FileTask(sources=SOURCES[1:2]),
    make.ImageTask(title="i"),
]
IMAGE = make.GeneratedImage(id="img", url="data:image/png;base64,AA==")
EVERY_ITEM = [
    make.UserMessageItem(id="u", content=[], inference_options={}, quoted_text="", **HERE),
    message(text("", *[make.Annotation(source=each, index=place) for place, each in enumerate(SOURCES)])),
    call("tc_0", status="completed", output={"b": None}),
    widget(),
    make.GeneratedImageItem(id="image", image=IMAGE, **HERE),
    make.GeneratedImageItem(id="image_empty", **HERE),
    form(),
    make.WorkflowItem(id="wf", workflow=make.Workflow(type="custom", tasks=TASKS), **HERE),
    make.WorkflowItem(
        id="wf_2",
        workflow=make.Workflow(
            type="reasoning", tasks=[], summary=make.CustomSummary(title="S", icon="check"), expanded=True
        ),
        **HERE,
    ),
    *[make.TaskItem(id=f"tsk_{place}", task=task, **HERE) for place, task in enumerate(TASKS)],
    make.EndOfTurnItem(id="end", **HERE),
    hidden(content={"a": [None, 1]}),
    make.SDKHiddenContextItem(id="note", content="", **HERE),
]
LIST = in_thread("items.list")
GET = in_thread("threads.get_by_id")
THREADS = Turn("threads.list", {})
ANSWER = {
    "color": {"values": ["red", "blue"]},
    "colors": {"values": ["red", "x"]},
    "unknown": {"values": ["?"]},
}


def send(*script: Step, **fields: Any) -> Turn:
    return in_thread("threads.add_user_message", *script, input=say("More", **fields))


def answer(*script: Step, item_id: Any = "form", **input: Any) -> Turn:
    return in_thread("threads.add_structured_input", *script, item_id=item_id, input=input)


def act(*script: Step, item_id: Any = None, **action: Any) -> Turn:
    return in_thread("threads.custom_action", *script, item_id=item_id, action={"type": "click", **action})


def ask(*script: Step, item_id: Any = None) -> Turn:
    return in_thread("threads.sync_custom_action", *script, item_id=item_id, action={"type": "click"})


def retry(item_id: Any, *script: Step) -> Turn:
    return in_thread("threads.retry_after_item", *script, item_id=item_id)


def output(result: Any, *script: Step) -> Turn:
    return in_thread("threads.add_client_tool_output", *script, result=result)


def feedback(**params: Any) -> Turn:
    return in_thread("items.feedback", item_ids=["x"], kind="negative", **params)


def upload(mime_type: str = "text/plain") -> Turn:
    return Turn("attachments.create", {"name": "n", "size": 3, "mime_type": mime_type})


TAG = {"type": "input_tag", "id": "t", "text": "é", "data": {"a": None}, "group": "g", "interactive": True}
CHOICES = {"model": "m", "tool_choice": {"id": "t"}}
FAILURE = make.StreamError(code=make.ErrorCode(value="stream.error"))
SAID = done(message(text("Hi")))

ELSEWHERE: dict[str, dict[str, Any]] = {
    "threads.add_user_message": {"input": say("x")},
    "threads.add_client_tool_output": {"result": None},
    "threads.add_structured_input": {"item_id": "x", "input": {}},
    "threads.retry_after_item": {"item_id": "x"},
    "threads.custom_action": {"action": {"type": "x"}},
    "threads.sync_custom_action": {"action": {"type": "x"}},
    "threads.get_by_id": {},
    "threads.update": {"title": "T"},
    "threads.delete": {},
    "items.list": {},
}

CASES: dict[str, list[Turn]] = {
    "nothing is answered": [create(), LIST, GET],
    "every item is done": [create(*[done(each) for each in EVERY_ITEM]), LIST, GET, THREADS],
    "every item is added": [create(*[added(each) for each in EVERY_ITEM]), LIST],
    "every item is replaced": [
        create(*[make.ThreadItemReplacedEvent(item=each) for each in EVERY_ITEM]),
        LIST,
    ],
    "items are done twice": [create(SAID, done(message(text("Ho")))), LIST],
    "an item becomes one of another kind": [
        create(SAID, make.ThreadItemReplacedEvent(item=make.EndOfTurnItem(id="msg_a", **HERE))),
        LIST,
    ],
    "what was never there is removed": [create(make.ThreadItemRemovedEvent(item_id="x")), LIST],
    "events of the server come from the responder": [
        create(
            make.StreamOptionsEvent(stream_options=make.StreamOptions(allow_cancel=False)),
            make.ThreadCreatedEvent(
                thread=make.Thread(id="x", created_at=HERE["created_at"], items=make.Page(data=[]))
            ),
            make.ErrorEvent(code=make.ErrorCode(value="stream.error")),
            make.ErrorEvent(message="", allow_retry=True),
            make.NoticeEvent(level="danger", message="**m**", title="t"),
            make.ProgressUpdateEvent(text="…"),
            make.ClientEffectEvent(name="e"),
            SAID,
        )
    ],
    "the thread changes before the first event": [create(Change("title", "T"), SAID)],
    "the thread changes after the last event": [create(SAID, Change("title", "T")), THREADS],
    "the thread changes and no event comes": [create(Change("title", "")), THREADS],
    "a change is undone": [create(Change("title", "T"), Change("title", None), SAID)],
    "the thread changes behind a hidden item": [create(Change("title", "T"), done(hidden()), SAID)],
    "metadata changes in place": [create(Remember("a", {"b": None}), SAID, Remember("a", 1), SAID)],
    "the thread changes before a failure": [create(Change("title", "T"), Raise(RuntimeError)), THREADS],
    "the thread is locked": [
        create(SAID, Change("status", make.LockedStatus(reason="later")), SAID),
        THREADS,
        GET,
        in_thread("threads.update", title="T"),
    ],
    "the thread is closed": [create(Change("status", make.ClosedStatus())), THREADS],
    "image domains are set": [create(Change("allowed_image_domains", ["e.com"])), GET],
    "time passes": [create(Advance(61), SAID), send(SAID)],
    "a failure without words": [create(Raise(KeyError))],
    "a failure behind events": [create(SAID, Raise(ValueError)), LIST],
    "an error of the application's": [create(make.CustomStreamError(message="Ü"))],
    "an error that may be retried": [create(make.CustomStreamError(message="", allow_retry=True))],
    "a stream error": [create(SAID, FAILURE)],
    "a stream error not to be retried": [
        create(make.StreamError(code=make.ErrorCode(value="stream.error"), allow_retry=False))
    ],
    "a task that does not exist is updated": [
        create(
            added(make.WorkflowItem(id="w", workflow=make.Workflow(type="custom", tasks=[]), **HERE)),
            make.ThreadItemUpdatedEvent(
                item_id="w", update=make.WorkflowTaskUpdated(task_index=1, task=TASKS[0])
            ),
            SAID,
        )
    ],
    "a part that does not exist is updated": [
        create(
            added(message()),
            *[
                make.ThreadItemUpdatedEvent(
                    item_id="msg_a",
                    update=make.AssistantMessageContentPartTextDelta(content_index=2, delta=delta),
                )
                for delta in ("\u2028", '"\\', "\x00\x1f\x7f", "é😀", "")
            ],
            SAID,
        )
    ],
    "updates for what is not there": [
        create(
            make.ThreadItemUpdatedEvent(
                item_id="\u2028", update=make.AssistantMessageContentPartTextDelta(content_index=7, delta="a")
            ),
            make.ThreadItemUpdatedEvent(
                item_id="x", update=make.WorkflowTaskUpdated(task_index=1, task=TASKS[0])
            ),
            make.ThreadItemUpdatedEvent(
                item_id="x", update=make.GeneratedImageUpdated(image=IMAGE, progress=0.1)
            ),
        )
    ],
    "a message with everything": [
        upload(),
        upload("image/png"),
        create(
            input=say(
                "“é”",
                TAG,
                "\u2028",
                attachments=["atc_1", "atc_2", "atc_1"],
                quoted_text="",
                inference_options=CHOICES,
            )
        ),
        LIST,
        send(attachments=["atc_2"], inference_options=CHOICES),
        Turn("attachments.delete", {"attachment_id": "atc_1"}),
        GET,
    ],
    "an empty message": [create(input=say()), LIST],
    "a thread is not there": [
        create(),
        *[Turn(operation, {**params, "thread_id": "thr_9"}) for operation, params in ELSEWHERE.items()],
    ],
    "pages": [
        create(*[done(make.EndOfTurnItem(id=f"end_{place}", **HERE)) for place in range(24)]),
        create(),
        GET,
        *[in_thread("items.list", limit=limit) for limit in (None, 0, 1, 24, 25, 26, "2", 1.0, True)],
        in_thread("items.list", limit=2, after="end_3", order="asc"),
        in_thread("items.list", limit=2, after="end_3", order="desc"),
        in_thread("items.list", after="end_23"),
        *[Turn("threads.list", {"limit": limit, "order": "asc"}) for limit in (1, 2, 3)],
        Turn("threads.list", {"limit": 1, "after": "thr_1"}),
    ],
    "pages of a thread with secrets": [
        create(*[done(each) for each in (hidden("h1"), SAID.fields["item"], hidden("h2"))]),
        LIST,
        in_thread("items.list", limit=1),
        GET,
    ],
    "a thread is renamed and deleted": [
        create(Remember("a", 1)),
        in_thread("threads.update", title=""),
        in_thread("threads.update", title="Ü"),
        THREADS,
        in_thread("threads.delete"),
        in_thread("threads.delete"),
        THREADS,
        GET,
    ],
    "feedback": [create(), feedback()],
    "a client's tool": [
        create(done(call())),
        output({"b": None, "c": [1.5, "é"]}, SAID),
        output(1),
        LIST,
    ],
    "a client's tool that answers nothing": [create(done(call())), output(None, SAID), LIST],
    "several calls wait": [create(*[done(call(f"tc_{place}")) for place in range(4)]), output("x"), LIST],
    "a call is answered already": [create(done(call(status="completed", output=1))), output(2), LIST],
    "no call waits": [create(), output(1), create(SAID), output(2)],
    "a form is filled in": [create(done(form())), answer(SAID, answers=ANSWER), answer(answers=ANSWER), LIST],
    "a form is skipped": [create(done(form())), answer(status="skipped", answers=ANSWER), LIST],
    "a form is sent empty": [create(done(form())), answer(), LIST],
    "answers may be empty": [
        create(done(form())),
        answer(
            answers={
                "color": {"values": [""]},
                "colors": {"values": ["red", "red"]},
                "why": {"values": ["a", "b"], "skipped": False},
            }
        ),
    ],
    "an answer may be skipped": [
        create(done(form())),
        answer(answers={"color": {"values": ["red"], "skipped": True}, "why": {"values": []}}),
    ],
    "a form answers no more after a failure": [
        create(done(form())),
        answer(Raise(RuntimeError), answers=ANSWER),
        LIST,
    ],
    "what is filled in is no form": [create(SAID), answer(item_id="msg_a"), answer(item_id="x")],
    "a form is filled in already": [create(done(form(status="answered"))), answer()],
    "a message is retried": [
        create(SAID, done(hidden()), done(call())),
        send(SAID, done(widget())),
        retry(Pick("user_message", 1), done(message(text("Better")))),
        LIST,
    ],
    "the last message is retried": [create(), retry(Pick("user_message"), SAID), LIST],
    "a message far back is retried": [
        create(*[done(make.EndOfTurnItem(id=f"end_{place}", **HERE)) for place in range(45)]),
        retry(Pick("user_message"), SAID),
        LIST,
    ],
    "what is retried is no message": [create(SAID), retry("msg_a"), LIST],
    "a retry fails behind its first words": [
        create(SAID),
        retry(Pick("user_message"), done(message(text("Oh"), id="msg_b")), Raise(RuntimeError)),
        LIST,
    ],
    "an action of no widget": [create(), act(SAID, payload={"a": [None]}), act(item_id=""), LIST],
    "an action of a widget": [
        create(done(widget())),
        act(
            make.ThreadItemUpdatedEvent(item_id="widget", update=make.WidgetRootUpdated(widget=card("new"))),
            item_id="widget",
            handler="client",
            loadingBehavior="self",
        ),
        LIST,
        act(
            make.ThreadItemReplacedEvent(item=make.WidgetItem(id="widget", widget=card("new"), **HERE)),
            item_id="widget",
        ),
        LIST,
    ],
    "an action of what is no widget": [create(SAID), act(SAID, item_id="msg_a"), act(item_id="x"), LIST],
    "an action fails": [create(), act(Change("title", "T"), Raise(NotImplementedError)), THREADS],
    "a plain action": [
        create(done(widget())),
        ask(done(widget()), item_id="widget"),
        ask(),
        ask(item_id=Pick("user_message")),
        ask(item_id="x"),
        ask(Change("title", "lost")),
        ask(Change("title", "lost"), Raise(RuntimeError)),
        THREADS,
    ],
    "uploads": [upload(), upload("image/png"), Turn("attachments.delete", {"attachment_id": "atc_1"})],
    "speech": [
        Turn("input.transcribe", {"audio_base64": "aGk=", "mime_type": mime_type})
        for mime_type in ("audio/webm;codecs=opus", " Audio/WAV ;x", "")
    ],
    "requests that are none": [
        Turn("threads.fly", {}),
        Turn("threads.list", {"limit": 1.5}),
        Turn("threads.list", {"limit": "x"}),
        Turn("threads.list", {"order": "up"}),
        Turn("threads.list", {"order": None}),
        Turn("threads.create", {}),
        Turn("threads.create", {"input": {"content": "x"}}),
        Turn("threads.update", {"thread_id": "thr_1", "title": "\ud800"}),
        Turn("threads.create", {"input": say({"type": "other", "text": "x"})}),
        Turn("items.feedback", {"thread_id": "thr_1", "item_ids": ["x"], "kind": "so so"}),
        Turn("threads.add_client_tool_output", {"thread_id": "thr_1"}),
        Turn("input.transcribe", {"audio_base64": None, "mime_type": "x"}),
        Turn("attachments.create", {"name": "n", "size": "x", "mime_type": "y"}),
    ],
}


@pytest.mark.parametrize("turns", CASES.values(), ids=CASES)
def test_turns_are_alike(turns: list[Turn]) -> None:
    compare(*turns)


def _fail(*args: Any) -> Any:
    raise ValueError("boom")


@pytest.mark.parametrize("turn", [send(), act(), ask()], ids=lambda turn: turn.operation)
def test_methods_that_fail_when_they_are_called_are_alike(turn: Turn) -> None:
    conversation = Conversation()
    take_alike(conversation, create())
    for server in conversation.servers.values():
        server.respond = server.action = server.sync_action = _fail
    take_alike(conversation, turn)
    take_alike(conversation, LIST)


@pytest.mark.parametrize(
    "turn", [send(), act(), retry(Pick("user_message"))], ids=lambda turn: turn.operation
)
def test_stream_options_that_fail_refuse_alike(turn: Turn) -> None:
    conversation = Conversation()
    take_alike(conversation, create())
    for server in conversation.servers.values():
        server.get_stream_options = _fail
    ours, theirs = conversation.take(turn)
    assert ours.refusal == theirs.refusal == "ValueError"


def test_iterators_that_know_no_closing_will_do() -> None:
    class Iterator:
        async def __anext__(self) -> Any:
            raise StopAsyncIteration

        def __aiter__(self) -> Any:
            return self

    conversation = Conversation()
    for server in conversation.servers.values():
        server.respond = lambda *args: Iterator()
    take_alike(conversation, create())


def test_a_turn_that_says_nothing_ends_with_its_options() -> None:
    """One outcome spelled out, so that the comparison itself is known to compare something."""
    [outcome] = compare(create())
    assert isinstance(outcome, Outcome)
    assert [frame.split('"')[3] for frame in outcome.frames] == [
        "thread.created",
        "thread.item.done",
        "stream_options",
    ]
    assert [item["id"] for item in outcome.stored["items"]["thr_1"]] == ["message_2"]
    assert outcome.asked[0][:3] == ("respond", {"user": "alice"}, "Thread")
