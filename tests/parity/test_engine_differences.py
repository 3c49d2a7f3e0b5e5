"""Each listed difference of the engine, where it can be seen: what the published package does, and ours."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import anyio.lowlevel
import pytest

from tests.parity.conversation import (
    CONTEXT,
    Change,
    Conversation,
    Leave,
    Meanwhile,
    Outcome,
    Pick,
    Raise,
    Remember,
    Turn,
    create,
    in_thread,
    make_server,
    say,
)
from tests.parity.differences import shows
from tests.parity.packages import HERE, OURS, PEER, Make, Package, agreed_clock, make
from tests.parity.stores import Json
from tests.parity.test_engine_turns import (
    added,
    call,
    done,
    feedback,
    hidden,
    message,
    send,
    text,
    widget,
)

BOTH = [OURS, PEER]


def last(*turns: Turn) -> tuple[Outcome, Outcome]:
    """What comes of the last turn, as it is: ours, and theirs."""
    conversation = Conversation(full_pages=False)
    return [conversation.take(turn) for turn in turns][-1]


def items(outcome: Outcome) -> list[str]:
    return [item["id"] for item in outcome.stored["items"].get("thr_1", [])]


def events(outcome: Outcome) -> list[Json]:
    return [json.loads(frame.removeprefix("data: ")) for frame in outcome.frames]


def shown(outcome: Outcome) -> list[str]:
    return [item["id"] for item in json.loads(outcome.frames[0])["data"]]


SAID = done(message(text("Hi")))


@shows("utc-times")
def test_times_are_aware() -> None:
    ours, theirs = (event[0]["thread"]["created_at"] for event in map(events, last(create())))
    assert (ours, theirs) == ("2026-01-02T03:04:05.678900Z", "2026-01-02T03:04:05.678900")


@shows("long-ids")
def test_ids_are_long() -> None:
    ours, theirs = (package.store.default_generate_id("message") for package in BOTH)
    assert (len(ours), len(theirs)) == (len("msg_") + 32, len("msg_") + 8)


@shows("error-messages")
def test_errors_have_words() -> None:
    ours, theirs = (events(outcome)[-1].get("message") for outcome in last(create(Raise(KeyError))))
    assert (ours, theirs) == ("The answer could not be completed.", None)


@shows("unwritable-events")
@pytest.mark.parametrize(
    "event",
    [
        make.ProgressUpdateEvent(text="\ud83d"),
        done(message(text("\ud83d"))),
        make.ClientEffectEvent(name="e", data={"a": object()}),
        Change("title", "\ud83d"),
    ],
    ids=["half a character", "half a character in an item", "an object", "half a character in a title"],
)
def test_what_cannot_be_written_is_an_error(event: Any) -> None:
    ours, theirs = last(create(SAID, event))
    assert (ours.refusal, theirs.refusal) == (None, "ValueError")
    assert events(ours)[-1]["type"] == "error"
    assert events(ours)[:-1] == events(ours)[: len(theirs.frames)]


@shows("own-wording")
def test_notes_for_the_model_are_worded_anew() -> None:
    ours, theirs = (outcome.stored["items"]["thr_1"][-1] for outcome in last(create(Leave())))
    assert ours["type"] == theirs["type"] == "sdk_hidden_context"
    assert ours["content"] != theirs["content"]


@shows("admitted-first")
def test_requests_are_refused_before_the_stream() -> None:
    request = json.dumps({"type": "threads.retry_after_item", "params": {"thread_id": "x", "item_id": "x"}})
    with pytest.raises(OURS.store.NotFoundError):
        asyncio.run(make_server(OURS).process(request, CONTEXT))
    assert asyncio.run(make_server(PEER).process(request, CONTEXT))


@shows("one-transaction")
def test_an_unknown_attachment_leaves_nothing_behind() -> None:
    ours, theirs = last(create(input=say("x", attachments=["atc_9"])))
    assert ours.refusal == theirs.refusal == "NotFoundError"
    assert (len(ours.frames), [*ours.stored["threads"]]) == (0, [])
    assert (len(theirs.frames), [*theirs.stored["threads"]]) == (1, ["thr_1"])


@shows("closed-threads")
@pytest.mark.parametrize("status", ["LockedStatus", "ClosedStatus"])
@pytest.mark.parametrize(
    "turn",
    [
        send(),
        in_thread("threads.retry_after_item", item_id=Pick("user_message")),
        in_thread("threads.custom_action", action={"type": "x"}),
        in_thread("threads.sync_custom_action", action={"type": "x"}),
        in_thread("threads.add_client_tool_output", result=1),
    ],
    ids=lambda turn: turn.operation,
)
def test_a_closed_thread_takes_no_input(status: str, turn: Turn) -> None:
    ours, theirs = last(create(done(call()), Change("status", Make(status))), turn)
    assert (ours.refusal, theirs.refusal) == ("ValueError", None)


@shows("unknown-retry")
def test_a_retry_of_nothing_is_refused() -> None:
    ours, theirs = last(create(), in_thread("threads.retry_after_item", SAID, item_id="x"))
    assert (ours.refusal, ours.frames) == ("NotFoundError", [])
    assert (theirs.refusal, theirs.frames) == (None, [])


@shows("strict-base64")
@pytest.mark.parametrize("audio", ["%%%", "aGk=%", "a", "é"])
def test_what_is_no_base64_is_refused(audio: str) -> None:
    ours, theirs = last(Turn("input.transcribe", {"audio_base64": audio, "mime_type": "audio/wav"}))
    assert ours.refusal == "ValueError"
    assert theirs.refusal in (None, "ValueError")


@shows("bounded-titles")
def test_a_title_has_an_end() -> None:
    ours, theirs = last(create(), in_thread("threads.update", title="x" * 2001))
    assert (ours.refusal, theirs.refusal) == ("ValueError", None)


@shows("typed-actions")
@pytest.mark.parametrize("operation", ["threads.custom_action", "threads.sync_custom_action"])
def test_an_action_has_a_type(operation: str) -> None:
    ours, theirs = last(create(), in_thread(operation, action={"payload": 1}))
    assert ours.refusal == "ValidationError"
    assert theirs.refusal != "ValidationError"


@shows("feedback")
def test_feedback_is_stored_where_there_is_a_thread() -> None:
    conversation = Conversation()
    for turn in (create(), feedback()):
        conversation.take(turn)
    ours, theirs = (conversation.servers[package.name].store.feedback for package in BOTH)
    assert (ours, theirs) == ([("thr_1", ["x"], "negative")], [])
    assert [outcome.refusal for outcome in last(feedback())] == ["NotFoundError", None]


@shows("attachment-owners")
def test_an_unknown_attachment_is_not_deleted() -> None:
    ours, theirs = last(Turn("attachments.delete", {"attachment_id": "atc_9"}))
    assert (ours.refusal, ours.stored["deleted"]) == ("NotFoundError", [])
    assert (theirs.refusal, theirs.stored["deleted"]) == (None, ["atc_9"])


@shows("lenient-messages")
@pytest.mark.parametrize("left_out", ["attachments", "inference_options"])
def test_a_message_may_leave_things_out(left_out: str) -> None:
    part = say("x")
    null = {**part, left_out: None}
    del part[left_out]
    for input in (part, null):
        assert [each.refusal for each in last(create(input=input))] == [None, "ValidationError"]


@shows("upload-urls")
def test_an_attachment_may_have_an_upload_url() -> None:
    fields = {"id": "a", "name": "n", "mime_type": "m", "upload_url": "https://e.com/up"}
    ours, theirs = (package.types.FileAttachment(**fields).model_dump(mode="json") for package in BOTH)
    assert ours["upload_url"] == ours["upload_descriptor"]["url"] == "https://e.com/up"
    assert theirs["upload_descriptor"] is None


@shows("pending-calls")
@pytest.mark.parametrize("later", [hidden(), make.EndOfTurnItem(id="end", **HERE), message(text("Hm"))])
def test_an_output_finds_its_call(later: Make) -> None:
    turn = in_thread("threads.add_client_tool_output", SAID, result=1)
    ours, theirs = last(create(done(call()), done(later)), turn)
    assert (ours.refusal, theirs.refusal) == (None, "ValueError")
    assert ours.stored["items"]["thr_1"][1]["output"] == 1


@shows("full-pages")
def test_pages_are_full() -> None:
    script = [done(each) for each in (message(text("a")), hidden("h1"), hidden("h2"))]
    ours, theirs = last(create(*script), in_thread("items.list", limit=2))
    assert (shown(ours), shown(theirs)) == (["msg_a", "message_2"], [])


@shows("bounded-pages")
def test_limits_are_bounded() -> None:
    ours, theirs = last(create(SAID, done(widget())), in_thread("items.list", limit=-1))
    assert (shown(ours), len(shown(theirs))) == (["widget"], 2)


@shows("plain-threads")
def test_threads_are_saved_without_items() -> None:
    kinds = {}
    for package in BOTH:
        server = make_server(package)
        server.script = [Change("title", "T")]
        asyncio.run(_answers(server, create()))
        kinds[package.name] = server.store.saved
    assert kinds == {"ours": ["ThreadMetadata", "ThreadMetadata"], "peer": ["ThreadMetadata", "Thread"]}


@shows("merged-changes")
def test_a_rename_during_an_answer_stays() -> None:
    rename = Meanwhile("threads.update", {"thread_id": "thr_1", "title": "the user's"})
    ours, theirs = last(create(rename, Remember("seen", True), SAID))
    titles = [outcome.stored["threads"]["thr_1"]["title"] for outcome in (ours, theirs)]
    assert titles == ["the user's", None]
    assert ours.stored["threads"]["thr_1"]["metadata"] == {"seen": True}


@shows("deleted-threads")
def test_a_thread_deleted_during_an_answer_stays_deleted() -> None:
    ours, theirs = last(create(Meanwhile("threads.delete", {"thread_id": "thr_1"}), Change("title", "T")))
    assert ([*ours.stored["threads"]], [*theirs.stored["threads"]]) == ([], ["thr_1"])


@shows("bounded-attachments")
def test_a_message_has_so_many_attachments() -> None:
    conversation = Conversation()
    conversation.take(Turn("attachments.create", {"name": "n", "size": 1, "mime_type": "text/plain"}))
    ours, theirs = conversation.take(create(input=say("x", attachments=["atc_1"] * 101)))
    assert (ours.refusal, theirs.refusal) == ("ValueError", None)


async def _answers(server: Any, turn: Turn) -> list[bytes]:
    request = json.dumps({"type": turn.operation, "params": turn.params})
    with agreed_clock():
        return [frame async for frame in await server.process(request, CONTEXT)]


UNFINISHED = [
    added(message(text("Hel"))),
    added(widget()),
    added(
        make.WorkflowItem(id="wf", workflow=make.Workflow(type="custom", tasks=[make.ImageTask()]), **HERE)
    ),
    added(make.GeneratedImageItem(id="image", image=make.GeneratedImage(id="i", url="u"), **HERE)),
    added(make.TaskItem(id="task", task=make.ImageTask(), **HERE)),
    added(call()),
]
KEPT = ["msg_a", "widget", "wf", "image", "task"]


@shows("unfinished-items")
def test_a_cancelled_turn_keeps_all_that_was_shown() -> None:
    ours, theirs = last(create(*UNFINISHED, Leave()))
    assert items(ours)[1:-1] == KEPT
    assert items(theirs)[1:-1] == ["msg_a"]


@shows("unfinished-items")
def test_a_failed_turn_keeps_all_that_was_shown() -> None:
    ours, theirs = last(create(*UNFINISHED, Raise(RuntimeError)))
    assert items(ours)[1:-1] == KEPT
    assert items(ours)[-1].startswith("sdk_hidden_context_")
    assert items(theirs)[1:] == []


def test_an_item_that_cannot_be_stored_is_an_error_in_both() -> None:
    kept = {}
    for package in BOTH:
        server = make_server(package)
        server.store.fails_to_write = {"msg_a"}
        server.script = [added(message(text("Hel"))), SAID]
        frames = asyncio.run(_answers(server, create()))
        assert b'"error"' in frames[-1]
        kept[package.name] = [item["id"] for item in server.store.items["thr_1"]]
    assert kept == {"ours": ["message_2"], "peer": ["message_2"]}


@shows("closing-cancels")
def test_closing_keeps_what_was_shown() -> None:
    kept = {}
    for package in BOTH:
        server = make_server(package)
        server.script = [added(message(text("Hel"))), SAID]
        asyncio.run(_close_at_item_added(server))
        kept[package.name] = [item["type"] for item in server.store.items["thr_1"]]
    assert kept["ours"] == ["user_message", "assistant_message", "sdk_hidden_context"]
    assert kept["peer"] == ["user_message"]


async def _close_at_item_added(server: Any) -> None:
    request = json.dumps({"type": "threads.create", "params": {"input": say("x")}})
    result = await server.process(request, CONTEXT)
    async for frame in result:
        if b"item.added" in frame:
            break
    await result.json_events.aclose()


@shows("shielded-cleanup")
def test_a_store_that_waits_saves_a_cancelled_turn() -> None:
    kept = {}
    for package in BOTH:
        server = make_server(package)
        _make_wait(server.store)
        server.script = [added(message(text("Hel"))), Leave()]
        asyncio.run(_leave_a_scope(server))
        kept[package.name] = [item["type"] for item in server.store.items["thr_1"]]
    assert kept["ours"] == ["user_message", "assistant_message", "sdk_hidden_context"]
    assert kept["peer"] == ["user_message"]


def _make_wait(store: Any) -> None:
    add_at_once = store.add_thread_item

    async def add_thread_item(*args: Any, **more: Any) -> None:
        await anyio.lowlevel.checkpoint()
        await add_at_once(*args, **more)

    store.add_thread_item = add_thread_item


async def _leave_a_scope(server: Any) -> None:
    """As a web framework does when the client is gone."""
    server.left = asyncio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(_answers, server, create())
        await server.left.wait()
        group.cancel_scope.cancel()


@shows("restored-answers")
@pytest.mark.parametrize("ending", [Raise(RuntimeError), Leave()], ids=["failed", "cancelled"])
def test_a_failed_retry_brings_the_answer_back(ending: Any) -> None:
    turn = in_thread("threads.retry_after_item", ending, item_id=Pick("user_message"))
    ours, theirs = last(create(SAID), turn)
    assert items(ours)[:2] == ["message_2", "msg_a"]
    assert "msg_a" not in items(theirs)


STATES = [
    ({"streaming": True}, {}),
    ({"size": "sm"}, {}),
    ({"key": "a"}, {"key": "b"}),
    ({"id": "a"}, {"id": "b"}),
]


@shows("widget-fallback")
@pytest.mark.parametrize(("before", "after"), STATES)
def test_a_widget_may_change_in_any_way(before: Json, after: Json) -> None:
    """Of two states of a widget that a template builds, each may lack what the other has."""
    deltas = _diff(OURS, before, after)
    assert [delta["type"] for delta in deltas] == ["widget.root.updated"]
    with suppress(AttributeError, ValueError):
        assert _diff(PEER, before, after) == deltas


def _diff(package: Package, before: Json, after: Json) -> list[Json]:
    states = [
        package.widgets.DynamicWidgetRoot.model_validate(
            {"type": "Card", "children": [{"type": "Text", "value": "x", **more}]}
        )
        for more in (before, after)
    ]
    return [delta.model_dump(mode="json") for delta in package.server.diff_widget(*states)]


@shows("basic-roots")
def test_a_component_is_shown_in_a_basic_root() -> None:
    text = {"type": "Text", "value": "Hi"}
    component = OURS.widgets.DynamicWidgetComponent.model_validate(text)
    [event] = asyncio.run(_streamed(OURS, component))
    assert event.item.widget.model_dump(exclude_none=True) == {"type": "Basic", "children": [text]}
    with pytest.raises(ValueError, match="widget"):
        asyncio.run(_streamed(PEER, PEER.widgets.DynamicWidgetComponent.model_validate(text)))


async def _streamed(package: Package, widget: Any) -> list[Any]:
    thread = package.types.ThreadMetadata(id="thr_1", created_at=HERE["created_at"])
    return [event async for event in package.server.stream_widget(thread, widget)]


@shows("widget-fallback")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("component", ["Text", "Markdown"])
def test_text_that_does_not_grow_is_a_root_update(component: str) -> None:
    before, after = (
        {"type": "Card", "children": [{"type": component, "id": "t", "value": value}]}
        for value in ("Hi", "Bye")
    )
    ours = OURS.server.diff_widget(*map(OURS.root_adapter.validate_python, (before, after)))
    assert [delta.type for delta in ours] == ["widget.root.updated"]


@shows("widget-fallback")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_texts_of_one_id_are_a_root_update() -> None:
    """A delta can name but one of them."""
    states = [{"type": "Card", "children": [{"type": "Text", "id": "t", "value": each}] * 2} for each in "ab"]
    states[1]["children"] = [{"type": "Text", "id": "t", "value": "a" + each} for each in "cd"]
    deltas = {
        package.name: package.server.diff_widget(*map(package.root_adapter.validate_python, states))
        for package in BOTH
    }
    assert [delta.type for delta in deltas["ours"]] == ["widget.root.updated"]
    assert [delta.delta for delta in deltas["peer"]] == ["d"]


@shows("widget-properties")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_unknown_properties_are_kept() -> None:
    ours, theirs = (
        package.root_adapter.validate_python({"type": "Card", "children": [], "glow": 1}).model_dump()
        for package in BOTH
    )
    assert (ours.get("glow"), theirs.get("glow")) == (1, None)
