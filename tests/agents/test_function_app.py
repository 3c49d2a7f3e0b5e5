"""Functions that answer behind the ready-made app, and what operators are told of those that cannot."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatkit_asgi import Settings, create_app
from chatkit_asgi.agents import AnswerContext, ChatMessage
from chatkit_asgi.checks import check
from chatkit_asgi.errors import InvalidRequestError
from tests.web.chat import Chat

MODULE = """
from collections.abc import AsyncIterator

async def answer(messages, context):
    yield f"{messages[-1].text}, {context.user}!"

async def takes_one(messages):
    return "no"

class Answerer:
    def __call__(self, messages, context):
        return "an object's"

answerer = Answerer()
number = 7
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "my_answers.py").write_text(MODULE)
    (tmp_path / "my_broken_answers.py").write_text("import json\njson.loads('{')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "my_answers", raising=False)
    return Settings(data_dir=tmp_path / "data")


async def said_by(app: Any) -> str:  # a Starlette app
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):
        events = await Chat(http).create("Hello")
    done = [event for event in events if event["type"] == "thread.item.done"]
    return str(done[-1]["item"]["content"][0]["text"])


@pytest.mark.parametrize(
    ("agent", "text"), [("my_answers:answer", "Hello, local!"), ("my_answers:answerer", "an object's")]
)
async def test_function_that_a_setting_names_answers(settings: Settings, agent: str, text: str) -> None:
    assert await said_by(create_app(settings.model_copy(update={"agent": agent}))) == text


async def test_function_that_is_given_answers(settings: Settings) -> None:
    async def answer(messages: list[ChatMessage], context: AnswerContext[Any]) -> AsyncIterator[str]:
        yield "given"

    other = settings.model_copy(update={"agent": "my_answers:answer"})
    assert await said_by(create_app(other, agent=answer)) == "given"


async def test_cancelling_over_http_closes_the_generator_and_keeps_what_was_said(settings: Settings) -> None:
    began, closed = asyncio.Event(), asyncio.Event()

    async def answer(messages: list[ChatMessage], context: AnswerContext[Any]) -> AsyncIterator[str]:
        try:
            yield "Half an "
            yield "answer"
            began.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    app = create_app(settings, agent=answer)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
        asyncio.timeout(20),
    ):
        chat = Chat(http)
        asked = asyncio.create_task(chat.create("Hello"))
        await began.wait()
        (thread,) = (await chat.ask("threads.list"))["data"]
        while "Half an answer" not in str(await chat.ask("threads.get_by_id", thread_id=thread["id"])):
            assert not asked.done()
        assert (await http.post(f"/threads/{thread['id']}/cancel")).json()["status"] == "cancelled"
        await closed.wait()
        await asked
        items = await chat.items(thread["id"])
    assert items[-1]["content"][0]["text"] == "Half an answer"


async def test_check_loads_the_function(settings: Settings) -> None:
    found = dict(await check(settings.model_copy(update={"agent": "my_answers:answer"})))
    assert found["answers"] == "my_answers:answer"


@pytest.mark.parametrize(
    ("agent", "message"),
    [
        ("my_answers:anwser", "my_answers:anwser cannot be loaded: there is no anwser. Did you mean answer?"),
        ("my_answers:zzz", "my_answers:zzz cannot be loaded: there is no zzz."),
        ("my_answer:answer", "No module named 'my_answer'. Is it importable from here?"),
        ("my_broken_answers:answer", "my_broken_answers:answer cannot be loaded: JSONDecodeError: "),
        ("my_answers:number", "it is an int; give an Agent of the Agents SDK, or a function"),
        ("my_answers:Answerer", "it is the class Answerer; give an Agent of the Agents SDK, or a"),
        ("my_answers:takes_one", "takes_one cannot answer: it is called with (messages, context): too many"),
    ],
)
async def test_check_explains_what_cannot_answer(settings: Settings, agent: str, message: str) -> None:
    found = dict(await check(settings.model_copy(update={"agent": agent})))
    assert isinstance(found["answers"], InvalidRequestError)
    assert message in str(found["answers"])
