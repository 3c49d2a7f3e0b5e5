"""Takes turns with both packages and compares all that comes of each."""

from tests.parity.conversation import Conversation, Outcome, Turn
from tests.parity.differences import even_out

__all__ = ["compare", "take_alike"]


def compare(*turns: Turn) -> list[Outcome]:
    """Our outcomes; they have to be those of the published SDK, but for the listed differences."""
    conversation = Conversation()
    return [take_alike(conversation, turn) for turn in turns]


def take_alike(conversation: Conversation, turn: Turn) -> Outcome:
    """The outcome of one more turn."""
    ours, theirs = conversation.take(turn)
    even_out(ours, theirs)
    assert ours.frames == theirs.frames
    assert ours == theirs
    conversation.settle(ours)
    return ours
