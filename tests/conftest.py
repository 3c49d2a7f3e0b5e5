"""What every test may use. Fixtures of one floor live in that folder's own conftest."""

import os

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from chatkit_asgi.context import RequestContext

hypothesis_settings.register_profile(
    "here", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
hypothesis_settings.load_profile("here")

pytest_plugins = ["tests.postgres", "tests.s3"]


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


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine's reaches a test, and no key."""
    for name in [*os.environ]:
        if name.startswith(("CHATKIT_", "OPENAI_", "AWS_")) and not name.startswith("CHATKIT_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CHATKIT_SECRET_KEY", "the key of the tests, with which they sign")
