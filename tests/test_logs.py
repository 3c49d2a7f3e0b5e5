"""Logging of the app that runs by itself."""

import logging
from collections.abc import Iterator

import pytest

from chatkit_asgi.context import request_id
from chatkit_asgi.logs import TALKATIVE, configure


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    ours, access = logging.getLogger("chatkit_asgi"), logging.getLogger("uvicorn.access")
    level, propagate = ours.level, ours.propagate
    yield
    ours.handlers.clear()
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.NOTSET)
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


def test_secrets_stay_out_of_lines_and_tracebacks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    configure("DEBUG", ["sk-secret", "sk-secret-and-more", "be"])
    logger = logging.getLogger("chatkit_asgi.some.part")
    try:
        raise LookupError("no key like sk-secret-and-more")
    except LookupError:
        logger.exception("asked with %s", {"key": "sk-secret"})
    written = capsys.readouterr().err
    assert "sk-secret" not in written
    assert "and-more" not in written
    assert "no key like ***" in written


def test_libraries_do_not_write_whole_rows_unless_told_to() -> None:
    logging.getLogger([*TALKATIVE][1]).setLevel(logging.DEBUG)
    configure("DEBUG")
    levels = [logging.getLogger(name).level for name in TALKATIVE]
    assert levels == [logging.INFO, logging.DEBUG, logging.ERROR]


def test_lines_name_the_request_they_belong_to(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    configure("INFO")
    logger = logging.getLogger("chatkit_asgi.some.part")
    logger.warning("at the start")
    reset = request_id.set("req-7")
    try:
        logger.warning("later")
        logger.warning("said already: request_id=req-7")
        raise LookupError("in a request")
    except LookupError:
        logger.exception("failed")
    finally:
        request_id.reset(reset)
    lines = [line for line in capsys.readouterr().err.splitlines() if "some.part" in line]
    assert [line.count("req-7") for line in lines] == [0, 1, 1, 1]
    assert lines[3].endswith("failed request_id=req-7")  # before the traceback
