"""Run by a test as ``python -m``: carries out a request over and over, and kills it a moment later each time.

Arguments: the URL of a database, how many moments later, and the names of requests. A moment is a turn of
the event loop or, on SQLite, a statement as well. Prints for each request the states in which the database
was found afterwards, as JSON, the last one being that of the request that was not killed.
"""

import asyncio
import json
import os
import selectors
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import CustomStreamError
from chatkit_asgi.server import StreamingResult
from chatkit_asgi.store.sql import SQLAlchemyStore, Tables, create_engine, migrate
from chatkit_asgi.types import ThreadItem, ThreadItemDoneEvent
from tests.factories import (
    make_assistant_message,
    make_attachment,
    make_client_tool_call,
    make_hidden_context,
    make_structured_input,
    make_thread,
    make_user_message,
)
from tests.fakes import ScriptedServer, Step
from tests.server.client import message

State = dict[str, Any]  # Any: JSON

CONTEXT = RequestContext(user_id="alice")
MOST_MOMENTS = 2_000

OLD: list[ThreadItem] = [
    make_user_message("Hello", id="msg_0"),
    make_assistant_message("Old", id="msg_1"),
    make_hidden_context("Note", id="msg_2"),
]
CALLS: list[ThreadItem] = [make_client_tool_call(id=f"tc_{number}") for number in (1, 2)]
FORM: list[ThreadItem] = [make_structured_input()]
ANSWER: list[Step] = [
    ThreadItemDoneEvent(item=make_assistant_message("New", id="msg_new")),
    lambda thread: setattr(thread, "title", "Title"),
]

IN_THREAD = {"thread_id": "thr_1"}
ATTACHED = message("Look", attachments=["atc_1"])
RETRY = {**IN_THREAD, "item_id": "msg_0"}

REQUESTS: dict[str, tuple[list[ThreadItem] | None, str, dict[str, Any], list[Step]]] = {
    "create": (None, "threads.create", {"input": ATTACHED}, ANSWER),
    "add": (OLD, "threads.add_user_message", {**IN_THREAD, "input": ATTACHED}, ANSWER),
    "retry": (OLD, "threads.retry_after_item", RETRY, ANSWER),
    "failing retry": (OLD, "threads.retry_after_item", RETRY, [CustomStreamError("No.")]),
    "client tool": (CALLS, "threads.add_client_tool_output", {**IN_THREAD, "result": 1}, ANSWER),
    "form": (FORM, "threads.add_structured_input", {**IN_THREAD, "item_id": "msg_form", "input": {}}, ANSWER),
    "delete": (OLD, "threads.delete", IN_THREAD, []),
}
"""What is there before (None: not even a thread), the request, and what answers it."""


class Clock(selectors.DefaultSelector):
    """Counts the moments, from when it is told to, and ends the process in one of them."""

    def __init__(self, deadline: int) -> None:
        super().__init__()
        self._left = deadline
        self.is_running = False

    def tick(self) -> None:
        if self.is_running:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)

    def select(self, timeout: float | None = None) -> Any:
        self.tick()
        return super().select(timeout)


def trace(engine: AsyncEngine, tick: Callable[[], None]) -> None:
    """Tick before each statement of SQLite's."""

    def listen(connection: DBAPIConnection, _record: object) -> None:
        connection.run_async(lambda driver: driver.set_trace_callback(lambda _statement: tick()))

    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", listen)


async def carry_out(url: str, name: str, clock: Clock) -> None:
    _, operation, params, script = REQUESTS[name]
    engine = create_engine(url)
    trace(engine, clock.tick)
    store: SQLAlchemyStore[Any] = SQLAlchemyStore(engine, owns_engine=True)
    await store.ping()
    clock.is_running = True
    request = json.dumps({"type": operation, "params": params})
    result = await ScriptedServer(store, *script).process(request, CONTEXT)
    if isinstance(result, StreamingResult):
        async for _ in result:
            pass
    clock.is_running = False
    await store.aclose()


async def set_up(store: SQLAlchemyStore[Any], items: list[ThreadItem] | None) -> None:
    tables = Tables(store.engine.dialect.name).metadata.sorted_tables
    async with store.database.write() as connection:
        for table in reversed(tables):
            await connection.execute(table.delete())
    async with store.transaction():
        if items is not None:
            await store.save_thread(make_thread(), CONTEXT)
            await store.save_attachment(make_attachment(id="atc_old", thread_id="thr_1"), CONTEXT)
        for item in items or []:
            await store.add_thread_item("thr_1", item, CONTEXT)
        await store.save_attachment(make_attachment(), CONTEXT)


async def look(store: SQLAlchemyStore[Any]) -> State:
    """What the user sees; what the next turn sees; the title; which attachments have a thread."""
    state: State = {"shown": [], "known": [], "title": None}
    for thread in (await store.load_threads(9, None, "asc", CONTEXT)).data:
        state["title"] = thread.title
        shown = await store.load_visible_items(thread.id, None, 99, "asc", CONTEXT)
        await store.load_thread_for_turn(thread.id, CONTEXT)
        known = await store.load_thread_items(thread.id, None, 99, "asc", CONTEXT)
        state["shown"], state["known"] = ([in_short(item) for item in page.data] for page in (shown, known))
    attachments = Tables(store.engine.dialect.name).attachments
    async with store.database.read() as connection:
        rows = await connection.execute(select(attachments.c.id, attachments.c.thread_id))
        state["attachments"] = {row.id: row.thread_id is not None for row in rows}
    return state


async def look_and_set_up(url: str, name: str) -> State:
    """With connections of its own, so that none is open when the process forks."""
    store: SQLAlchemyStore[Any] = SQLAlchemyStore(create_engine(url), owns_engine=True)
    state = await look(store)
    await set_up(store, REQUESTS[name][0])
    await store.aclose()
    return state


def in_short(item: ThreadItem) -> str:
    document: Any = item.model_dump()
    content = document.get("content")
    return str(content[0]["text"] if isinstance(content, list) else content or document["status"])


def in_child(work: Callable[[], Awaitable[None]], clock: Clock) -> bool:
    """Whether it came to its end."""
    pid = os.fork()
    if not pid:
        try:
            with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(clock)) as runner:
                runner.run(work())  # type: ignore[arg-type]  # it is a coroutine
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return False
    assert os.WEXITSTATUS(status) == 0
    return True


def states_of(url: str, name: str, step: int) -> list[State]:
    asyncio.run(look_and_set_up(url, name))
    states = []
    for moment in range(1, MOST_MOMENTS, step):
        clock = Clock(moment)
        is_done = in_child(lambda clock=clock: carry_out(url, name, clock), clock)  # type: ignore[misc]
        states.append(asyncio.run(look_and_set_up(url, name)))
        if is_done:
            return states
    raise RuntimeError("the request has no end")


async def prepare(url: str) -> None:
    engine = create_engine(url)
    await migrate(engine)
    await engine.dispose()


if __name__ == "__main__":
    _, url, step, *names = sys.argv
    asyncio.run(prepare(url))
    print(json.dumps({name: states_of(url, name, int(step)) for name in names}))
