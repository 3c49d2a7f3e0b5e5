"""What is somebody else's is not found, whatever the door, and no different from what does not exist."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from chatkit_asgi import RequestContext, Settings, create_app
from chatkit_asgi.application import create_files, open_store, prepare
from chatkit_asgi.attachments import BlobAttachmentStore
from chatkit_asgi.types import (
    NonStreamingReq,
    StreamingReq,
    SyncCustomActionResponse,
    ThreadItem,
    TranscriptionResult,
)
from tests.factories import (
    make_client_tool_call,
    make_structured_input,
    make_thread,
    make_user_message,
    make_widget_item,
)
from tests.live import serving
from tests.postgres import new_database
from tests.web.chat import Chat
from tests.web.ownership import OPEN, OPERATIONS, ROUTES, Try
from tests.web.turns import BOUND, Puppet

OWNER = {"x-user": "alice", "x-tenant": "acme"}
FOREIGNERS = {
    "another user": {"x-user": "bob", "x-tenant": "acme"},
    "of another tenant": {"x-user": "alice", "x-tenant": "umbrella"},
    "of no tenant": {"x-user": "alice", "x-tenant": ""},
    "who imitates": {"x-user": "acme/alice", "x-tenant": ""},
}
ITEMS: dict[str, ThreadItem] = {
    "message": make_user_message("hush", id="msg_of_alice"),
    "widget": make_widget_item(id="wdg_of_alice"),
    "form": make_structured_input(id="frm_of_alice"),
    "call": make_client_tool_call(id="tc_of_alice"),
}
TRIES = [
    (kind, door, each)
    for kind, doors in {
        "operation": OPERATIONS,
        "route": {" ".join(door): tries for door, tries in ROUTES.items()},
    }.items()
    for door, tries in doors.items()
    if not isinstance(tries, str)
    for each in tries
]


class Hall(Puppet):
    """Takes everything that a server can."""

    async def sync_action(self, *given: Any) -> SyncCustomActionResponse:
        return SyncCustomActionResponse()

    async def transcribe(self, *given: Any) -> TranscriptionResult:
        return TranscriptionResult(text="")


async def by_headers(request: Request) -> RequestContext:
    return RequestContext(user_id=request.headers["x-user"], tenant=request.headers["x-tenant"])


class World:
    """An app that has things of alice's, in the middle of an answer, and one thread of each foreigner's."""

    def __init__(self, url: str, server: Hall, stack: AsyncExitStack) -> None:
        self.url = url
        self._stack = stack
        self._clients: dict[str, httpx.AsyncClient] = {}
        self.server = server
        self.ids: dict[str, str] = {}
        self.before: Any = None
        """What the owner saw of it at first."""
        self._own: dict[str, dict[str, str]] = {}

    async def client(self, caller: dict[str, str]) -> httpx.AsyncClient:
        """One for each caller, kept: making one takes longer than a test."""
        name = "/".join(caller.values())
        if name not in self._clients:
            http = httpx.AsyncClient(base_url=self.url, headers=caller, timeout=BOUND)
            self._clients[name] = await self._stack.enter_async_context(http)
        return self._clients[name]

    async def furnish(self, http: httpx.AsyncClient) -> None:
        """The things of the owner."""
        context = RequestContext(user_id="alice", tenant="acme")
        chat, store = Chat(http), self.server.store
        await store.save_thread(make_thread(id="thr_of_alice", title="hush"), context)
        for name, item in ITEMS.items():
            await store.add_thread_item(
                "thr_of_alice", item.model_copy(update={"thread_id": "thr_of_alice"}), context
            )
            self.ids[name] = item.id
        attachment = (await http.post("/files", files={"file": ("a.txt", b"hush")})).json()
        announced = await chat.ask("attachments.create", name="b.txt", size=4, mime_type="text/plain")
        self.ids |= {"thread": "thr_of_alice", "attachment": attachment["id"], "announced": announced["id"]}

    async def own(self, http: httpx.AsyncClient, caller: dict[str, str]) -> dict[str, str]:
        """The ids of things of a foreigner's, who wants to use them as keys to others."""
        if "/".join(caller.values()) not in self._own:
            self._own["/".join(caller.values())] = await self._furnish_own(http, caller)
        return self._own["/".join(caller.values())]

    async def _furnish_own(self, http: httpx.AsyncClient, caller: dict[str, str]) -> dict[str, str]:
        context = RequestContext(user_id=caller["x-user"], tenant=caller["x-tenant"])
        thread = make_thread(id=f"thr_{uuid4().hex}", title="own")
        await self.server.store.save_thread(thread, context)
        announced = await Chat(http).ask("attachments.create", name="c.txt", size=1, mime_type="text/plain")
        uploaded = (await http.post("/files", files={"file": ("c.txt", b"own")})).json()
        ready = await self.server.store.load_attachment(uploaded["id"], context)
        assert isinstance(self.server.attachment_store, BlobAttachmentStore)
        download = self.server.attachment_store.download_url(ready)
        return {
            "own_thread": thread.id,
            "own_upload": urlsplit(str(announced["upload_url"])).query.removeprefix("token="),
            "own_download": urlsplit(download).query.removeprefix("token="),
        }

    async def seen(self) -> Any:
        """All that the owner can see of it."""
        chat = Chat(await self.client(OWNER))
        threads = await chat.ask("threads.list")
        bytes_of = [
            (await self.server.store.load_attachment(self.ids[name], self._owner)).model_dump(mode="json")
            for name in ("attachment", "announced")
        ]
        feedback = await self.server.store.load_feedback("thr_of_alice", self._owner)
        return [threads, [await chat.items(thread["id"]) for thread in threads["data"]], bytes_of, feedback]

    _owner = RequestContext(user_id="alice", tenant="acme")


@asynccontextmanager
async def furnished(settings: Settings) -> AsyncIterator[World]:
    store = open_store(settings)
    await prepare(store, settings)
    server = Hall(store)
    server.attachment_store = create_files(settings, store)
    app = create_app(settings, server=server, authenticate=by_headers)
    try:
        async with serving(app) as url, AsyncExitStack() as stack:
            world = World(url, server, stack)
            http = await world.client(OWNER)
            await world.furnish(http)
            body = {"type": "threads.create", "params": {"input": Chat.message("hush")}}
            async with http.stream("POST", "/chatkit", json=body) as response:
                answer = await server.answer_number(0)
                world.ids["busy_thread"] = answer.thread.id
                world.ids["turn"] = response.headers["chatkit-turn-id"]
                world.before = await world.seen()
                yield world
                answer.finish()
                await response.aread()
    finally:
        await store.aclose()


@pytest.fixture(scope="module")
def own_database(postgres_server: str) -> Iterator[str]:
    """Others have an alice, too."""
    with new_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Each database in turn."""
    return Settings.model_validate(
        {
            "data_dir": tmp_path_factory.mktemp("ownership"),
            "database_url": request.getfixturevalue("own_database") if request.param == "postgres" else "",
            "auto_migrate": True,
            "secret_key": "a key for links",
            "public_url": "http://chat.example",
        }
    )


@pytest.fixture(scope="module")
async def world(settings: Settings) -> AsyncIterator[World]:
    async with furnished(settings) as world:
        yield world


def filled(value: Any, ids: dict[str, str]) -> Any:
    """The value with ids in the place of their names."""
    if isinstance(value, dict):
        return {key: filled(each, ids) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, ids) for each in value]
    return value.format_map(ids) if isinstance(value, str) else value


async def attempt(http: httpx.AsyncClient, kind: str, door: str, each: Try, ids: dict[str, str]) -> Any:
    """What comes of it: the status and the answer, in which ids and names of requests make no difference."""
    if kind == "operation":
        response = await Chat(http).post(door, **filled(each.params, ids))
    else:
        method = door.split()[0]
        content = b"hush" if method in ("PUT", "POST") else None
        response = await http.request(method, filled(each.params, ids), content=content)
    text = response.text
    for name, value in ids.items():
        text = text.replace(value, name)
    answer = json.loads(text) if text else None
    if isinstance(answer, dict) and "error" in answer:
        answer["error"].pop("request_id")
    return SimpleNamespace(status=response.status_code, answer=answer)


@pytest.mark.parametrize(
    ("kind", "door", "each"), TRIES, ids=[f"{door} {each.reach}" for _, door, each in TRIES]
)
async def test_somebody_elses_is_as_what_does_not_exist(
    world: World, kind: str, door: str, each: Try
) -> None:
    made_up = {name: f"{value[:-6]}000000" for name, value in world.ids.items()}
    for caller in FOREIGNERS.values():
        http = await world.client(caller)
        own = await world.own(http, caller)
        found = await attempt(http, kind, door, each, {**world.ids, **own})
        assert found.status == each.status, found.answer
        assert found == await attempt(http, kind, door, each, {**made_up, **own})
        if each.answer is not None and door != "threads.list":
            assert found.answer == each.answer
        elif each.status == 404 and not door.startswith("HEAD"):
            assert found.answer["error"]["code"] == "not_found"
        threads = await Chat(http).ask("threads.list")
        assert [thread["title"] for thread in threads["data"]] == ["own"]
    assert await world.seen() == world.before
    assert len(world.server.answers) == 1, "nobody had anything answered"


async def test_owner_reaches_all_of_it(world: World) -> None:
    """Else the table would prove nothing."""
    ids = {**world.ids, "own_thread": "", "own_upload": "", "own_download": ""}
    reading = {"threads.get_by_id", "items.list", "GET /threads/search", "GET /threads/{id}/stream"}
    http = await world.client(OWNER)
    for kind, door, each in TRIES:
        if door not in reading or "own" in each.reach or "cursor" in each.reach or "turn" in each.reach:
            continue
        if kind == "operation":
            assert (await Chat(http).post(door, **filled(each.params, ids))).status_code == 200
        else:
            assert (await http.get(filled(each.params, ids))).status_code in (200, 204)
    assert len((await Chat(http).ask("threads.list"))["data"]) == 2


def full_app(tmp_path: Path) -> Starlette:
    """With everything on that can be switched on."""
    return create_app(
        Settings.model_validate({"data_dir": tmp_path, "metrics": True, "session_key": "key", "page": True})
    )


def test_every_route_has_its_line(tmp_path: Path) -> None:
    found = set()
    for route in full_app(tmp_path).routes:
        assert isinstance(route, Route), "say here what stands behind it"
        found |= {(method, route.path) for method in route.methods or ()}
    heads = {("HEAD", path) for method, path in ROUTES if method == "GET" and ROUTES[method, path] == OPEN}
    # the search has no other answer to HEAD
    assert found - heads == ROUTES.keys() | {("HEAD", "/threads/search"), ("HEAD", "/composer")}


def test_every_operation_has_its_line() -> None:
    requests = (*get_args(StreamingReq), *get_args(NonStreamingReq))
    assert {each.model_fields["type"].default for each in requests} == OPERATIONS.keys()
