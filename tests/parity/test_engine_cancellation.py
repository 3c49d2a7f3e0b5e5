"""The client leaves at any step of a turn: what is stored is the same, but for the listed differences."""

from itertools import accumulate

import pytest

from tests.parity.compare import compare
from tests.parity.conversation import Change, Leave, Pick, Step, Turn, create, in_thread
from tests.parity.packages import HERE, make
from tests.parity.test_engine_turns import (
    LIST,
    THREADS,
    added,
    call,
    done,
    hidden,
    message,
    send,
    text,
    widget,
)


def update(item_id: str, change: Step) -> Step:
    return make.ThreadItemUpdatedEvent(item_id=item_id, update=change)


def delta(value: str, index: int = 0) -> Step:
    change = make.AssistantMessageContentPartTextDelta(content_index=index, delta=value)
    return update("msg_a", change)


URL = make.URLSource(title="é", url="https://e.com")
TASK = make.ThoughtTask(content="Hm")

WRITING: list[Step] = [
    Change("title", "T"),
    added(message()),
    update("msg_a", make.AssistantMessageContentPartAdded(content_index=0, content=text(""))),
    delta(" \n"),
    delta("Hel"),
    delta("lo"),
    update(
        "msg_a",
        make.AssistantMessageContentPartAnnotationAdded(
            content_index=0, annotation_index=5, annotation=make.Annotation(source=URL, index=2)
        ),
    ),
    update(
        "msg_a",
        make.AssistantMessageContentPartAnnotationAdded(
            content_index=0, annotation_index=0, annotation=make.Annotation(source=URL)
        ),
    ),
    delta("!"),
    update("msg_a", make.AssistantMessageContentPartDone(content_index=0, content=text("Hello."))),
    delta("third", 2),
    added(message(id="msg_b")),
    added(widget()),
    done(hidden()),
    done(message(text("Hello, all."))),
    Change("title", "U"),
    make.ThreadItemRemovedEvent(item_id="msg_b"),
]
WORKING: list[Step] = [
    added(
        make.WorkflowItem(id="wf", workflow=make.Workflow(type="reasoning", tasks=[TASK]), **HERE),
    ),
    update("wf", make.WorkflowTaskAdded(task_index=1, task=TASK)),
    update("wf", make.AssistantMessageContentPartTextDelta(content_index=0, delta="x")),
    update("wf", make.WorkflowTaskUpdated(task_index=0, task=make.CustomTask(title="c"))),
    added(call()),
    added(message(text("already here"))),
    update("msg_a", make.WorkflowTaskAdded(task_index=1, task=TASK)),
    make.ThreadItemReplacedEvent(item=message(text("replaced"))),
    delta("not for me"),
    added(message(text("again"))),
    added(make.GeneratedImageItem(id="image", **HERE)),
    make.ProgressUpdateEvent(text="…"),
]


@pytest.mark.parametrize("script", [WRITING, WORKING], ids=["writing", "working"])
def test_leaving_stores_the_same_at_every_step(script: list[Step]) -> None:
    for steps in accumulate(([step] for step in script), initial=[]):
        outcome, *_ = compare(create(*steps, Leave()), LIST, THREADS)
        assert outcome.refusal == "cancelled"


@pytest.mark.parametrize(
    "turn",
    [
        send(*WRITING[:7], Leave()),
        in_thread("threads.retry_after_item", *WRITING[:7], Leave(), item_id=Pick("user_message")),
        in_thread("threads.custom_action", *WRITING[:7], Leave(), action={"type": "x"}),
        in_thread("threads.add_client_tool_output", *WRITING[:7], Leave(), result=1),
    ],
    ids=lambda turn: turn.operation,
)
def test_every_streaming_request_can_be_left(turn: Turn) -> None:
    outcomes = compare(create(done(call())), turn, LIST, THREADS)
    assert outcomes[1].refusal == "cancelled"


def test_the_turn_after_a_cancelled_one_goes_on_as_ever() -> None:
    compare(create(*WRITING[:7], Leave()), send(done(message(text("So.")))), LIST, send(Leave()), LIST)
