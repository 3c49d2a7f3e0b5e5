"""The history as AgentServer sends it: nothing in a thread makes the thread unusable."""

from typing import Any

from chatkit_asgi.agents import HistoryConverter, ThreadItemConverter
from chatkit_asgi.agents.history import to_robust_input
from chatkit_asgi.types import (
    AssistantMessageItem,
    ThreadItem,
    UserMessageItem,
    UserMessageTagContent,
    UserMessageTextContent,
)
from tests.factories import (
    make_assistant_message,
    make_every_item,
    make_hidden_context,
    make_user_message,
)


async def test_mentions_are_told_with_their_data() -> None:
    tag = UserMessageTagContent(id="u1", text="Ann", group="people", data={"age": 30})
    message = make_user_message(content=[UserMessageTextContent(text="Ask "), tag])
    _, mentions = await HistoryConverter().to_agent_input(message)
    content: Any = mentions["content"]  # type: ignore[typeddict-item]  # a message
    assert content[1]["text"] == 'Ann: {"id": "u1", "group": "people", "data": {"age": 30}}'


async def test_structured_hidden_context_is_told_as_json() -> None:
    (message,) = await HistoryConverter().to_agent_input(make_hidden_context({"é": [1, None]}))
    assert '{"é": [1, null]}' in str(message)


async def test_every_kind_of_item_is_converted() -> None:
    items = make_every_item()
    assert len(await to_robust_input(HistoryConverter(), items)) == 9


async def test_an_item_that_its_converter_cannot_convert_takes_only_itself_away() -> None:
    class Failing(ThreadItemConverter):
        async def assistant_message_to_input(self, item: AssistantMessageItem) -> None:
            raise KeyError(item.id)

        async def user_message_to_input(self, item: UserMessageItem, is_last_message: bool = True) -> Any:
            return {"role": "user", "content": f"own {is_last_message}"}

    items: list[ThreadItem] = [make_user_message("a"), make_assistant_message("b"), make_user_message("c")]
    assert await to_robust_input(Failing(), items) == [
        {"role": "user", "content": "own False"},
        {"type": "message", "role": "assistant", "content": "b"},
        {"role": "user", "content": "own True"},
    ]
