"""What comes in at the door, and what the face of the package loads."""

import logging
import subprocess
import sys

import pytest
from pydantic import TypeAdapter, ValidationError

from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import NotFoundError
from chatkit_asgi.server import NonStreamingResult, failure_frame, parse_request
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import ThreadsListReq
from tests.fakes import ScriptedServer

LIST = '{"type":"threads.list","params":{},"unknown":1}'


@pytest.mark.parametrize("raw", [LIST, LIST.encode(), bytearray(LIST.encode())])
async def test_requests_come_as_text_or_bytes(
    store: MemoryStore[object], context: RequestContext, raw: str | bytes | bytearray
) -> None:
    result = await ScriptedServer(store).process(raw, context)
    assert isinstance(result, NonStreamingResult)
    assert result.json == b'{"data":[],"has_more":false}'


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"type":"threads.list"}',
        '{"type":"threads.explode","params":{}}',
        '{"type":"threads.list","params":{},"metadata":null}',
        '{"type":"threads.list","params":{"limit":1.5}}',
        '{"type":"threads.list","params":{"order":"up"}}',
        '{"type":"threads.custom_action","params":{"thread_id":"thr_1","action":{"payload":1}}}',
    ],
)
async def test_what_is_no_request_is_refused(
    store: MemoryStore[object], context: RequestContext, caplog: pytest.LogCaptureFixture, raw: str
) -> None:
    with pytest.raises(ValidationError), caplog.at_level(logging.DEBUG):
        await ScriptedServer(store).process(raw, context)
    assert caplog.records == []


async def test_each_request_is_one_record_that_names_the_operation(
    store: MemoryStore[object], context: RequestContext, caplog: pytest.LogCaptureFixture
) -> None:
    """A refusal adds none: whoever asked is told."""
    with pytest.raises(NotFoundError), caplog.at_level(logging.INFO):
        await ScriptedServer(store).process(
            '{"type":"threads.get_by_id","params":{"thread_id":"x"}}', context
        )
    [record] = caplog.records
    assert record.levelno == logging.INFO
    assert "threads.get_by_id" in record.getMessage()


def test_reading_a_request_builds_no_validator(monkeypatch: pytest.MonkeyPatch) -> None:
    """That takes longer than anything else in a request."""

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("built anew")

    parse_request(LIST)
    monkeypatch.setattr(TypeAdapter, "__init__", fail)
    assert isinstance(parse_request(LIST), ThreadsListReq)


async def test_a_request_can_be_built_in_python(store: MemoryStore[object], context: RequestContext) -> None:
    request = parse_request(LIST)
    assert isinstance(request, ThreadsListReq)
    result = await ScriptedServer(store).dispatch(request, context)
    assert isinstance(result, NonStreamingResult)


def test_the_frame_of_last_resort_is_an_error_event_with_a_message() -> None:
    expected = b'data: {"type":"error","code":"stream.error","message":"The answer could not be completed."'
    assert expected + b',"allow_retry":true}\n\n' == failure_frame()


def test_importing_the_engine_loads_no_framework_database_or_model_sdk() -> None:
    heavy = {"starlette", "sqlalchemy", "agents", "openai", "jinja2", "babel"}
    code = f"import sys, chatkit_asgi.server; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_the_user_agent_override_is_handed_on_from_the_floor_above() -> None:
    from chatkit_asgi import server
    from chatkit_asgi.agents import user_agent

    assert server.agents_sdk_user_agent_override is user_agent.agents_sdk_user_agent_override
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = server.nothing  # type: ignore[attr-defined]  # the name is not there: that is the point
