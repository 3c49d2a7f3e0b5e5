"""Texts that databases, JSON or patience may stumble over, through the app: kept or refused, never a 500."""

import json
from pathlib import Path

import pytest

from chatkit_asgi import Settings
from tests.web.chat import Chat, frames_of

TEXTS = {
    "NUL": r'"\u0000"',
    "half a pair": r'"\ud800"',
    "halves the wrong way round": r'"\udc00\ud800"',
    "pair": r'"\ud83d\ude00"',
    "separators": r'"\u2028\u0085\r\n\u001b"',
    "not a character": r'"\uffff\ufffe"',
    "long": f'"{"long" * (5 << 18)}"',
}
DATA = {
    **TEXTS,
    "deep": "[" * 150 + "]" * 150,
    "deeper": '{"a":' * 195 + "1" + "}" * 195,
    "far too deep": "[" * 100_000 + "]" * 100_000,
    "long number": "9" * 5_000,
    "no number": "NaN",
    "great number": "1e999",
    "key": r'{"\u0000": {"\ud83d\ude00": null}}',
    "bad key": r'{"\ud800": 1}',
}


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Each database in turn."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    return Settings(data_dir=tmp_path, database_url=url, auto_migrate=True, demo_delay=0)


async def send(chat: Chat, operation: str, params: str) -> bool:
    """Whether the request was taken; it may be refused as a client's mistake. `params` is JSON."""
    body = f'{{"type": "{operation}", "params": {params}}}'
    response = await chat.http.post("/chatkit", content=body.encode())
    if response.status_code == 200:
        if response.headers["content-type"].startswith("text/event-stream"):
            assert "error" not in [event["type"] for event in frames_of(response.content)]
        return True
    assert 400 <= response.status_code < 500, response.text
    return False


async def new_thread(chat: Chat) -> str:
    return str((await chat.create("hello"))[0]["thread"]["id"])


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_any_text_of_a_message_is_kept_or_refused(chat: Chat, text: str) -> None:
    message = f'{{"content": [{{"type": "input_text", "text": {text}}}], "quoted_text": {text}}}'
    if not await send(chat, "threads.create", f'{{"input": {message}}}'):
        return
    newest = (await chat.ask("threads.list", limit=1))["data"][0]["id"]
    item = (await chat.items(newest))[0]
    assert item["content"][0]["text"] == item["quoted_text"] == json.loads(text)


@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
async def test_any_data_of_a_tag_is_kept_or_refused(chat: Chat, data: str) -> None:
    tag = f'{{"type": "input_tag", "id": "tag", "text": "tag", "data": {{"data": {data}}}}}'
    if not await send(chat, "threads.create", f'{{"input": {{"content": [{tag}]}}}}'):
        return
    newest = (await chat.ask("threads.list", limit=1))["data"][0]["id"]
    assert (await chat.items(newest))[0]["content"][0]["type"] == "input_tag"


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_any_title_is_kept_or_refused(chat: Chat, text: str) -> None:
    thread = await new_thread(chat)
    if await send(chat, "threads.update", f'{{"thread_id": "{thread}", "title": {text}}}'):
        assert (await chat.ask("threads.get_by_id", thread_id=thread))["title"] == json.loads(text)


@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
async def test_any_output_of_a_client_tool_is_kept_or_refused(chat: Chat, data: str) -> None:
    thread = (await chat.create("/client-tool"))[0]["thread"]["id"]
    if await send(chat, "threads.add_client_tool_output", f'{{"thread_id": "{thread}", "result": {data}}}'):
        items = await chat.items(thread)
        assert [item["status"] for item in items if item["type"] == "client_tool_call"] == ["completed"]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_any_text_as_an_id_is_the_clients_mistake(chat: Chat, text: str) -> None:
    thread = await new_thread(chat)
    for operation, params in (
        ("threads.get_by_id", f'{{"thread_id": {text}}}'),
        ("threads.list", f'{{"after": {text}}}'),
        ("items.list", f'{{"thread_id": "{thread}", "after": {text}}}'),
        ("threads.retry_after_item", f'{{"thread_id": "{thread}", "item_id": {text}}}'),
        ("threads.create", f'{{"input": {{"content": [], "attachments": [{text}]}}}}'),
    ):
        assert not await send(chat, operation, params)
    for operation, params in (
        ("threads.delete", f'{{"thread_id": {text}}}'),
        ("items.feedback", f'{{"thread_id": "{thread}", "item_ids": [{text}], "kind": "positive"}}'),
        ("attachments.create", f'{{"name": {text}, "size": 1, "mime_type": "text/plain"}}'),
        ("attachments.create", f'{{"name": "a", "size": 1, "mime_type": {text}}}'),
        ("attachments.delete", f'{{"attachment_id": {text}}}'),
    ):
        await send(chat, operation, params)
