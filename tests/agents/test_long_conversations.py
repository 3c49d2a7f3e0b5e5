"""Two hundred turns with tools and attachments: nothing lost, nothing doubled, and nothing that grows."""

import gc
from pathlib import Path

import httpx
import pytest
from agents import Agent, function_tool

from chatkit_asgi import Settings, create_app
from tests.model_api import Call, ModelApi, Say
from tests.web.chat import Chat

TURNS = 200
PAGE = 100


@function_tool
def add(first: int, second: int) -> int:
    """Adds two numbers."""
    return first + second


@pytest.mark.slow
@pytest.mark.parametrize("api", ["responses", "chat_completions"])
async def test_two_hundred_turns(tmp_path: Path, model: ModelApi, api: str) -> None:
    given = {"data_dir": tmp_path, "openai_base_url": model.url, "model": "m", "model_api": api}
    settings = Settings.model_validate({**given, "history_items": 40})
    app = create_app(settings, agent=Agent(name="Adder", tools=[add]))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        chat = Chat(http)
        files = {"file": ("notes.txt", b"Remember the milk.", "text/plain")}
        thread, sizes, told = "", [], []
        for number in range(TURNS):
            model.reply(Call("add", {"first": number, "second": 1}))
            model.reply(Say(f"That makes {number + 1}."))
            extra = {}
            if number % 20 == 0:
                uploaded = (await http.post("/files", files=files)).json()["id"]
                extra = {"attachments": [uploaded]}
            if not thread:
                events = await chat.create(f"Add {number}", **extra)
                thread = events[0]["thread"]["id"]
            else:
                events = await chat.say(thread, f"Add {number}", **extra)
            assert events[-1]["type"] == "thread.item.done", events[-1]
            told.append(len(model.requests[-1].input))
            model.requests.clear()
            if number in (TURNS // 2, TURNS - 1):
                gc.collect()
                sizes.append(len(gc.get_objects()))
        texts = await all_texts(chat, thread)
    expected = [text for number in range(TURNS) for text in (f"Add {number}", f"That makes {number + 1}.")]
    assert texts == expected
    assert max(told[100:]) <= max(told[30:100])  # what the model is shown has stopped growing
    assert sizes[1] < sizes[0] * 1.05  # objects in memory


async def all_texts(chat: Chat, thread: str) -> list[str]:
    texts: list[str] = []
    after = None
    ids: set[str] = set()
    for _ in range(2 * TURNS // PAGE + 2):
        page = await chat.ask("items.list", thread_id=thread, order="asc", limit=PAGE, after=after)
        for item in page["data"]:
            assert item["id"] not in ids
            ids.add(item["id"])
            texts.append("".join(part["text"] for part in item["content"]))
        if not page["has_more"]:
            break
        after = page["after"]
    return texts
