"""Provider ids that name nothing, or that the thread has already, never overwrite what is there."""

import pytest

from chatkit_asgi.agents import AgentContext, stream_agent_response
from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.memory import MemoryStore
from tests.agents.scripts import RunEvents, delta, item_added, item_done, message, run, text
from tests.factories import make_assistant_message

Context = AgentContext[RequestContext]


async def ids(context: Context, events: RunEvents) -> list[str]:
    stream = stream_agent_response(context, run(events))
    return [getattr(event, "item_id", None) or event.item.id async for event in stream]  # type: ignore[union-attr]


async def one_message(item_id: str) -> RunEvents:
    yield item_added(message(item_id=item_id))
    yield delta("x", item_id)
    yield item_done(message(text("x"), item_id=item_id))


@pytest.mark.parametrize("fake", ["__fake_id__", ""])
async def test_fake_ids_become_one_fresh_id_for_each_item(agent_context: Context, fake: str) -> None:
    async def script() -> RunEvents:
        async for event in one_message(fake):
            yield event
        async for event in one_message(fake):
            yield event

    found = await ids(agent_context, script())
    first, second = found[0], found[3]
    assert found == [first] * 3 + [second] * 3
    assert first != second
    assert first.startswith("msg_")


async def test_an_id_that_the_thread_has_already_is_replaced(
    agent_context: Context, store: MemoryStore[RequestContext], context: RequestContext
) -> None:
    earlier = make_assistant_message(id="msg_0")
    await store.add_thread_item("thr_1", earlier, context)
    found = await ids(agent_context, one_message("msg_0"))
    assert len(set(found)) == 1
    assert found[0] != "msg_0"
    assert await store.load_item("thr_1", "msg_0", context) == earlier


async def test_an_id_that_comes_twice_in_a_run_is_replaced_the_second_time(agent_context: Context) -> None:
    async def script() -> RunEvents:
        async for event in one_message("msg_0"):
            yield event
        async for event in one_message("msg_0"):
            yield event

    found = await ids(agent_context, script())
    assert found[:3] == ["msg_0"] * 3
    assert "msg_0" not in found[3:]


async def test_ids_that_are_new_are_kept(agent_context: Context) -> None:
    assert await ids(agent_context, one_message("msg_new")) == ["msg_new"] * 3
