"""Small requests and pages, through `process()`."""

import json
from collections.abc import AsyncIterator
from typing import Any

from benchmarks.candidates import Candidate
from benchmarks.measure import Load, Row, Target
from benchmarks.widgets import make_card

__all__ = ["OPERATIONS", "ROWS", "filled_store", "request"]

TIMES = 100


def request(operation: str, **params: Any) -> bytes:
    return json.dumps({"type": operation, "params": params}).encode()


OPERATIONS = {
    "threads.list": request("threads.list", limit=50, order="asc"),
    "items.list": request("items.list", thread_id="thr_0", limit=20),
    "threads.get_by_id": request("threads.get_by_id", thread_id="thr_0"),
    "threads.update": request("threads.update", thread_id="thr_1", title="Another title"),
}
SMALL = {
    "items.feedback": request("items.feedback", thread_id="thr_0", item_ids=["msg_0"], kind="positive"),
    "threads.delete": request("threads.delete", thread_id="thr_99"),
}
PAGE_OF_200 = request("items.list", thread_id="thr_page", limit=200)


async def filled_store(candidate: Candidate, store: Any = None) -> Any:
    """20 threads, of which the first has 20 items; in a store of plain dictionaries, if none is given."""
    store = store or candidate.make_store()
    for number in range(20):
        thread = candidate.make_thread(f"thr_{number}", title=f"Conversation {number}", metadata={"a": 1})
        await store.save_thread(thread, {})
    for number in range(20):
        item = candidate.make_message(f"msg_{number}", "thr_0", f"An answer of some words, number {number}.")
        await store.add_thread_item("thr_0", item, {})
    return store


async def add_page(candidate: Candidate, store: Any) -> None:
    """A thread of 200 items; every fourth is a widget."""
    await store.save_thread(candidate.make_thread("thr_page"), {})
    for number in range(200):
        item = candidate.make_message(f"msg_{number}", "thr_page", "An answer of some words. " * 8)
        if number % 4 == 0:
            item = candidate.types.WidgetItem(
                **item.model_dump(exclude={"type", "content"}), widget=make_card(candidate, str(number))
            )
        await store.add_thread_item("thr_page", item, {})


async def nothing(thread: Any, message: Any, context: Any) -> AsyncIterator[Any]:
    return
    yield


def asked(candidate: Candidate, raw: bytes, times: int) -> Load:
    server: Any = None

    async def load() -> bytes:
        nonlocal server
        if server is None:
            store = await filled_store(candidate)
            await add_page(candidate, store)
            server = candidate.make_server(nothing, store)
            store.threads.pop("thr_page")  # its items stay; pages of threads have the 20 others
        answers = [(await server.process(raw, {})).json for _ in range(times)]
        return bytes(answers[-1])

    return load


def row(name: str, target: float, raw: bytes, times: int = TIMES) -> Row:
    return Row(name, Target(times=target), times, lambda candidate: asked(candidate, raw, times))


ROWS = [
    *(row(f"parse and dispatch: {name}", 100, raw) for name, raw in SMALL.items()),
    *(row(f"operation: {name}", 20, raw) for name, raw in OPERATIONS.items()),
    row("page of 200 items, 50 widgets", 4, PAGE_OF_200, 5),
]
