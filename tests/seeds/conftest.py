"""What the examples share: the quickstart's store, and who asks."""

from collections.abc import Iterator

import pytest
from agents import set_tracing_disabled

from tests.seeds.stores import Context, MyChatKitStore


@pytest.fixture
def store() -> MyChatKitStore:
    return MyChatKitStore()


@pytest.fixture
def caller() -> Context:
    return {"user_id": "alice"}


@pytest.fixture(autouse=True)
def _no_traces() -> Iterator[None]:
    """Runs of the Agents SDK would otherwise want to send them somewhere."""
    set_tracing_disabled(True)
    yield
    set_tracing_disabled(False)
