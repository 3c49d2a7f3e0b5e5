"""Forms: what counts as an answer, and what becomes of it."""

import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import ConflictError, CustomStreamError, InvalidRequestError, NotFoundError
from chatkit_asgi.server.handlers.structured_input import answer
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import (
    StructuredInputAnswer,
    StructuredInputAnswerSubmission,
    StructuredInputItem,
    StructuredInputSubmission,
    ThreadMetadata,
)
from tests.factories import make_assistant_message, make_structured_input
from tests.fakes import ScriptedServer
from tests.server.client import start, stream, types_of

SKIPPED = StructuredInputAnswer(values=[], skipped=True)


async def test_answers_are_stored_sent_and_responded_to(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    await store.add_thread_item("thr_1", make_structured_input(), context)
    server = ScriptedServer(store, CustomStreamError("No model today."))
    events = await stream(
        server,
        "threads.add_structured_input",
        context,
        thread_id="thr_1",
        item_id="msg_form",
        input={"answers": {"color": {"values": ["red", "blue"]}}},
    )
    assert types_of(events) == ["stream_options", "thread.item.replaced", "error"]
    assert server.asked == [(thread, None, context)]
    kept = await store.load_item("thr_1", "msg_form", context)
    assert isinstance(kept, StructuredInputItem)
    assert kept.status == "answered"
    assert [question.answer for question in kept.inputs] == [StructuredInputAnswer(values=["red"]), SKIPPED]
    assert events[1]["item"]["inputs"][1]["answer"] == {"values": [], "skipped": True}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (
            StructuredInputAnswerSubmission(values=["one", "two"]),
            StructuredInputAnswer(values=["one", "two"]),
        ),
        (StructuredInputAnswerSubmission(values=[""]), StructuredInputAnswer(values=[""])),
        (StructuredInputAnswerSubmission(values=["one"], skipped=True), SKIPPED),
        (StructuredInputAnswerSubmission(values=[]), SKIPPED),
    ],
)
def test_an_answer_in_ones_own_words(
    given: StructuredInputAnswerSubmission, kept: StructuredInputAnswer
) -> None:
    answered = answer(make_structured_input(), StructuredInputSubmission(answers={"why": given}))
    assert answered.inputs[1].answer == kept


def test_a_skipped_form_has_no_answers() -> None:
    given = {"why": StructuredInputAnswerSubmission(values=["one"])}
    form = make_structured_input()
    answered = answer(form, StructuredInputSubmission(status="skipped", answers=given))
    assert answered.status == "skipped"
    assert [question.answer for question in answered.inputs] == [SKIPPED, SKIPPED]
    assert form == make_structured_input()


def test_unknown_questions_are_ignored_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    given = {name: StructuredInputAnswerSubmission(values=["x"]) for name in ("why", "who", "when")}
    answer(make_structured_input(), StructuredInputSubmission(answers=given))
    [record] = caplog.records
    assert record.levelname == "WARNING"


@pytest.mark.parametrize(
    ("item_id", "error"),
    [("msg_form", ConflictError), ("msg_assistant", InvalidRequestError), ("x", NotFoundError)],
)
async def test_only_a_pending_form_can_be_filled_in(
    store: MemoryStore[object],
    thread: ThreadMetadata,
    context: RequestContext,
    item_id: str,
    error: type[Exception],
) -> None:
    for item in (make_structured_input(status="answered"), make_assistant_message()):
        await store.add_thread_item("thr_1", item, context)
    with pytest.raises(error):
        await start(
            ScriptedServer(store),
            "threads.add_structured_input",
            context,
            thread_id="thr_1",
            item_id=item_id,
            input={},
        )
