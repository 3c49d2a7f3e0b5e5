"""How much a request may say: what is over a limit is refused before anything of it is stored."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatkit_asgi import Settings, create_app
from chatkit_asgi.errors import InvalidRequestError, TooLargeError
from chatkit_asgi.server import parse_request
from chatkit_asgi.web.limits import RequestLimits
from tests.web.chat import Chat

LIMITS = RequestLimits(
    depth=10,
    values=200,
    text=100,
    parts=5,
    attachments=3,
    title=20,
    metadata=100,
    payload=100,
    audio=60,
    page=7,
)
LONG = "x" * 256


def message(**fields: Any) -> dict[str, Any]:
    return {
        "content": [{"type": "input_text", "text": "hi"}],
        "attachments": [],
        "inference_options": {},
    } | fields


def texts(*found: str) -> list[dict[str, str]]:
    return [{"type": "input_text", "text": text} for text in found]


def tag(**fields: Any) -> dict[str, Any]:
    return {"type": "input_tag", "id": "t", "text": "t", "data": {}} | fields


def action(**fields: Any) -> dict[str, Any]:
    return {"thread_id": "thr_1", "item_id": "i", "action": {"type": "t", "payload": {}} | fields}


def answers(count: int, value: str = "v") -> dict[str, Any]:
    given = {f"q{number}": {"values": [value]} for number in range(count)}
    return {"thread_id": "t", "item_id": "i", "input": {"answers": given}}


def body_of(operation: str, params: Any, **fields: Any) -> bytes:
    return json.dumps({"type": operation, "params": params, **fields}).encode()


def check(body: bytes, limits: RequestLimits = LIMITS) -> None:
    limits.check_shape(body)
    limits.check(parse_request(body))


JUST_ENOUGH = {
    "text": body_of(
        "threads.create", {"input": message(content=texts("x" * 50, "y" * 40), quoted_text="z" * 10)}
    ),
    "parts": body_of("threads.create", {"input": message(content=texts(*"12345"))}),
    "attachments": body_of("threads.create", {"input": message(attachments=["a", "b", "c"])}),
    "title": body_of("threads.update", {"thread_id": "t", "title": "x" * 20}),
    "metadata": body_of("threads.delete", {"thread_id": "t"}, metadata={"a": "x" * 92}),
    "payload": body_of("threads.custom_action", action(payload="x" * 98)),
    "sync payload": body_of("threads.sync_custom_action", action(payload="x" * 98)),
    "result": body_of("threads.add_client_tool_output", {"thread_id": "t", "result": "x" * 98}),
    "answers": body_of("threads.add_structured_input", answers(5)),
    "long answers": body_of("threads.add_structured_input", answers(5, "x" * 20)),
    "feedback": body_of("items.feedback", {"thread_id": "t", "item_ids": ["i"] * 5, "kind": "positive"}),
    "tag": body_of("threads.create", {"input": message(content=[tag(data={"a": "x" * 90})])}),
    "name": body_of("attachments.create", {"name": "x" * 4096, "size": 1, "mime_type": "text/plain"}),
}
TOO_MUCH = {
    "text": (body_of("threads.create", {"input": message(content=texts("x" * 101))}), "params.input.content"),
    "text in parts": (
        body_of("threads.create", {"input": message(content=texts("x" * 51, "y" * 50))}),
        "params.input.content",
    ),
    "quoted text": (
        body_of("threads.create", {"input": message(quoted_text="x" * 99)}),
        "params.input.content",
    ),
    "parts": (
        body_of("threads.create", {"input": message(content=texts(*"123456"))}),
        "params.input.content",
    ),
    "tag's data": (
        body_of("threads.create", {"input": message(content=[tag(data={"a": "x" * 100})])}),
        "params.input.content",
    ),
    "tag's id": (
        body_of("threads.create", {"input": message(content=[tag(id=LONG)])}),
        "params.input.content.id",
    ),
    "attachments": (
        body_of("threads.create", {"input": message(attachments=list("abcd"))}),
        "params.input.attachments",
    ),
    "attachment's id": (
        body_of("threads.create", {"input": message(attachments=[LONG])}),
        "params.input.attachments",
    ),
    "model": (
        body_of("threads.create", {"input": message(inference_options={"model": LONG})}),
        "params.input.inference_options.model",
    ),
    "tool": (
        body_of("threads.create", {"input": message(inference_options={"tool_choice": {"id": LONG}})}),
        "params.input.inference_options.tool_choice.id",
    ),
    "title": (body_of("threads.update", {"thread_id": "t", "title": "x" * 21}), "params.title"),
    "metadata": (body_of("threads.delete", {"thread_id": "t"}, metadata={"a": "x" * 93}), "metadata"),
    "payload": (body_of("threads.custom_action", action(payload="x" * 99)), "params.action.payload"),
    "sync payload": (
        body_of("threads.sync_custom_action", action(payload="x" * 99)),
        "params.action.payload",
    ),
    "action": (body_of("threads.custom_action", action(type=LONG)), "params.action.type"),
    "result": (
        body_of("threads.add_client_tool_output", {"thread_id": "t", "result": "x" * 99}),
        "params.result",
    ),
    "answers": (body_of("threads.add_structured_input", answers(6)), "params.input.answers"),
    "long answers": (body_of("threads.add_structured_input", answers(5, "x" * 21)), "params.input.answers"),
    "feedback": (
        body_of("items.feedback", {"thread_id": "t", "item_ids": ["i"] * 6, "kind": "positive"}),
        "params.item_ids",
    ),
    "id": (body_of("threads.get_by_id", {"thread_id": LONG}), "params.thread_id"),
    "cursor": (body_of("threads.list", {"after": LONG}), "params.after"),
    "name": (
        body_of("attachments.create", {"name": "x" * 4097, "size": 1, "mime_type": "text/plain"}),
        "params.name",
    ),
    "type": (body_of("attachments.create", {"name": "x", "size": 1, "mime_type": LONG}), "params.mime_type"),
    "depth": (body_of("threads.custom_action", action(payload=[[[[[[[[]]]]]]]])), None),
    "values": (body_of("threads.custom_action", action(payload=[1] * 200)), None),
}


@pytest.mark.parametrize("body", JUST_ENOUGH.values(), ids=JUST_ENOUGH)
def test_what_just_fits_is_taken(body: bytes) -> None:
    check(body)


@pytest.mark.parametrize(("body", "param"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_is_over_a_limit_is_refused_by_the_name_of_its_field(body: bytes, param: str | None) -> None:
    with pytest.raises(InvalidRequestError, match=r"at most|may have") as refused:
        check(body)
    assert refused.value.param == param


def test_recording_may_be_as_long_in_base64() -> None:
    check(body_of("input.transcribe", {"audio_base64": "x" * 90, "mime_type": "audio/webm"}))
    with pytest.raises(TooLargeError):
        check(body_of("input.transcribe", {"audio_base64": "x" * 91, "mime_type": "audio/webm"}))


def test_page_is_cut_to_the_limit() -> None:
    request = parse_request(body_of("items.list", {"thread_id": "t", "limit": 50}))
    LIMITS.check(request)
    assert request.params.limit == 7  # type: ignore[union-attr]  # it is an items.list


@pytest.mark.parametrize("text", ["[" * 500, ',{"' * 300, '\\"[[' * 200, "\\" * 999], ids=str)
def test_what_stands_in_a_text_is_no_structure(text: str) -> None:
    body = body_of("threads.create", {"input": message(content=texts(text))})
    check(body, replace(LIMITS, text=10_000))


@pytest.mark.parametrize("body", [b"[" * 5_000_000, b"[" + b"1," * 3_000_000, b'{"a":"' + b"[{," * 1_000_000])
def test_shape_is_refused_unread(body: bytes) -> None:
    with pytest.raises(InvalidRequestError, match="values"):
        RequestLimits().check_shape(body)


async def test_settings_are_what_counts(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path,
        demo_delay=0,
        max_text=10,
        max_parts=2,
        max_title=3,
        max_json_depth=12,
        max_payload_bytes=9,
    )
    app = create_app(settings)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):
        chat = Chat(http)
        await check_refused(chat, "threads.create", {"input": message(content=texts("x" * 11))})
        await check_refused(chat, "threads.create", {"input": message(content=texts(*"123"))})
        await check_refused(chat, "threads.update", {"thread_id": "thr_x", "title": "four"})
        await check_refused(chat, "threads.custom_action", action(payload="123456789"))
        await check_refused(chat, "threads.custom_action", action(payload=[[[[[[[[[[[[[]]]]]]]]]]]]]))
        assert (await chat.ask("threads.list"))["data"] == []


async def check_refused(chat: Chat, operation: str, params: dict[str, Any]) -> None:
    response = await chat.http.post("/chatkit", content=body_of(operation, params))
    assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_request")


PATHS = {
    "part of a message": (
        {"input": message(content=[{"type": "input_text", "text": 5}])},
        "params.input.content.0.text",
    ),
    "missing in a part": (
        {"input": message(content=[{"type": "input_text"}])},
        "params.input.content.0.text",
    ),
    "unknown part": ({"input": message(content=[{"type": "input_smell"}])}, "params.input.content.0"),
    "part without type": ({"input": message(content=[{}])}, "params.input.content.0"),
    "part of another kind": ({"input": message(content=["hi"])}, "params.input.content.0"),
    "message of another kind": ({"input": 5}, "params.input"),
    "tag": (
        {"input": message(content=[tag(interactive="perhaps")])},
        "params.input.content.0.interactive",
    ),
}


@pytest.mark.parametrize(("params", "param"), PATHS.values(), ids=PATHS)
async def test_fault_is_named_as_the_client_wrote_it(chat: Chat, params: dict[str, Any], param: str) -> None:
    response = await chat.http.post("/chatkit", content=body_of("threads.create", params))
    error = response.json()["error"]
    assert (response.status_code, error["param"]) == (400, param)
    for ours in ("UserMessage", "ThreadsCreateReq", "pydantic", "input_tag", "input_text"):
        assert ours not in error["message"]
