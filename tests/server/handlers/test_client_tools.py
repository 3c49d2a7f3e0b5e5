"""The output of a client tool."""

import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import ConflictError
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import ThreadMetadata
from tests.factories import make_client_tool_call, make_hidden_context, make_user_message
from tests.fakes import ScriptedServer
from tests.server.client import start, stream, types_of


@pytest.mark.parametrize("result", [None, {"text": None}, [1, "two"], "text"])
async def test_the_output_completes_the_call(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext, result: object
) -> None:
    await store.add_thread_item("thr_1", make_client_tool_call(), context)
    server = ScriptedServer(store)
    events = await stream(server, "threads.add_client_tool_output", context, thread_id="thr_1", result=result)
    assert types_of(events) == ["stream_options"]
    assert server.asked == [(thread, None, context)]
    done = make_client_tool_call(status="completed", output=result)
    assert await store.load_item("thr_1", "tc_1", context) == done


async def test_items_stored_after_the_call_do_not_hide_it(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    for item in (make_client_tool_call(), make_hidden_context(), make_user_message()):
        await store.add_thread_item("thr_1", item, context)
    await stream(
        ScriptedServer(store), "threads.add_client_tool_output", context, thread_id="thr_1", result=1
    )
    assert await store.load_item("thr_1", "tc_1", context) == make_client_tool_call(
        status="completed", output=1
    )


async def test_older_pending_calls_are_dropped(
    store: MemoryStore[object],
    thread: ThreadMetadata,
    context: RequestContext,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for number in range(3):
        await store.add_thread_item("thr_1", make_client_tool_call(id=f"tc_{number}"), context)
    await stream(
        ScriptedServer(store), "threads.add_client_tool_output", context, thread_id="thr_1", result=1
    )
    page = await store.load_thread_items("thr_1", None, 10, "asc", context)
    assert page.data == [make_client_tool_call(id="tc_2", status="completed", output=1)]
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]


async def test_a_repeated_output_is_refused_and_changes_nothing(
    store: MemoryStore[object], thread: ThreadMetadata, context: RequestContext
) -> None:
    done = make_client_tool_call(status="completed", output=1)
    await store.add_thread_item("thr_1", done, context)
    with pytest.raises(ConflictError):
        await start(
            ScriptedServer(store), "threads.add_client_tool_output", context, thread_id="thr_1", result=2
        )
    assert await store.load_item("thr_1", "tc_1", context) == done
