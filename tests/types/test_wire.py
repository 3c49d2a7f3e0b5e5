"""Requests and events as they stand on the wire are read, and written again to the byte."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from chatkit_asgi.types import (
    CHATKIT_REQ_ADAPTER,
    THREAD_ITEM_ADAPTER,
    THREAD_STREAM_EVENT_ADAPTER,
    ThreadsCreateReq,
    is_streaming_req,
)
from tests import peer
from tests.factories import make_every_item, make_user_message_input

WIRE = Path(__file__).parent.parent / "wire"
REQUESTS: list[dict[str, Any]] = json.loads((WIRE / "requests.json").read_text())
EVENTS: list[dict[str, Any]] = json.loads((WIRE / "events.json").read_text())

PEER_REQUEST: TypeAdapter[Any] = TypeAdapter(peer.types.ChatKitReq)
PEER_EVENT: TypeAdapter[Any] = TypeAdapter(peer.types.ThreadStreamEvent)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request_: request_["type"])
def test_requests_are_read_as_the_published_package_reads_them(request_: dict[str, Any]) -> None:
    text = json.dumps(request_)
    ours, theirs = CHATKIT_REQ_ADAPTER.validate_json(text), PEER_REQUEST.validate_json(text)
    assert type(ours).__name__ == type(theirs).__name__
    assert ours.model_dump_json() == theirs.model_dump_json()
    assert is_streaming_req(ours) == peer.types.is_streaming_req(theirs)


def test_samples_cover_every_request() -> None:
    assert len({request["type"] for request in REQUESTS}) == 16


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["type"])
def test_events_survive_a_round_trip(event: dict[str, Any]) -> None:
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    read = THREAD_STREAM_EVENT_ADAPTER.validate_json(text)
    assert read.model_dump_json(exclude_none=True) == text
    assert PEER_EVENT.validate_json(text).model_dump_json(exclude_none=True) == text


def test_every_kind_of_item_survives_a_round_trip() -> None:
    for item in make_every_item():
        assert THREAD_ITEM_ADAPTER.validate_json(THREAD_ITEM_ADAPTER.dump_json(item)) == item


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request_: request_["type"])
def test_request_built_without_its_type_is_a_valid_request(request_: dict[str, Any]) -> None:
    cls = type(CHATKIT_REQ_ADAPTER.validate_python(request_))
    request = cls.model_validate({"params": request_["params"]})
    assert request.type == request_["type"]
    assert CHATKIT_REQ_ADAPTER.validate_json(request.model_dump_json()) == request


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        '{"type":"threads.list"}',
        '{"type":"threads.list","params":{},"metadata":null}',
        '{"type":"threads.list","params":{"limit":1.5}}',
        '{"type":"threads.list","params":{"order":"up"}}',
        '{"type":"threads.nothing","params":{}}',
        '{"type":"threads.custom_action","params":{"thread_id":"thr_1","action":{"payload":1}}}',
    ],
)
def test_what_is_no_request_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        CHATKIT_REQ_ADAPTER.validate_json(text)


@pytest.mark.parametrize(
    "missing", [{}, {"attachments": None, "quoted_text": None, "inference_options": None}]
)
def test_a_message_may_leave_out_what_it_does_not_have(missing: dict[str, Any]) -> None:
    message = {"content": [{"type": "input_text", "text": "Hello"}], **missing, "unknown": 1}
    request = {"type": "threads.create", "params": {"input": message}}
    read = CHATKIT_REQ_ADAPTER.validate_json(json.dumps(request))
    assert read == ThreadsCreateReq.model_validate({"params": {"input": make_user_message_input()}})


@pytest.mark.parametrize("wrong", [{"attachments": 1}, {"inference_options": "none"}, {"content": None}])
def test_a_message_with_a_wrong_part_is_refused(wrong: dict[str, Any]) -> None:
    request = {"type": "threads.create", "params": {"input": {"content": [], **wrong}}}
    with pytest.raises(ValidationError, match=re.escape(next(iter(wrong)))):
        CHATKIT_REQ_ADAPTER.validate_json(json.dumps(request))
