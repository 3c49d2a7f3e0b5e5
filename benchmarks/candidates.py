"""Who runs: this package, the published one, and the published one with its worst line mended.

The same store and the same scripted server for each, so that nothing differs but the package.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import count
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter

__all__ = ["CANDIDATES", "OURS", "PUBLISHED", "PUBLISHED_PLUS", "Candidate", "Respond", "comparable"]

MOMENT = "2026-01-02T03:04:05Z"

Respond = Callable[[Any, Any, Any], AsyncIterator[Any]]
"""(thread, message, context) -> events. `Any` in this package: models of either candidate."""


@dataclass(frozen=True)
class Candidate:
    """One package under test. Modules are loaded when they are used: no process has more than its own."""

    name: str
    package: str
    adapter_built_once: bool = False

    @property
    def types(self) -> ModuleType:
        return import_module(f"{self.package}.types")

    @property
    def widgets(self) -> ModuleType:
        return import_module(f"{self.package}.widgets")

    @property
    def server(self) -> ModuleType:
        return import_module(f"{self.package}.server")

    @property
    def store(self) -> ModuleType:
        return import_module(f"{self.package}.store")

    @property
    def agents(self) -> ModuleType:
        return import_module(f"{self.package}.agents")

    @contextmanager
    def mended(self) -> Iterator[None]:
        """Builds the published package's request adapter once, where the candidate is the mended one."""
        if not self.adapter_built_once:
            yield
            return
        original = vars(self.server)["TypeAdapter"]
        vars(self.server)["TypeAdapter"] = _BUILT_ONCE
        try:
            yield
        finally:
            vars(self.server)["TypeAdapter"] = original

    def make_store(self) -> Any:
        """A store of plain dictionaries."""
        return _make_store(self)

    def make_server(self, respond: Respond, store: Any = None) -> Any:
        """A server that answers with the events of `respond`."""

        class Server(self.server.ChatKitServer):  # type: ignore[misc, name-defined]  # of either package
            async def respond(self, thread: Any, input_user_message: Any, context: Any) -> AsyncIterator[Any]:
                async for event in respond(thread, input_user_message, context):
                    yield event

        return Server(store or self.make_store())

    def make_thread(self, id: str, **fields: Any) -> Any:
        return self.types.ThreadMetadata(id=id, created_at=MOMENT, **fields)

    def make_message(self, id: str, thread_id: str, *texts: str) -> Any:
        content = [self.types.AssistantMessageContent(text=text) for text in texts]
        return self.types.AssistantMessageItem(id=id, thread_id=thread_id, created_at=MOMENT, content=content)


class _BuiltOnce:
    """Stands in for `TypeAdapter`, and gives the one that was built before."""

    def __init__(self) -> None:
        self._build = cache(TypeAdapter)

    def __getitem__(self, kind: Any) -> Callable[[Any], Any]:
        return self._build


_BUILT_ONCE = _BuiltOnce()


def _make_store(candidate: Candidate) -> Any:
    page, not_found = candidate.types.Page, candidate.store.NotFoundError

    class ListStore(candidate.store.Store):  # type: ignore[misc, name-defined]  # of either package
        def __init__(self) -> None:
            self.forget()

        def forget(self) -> None:
            """Be as new."""
            self.numbers = count(1)
            self.threads: dict[str, Any] = {}
            self.items: dict[str, dict[str, Any]] = {}

        def generate_thread_id(self, context: Any) -> str:
            return f"thr_{next(self.numbers)}"

        def generate_item_id(self, item_type: str, thread: Any, context: Any) -> str:
            return f"{item_type}_{next(self.numbers)}"

        async def load_thread(self, thread_id: str, context: Any) -> Any:
            return self.threads[thread_id].model_copy()

        async def save_thread(self, thread: Any, context: Any) -> None:
            self.threads[thread.id] = thread
            self.items.setdefault(thread.id, {})

        async def load_threads(self, limit: int, after: str | None, order: str, context: Any) -> Any:
            return page(data=list(self.threads.values())[:limit])

        async def delete_thread(self, thread_id: str, context: Any) -> None:
            self.threads.pop(thread_id, None)

        async def load_thread_items(
            self, thread_id: str, after: str | None, limit: int, order: str, context: Any
        ) -> Any:
            items = list(self.items[thread_id].values())
            return page(data=items[:limit] if order == "asc" else items[::-1][:limit])

        async def load_item(self, thread_id: str, item_id: str, context: Any) -> Any:
            if item_id not in self.items[thread_id]:
                raise not_found(item_id)
            return self.items[thread_id][item_id]

        async def add_thread_item(self, thread_id: str, item: Any, context: Any) -> None:
            self.items[thread_id][item.id] = item

        async def save_item(self, thread_id: str, item: Any, context: Any) -> None:
            self.items[thread_id][item.id] = item

        async def delete_thread_item(self, thread_id: str, item_id: str, context: Any) -> None:
            self.items[thread_id].pop(item_id, None)

        async def save_feedback(self, thread_id: str, item_ids: Any, kind: Any, context: Any) -> None: ...
        async def save_attachment(self, attachment: Any, context: Any) -> None: ...
        async def load_attachment(self, attachment_id: str, context: Any) -> Any: ...
        async def delete_attachment(self, attachment_id: str, context: Any) -> None: ...

    return ListStore()


OURS = Candidate("ours", "chatkit_asgi")
PUBLISHED = Candidate("published", "chatkit")
PUBLISHED_PLUS = Candidate("SDK+", "chatkit", adapter_built_once=True)

CANDIDATES = (OURS, PUBLISHED, PUBLISHED_PLUS)


def comparable(output: bytes) -> bytes:
    """The output without what is meant to differ: the clock, whose times are `Z` here and local there."""
    return re.sub(rb'"created_at":"[^"]*"', b'"created_at":"now"', output)
