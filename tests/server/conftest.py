"""A store in memory with one thread, which belongs to the tests' user."""

import pytest

from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import ThreadMetadata
from tests.factories import make_thread


@pytest.fixture
def store() -> MemoryStore[object]:
    return MemoryStore()


@pytest.fixture
async def thread(store: MemoryStore[object], context: RequestContext) -> ThreadMetadata:
    """Saved as ``thr_1``."""
    saved = make_thread()
    await store.save_thread(saved, context)
    return saved


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn does not wait for a backend that is away."""
    monkeypatch.setattr("chatkit_asgi.server.writer.PATIENCE_SECONDS", 0)
