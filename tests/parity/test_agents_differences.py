"""Each listed difference of the bridge to agents, where it can be seen: the published one's way, and ours."""

import asyncio
import json
import logging
from contextlib import suppress
from typing import Any

import pytest
from agents.models import chatcmpl_helpers
from openai.types.responses.response_output_text_annotation_added_event import (
    ResponseOutputTextAnnotationAddedEvent,
)

from tests.agents.scripts import (
    annotation,
    called,
    image,
    item_added,
    item_done,
    message,
    part_added,
    partial_image,
    text,
)
from tests.parity.conversation import CONTEXT, Raise, make_server, say
from tests.parity.differences import shows
from tests.parity.packages import HERE, MOMENT, OURS, PEER, Package, agreed_clock, make
from tests.parity.runs import Call, Hang, Run
from tests.parity.stores import Json
from tests.parity.test_agents_input import inputs
from tests.parity.test_agents_runs import (
    PAGE,
    STOPPED_INPUT,
    TOOL,
    add,
    added,
    begin,
    end,
    go_on,
    said,
    start,
    task,
    workflow,
)
from tests.parity.test_engine_differences import events, items, last
from tests.parity.test_engine_turns import message as answer
from tests.parity.test_engine_turns import text as words

BOTH = [OURS, PEER]


def of_type(outcome: Any, kind: str) -> list[Json]:
    return [event for event in events(outcome) if event["type"] == kind]


@shows("mapped-ids")
@pytest.mark.parametrize("item_id", ["__fake_id__", "m1"])
def test_an_id_of_the_model_s_is_used_once(item_id: str) -> None:
    ours, theirs = last(start(*said("One.", item_id)), go_on(*said("Two.", item_id)))
    answers = [
        [
            each["content"][0]["text"]
            for each in outcome.stored["items"]["thr_1"]
            if each["type"] == "assistant_message"
        ]
        for outcome in (ours, theirs)
    ]
    assert answers == [["One.", "Two."], ["Two."]]


@shows("mapped-ids")
def test_a_client_tool_call_without_an_id_gets_one() -> None:
    call = called({"type": "function_call", "id": "__fake_id__", "call_id": "c", "name": "n"})
    ours, theirs = last(start(call, TOOL))
    assert (items(ours)[-1], items(theirs)[-1]) == ("tool_call_3", "__fake_id__")


@shows("streamed-citations")
def test_streamed_citations_are_accepted_as_they_come() -> None:
    """The library parses the citation of this event into a class that no other event has."""
    place = {
        "item_id": "m1",
        "output_index": 0,
        "content_index": 0,
        "annotation_index": 0,
        "sequence_number": 0,
    }
    kind = "response.output_text.annotation.added"
    sent = {**place, "type": kind, "annotation": PAGE.model_dump()}
    event = annotation(ResponseOutputTextAnnotationAddedEvent.model_validate(sent).annotation)
    ours, theirs = last(start(item_added(message()), part_added(text()), event))
    assert of_type(ours, "thread.item.updated")[-1]["update"]["annotation"]["source"]["title"] == "T"
    assert [len(of_type(outcome, "error")) for outcome in (ours, theirs)] == [0, 1]


@shows("streamed-citations")
def test_citations_that_are_null_say_nothing() -> None:
    ours, _ = last(start(item_added(message()), part_added(text()), annotation(None)))
    assert of_type(ours, "error") == []


@shows("task-identity")
def test_equal_tasks_have_places_of_their_own() -> None:
    ours, theirs = last(start(begin(task("a")), add("b"), add("a")))
    indexes = [
        [event["update"]["task_index"] for event in of_type(outcome, "thread.item.updated")]
        for outcome in (ours, theirs)
    ]
    assert indexes == [[1, 2], [1, 0]]


@shows("task-places")
def test_a_task_is_sent_with_its_place() -> None:
    update = Call("update_workflow_task", [task("c"), -1])
    ours, theirs = last(start(begin(task("a"), task("b")), update))
    places = [
        of_type(outcome, "thread.item.updated")[-1]["update"]["task_index"] for outcome in (ours, theirs)
    ]
    assert places == [1, -1]


@shows("mixed-times")
def test_a_workflow_may_have_begun_at_an_aware_time() -> None:
    item = make.WorkflowItem(id="w", workflow=workflow(task("a")), **HERE)
    ours, theirs = last(start(added(item), end()))
    assert [len(of_type(outcome, "error")) for outcome in (ours, theirs)] == [0, 1]


@shows("plain-history")
def test_an_answer_goes_back_as_plain_text() -> None:
    given = [answer(words("Hi"), words("there")), answer(), answer(words(""))]
    ours, theirs = (inputs(package, given) for package in BOTH)
    assert ours == [{"type": "message", "role": "assistant", "content": "Hi\nthere"}]
    assert [type(entry["content"]) for entry in theirs] == [list, list, list]


@shows("own-wording")
def test_quotes_are_worded_anew() -> None:
    item = make.UserMessageItem(id="u", content=[], quoted_text="q", inference_options={}, **HERE)
    ours, theirs = (inputs(package, item)[-1]["content"][0]["text"] for package in BOTH)
    assert "<quote>\nq\n</quote>" in ours
    assert "q" in theirs
    assert ours != theirs


@shows("removals-in-order")
def test_a_guardrail_removes_in_the_order_of_appearance() -> None:
    shown = [step for place in range(6) for step in said("x", f"m{place}")]
    ours, theirs = last(start(*shown, STOPPED_INPUT))
    removed = [
        [event["item_id"] for event in of_type(outcome, "thread.item.removed")] for outcome in (ours, theirs)
    ]
    assert removed[0] == sorted(removed[1]) == [f"m{place}" for place in range(6)]


@shows("late-events")
def test_a_late_event_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    for package in BOTH:
        asyncio.run(_stream_late(package))
    assert [(record.name.split(".")[0], record.levelno) for record in caplog.records] == [
        ("chatkit_asgi", logging.WARNING)
    ]


async def _stream_late(package: Package) -> None:
    server = make_server(package)
    thread = package.types.ThreadMetadata(id="thr_1", created_at=MOMENT)
    server.store.items["thr_1"] = []
    context = package.agents.AgentContext(thread=thread, store=server.store, request_context=CONTEXT)

    class Run:
        async def stream_events(self) -> Any:
            return
            yield

    assert [event async for event in package.agents.stream_agent_response(context, Run())] == []
    await context.stream(package.types.ProgressUpdateEvent(text="late"))


@shows("images-apart")
def test_images_made_side_by_side_keep_their_items() -> None:
    steps = [
        *[item_added(image(item_id=each)) for each in ("ig1", "ig2")],
        *[partial_image(0, each) for each in ("ig1", "ig2")],
        *[item_done(image("RklO", each)) for each in ("ig1", "ig2")],
    ]
    ours, theirs = last(start(*steps))
    done = [
        [(each["id"], each["image"]["id"]) for each in outcome.stored["items"]["thr_1"][1:]]
        for outcome in (ours, theirs)
    ]
    assert done[0] == [("message_3", "ig1"), ("message_4", "ig2")]
    assert done[1] != done[0]


@shows("no-tasks-left")
def test_a_cancelled_run_leaves_no_task() -> None:
    left = {}
    for package in BOTH:
        server = make_server(package)
        server.script = [Run([item_added(message()), Hang()])]
        left[package.name] = asyncio.run(_tasks_left(server))
    assert (left["ours"], left["peer"] > 0) == (0, True)


async def _tasks_left(server: Any) -> int:
    request = json.dumps({"type": "threads.create", "params": {"input": say("x")}})
    turn = asyncio.create_task(_answer(server, request))
    await server.left.wait()
    turn.cancel()
    with suppress(asyncio.CancelledError):
        await turn
    return len(asyncio.all_tasks()) - 1


async def _answer(server: Any, request: str) -> None:
    with agreed_clock():
        async for _ in await server.process(request, CONTEXT):
            pass


@shows("headers-reset")
def test_the_user_agent_is_reset_after_a_failure() -> None:
    headers = {}
    for package in BOTH:
        server = make_server(package)
        server.script = [Raise(RuntimeError)]
        headers[package.name] = asyncio.run(_headers_after(server))
    assert headers["ours"] is None
    assert "ChatKit" in headers["peer"]["User-Agent"]


async def _headers_after(server: Any) -> Any:
    await _answer(server, json.dumps({"type": "threads.create", "params": {"input": say("x")}}))
    return chatcmpl_helpers.HEADERS_OVERRIDE.get()
