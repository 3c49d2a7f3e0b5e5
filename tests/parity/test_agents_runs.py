"""Runs that are easily got wrong, one by one: the same bytes, the same store, over several turns."""

from types import SimpleNamespace
from typing import Any

import pytest
from agents import InputGuardrailTripwireTriggered, OutputGuardrailTripwireTriggered
from openai.types.responses import ResponseOutputRefusal
from openai.types.responses.response_output_text import (
    AnnotationContainerFileCitation,
    AnnotationFileCitation,
    AnnotationFilePath,
    AnnotationURLCitation,
)

from tests.agents.scripts import (
    annotation,
    call,
    called,
    delta,
    image,
    item_added,
    item_done,
    message,
    part_added,
    partial_image,
    reasoning,
    text,
    text_done,
    thought_delta,
    thought_done,
)
from tests.parity.compare import compare
from tests.parity.conversation import Change, Pick, Turn, create, in_thread, say
from tests.parity.packages import HERE, Make, Package, make
from tests.parity.runs import Assign, Call, Fail, Hang, Run, Show, Wait
from tests.parity.test_engine_turns import IMAGE, LIST, hidden

PAGE = AnnotationURLCitation(type="url_citation", start_index=1, end_index=4, title="T", url="https://u/é")
FILE = AnnotationFileCitation(type="file_citation", file_id="f", filename="f.txt", index=2)
BOX = AnnotationContainerFileCitation(
    type="container_file_citation",
    container_id="c",
    file_id="f",
    filename="b.txt",
    start_index=0,
    end_index=3,
)
PATH = AnnotationFilePath(type="file_path", file_id="f", index=1)
NAMELESS = AnnotationFileCitation(type="file_citation", file_id="f", filename="", index=2)
CITATIONS = [PAGE, FILE, BOX, PATH, NAMELESS]
REFUSAL = ResponseOutputRefusal(type="refusal", refusal="No.")


def start(*steps: Any, converter: Any = None) -> Turn:
    return create(Run(steps, converter))


def go_on(*steps: Any) -> Turn:
    return in_thread("threads.add_user_message", Run(steps), input=say("And?"))


def workflow(*tasks: Make, kind: str = "custom", **fields: Any) -> Make:
    return make.Workflow(type=kind, tasks=list(tasks), **fields)


def task(title: str, **fields: Any) -> Make:
    return make.CustomTask(title=title, **fields)


def said(value: str = "So.", item_id: str = "m1") -> list[Any]:
    return [item_added(message(item_id=item_id)), item_done(message(text(value), item_id=item_id))]


def begin(*tasks: Make, kind: str = "custom", **fields: Any) -> Call:
    return Call("start_workflow", [workflow(*tasks, kind=kind, **fields)])


def add(title: str, **fields: Any) -> Call:
    return Call("add_workflow_task", [task(title, **fields)])


def end(*args: Any, **kwargs: Any) -> Call:
    return Call("end_workflow", args, kwargs)


def put(event: str, item: Make) -> Call:
    return Call("stream", [Make(event, {"item": item})])


def done(item: Make) -> Call:
    return put("ThreadItemDoneEvent", item)


def added(item: Make) -> Call:
    return put("ThreadItemAddedEvent", item)


def updated(item_id: str, update: Make) -> Call:
    return Call("stream", [make.ThreadItemUpdatedEvent(item_id=item_id, update=update)])


END = make.EndOfTurnItem(id="end", **HERE)
TOOL = Assign("client_tool_call", make.ClientToolCall(name="look", arguments={"at": None}))
SUMMARY = make.CustomSummary(title="S", icon="check")
PROGRESS = Call("stream", [make.ProgressUpdateEvent(text="…", icon="search")])
TRIPPED = SimpleNamespace(guardrail=object())
STOPPED_INPUT = Fail(InputGuardrailTripwireTriggered, [TRIPPED])
STOPPED_OUTPUT = Fail(OutputGuardrailTripwireTriggered, [TRIPPED])
STATES = [
    {"type": "Card", "children": [{"type": "Text", "id": "t", "value": "Hello"[:length]}]}
    for length in (1, 3, 5)
]
OUTPUT = in_thread("threads.add_client_tool_output", Run(said("Seen.", "m2")), result={"a": None})


def three_pictures(package: Package) -> Any:
    return package.agents.ResponseStreamConverter(partial_images=3)


def own_urls(package: Package) -> Any:
    class Converter(package.agents.ResponseStreamConverter):  # type: ignore[misc, name-defined]  # either's
        async def base64_image_to_url(
            self, image_id: str, base64_image: str, partial_image_index: int | None = None
        ) -> str:
            return f"https://images.example/{image_id}/{base64_image}/{partial_image_index}"

        async def url_citation_to_annotation(self, url_citation: Any) -> Any:
            return None

        async def file_citation_to_annotation(self, file_citation: Any) -> Any:
            source = package.types.EntitySource(id=file_citation.file_id, title="own")
            return package.types.Annotation(source=source)

    return Converter()


def _cited(*citations: Any) -> list[Any]:
    return [
        item_added(message()),
        part_added(text()),
        *[annotation(each) for each in citations],
        part_added(text("", *citations), content_index=1),
        *[annotation(each, content_index=1) for each in citations],
        text_done("Hello"),
        item_done(message(text("Hello", *citations), text("", *citations))),
    ]


PICTURE = [
    item_added(image()),
    *[partial_image(place) for place in (0, 1, 5)],
    item_done(image("RklO")),
    item_done(image("RklO")),
]

CASES: dict[str, list[Turn]] = {
    "a silent run": [start(), LIST],
    "an answer": [
        start(
            item_added(message()),
            part_added(text("")),
            delta("Hel"),
            delta("lo"),
            delta(""),
            text_done("Hello"),
            Wait(3),
            item_done(message(text("Hello"))),
        ),
        LIST,
    ],
    "an answer in parts": [
        start(
            item_added(message(text("ready"))),
            *[delta(value, content_index=place) for place, value in enumerate("abc")],
            text_done("c", content_index=2),
            item_done(message(text("a"), REFUSAL, text("c"))),
        )
    ],
    "two answers": [start(*said("One.", "m1"), Wait(3), *said("Two.", "m2")), LIST],
    "a refusal": [start(item_added(message()), part_added(REFUSAL), item_done(message(REFUSAL)))],
    "citations": [start(*_cited(*CITATIONS)), LIST],
    "citations of an own converter": [start(*_cited(*CITATIONS), converter=own_urls), LIST],
    "a thought": [start(item_added(reasoning()), thought_done("Hm."), Wait(2.9), *said()), LIST],
    "thoughts as they come": [
        start(
            thought_delta("before any"),
            thought_done("before any"),
            item_added(reasoning()),
            thought_delta("a"),
            thought_delta("b"),
            thought_delta("x", summary_index=1),
            thought_done("X", summary_index=1),
            thought_done("ab."),
            thought_delta("c", summary_index=2),
            thought_done("C", summary_index=2),
            item_added(reasoning("r2")),
            thought_delta("d", item_id="r2"),
            thought_done("D", item_id="r2"),
            Wait(61),
            *said(),
            item_added(reasoning("r3")),
            thought_delta("e", item_id="r3"),
            thought_done("E", item_id="r3"),
        ),
        LIST,
        go_on(item_added(reasoning("r4")), thought_done("F", item_id="r4"), Wait(1), *said("So?", "m2")),
        LIST,
    ],
    "thoughts behind an item": [
        start(item_added(reasoning()), thought_delta("a"), done(END), thought_done("A"), *said())
    ],
    "a picture": [start(*PICTURE), LIST],
    "a picture with progress": [start(*PICTURE, converter=three_pictures)],
    "a picture under an own address": [start(*PICTURE, converter=own_urls), LIST],
    "a picture that was never finished": [
        start(
            item_added(reasoning()),
            item_added(image()),
            partial_image(0),
            item_done(image()),
            thought_done("on"),
        ),
        LIST,
    ],
    "a picture that nobody announced": [start(partial_image(0), item_done(image("RklO")))],
    "a workflow": [
        start(begin(task("a")), add("b"), add("c", status_indicator="loading"), Wait(7), end(), *said()),
        LIST,
    ],
    "a workflow without tasks": [start(begin(), PROGRESS, add("a"), add("b"), end()), LIST],
    "a workflow that nobody started": [
        start(add("a"), Call("update_workflow_task", [task("b"), 0]), *said())
    ],
    "a workflow that is updated": [
        start(
            begin(task("a"), task("b")),
            Call("update_workflow_task", [task("c", status_indicator="complete"), 1]),
            Call("update_workflow_task", [make.ThoughtTask(content="d"), 0]),
            end(SUMMARY, expanded=True),
        ),
        LIST,
    ],
    "a workflow with a summary": [
        start(begin(task("a"), summary=make.DurationSummary(duration=9), expanded=True), *said()),
        LIST,
    ],
    "a workflow with two summaries": [
        start(begin(task("a"), summary=make.CustomSummary(title="S")), end(make.DurationSummary(duration=0)))
    ],
    "a workflow that was never shown": [start(begin(), end()), LIST],
    "no workflow to end": [start(end()), LIST],
    "no workflow to update": [start(Call("update_workflow_task", [task("a"), 0])), LIST],
    "a task that is not there": [start(begin(task("a")), Call("update_workflow_task", [task("b"), 3])), LIST],
    "a second workflow": [start(begin(task("a")), begin(task("b")), add("c")), LIST],
    "a reasoning workflow of a tool": [
        start(
            begin(kind="reasoning"),
            thought_delta("a"),
            thought_done("A"),
            add("b"),
            thought_done("c", 1),
            *said(),
        )
    ],
    "reasoning in a tool's workflow": [
        start(begin(task("a")), item_added(reasoning()), thought_delta("x"), thought_done("X"), add("b")),
        LIST,
    ],
    "a workflow ended by items": [
        start(
            begin(task("a")),
            done(hidden()),
            PROGRESS,
            done(make.ClientToolCallItem(id="c", call_id="c", name="n", arguments={}, **HERE)),
            add("b"),
            done(END),
            add("c"),
            done(make.SDKHiddenContextItem(id="n", content="x", **HERE)),
            add("d"),
        ),
        LIST,
    ],
    "a workflow ended by an added item": [
        start(begin(task("a")), Wait(5), added(make.GeneratedImageItem(id="i", **HERE)), add("b")),
        LIST,
    ],
    "what does not end a workflow": [
        start(
            begin(task("a")),
            updated("i", make.GeneratedImageUpdated(image=IMAGE)),
            Call("stream", [make.ThreadItemRemovedEvent(item_id="i")]),
            Call("stream", [make.NoticeEvent(level="info", message="m")]),
            put("ThreadItemReplacedEvent", END),
            add("b"),
        ),
        LIST,
    ],
    "a workflow streamed by hand": [
        start(added(make.WorkflowItem(id="w", workflow=workflow(), **HERE)), add("a"), end(SUMMARY), *said()),
        LIST,
    ],
    "a finished workflow streamed by hand": [
        start(done(make.WorkflowItem(id="w", workflow=workflow(task("a")), **HERE)), add("b"), *said()),
        LIST,
    ],
    "a workflow over turns": [
        start(begin(task("a")), add("b")),
        LIST,
        go_on(add("c"), Call("update_workflow_task", [task("d"), 0])),
        LIST,
        go_on(Wait(5), item_added(reasoning()), thought_done("e"), *said()),
        LIST,
        go_on(add("f")),
        LIST,
    ],
    "a workflow over a client's tool": [
        start(begin(task("a")), called(call()), TOOL),
        LIST,
        OUTPUT,
        LIST,
    ],
    "a finished workflow that goes on": [
        start(begin(task("a")), end(SUMMARY)),
        in_thread("threads.custom_action", Run([add("b"), *said()]), action={"type": "on"}),
        LIST,
    ],
    "a workflow that is retried": [
        start(begin(task("a"))),
        in_thread("threads.retry_after_item", Run([add("b"), *said()]), item_id=Pick("user_message")),
        LIST,
    ],
    "a workflow behind an answer": [start(begin(task("a")), *said()), go_on(add("b")), LIST],
    "a client's tool": [start(called(call()), TOOL), LIST, OUTPUT, LIST],
    "a client's tool, told as a dict": [
        start(called({"type": "function_call", "id": "x", "call_id": "y", "name": "n"}), TOOL),
        LIST,
    ],
    "a client's tool behind other calls": [start(called(call()), called(call("fc2", "call2")), TOOL), LIST],
    "a client's tool and a search": [
        start(called(call()), TOOL, called({"type": "web_search_call", "id": "w"}))
    ],
    "a client's tool that nobody called": [start(TOOL), LIST],
    "a client's tool and a failure": [start(called(call()), TOOL, Fail(KeyError))],
    "a widget": [start(Show(STATES, "Hello"), *said()), LIST],
    "a widget between thoughts": [
        start(item_added(reasoning()), thought_done("a"), Show(STATES[:1]), thought_done("b")),
        LIST,
    ],
    "progress": [start(PROGRESS, item_added(message()), PROGRESS, delta("a"), PROGRESS), LIST],
    "a failure": [start(item_added(reasoning()), thought_done("a"), item_added(message()), Fail(ValueError))],
    "a failure of nothing": [start(Fail(RuntimeError))],
    "an input guardrail": [
        start(item_added(reasoning()), thought_done("a"), *said(), item_added(image()), STOPPED_INPUT),
        LIST,
    ],
    "an output guardrail": [
        start(*said(), begin(task("a")), Show(STATES), done(END), called(call()), STOPPED_OUTPUT),
        LIST,
    ],
    "a guardrail at once": [start(STOPPED_INPUT), LIST],
    "a client that leaves": [
        start(*said("One.", "m1"), item_added(message(item_id="m2")), delta("Tw", "m2"), Hang()),
        LIST,
        go_on(*said("Again.", "m3")),
        LIST,
    ],
    "a client that leaves in thought": [
        start(item_added(reasoning()), thought_delta("a"), PROGRESS, Hang()),
        LIST,
        go_on(*said()),
        LIST,
    ],
    "a title": [create(Run([*said()]), Change("title", "T"), Run([*said("Two.", "m2")])), LIST],
    "two runs in a turn": [
        create(Run([begin(task("a"))]), Run([add("b"), *said()])),
        LIST,
    ],
}


@pytest.mark.parametrize("turns", CASES.values(), ids=CASES)
def test_runs_are_alike(turns: list[Turn]) -> None:
    compare(*turns)
