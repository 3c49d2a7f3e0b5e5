"""Generated runs, turn by turn: what the model says and thinks, and what its tools do meanwhile."""

from types import SimpleNamespace
from typing import Any

from agents import InputGuardrailTripwireTriggered
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from openai.types.responses import ResponseOutputRefusal

from tests.agents import scripts as sdk
from tests.parity.conversation import Turn, create, in_thread, say
from tests.parity.packages import HERE, Make, make
from tests.parity.runs import Assign, Call, Fail, Hang, Run, Show, Wait
from tests.parity.strategies import models, weighted
from tests.parity.test_agents_runs import CITATIONS, own_urls, three_pictures
from tests.parity.widget_strategies import TEXTS, widgets

__all__ = ["run_conversations"]

Steps = list[Any]


class _Names:
    """Ids and titles that come once: those that come twice are a difference, and tested as such."""

    def __init__(self) -> None:
        self._count = 0

    def new(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"


def _message(draw: st.DrawFn, names: _Names) -> Steps:
    item_id, parts = names.new("m"), draw(st.integers(0, 2))
    said: Steps = [sdk.item_added(sdk.message(item_id=item_id))]
    for place in range(parts):
        said += _part(draw, item_id, place)
    content = [sdk.text(draw(TEXTS), *_citations(draw)) for _ in range(parts)]
    if draw(st.booleans()):
        content.append(ResponseOutputRefusal(type="refusal", refusal=draw(TEXTS)))  # type: ignore[arg-type]
    return [*said, sdk.item_done(sdk.message(*content, item_id=item_id))] if draw(st.integers(0, 5)) else said


def _part(draw: st.DrawFn, item_id: str, place: int) -> Steps:
    deltas = [sdk.delta(value, item_id, content_index=place) for value in draw(st.lists(TEXTS, max_size=3))]
    notes = [sdk.annotation(each, place, item_id) for each in _citations(draw)]
    return [
        sdk.part_added(sdk.text("", *_citations(draw)), item_id, content_index=place),
        *draw(st.permutations([*deltas, *notes])),
        sdk.text_done(draw(TEXTS), item_id, content_index=place),
    ]


def _citations(draw: st.DrawFn) -> list[Any]:
    return draw(st.lists(st.sampled_from(CITATIONS), max_size=2))


def _thoughts(draw: st.DrawFn, names: _Names) -> Steps:
    item_id = names.new("r")
    thoughts: Steps = [sdk.item_added(sdk.reasoning(item_id))] if draw(st.integers(0, 5)) else []
    for place in range(draw(st.integers(0, 3))):
        thoughts += [sdk.thought_delta(each, place, item_id) for each in draw(st.lists(TEXTS, max_size=2))]
        thoughts += [sdk.thought_done(names.new("thought "), place, item_id)] * bool(draw(st.integers(0, 5)))
    return thoughts


def _picture(draw: st.DrawFn, names: _Names) -> Steps:
    item_id = names.new("ig")
    partial = [sdk.partial_image(place, item_id) for place in range(draw(st.integers(0, 3)))]
    return [
        sdk.item_added(sdk.image(item_id=item_id)),
        *partial,
        sdk.item_done(sdk.image("RklO", item_id)),
    ]


def _calls(draw: st.DrawFn, names: _Names) -> Steps:
    called = [
        sdk.called(sdk.call(names.new("fc"), names.new("call"))) for _ in range(draw(st.integers(1, 2)))
    ]
    tool = Assign("client_tool_call", make.ClientToolCall(name="look", arguments={"a": None}))
    return [*called, tool] if draw(st.booleans()) else called


def _task(draw: st.DrawFn, names: _Names) -> Make:
    found = draw(
        st.sampled_from(["CustomTask", "ThoughtTask", "SearchTask", "FileTask", "ImageTask"]).flatmap(models)
    )
    return Make(found.name, {**found.fields, "title": names.new("task ")})


def _workflow(draw: st.DrawFn, names: _Names) -> Steps:
    tasks = [_task(draw, names) for _ in range(draw(st.integers(0, 2)))]
    fields = draw(models("Workflow")).fields | {"tasks": tasks}
    return [Call("start_workflow", [Make("Workflow", fields)])]


def _work(draw: st.DrawFn, names: _Names) -> Steps:
    ending = draw(st.one_of(st.none(), models("CustomSummary"), models("DurationSummary")))
    return draw(
        weighted(
            (4, st.just([Call("add_workflow_task", [_task(draw, names)])])),
            (2, st.just([Call("add_workflow_task", [_task(draw, names)]) for _ in range(2)])),
            (1, st.just([Call("update_workflow_task", [_task(draw, names), 0])])),
            (1, st.just([Call("end_workflow", [ending], {"expanded": draw(st.booleans())})])),
        )
    )


QUEUED = ["EndOfTurnItem", "HiddenContextItem", "SDKHiddenContextItem", "TaskItem", "GeneratedImageItem"]


def _queued(draw: st.DrawFn, names: _Names) -> Steps:
    kind = draw(st.sampled_from(QUEUED))
    item = Make(kind, draw(models(kind)).fields | {"id": names.new("q")} | HERE)
    event = draw(st.sampled_from(["ThreadItemAddedEvent", "ThreadItemDoneEvent", "ThreadItemDoneEvent"]))
    others = st.sampled_from(["ProgressUpdateEvent", "NoticeEvent", "ClientEffectEvent"]).flatmap(models)
    other: Make = draw(others)
    return [Call("stream", [draw(st.sampled_from([make_event(event, item), other]))])]


def make_event(name: str, item: Make) -> Make:
    return Make(name, {"item": item})


def _widget(draw: st.DrawFn, names: _Names) -> Steps:
    widget = draw(widgets())
    return [Show([widget] * draw(st.integers(1, 2)), draw(st.none() | TEXTS))]


def _pause(draw: st.DrawFn, names: _Names) -> Steps:
    return [Wait(draw(st.sampled_from([0.4, 1, 61])))]


PARTS = [
    _message,
    _message,
    _thoughts,
    _thoughts,
    _picture,
    _calls,
    _workflow,
    _work,
    _work,
    _queued,
    _widget,
    _pause,
]
ENDINGS: SearchStrategy[Steps] = weighted(
    (8, st.just([])),
    (1, st.just([Fail(RuntimeError)])),
    (1, st.just([Fail(InputGuardrailTripwireTriggered, [SimpleNamespace(guardrail=None)])])),
    (1, st.just([Hang()])),
)


@st.composite
def run_conversations(draw: st.DrawFn) -> list[Turn]:
    """Some turns, each with a run."""
    names, turns = _Names(), []
    for place in range(draw(st.integers(1, 3))):
        steps: Steps = []
        for part in draw(st.lists(st.sampled_from(PARTS), min_size=1, max_size=6)):
            steps += part(draw, names)
        run = Run([*steps, *draw(ENDINGS)], draw(st.sampled_from([None, None, three_pictures, own_urls])))
        turns += [in_thread("threads.add_user_message", run, input=say("And?")) if place else create(run)]
    return turns
