"""Generated runs: whatever the model says and its tools do, over some turns, the bytes are the same."""

from hypothesis import given

from tests.parity.compare import take_alike
from tests.parity.conversation import Conversation, Turn
from tests.parity.run_strategies import run_conversations
from tests.parity.strategies import EXAMPLES
from tests.parity.wanted import differs


@EXAMPLES
@given(run_conversations())
def test_generated_runs_are_alike(turns: list[Turn]) -> None:
    conversation = Conversation()
    for turn in turns:
        if not differs(conversation, turn):
            take_alike(conversation, turn)
