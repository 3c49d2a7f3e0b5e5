"""Generated values, scripts and requests. Values are derived from the published classes, field by field."""

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import AnyUrl, BaseModel

from tests.parity.conversation import Advance, Change, Leave, Pick, Raise, Remember, Step, Turn
from tests.parity.packages import MOMENT, PEER, Make, make
from tests.parity.stores import Json
from tests.parity.widget_strategies import COMPONENTS, TEXTS, widgets

__all__ = ["EXAMPLES", "conversations", "models", "scripts", "weighted"]

RAISED = os.environ.get("CHATKIT_TEST_EXAMPLES")
EXAMPLES = settings(
    max_examples=int(RAISED or 80),
    deadline=None,
    derandomize=RAISED is None,
    database=None,
    phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if RAISED else [])],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""The same few cases each time; others, as many as are asked for, by the environment: these are shrunk."""

Steps = tuple[Step, ...]

JSON_VALUES: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 2**40) | st.floats(0, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
JSON_OBJECTS = st.dictionaries(TEXTS, JSON_VALUES, max_size=2)
MOMENTS = st.sampled_from(
    [MOMENT, MOMENT.replace(microsecond=0), MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))]
)
URLS = st.sampled_from(
    ["https://files.example/é?a=b c", "http://localhost:8000", "data:image/png;base64,AA=="]
)

NAMED: dict[str, SearchStrategy[Any]] = {
    "thread_id": st.just("thr_1"),
    "icon": st.sampled_from(["search", "vendor:x", "lucide:", "chevron-right"]),
    "widget": widgets(),
    "component": COMPONENTS,
    "content_index": st.integers(-1, 2),
    "annotation_index": st.integers(0, 2),
    "task_index": st.integers(-1, 2),
    "progress": st.none() | st.floats(0, 1),
    "attachments": st.just([]),
}
"""Fields that take some values only."""

ITEMS = {
    "UserMessageItem": ["user_1"],
    "AssistantMessageItem": ["msg_1", "msg_2", "msg_3"],
    "ClientToolCallItem": ["tc_1", "tc_2"],
    "WidgetItem": ["widget_1", "widget_2"],
    "GeneratedImageItem": ["image_1"],
    "StructuredInputItem": ["form_1", "form_2"],
    "TaskItem": ["tsk_1"],
    "WorkflowItem": ["wf_1", "wf_2"],
    "EndOfTurnItem": ["end_1"],
    "HiddenContextItem": ["hidden_1", "hidden_2"],
    "SDKHiddenContextItem": ["note_1"],
}
"""The kinds of items, and the ids that they have in scripts."""
KINDS = [
    *(
        "user_message",
        "assistant_message",
        "client_tool_call",
        "widget",
        "generated_image",
        "structured_input",
    ),
    *("task", "workflow", "end_of_turn", "hidden_context_item", "sdk_hidden_context"),
]
UPDATES = {
    "AssistantMessageItem": [
        "AssistantMessageContentPartAdded",
        "AssistantMessageContentPartTextDelta",
        "AssistantMessageContentPartTextDelta",
        "AssistantMessageContentPartAnnotationAdded",
        "AssistantMessageContentPartDone",
    ],
    "WidgetItem": ["WidgetStreamingTextValueDelta", "WidgetComponentUpdated", "WidgetRootUpdated"],
    "WorkflowItem": ["WorkflowTaskAdded", "WorkflowTaskUpdated"],
    "GeneratedImageItem": ["GeneratedImageUpdated"],
}


def values(hint: Any, name: str = "") -> SearchStrategy[Any]:
    """Values of an annotation, for a field of that name; instances of classes are still to be made."""
    if name in NAMED:
        return NAMED[name]
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return values(args[0], name)
    if origin in (Union, UnionType):
        return st.one_of([values(each, name) for each in args])
    if origin is Literal:
        return st.sampled_from(args)
    if origin is list:
        return st.lists(values(args[0]), max_size=2)
    if origin is dict:
        return st.dictionaries(TEXTS, values(args[1]), max_size=2)
    return _plain_values(hint)


PLAIN: dict[Any, SearchStrategy[Any]] = {
    NoneType: st.none(),
    Any: JSON_VALUES,
    str: TEXTS,
    int: st.integers(0, 100),
    bool: st.booleans(),
    datetime: MOMENTS,
    AnyUrl: URLS,
}


def _plain_values(hint: Any) -> SearchStrategy[Any]:
    if hint in PLAIN:
        return PLAIN[hint]
    if issubclass(hint, Enum):
        return st.sampled_from([Make(hint.__name__, {"value": each.value}) for each in hint])
    assert issubclass(hint, BaseModel), hint
    return models(hint.__name__)


@cache
def models(name: str) -> SearchStrategy[Make]:
    """What makes instances of a class, with and without its optional fields."""
    return st.deferred(lambda: _models(name))


def _models(name: str) -> SearchStrategy[Make]:
    cls = getattr(PEER.types, name)
    hints = get_type_hints(cls, include_extras=True)
    fields = {key: values(hints[key], key) for key in cls.model_fields}
    if name in ITEMS:
        fields["id"] = st.sampled_from(ITEMS[name])
    required = {key: fields[key] for key, field in cls.model_fields.items() if field.is_required()}
    optional = {key: fields[key] for key in fields if key not in required and key != "type"}
    made: SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(required, optional=optional)
    return made.map(lambda given: Make(name, given))


def _in_item(kind: str, item_id: str) -> SearchStrategy[Make]:
    update = st.sampled_from(UPDATES[kind]).flatmap(models)
    return update.map(lambda each: make.ThreadItemUpdatedEvent(item_id=item_id, update=each))


@st.composite
def stories(draw: st.DrawFn) -> Steps:
    """What happens to one item: it is added, updated, and ends in one way or none."""
    kind = draw(st.sampled_from([*UPDATES, *ITEMS]))
    item = draw(models(kind))
    item_id = item.fields["id"]
    steps = [make.ThreadItemAddedEvent(item=item)]
    if kind in UPDATES:
        steps += draw(st.lists(_in_item(kind, item_id), max_size=4))
    last = draw(models(kind)).fields | {"id": item_id}
    done = make.ThreadItemDoneEvent(item=Make(kind, last))
    others = [
        make.ThreadItemReplacedEvent(item=Make(kind, last)),
        make.ThreadItemRemovedEvent(item_id=item_id),
    ]
    return (*steps, *draw(st.sampled_from([(done,), (done,), (done,), *[(each,) for each in others], ()])))


ITEM_EVENTS = st.sampled_from(
    ["ThreadItemAddedEvent", "ThreadItemDoneEvent", "ThreadItemDoneEvent", "ThreadItemReplacedEvent"]
)


def events() -> SearchStrategy[Make]:
    """Any event, whether it makes sense or not."""
    items = st.sampled_from([*ITEMS]).flatmap(models)
    any_id = st.sampled_from([item_id for ids in ITEMS.values() for item_id in ids])
    updates = st.sampled_from([each for names in UPDATES.values() for each in names]).flatmap(models)
    threads = st.builds(make.Thread, **THREAD_FIELDS)
    others = ["StreamOptionsEvent", "ProgressUpdateEvent", "ClientEffectEvent", "ErrorEvent", "NoticeEvent"]
    return st.one_of(
        st.builds(lambda name, item: Make(name, {"item": item}), ITEM_EVENTS, items),
        st.builds(make.ThreadItemUpdatedEvent, item_id=any_id, update=updates),
        st.builds(make.ThreadItemRemovedEvent, item_id=any_id),
        st.builds(make.ThreadCreatedEvent, thread=threads),
        st.builds(make.ThreadUpdatedEvent, thread=threads),
        st.sampled_from(others).flatmap(models),
    )


STATUSES = st.sampled_from(["ActiveStatus", "LockedStatus", "ClosedStatus"]).flatmap(models)
DOMAINS = st.none() | st.lists(TEXTS, max_size=2)
THREAD_FIELDS: dict[str, Any] = {
    "id": st.just("thr_1"),
    "created_at": MOMENTS,
    "title": st.none() | TEXTS,
    "status": STATUSES,
    "allowed_image_domains": DOMAINS,
    "items": st.builds(make.Page, data=st.lists(models("AssistantMessageItem"), max_size=1)),
}


def changes() -> SearchStrategy[Step]:
    """What a responder may do to its thread between two events."""
    return st.one_of(
        st.builds(Change, st.just("title"), st.none() | TEXTS),
        st.builds(Change, st.just("status"), STATUSES),
        st.builds(Change, st.just("allowed_image_domains"), DOMAINS),
        st.builds(Change, st.just("metadata"), JSON_OBJECTS),
        st.builds(Remember, TEXTS, JSON_VALUES),
        st.builds(Advance, st.sampled_from([0.5, 61])),
    )


FAILURES: SearchStrategy[Any] = st.one_of(
    st.builds(Raise, st.sampled_from([RuntimeError, ValueError, KeyError])),
    st.builds(make.CustomStreamError, message=TEXTS, allow_retry=st.booleans()),
    st.builds(
        make.StreamError,
        code=st.just(make.ErrorCode(value="stream.error")),
        allow_retry=st.none() | st.booleans(),
    ),
)


@st.composite
def scripts(draw: st.DrawFn) -> Steps:
    """What a responder does in a turn."""
    part = weighted((4, stories()), (3, events().map(_alone)), (2, changes().map(_alone)))
    parts = draw(st.lists(part, min_size=1, max_size=5))
    ending = draw(weighted((7, st.just(())), (2, FAILURES.map(_alone)), (1, st.just((Leave(),)))))
    return (*(step for part in parts for step in part), *ending)


def weighted(*choices: tuple[int, SearchStrategy[Any]]) -> SearchStrategy[Any]:
    """One of the strategies, each as often as its weight says."""
    return st.sampled_from([each for weight, each in choices for _ in range(weight)]).flatmap(lambda it: it)


def _alone(step: Step) -> Steps:
    return (step,)


def requested(name: str, **overrides: SearchStrategy[Any]) -> SearchStrategy[Json]:
    """The JSON of a part of a request."""

    def to_json(given: Make, leaves_out_null: bool) -> Json:
        form: Json = PEER.build(given).model_dump(mode="json", exclude_none=leaves_out_null)
        return form

    inputs = st.builds(to_json, models(name), st.booleans())
    return st.builds(lambda form, more: {**form, **more}, inputs, st.fixed_dictionaries(overrides))


LIMITS = st.sampled_from([None, 0, 1, 2, 5, 1000])
ORDERS = st.sampled_from(["asc", "desc"])
ATTACHED = st.lists(st.sampled_from(["atc_1", "atc_2"]), max_size=2)
USER_INPUT = requested("UserMessageInput", attachments=ATTACHED)
ACTIONS = st.fixed_dictionaries(
    {"type": TEXTS}, optional={"payload": JSON_VALUES, "handler": st.just("server")}
)
ANY_ITEM = st.builds(Pick, st.sampled_from(KINDS), st.integers(0, 3))
THREAD_ID = st.sampled_from(["thr_1"] * 12 + ["thr_9"])
CURSORS = st.none() | ANY_ITEM.filter(lambda pick: "hidden" not in pick.kind)


def _turns(operation: str, script: SearchStrategy[Any], **params: Any) -> SearchStrategy[Turn]:
    return st.builds(Turn, st.just(operation), st.fixed_dictionaries(params), script)


NOTHING: SearchStrategy[Steps] = st.just(())
SHOWN_WIDGET = st.lists(
    models("WidgetItem").map(lambda item: make.ThreadItemDoneEvent(item=item)), max_size=1
)

OPERATIONS: list[SearchStrategy[Turn]] = [
    _turns("threads.create", scripts(), input=USER_INPUT),
    _turns("threads.add_user_message", scripts(), thread_id=THREAD_ID, input=USER_INPUT),
    _turns("threads.add_client_tool_output", scripts(), thread_id=THREAD_ID, result=JSON_VALUES),
    _turns(
        "threads.add_structured_input",
        scripts(),
        thread_id=THREAD_ID,
        item_id=st.builds(Pick, st.just("structured_input"), st.integers(0, 1)) | ANY_ITEM,
        input=requested("StructuredInputSubmission"),
    ),
    _turns(
        "threads.retry_after_item",
        scripts(),
        thread_id=THREAD_ID,
        item_id=st.builds(Pick, st.just("user_message"), st.integers(0, 3)) | ANY_ITEM,
    ),
    _turns(
        "threads.custom_action",
        scripts(),
        thread_id=THREAD_ID,
        item_id=st.none() | st.just("") | st.just(Pick("widget")) | ANY_ITEM,
        action=ACTIONS,
    ),
    _turns(
        "threads.sync_custom_action",
        SHOWN_WIDGET,
        thread_id=THREAD_ID,
        item_id=st.none() | st.just(Pick("widget")) | ANY_ITEM,
        action=ACTIONS,
    ),
    _turns("threads.get_by_id", NOTHING, thread_id=THREAD_ID),
    _turns("threads.list", NOTHING, limit=LIMITS, order=ORDERS, after=st.sampled_from([None, "thr_1"])),
    _turns("threads.update", NOTHING, thread_id=THREAD_ID, title=TEXTS),
    _turns("threads.delete", NOTHING, thread_id=st.just("thr_9")),
    _turns("items.list", NOTHING, thread_id=THREAD_ID, limit=LIMITS, order=ORDERS, after=CURSORS),
    _turns(
        "items.feedback",
        NOTHING,
        thread_id=st.just("thr_1"),
        item_ids=st.lists(ANY_ITEM.map(lambda pick: pick.kind), max_size=2),
        kind=st.sampled_from(["positive", "negative"]),
    ),
    _turns(
        "attachments.create",
        NOTHING,
        name=TEXTS,
        size=st.integers(0, 2**40),
        mime_type=st.sampled_from(["text/plain", "image/png"]),
    ),
    _turns("attachments.delete", NOTHING, attachment_id=st.sampled_from(["atc_1", "atc_2"])),
    _turns(
        "input.transcribe",
        NOTHING,
        audio_base64=st.sampled_from(["", "AA==", "aGk="]),
        mime_type=st.sampled_from(["audio/webm;codecs=opus", "audio/wav"]),
    ),
]

FIRST = _turns("threads.create", scripts(), input=requested("UserMessageInput"))
TALK, UPLOAD = OPERATIONS[1:6], OPERATIONS[13]
ASKED_BEFORE = {
    "threads.add_client_tool_output": "ClientToolCallItem",
    "threads.add_structured_input": "StructuredInputItem",
    "threads.custom_action": "WidgetItem",
    "threads.sync_custom_action": "WidgetItem",
}
"""What has to be in the thread for a request to make sense."""


@st.composite
def conversations(draw: st.DrawFn) -> list[Turn]:
    """Turns in a thread, with all kinds of requests."""
    uploads = draw(st.lists(UPLOAD, max_size=1))
    turns = [draw(FIRST)]
    for turn in draw(
        st.lists(weighted((2, st.one_of(TALK)), (1, st.one_of(OPERATIONS))), min_size=1, max_size=5)
    ):
        kind = ASKED_BEFORE.get(turn.operation)
        if kind and draw(st.integers(0, 5)):
            turns[-1] = _ending_with(turns[-1], draw(models(kind)))
        turns.append(turn)
    return [*uploads, *turns]


def _ending_with(turn: Turn, item: Make) -> Turn:
    fields = {name: value for name, value in item.fields.items() if name != "status"}
    steps = [step for step in turn.script if not _is_ending(step)]
    return replace(turn, script=(*steps, make.ThreadItemDoneEvent(item=Make(item.name, fields))))


def _is_ending(step: Step) -> bool:
    is_status = isinstance(step, Change) and step.field == "status"
    return is_status or isinstance(step, Leave | Raise) or getattr(step, "name", "").endswith("StreamError")
