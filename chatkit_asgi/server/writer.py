"""How a turn writes into its thread: it waits for a backend that is away, and replaces an old answer at once.

What is written may be written twice, when nobody knows whether the first time succeeded.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from chatkit_asgi.errors import BackendError
from chatkit_asgi.store import Store, TContext
from chatkit_asgi.types import ThreadItem, ThreadMetadata

__all__ = ["Guard", "TurnWriter", "patiently"]

T = TypeVar("T")

Guard = Callable[[], Awaitable[None]]
"""Raises LeaseLostError when another process has taken the turn over."""

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 30.0
"""How long an answer waits in memory for a backend that is away."""
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0


async def patiently(write: Callable[[], Awaitable[T]]) -> T:
    """The outcome of `write`, which is called again while the backend is away, but not for ever.

    Raises BackendError when it stays away.
    """
    now = asyncio.get_running_loop().time
    ends, pause = now() + PATIENCE_SECONDS, FIRST_PAUSE
    while True:
        try:
            return await write()
        except BackendError as exc:
            if now() + pause > ends:
                raise
            logger.warning("waiting for the backend to write what is answered: %s", exc)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


class TurnWriter(Generic[TContext]):
    """Writes for one turn. `superseded`: what a retry has withdrawn, as the store gave it; else None.

    The first item that is written deletes it for good, in the same transaction. `guard` is asked in each
    transaction; what it raises undoes it and comes out here.
    """

    def __init__(
        self,
        store: Store[TContext],
        thread_id: str,
        context: TContext,
        superseded: Sequence[ThreadItem] | None,
        guard: Guard | None = None,
    ) -> None:
        self._store = store
        self._thread_id = thread_id
        self._context = context
        self._superseded = superseded
        self._guard = guard

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """One unit of what is written for the turn, while it is ours to write."""
        async with self._store.transaction():
            if self._guard is not None:
                await self._guard()
            yield

    async def require_held(self) -> None:
        """Raises what the guard does, when the turn is not ours to write any more."""

        async def check() -> None:
            async with self.transaction():
                pass

        if self._guard is not None:
            await patiently(check)

    async def add(self, *items: ThreadItem) -> None:
        """Append items, all or none."""

        async def write() -> None:
            for item in items:
                await self._store.add_thread_item(self._thread_id, item, self._context)

        await self._write(write)

    async def replace(self, item: ThreadItem) -> None:
        await self._write(lambda: self._store.save_item(self._thread_id, item, self._context))

    async def delete(self, item_id: str) -> None:
        async def write() -> None:
            async with self.transaction():
                await self._store.delete_thread_item(self._thread_id, item_id, self._context)

        await patiently(write)

    async def update_thread(
        self,
        changes: dict[str, Any],  # Any: values of its fields
        *,
        title_before: str | None,
    ) -> ThreadMetadata:
        """The thread with the changes. Raises NotFoundError when it is gone.

        A title that the user has given it meanwhile stays: another was meant for one that had `title_before`.
        """

        async def write() -> ThreadMetadata:
            async with self.transaction():
                # the user may have renamed or deleted it meanwhile: that must stay
                current = await self._store.load_thread(self._thread_id, self._context)
                if current.title != title_before:
                    changes.pop("title", None)
                changed = current.model_copy(update=changes)
                await self._store.save_thread(changed, self._context)
                return changed

        return await patiently(write)

    async def delete_superseded(self) -> None:
        """The turn has ended, whether it wrote an item or not."""
        if self._superseded is not None:
            await self.add()

    async def restore_superseded(self) -> None:
        """The turn has failed: unless it wrote an item, what it should have replaced comes back."""
        superseded = self._superseded
        if superseded is None:
            return

        async def write() -> None:
            async with self.transaction():
                await self._store.restore_superseded_items(self._thread_id, superseded, self._context)

        await patiently(write)
        self._superseded = None

    async def _write(self, write: Callable[[], Awaitable[None]]) -> None:
        async def attempt() -> None:
            async with self.transaction():
                if self._superseded is not None:
                    await self._store.delete_superseded_items(self._thread_id, self._context)
                await write()

        await patiently(attempt)
        self._superseded = None
