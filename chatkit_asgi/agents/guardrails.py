"""When a guardrail trips: what the user is told, and what the model is told and not told from then on."""

from collections.abc import Sequence

from agents import InputGuardrailTripwireTriggered, OutputGuardrailTripwireTriggered

from chatkit_asgi.errors import CustomStreamError
from chatkit_asgi.locale import translated, user_text
from chatkit_asgi.types import SDKHiddenContextItem, ThreadItem, UserMessageItem

__all__ = ["TRIPWIRES", "Tripwire", "error_of", "name_of", "note_of", "without_refused"]

Tripwire = InputGuardrailTripwireTriggered | OutputGuardrailTripwireTriggered
TRIPWIRES = (InputGuardrailTripwireTriggered, OutputGuardrailTripwireTriggered)

REFUSED = "The user sent a message here that a check did not let through; you have not seen it."
WITHDRAWN = (
    "A check did not let your answer to what is above through; the user does not see it. Do not take it up"
    " again unless asked to."
)


def name_of(tripwire: Tripwire) -> str:
    """What the guardrail is called."""
    return tripwire.guardrail_result.guardrail.get_name()


def note_of(tripwire: Tripwire, *, is_answer: bool) -> str:
    """What the model is told of it in later turns. `is_answer`: it was a message that was being answered."""
    return REFUSED if is_answer and isinstance(tripwire, InputGuardrailTripwireTriggered) else WITHDRAWN


def error_of(tripwire: Tripwire, context: object) -> CustomStreamError:
    """What the user is told. Another try may help an answer, but hardly a message."""
    if isinstance(tripwire, InputGuardrailTripwireTriggered):
        text = user_text("This message cannot be answered here.")
        return CustomStreamError(translated(text, context))
    text = user_text("The answer was taken back because it did not pass a check.")
    return CustomStreamError(translated(text, context), allow_retry=True)


def without_refused(items: Sequence[ThreadItem]) -> list[ThreadItem]:
    """The items without messages that a guardrail refused: they would be refused again with every later one.

    The note that follows such a message stays. A message that is retried has none any more.
    """
    found: list[ThreadItem] = []
    is_refused = False
    for item in reversed(items):
        if is_refused and isinstance(item, UserMessageItem):
            is_refused = False
            continue
        is_refused = is_refused or (isinstance(item, SDKHiddenContextItem) and item.content == REFUSED)
        found.append(item)
    return found[::-1]
