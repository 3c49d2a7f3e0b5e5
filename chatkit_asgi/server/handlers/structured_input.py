"""The user has filled in, or skipped, a form of questions."""

import logging

from chatkit_asgi.errors import ConflictError, InvalidRequestError
from chatkit_asgi.locale import user_text
from chatkit_asgi.server.handlers.threads import Admit, Respond, load_open_thread
from chatkit_asgi.server.turn import Opening
from chatkit_asgi.store import Store, TContext
from chatkit_asgi.types import (
    StructuredInput,
    StructuredInputAnswer,
    StructuredInputItem,
    StructuredInputMultipleChoice,
    StructuredInputSubmission,
    ThreadAddStructuredInputParams,
    ThreadItemReplacedEvent,
)

__all__ = ["add_structured_input", "answer"]

logger = logging.getLogger(__name__)


async def add_structured_input(
    store: Store[TContext],
    params: ThreadAddStructuredInputParams,
    context: TContext,
    respond: Respond[TContext],
    admit: Admit,
) -> Opening:
    """Store the answers in the pending form.

    Raises InvalidRequestError when the item is no form, ConflictError when it is answered already.
    """
    thread = await load_open_thread(store, params.thread_id, context)
    item = await store.load_item(thread.id, params.item_id, context)
    if not isinstance(item, StructuredInputItem):
        raise InvalidRequestError("This item asks no questions.", param="params.item_id")
    if item.status != "pending":
        raise ConflictError(user_text("These questions have been answered already."))
    await admit(thread)
    answered = answer(item, params.input)
    await store.save_item(thread.id, answered, context)
    return Opening(
        thread=thread,
        respond=lambda: respond(thread, None, context),
        after_options=[ThreadItemReplacedEvent(item=answered)],
    )


def answer(item: StructuredInputItem, submission: StructuredInputSubmission) -> StructuredInputItem:
    """A copy of the form in which each question has an answer; what was left out counts as skipped."""
    unknown = submission.answers.keys() - {question.id for question in item.inputs}
    if unknown:
        logger.warning("answers to %d unknown questions of item %s are ignored", len(unknown), item.id)
    inputs = [
        question.model_copy(update={"answer": _answer_to(question, submission)}) for question in item.inputs
    ]
    return item.model_copy(update={"inputs": inputs, "status": submission.status})


def _answer_to(question: StructuredInput, submission: StructuredInputSubmission) -> StructuredInputAnswer:
    given = submission.answers.get(question.id)
    if submission.status == "skipped" or given is None or given.skipped or not given.values:
        return StructuredInputAnswer(values=[], skipped=True)
    is_single = isinstance(question, StructuredInputMultipleChoice) and not question.multiple
    return StructuredInputAnswer(values=given.values[:1] if is_single else given.values, skipped=False)
