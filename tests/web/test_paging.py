"""Lists through the app, on each database: pages are full, cursors outlive their rows, others are refused."""

from pathlib import Path

import pytest

from chatkit_asgi import Settings
from tests.web.chat import Chat


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Each database in turn."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    return Settings(data_dir=tmp_path, database_url=url, auto_migrate=True, demo_delay=0)


@pytest.mark.parametrize("after", ["thr_nobody_knows", "seq:", "seq:x", "0", "-1"])
async def test_unknown_cursor_is_the_clients_mistake(chat: Chat, after: str) -> None:
    thread = (await chat.create("hello"))[0]["thread"]["id"]
    for operation, params in (("threads.list", {}), ("items.list", {"thread_id": thread})):
        response = await chat.post(operation, **params, after=after)
        assert response.status_code == 400
        error = response.json()["error"]
        assert (error["type"], error["param"]) == ("invalid_request_error", "after")


async def test_pages_are_full_and_go_on_when_their_last_thread_is_deleted(chat: Chat) -> None:
    created = [(await chat.create("hello"))[0]["thread"]["id"] for _ in range(5)]
    first = await chat.ask("threads.list", limit=2, order="desc")
    await chat.ask("threads.delete", thread_id=created[3])
    rest = await chat.ask("threads.list", limit=2, order="desc", after=first["after"])
    assert [thread["id"] for thread in first["data"]] == [created[4], created[3]]
    assert [thread["id"] for thread in rest["data"]] == [created[2], created[1]]
    assert (first["has_more"], rest["has_more"]) == (True, True)
