"""A thread in a memory store, an AgentContext in it, and the stand-in for the model's HTTP API."""

from collections.abc import AsyncIterator

import pytest

from chatkit_asgi.agents import AgentContext
from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import ThreadMetadata
from tests.factories import make_thread
from tests.model_api import ModelApi, model_api

Store = MemoryStore[RequestContext]


@pytest.fixture
async def store() -> Store:
    return MemoryStore()


@pytest.fixture
async def thread(store: Store, context: RequestContext) -> ThreadMetadata:
    thread = make_thread()
    await store.save_thread(thread, context)
    return thread


@pytest.fixture
async def agent_context(
    store: Store, thread: ThreadMetadata, context: RequestContext
) -> AgentContext[RequestContext]:
    return AgentContext(thread=thread, store=store, request_context=context)


@pytest.fixture
async def model() -> AsyncIterator[ModelApi]:
    async with model_api() as api:
        yield api
