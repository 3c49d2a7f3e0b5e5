"""What the edge refuses, forgives and promises."""

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from chatkit_asgi import RequestContext, Settings, create_app
from chatkit_asgi.context import request_id
from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.server import ChatKitServer
from chatkit_asgi.store import Store
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import ThreadStreamEvent
from tests.fakes import ScriptedServer
from tests.web.chat import Chat

MESSAGE = {"content": [{"type": "input_text", "text": "hi"}]}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"{", None),
        (b"\xff\xfe", None),
        (b"[]", None),
        (b"{}", "type"),
        (b'{"type": "threads.resume", "params": {}}', "type"),
        (b'{"type": "threads.list"}', "params"),
        (b'{"type": "threads.get_by_id", "params": {}}', "params.thread_id"),
        (b'{"type": "threads.list", "params": {"limit": "many"}}', "params.limit"),
        (b'{"type": "threads.list", "params": {"order": "up"}}', "params.order"),
    ],
)
async def test_what_is_not_a_request_is_400_and_names_the_field(
    chat: Chat, body: bytes, param: str | None
) -> None:
    response = await chat.http.post("/chatkit", content=body)
    assert response.status_code == 400
    error = response.json()["error"]
    assert (error["type"], error["code"], error["param"]) == (
        "invalid_request_error",
        "invalid_request",
        param,
    )
    assert error["message"]
    assert "pydantic" not in response.text


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("threads.get_by_id", {"thread_id": "thr_x"}),
        ("threads.update", {"thread_id": "thr_x", "title": "t"}),
        ("items.list", {"thread_id": "thr_x"}),
        ("items.feedback", {"thread_id": "thr_x", "item_ids": ["a"], "kind": "negative"}),
        ("threads.add_user_message", {"thread_id": "thr_x", "input": MESSAGE}),
        ("threads.add_client_tool_output", {"thread_id": "thr_x", "result": 1}),
        ("threads.add_structured_input", {"thread_id": "thr_x", "item_id": "i", "input": {}}),
        ("threads.retry_after_item", {"thread_id": "thr_x", "item_id": "i"}),
        ("threads.custom_action", {"thread_id": "thr_x", "action": {"type": "a"}}),
        ("threads.sync_custom_action", {"thread_id": "thr_x", "action": {"type": "a"}}),
        ("threads.create", {"input": MESSAGE | {"attachments": ["atc_x"]}}),
        ("attachments.delete", {"attachment_id": "atc_x"}),
    ],
)
async def test_what_does_not_exist_is_404_before_any_event(
    chat: Chat, operation: str, params: dict[str, object]
) -> None:
    response = await chat.post(operation, **params)
    assert response.status_code == 404, response.text
    assert response.json()["error"]["code"] == "not_found"
    assert (await chat.ask("threads.list"))["data"] == [], "nothing half-written is left behind"


@pytest.mark.parametrize(
    "lenient",
    [
        {"inference_options": None, "attachments": None, "quoted_text": None},
        {"inference_options": {}, "attachments": [], "quoted_text": ""},
        {"later": "unknown"},
    ],
)
async def test_messages_of_real_clients_are_understood(chat: Chat, lenient: dict[str, object]) -> None:
    assert (await chat.create("hi", **lenient))[0]["type"] == "thread.created"


@pytest.mark.parametrize(
    "accepted", ["*/*", "text/event-stream", "application/json", "text/event-stream, */*"]
)
async def test_the_operation_decides_on_the_type_of_the_answer(chat: Chat, accepted: str) -> None:
    """Clients say all sorts of things that they accept."""
    chat.http.headers["accept"] = accepted
    created = await chat.post("threads.create", input=MESSAGE)
    assert created.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (await chat.ask("threads.list"))["has_more"] is False


async def test_what_no_longer_fits_is_409(chat: Chat) -> None:
    thread = (await chat.create("hi"))[0]["thread"]["id"]
    response = await chat.post("threads.add_client_tool_output", thread_id=thread, result=1)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "conflict")


@pytest.mark.parametrize(("asked", "locale"), [("de-CH", "de-CH"), ("en;q=0.9, fr", "fr"), ("*", "en")])
async def test_the_language_of_the_page_reaches_the_server(
    settings: Settings, asked: str, locale: str
) -> None:
    server = ScriptedServer(MemoryStore())
    app = create_app(settings, server=server)
    async with app.router.lifespan_context(app), client_of(app, headers={"accept-language": asked}) as http:
        await Chat(http).create("hi")
    [(_, _, context)] = server.asked
    assert context.locale == locale


async def test_unknown_routes_and_methods_answer_in_json(chat: Chat) -> None:
    missing = await chat.http.get("/branches")
    wrong = await chat.http.get("/chatkit")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")


async def test_cors_headers_stand_on_answers_and_on_errors(chat: Chat) -> None:
    origin = {"origin": "http://localhost:5173"}
    for body in (b'{"type": "threads.list", "params": {}}', b"{"):
        response = await chat.http.post("/chatkit", content=body, headers=origin)
        assert response.headers["access-control-allow-origin"] == origin["origin"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/branches", 404),
        ("GET", "/chatkit", 405),
        ("POST", "/files", 415),
        ("PUT", "/files/atc_1", 404),
        ("GET", "/files/atc_1", 404),
    ],
)
async def test_a_page_may_read_every_refusal(chat: Chat, method: str, path: str, status: int) -> None:
    """Else all it sees is that the network failed. Some send their cookies along."""
    response = await chat.http.request(method, path, headers={"origin": "http://localhost:5173"})
    assert response.status_code == status
    assert response.json()["error"]["message"]
    assert response.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert response.headers["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize(("method", "path"), [("POST", "/files"), ("POST", "/files/a"), ("PUT", "/files/a")])
async def test_preflight_of_an_upload_names_no_headers(chat: Chat, method: str, path: str) -> None:
    asked = {"origin": "http://localhost:5173", "access-control-request-method": method}
    response = await chat.http.options(path, headers=asked)
    assert response.status_code == 200
    assert method in response.headers["access-control-allow-methods"]
    assert response.headers["access-control-allow-origin"] == asked["origin"]
    assert response.headers["access-control-allow-credentials"] == "true"


async def test_preflight_allows_the_headers_that_clients_send(chat: Chat) -> None:
    asked = {
        "origin": "http://localhost:5173",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type, authorization, x-anything",
    }
    response = await chat.http.options("/chatkit", headers=asked)
    assert response.status_code == 200
    assert "x-anything" in response.headers["access-control-allow-headers"]


async def test_what_caches_may_keep_varies_by_origin(chat: Chat) -> None:
    assert "Origin" in (await chat.http.get("/healthz")).headers["vary"]


async def test_foreign_origins_get_no_cors_headers(chat: Chat) -> None:
    response = await chat.http.post("/chatkit", content=b"{", headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in response.headers


async def test_body_over_the_limit_is_413(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path, max_body_bytes=100))
    async with app.router.lifespan_context(app), client_of(app) as http:
        response = await http.post("/chatkit", content=b" " * 101)
    assert (response.status_code, response.json()["error"]["code"]) == (413, "too_large")


async def test_callers_from_elsewhere_are_refused_without_authentication(app: Starlette) -> None:
    async with client_of(app, address="192.0.2.7") as http:
        response = await http.post("/chatkit", content=b"{}")
    assert response.status_code == 403
    assert "CHATKIT_AUTH" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "rebound.example"},
        {"origin": "https://elsewhere.example", "content-type": "text/plain"},
        {"origin": "null"},
    ],
)
async def test_pages_from_elsewhere_get_nothing_through_the_users_browser(
    chat: Chat, headers: dict[str, str]
) -> None:
    """DNS rebinding, and forms that need no preflight."""
    response = await chat.http.post("/chatkit", json={"type": "threads.list", "params": {}}, headers=headers)
    assert response.status_code == 403


async def test_pages_that_the_operator_names_may_call(tmp_path: Path) -> None:
    page = "https://chat.example"
    app = create_app(Settings(data_dir=tmp_path, cors_origins=(page,)))
    async with app.router.lifespan_context(app), client_of(app, headers={"origin": page}) as http:
        response = await http.post("/chatkit", json={"type": "threads.list", "params": {}})
    assert response.headers["access-control-allow-origin"] == page


async def test_token_names_the_user_and_users_do_not_meet(tmp_path: Path) -> None:
    app = create_app(
        Settings.model_validate({"data_dir": tmp_path, "auth": "token", "auth_tokens": "a:1,b:2"})
    )
    async with app.router.lifespan_context(app), client_of(app) as http:
        assert (await http.post("/chatkit", content=b"{}")).status_code == 401
        alice, bob = (Chat(client_of(app, headers={"authorization": f"Bearer {token}"})) for token in "12")
        thread = (await alice.create("/title mine"))[0]["thread"]["id"]
        assert (await bob.post("threads.get_by_id", thread_id=thread)).status_code == 404
        assert (await bob.ask("threads.list"))["data"] == []
        await alice.http.aclose()
        await bob.http.aclose()


async def test_each_request_is_one_line_in_the_log_without_what_was_said(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = await chat.http.post(
            "/chatkit",
            json={
                "type": "threads.create",
                "params": {"input": {"content": [{"type": "input_text", "text": "pssst"}]}},
            },
            headers={"x-request-id": "req-1"},
        )
    assert response.headers["x-request-id"] == "req-1"
    lines = [record.getMessage() for record in caplog.records if record.name == "chatkit_asgi.access"]
    assert len(lines) == 1
    for part in ("operation=threads.create", "user=local", "status=200", "ms=", "request_id=req-1"):
        assert part in lines[0]
    assert "pssst" not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("chatkit_asgi"))


async def test_nothing_that_a_caller_sends_forges_a_line_of_the_log(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async def authenticate(request: object) -> RequestContext:
        return RequestContext(user_id="eve\nINFO status=200")

    app = create_app(settings, authenticate=authenticate)
    async with app.router.lifespan_context(app), client_of(app) as http:
        with caplog.at_level(logging.INFO, "chatkit_asgi.access"):
            await http.get(f"/x%0Auser=root%1b[31m{'y' * 5000}", headers={"x-request-id": "a b"})
            await http.post("/chatkit", json={"type": "threads.list", "params": {}})
    path, user = [record.getMessage() for record in caplog.records]
    assert path.startswith("GET /x%0Auser%3Droot%1B%5B31my")
    assert len(path) < 500
    assert "a b" not in path
    assert "user=eve%0AINFO%20status%3D200 " in user


async def test_unexpected_exception_tells_only_the_request_id(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def authenticate(request: object) -> RequestContext:
        raise LookupError("a secret of ours")

    app = create_app(Settings(data_dir=tmp_path), authenticate=authenticate)
    async with app.router.lifespan_context(app), client_of(app) as http:
        response = await http.post("/chatkit", content=b"{}", headers={"origin": "http://localhost:1"})
    assert response.status_code == 500
    assert "secret" not in response.text
    assert response.headers["x-request-id"] in response.json()["error"]["message"]
    assert response.headers["access-control-allow-origin"] == "http://localhost:1"
    assert "a secret of ours" in caplog.text


async def test_restart_keeps_everything(settings: Settings) -> None:
    for expected in (0, 1, 2):
        app = create_app(settings)
        async with app.router.lifespan_context(app), client_of(app) as http:
            assert len((await Chat(http).ask("threads.list"))["data"]) == expected
            await Chat(http).create("hello")


async def test_two_apps_share_one_sqlite_file(settings: Settings) -> None:
    first, second = create_app(settings), create_app(settings)
    async with first.router.lifespan_context(first), second.router.lifespan_context(second):
        for _ in range(5):
            for app in (first, second):
                async with client_of(app) as http:
                    await Chat(http).create("hello")
        async with client_of(first) as http:
            assert len((await Chat(http).ask("threads.list"))["data"]) == 10


async def test_mounted_app_starts_with_its_first_request(settings: Settings) -> None:
    """A host app's lifespan does not reach the apps that it mounts."""
    app = create_app(settings)
    async with client_of(Starlette(routes=[Mount("/chat", app)])) as http:
        response = await http.post("/chat/chatkit", json={"type": "threads.list", "params": {}})
    assert response.json() == {"data": [], "has_more": False}
    async with app.router.lifespan_context(app):
        pass  # closes what the first request opened


async def test_probes_answer(chat: Chat) -> None:
    assert (await chat.http.get("/healthz")).json() == {"status": "ok"}
    assert (await chat.http.get("/readyz")).json()["status"] == "ok"


async def test_app_without_its_database_lives_and_is_not_ready(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(data_dir=tmp_path, database_url="postgresql+asyncpg://nobody@127.0.0.1:1/none")
    app = create_app(settings)
    async with app.router.lifespan_context(app), client_of(app) as http:
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 503
        asked = await http.post("/chatkit", json={"type": "threads.list", "params": {}})
    assert (asked.status_code, asked.json()["error"]["code"]) == (503, "unavailable")
    assert asked.headers["retry-after"] == "1"
    assert "asyncpg" not in asked.text
    told = [record.getMessage() for record in caplog.records if record.name == "chatkit_asgi.web.errors"]
    assert len(told) == 1
    assert asked.headers["x-request-id"] in told[0]
    assert "ConnectionRefusedError" in told[0], "the operator learns what is wrong"


async def test_database_that_is_behind_is_not_ready_and_says_what_to_do(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path, auto_migrate=False))
    async with app.router.lifespan_context(app), client_of(app) as http:
        ready = await http.get("/readyz")
        asked = await http.post("/chatkit", json={"type": "threads.list", "params": {}})
    assert (ready.status_code, asked.status_code) == (503, 503)
    assert "chatkit-asgi migrate" in asked.json()["error"]["message"]


async def test_frames_are_one_line_of_json(chat: Chat) -> None:
    response = await chat.post("threads.create", input=Chat.message("line\nbreaks \u2028 and ünïcode"))
    assert response.headers["cache-control"] == "no-cache, no-store, no-transform"
    assert response.headers["x-accel-buffering"] == "no"
    frames = response.content.removesuffix(b"\n\n").split(b"\n\n")
    assert all(json.loads(frame.removeprefix(b"data: ")) for frame in frames)


def client_of(app: Starlette, *, address: str = "127.0.0.1", **options: object) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(address, 1234))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost", **options)  # type: ignore[arg-type]  # as given


class OneStore(ChatKitServer[RequestContext]):
    """Takes less than it is given."""

    def __init__(self, store: Store[RequestContext]) -> None:
        super().__init__(store)

    def respond(self, *arguments: object) -> AsyncIterator[ThreadStreamEvent]:
        raise NotImplementedError


NUMBER = 42


@pytest.mark.parametrize("name", ["OneStore", "NUMBER", "NOTHING"])
def test_server_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path, name: str) -> None:
    settings = Settings(data_dir=tmp_path, server=f"{__name__}:{name}")
    with pytest.raises(InvalidRequestError, match=name):
        create_app(settings)


async def test_task_of_a_turn_knows_its_request(tmp_path: Path) -> None:
    """So that what is logged about an answer leads to who asked for it."""
    seen: list[str] = []

    async def answer(messages: object, context: object) -> AsyncIterator[str]:
        seen.append(request_id.get())
        yield "Hi."

    app = create_app(Settings(data_dir=tmp_path), agent=answer)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        for name in ("req-1", "req-2"):
            http.headers["x-request-id"] = name
            await Chat(http).create("hello")
    assert seen == ["req-1", "req-2"]
