"""Logging of the app that runs by itself."""

import logging
from collections.abc import Iterator

import pytest

from chatkit_asgi.logs import configure


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    ours, access = logging.getLogger("chatkit_asgi"), logging.getLogger("uvicorn.access")
    level, propagate = ours.level, ours.propagate
    yield
    ours.handlers.clear()
    access.filters.clear()
    ours.setLevel(level)
    ours.propagate = propagate


def test_signed_links_stay_out_of_the_servers_own_lines(caplog: pytest.LogCaptureFixture) -> None:
    configure("INFO")
    access = logging.getLogger("uvicorn.access")
    with caplog.at_level(logging.INFO, "uvicorn.access"):
        access.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1", "GET", "/files/a?token=secret", "1.1", 200)
        access.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1", "GET", "/threads?after=1", "1.1", 200)
    assert "secret" not in caplog.text
    assert "/files/a " in caplog.text
    assert "/threads?after=1" in caplog.text
