"""Generated conversations: whatever is asked for and whatever the application does, bytes are the same."""

from hypothesis import given

from tests.parity.compare import take_alike
from tests.parity.conversation import Conversation, Turn
from tests.parity.strategies import EXAMPLES, conversations
from tests.parity.wanted import differs


@EXAMPLES
@given(conversations())
def test_generated_conversations_are_alike(turns: list[Turn]) -> None:
    conversation = Conversation()
    for turn in turns:
        if not differs(conversation, turn):
            take_alike(conversation, turn)
