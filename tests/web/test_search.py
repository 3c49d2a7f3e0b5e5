"""`GET /threads/search` through the whole app."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from chatkit_asgi import Settings, create_app
from chatkit_asgi.store import Store
from chatkit_asgi.store.memory import MemoryStore
from tests.web.chat import Chat


async def search(chat: Chat, **query: str) -> Any:  # Any: JSON
    response = await chat.http.get("/threads/search", params=query)
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    return response.json()


async def test_threads_are_found_by_what_was_said(chat: Chat) -> None:
    created = await chat.create("Where do the maples of Kyoto turn red?")
    thread, message = created[0]["thread"], created[1]["item"]
    await chat.create("Something else")
    await chat.ask("threads.update", thread_id=thread["id"], title="A trip")
    page = await search(chat, q="kyoto map")
    assert page["has_more"] is False
    (found,) = page["data"]
    assert found["item_id"] == message["id"]
    assert found["snippet"] == [
        {"text": "Where do the ", "is_match": False},
        {"text": "maples", "is_match": True},
        {"text": " of ", "is_match": False},
        {"text": "Kyoto", "is_match": True},
        {"text": " turn red?", "is_match": False},
    ]
    listed = (await chat.ask("threads.list"))["data"]
    assert found["thread"] in listed


async def test_titles_are_found_and_limits_kept(chat: Chat) -> None:
    for number in range(3):
        created = await chat.create("Hello")
        await chat.ask("threads.update", thread_id=created[0]["thread"]["id"], title=f"Kyoto {number}")
    page = await search(chat, q="KYO", limit="2")
    assert [("item_id" in found, found["snippet"][0]) for found in page["data"]] == [
        (False, {"text": "Kyoto", "is_match": True})
    ] * 2
    assert page["has_more"] is True


@pytest.mark.parametrize("query", ["", "&", '"', "a AND (", "\x00"])
async def test_no_query_is_an_error(chat: Chat, query: str) -> None:
    assert (await search(chat, q=query))["data"] == []


@pytest.mark.parametrize("query", ["", "?q=a&limit=-1", "?q=a&limit=x"])
async def test_requests_that_make_no_sense_are_refused(chat: Chat, query: str) -> None:
    response = await chat.http.get(f"/threads/search{query}")
    assert response.status_code == 400
    assert response.json()["error"]["param"] in ("q", "limit")


async def test_only_who_is_signed_in_may_search_and_finds_their_own(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, auth="token", auth_tokens="alice:one,bob:two", demo_delay=0)
    app = create_app(settings)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):
        assert (await http.get("/threads/search?q=kyoto")).status_code == 401
        for token, expected in (("one", 1), ("two", 0)):
            http.headers["authorization"] = f"Bearer {token}"
            if token == "one":
                await Chat(http).create("Kyoto")
            assert len((await search(Chat(http), q="kyoto"))["data"]) == expected


async def test_store_that_cannot_search_is_told_apart_from_nothing_found(tmp_path: Path) -> None:
    class Plain(MemoryStore[Any]):
        search = Store.search

    app = create_app(Settings(data_dir=tmp_path), store=Plain())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        response = await http.get("/threads/search?q=kyoto")
    assert response.status_code == 501
    assert response.json()["error"]["code"] == "not_supported"
