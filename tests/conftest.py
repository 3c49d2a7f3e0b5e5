"""What every test may use. Fixtures of one floor live in that folder's own conftest."""

import pytest

from chatkit_asgi.context import RequestContext


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for the whole run: session-scoped engines live in it."""
    return "asyncio"


@pytest.fixture
def context() -> RequestContext:
    return RequestContext(user_id="alice")


@pytest.fixture
def other_context() -> RequestContext:
    return RequestContext(user_id="bob")
