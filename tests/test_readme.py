"""The README's Python runs as it stands."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatkit_asgi import Settings, create_app
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.store.sql import difference
from tests.settings_table import README
from tests.web.chat import Chat


@pytest.fixture
async def names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[dict[str, Any]]:  # Any: whatever it defines
    """What the README's blocks define, run one after the other in an empty folder."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "my_app"}
    for block in re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL):
        own: dict[str, Any] = {"__name__": "my_app"}  # each block is a module
        exec(compile(block, "README.md", "exec"), own)  # noqa: S102 - the README is ours
        names |= own
    async with names["chat"].router.lifespan_context(names["chat"]):
        yield names


async def test_mounted_app_asks_the_host_who_is_calling(names: dict[str, Any]) -> None:
    transport = httpx.ASGITransport(names["app"])
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost/chat") as http:
        assert (await Chat(http).post("threads.list")).status_code == 401
        http.headers["x-demo-user"] = "me"
        assert (await Chat(http).ask("threads.list"))["data"] == []


async def test_store_lives_in_the_database_of_an_application(names: dict[str, Any]) -> None:
    await names["deploy"]()
    backend = names["backend"]
    transport = httpx.ASGITransport(backend)
    async with (
        backend.router.lifespan_context(backend),  # or what it does in the background goes on
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):
        assert (await Chat(http).ask("threads.list"))["data"] == []
    assert await difference(names["engine"], table_prefix="chat_") == ""
    await names["engine"].dispose()


async def test_server_of_ones_own_answers(names: dict[str, Any], tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path), server=names["Parrot"](MemoryStore()))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        events = await Chat(http).create("Polly")
    assert events[-1]["item"]["content"][0]["text"] == "Polly"


async def test_function_of_ones_own_answers(names: dict[str, Any], tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path), store=MemoryStore(), agent=names["answer"])
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        events = await Chat(http).create("hello")
    assert events[-1]["item"]["content"][0]["text"] == "You said hello "
