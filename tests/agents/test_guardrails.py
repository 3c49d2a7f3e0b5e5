"""Guardrails that trip: what was shown is taken back; nothing of it is left here or told to the model."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from agents import (
    Agent,
    GuardrailFunctionOutput,
    ImageGenerationTool,
    InputGuardrail,
    OutputGuardrail,
    RunContextWrapper,
    function_tool,
)
from agents.tool_context import ToolContext

from chatkit_asgi import Settings, create_app
from chatkit_asgi.agents import AgentContext, AgentServer, create_provider, create_run_config
from chatkit_asgi.attachments import BlobAttachmentStore, MemoryBlobStore, Signer
from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import BaseStreamError, CustomStreamError, NotFoundError
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import CustomTask
from tests.agents.chat import Chat, Event
from tests.agents.test_generated import BASE, Files, bytes_of, urls_of
from tests.attachments.pictures import encoded
from tests.live import serving
from tests.model_api import Call, Draw, Hold, ModelApi, Say
from tests.web.chat import Chat as WebChat
from tests.web.chat import frames_of

SECRET = "the code is 1234"  # of a text
PARALLEL = pytest.mark.parametrize("in_parallel", [True, False])


async def refuses_bombs(context: RunContextWrapper[Any], agent: Agent[Any], given: Any) -> Any:
    return GuardrailFunctionOutput(None, tripwire_triggered="bomb" in str(given))


async def refuses_codes(context: RunContextWrapper[Any], agent: Agent[Any], output: Any) -> Any:
    return GuardrailFunctionOutput(None, tripwire_triggered="1234" in str(output))


def guarding_input(*, in_parallel: bool) -> Agent[Any]:
    return Agent(
        name="assistant", input_guardrails=[InputGuardrail(refuses_bombs, run_in_parallel=in_parallel)]
    )


def guarding_output(**options: Any) -> Agent[Any]:
    return Agent(name="assistant", output_guardrails=[OutputGuardrail(refuses_codes)], **options)


@asynccontextmanager
async def chatting(
    model: ModelApi, context: RequestContext, agent: Agent[Any], **options: Any
) -> AsyncIterator[Chat]:
    store = options.pop("store", None) or MemoryStore()
    provider = create_provider(base_url=model.url, model="small")
    server = AgentServer(store, agent=agent, run_config=create_run_config(provider), **options)
    try:
        yield Chat(server, context)
    finally:
        await server.aclose()


async def stored(chat: Chat) -> str:
    """Everything that the thread has in the store, hidden items too."""
    page = await chat.server.store.load_thread_items(chat.thread_id, None, 100, "asc", chat.context)
    return "\n".join(item.model_dump_json() for item in page.data)


def kinds(events: list[Event]) -> list[str]:
    return [event["type"] for event in events]


def left(events: list[Event]) -> set[str]:
    """The ids of the items that a client still shows, but for the user's own."""
    shown: set[str] = set()
    for event in events:
        if event["type"] in ("thread.item.added", "thread.item.done"):
            shown |= {event["item"]["id"]} if event["item"]["type"] != "user_message" else set()
        if event["type"] == "thread.item.removed":
            shown.discard(event["item_id"])
    return shown


@PARALLEL
async def test_refused_message_gets_an_error_and_no_answer(
    model: ModelApi, context: RequestContext, in_parallel: bool
) -> None:
    async with chatting(model, context, guarding_input(in_parallel=in_parallel)) as chat:
        events = await chat.create("How to build a bomb?")
        (error,) = [event for event in events if event["type"] == "error"]
        assert error["message"] == "This message cannot be answered here."
        assert error["allow_retry"] is False
        assert left(events) == set()
        assert [item["type"] for item in await chat.items()] == ["user_message"]
        assert in_parallel or not model.requests


@PARALLEL
async def test_refused_message_does_not_spoil_the_thread(
    model: ModelApi, context: RequestContext, in_parallel: bool
) -> None:
    async with chatting(model, context, guarding_input(in_parallel=in_parallel)) as chat:
        await chat.create("Hi")
        await chat.say("How to build a bomb?")
        model.requests.clear()
        assert "error" not in kinds(await chat.say("How to bake bread?"))
    told = str(model.requests[0].input)
    assert "bomb" not in told
    assert "a check did not let through" in told
    assert "bake bread" in told


async def test_retried_message_is_checked_anew(model: ModelApi, context: RequestContext) -> None:
    agent = guarding_input(in_parallel=False)
    async with chatting(model, context, agent) as chat:
        await chat.create("How to build a bomb?")
        (message,) = await chat.items()
        agent.input_guardrails.clear()
        retry = {"thread_id": chat.thread_id, "item_id": message["id"]}
        assert "error" not in kinds(await chat.ask("threads.retry_after_item", **retry))
        assert "bomb" in str(model.requests[-1].input)
        assert "a check did not let" not in await stored(chat)


async def test_text_that_was_shown_while_the_guardrail_thought_is_taken_back(
    model: ModelApi, context: RequestContext
) -> None:
    seen = asyncio.Event()

    async def slow(context: RunContextWrapper[Any], agent: Agent[Any], given: Any) -> Any:
        await asyncio.wait_for(seen.wait(), 10)
        model.released.set()
        return GuardrailFunctionOutput(None, tripwire_triggered=True)

    model.reply(Hold(f"Well, {SECRET}"))
    async with chatting(model, context, Agent(name="a", input_guardrails=[InputGuardrail(slow)])) as chat:
        input = {"content": [{"type": "input_text", "text": "Hi"}]}
        request = {"type": "threads.create", "params": {"input": input}}
        result: Any = await chat.server.process(json.dumps(request), context)
        events = []
        async for frame in result:
            events.append(json.loads(frame[6:]))
            if b"1234" in frame:
                seen.set()
        chat.thread_id = events[0]["thread"]["id"]
        assert seen.is_set()
        assert left(events) == set()
        assert kinds(events)[-2:] == ["thread.item.removed", "error"]
        assert "1234" not in await stored(chat)


async def test_answer_that_does_not_pass_is_taken_back_whole(
    model: ModelApi, context: RequestContext
) -> None:
    async def look(context: ToolContext[AgentContext[Any]]) -> str:
        """Looks."""
        await context.context.add_workflow_task(CustomTask(title=SECRET))
        return "seen"

    async with chatting(model, context, guarding_output(tools=[function_tool(look)])) as chat:
        model.reply(Say("Let me look."), Call("look"))
        model.reply(Say(f"Well, {SECRET}."))
        events = await chat.create("What is the code?")
        (error,) = [event for event in events if event["type"] == "error"]
        assert error["message"] == "The answer was taken back because it did not pass a check."
        assert error["allow_retry"] is True
        assert left(events) == set()
        assert "1234" not in await stored(chat)
        assert "look" not in await stored(chat)
        await chat.say("And now?")
    told = str(model.requests[-1].input)
    assert "1234" not in told
    assert "What is the code?" in told
    assert "did not let your answer" in told


async def test_images_of_a_taken_back_answer_are_deleted(model: ModelApi, context: RequestContext) -> None:
    files: Files = BlobAttachmentStore(MemoryBlobStore(), MemoryStore(), Signer(["key"]), base_url=BASE)
    tool = ImageGenerationTool(tool_config={"type": "image_generation", "partial_images": 1})
    agent = guarding_output(tools=[tool])
    async with chatting(model, context, agent, store=files.store, attachment_store=files) as chat:
        image, partial = (encoded((9, 9), colour=colour) for colour in (1, 2))
        model.reply(Draw(image, partial=(partial,)), Say(f"Well, {SECRET}."))
        events = await chat.create("Draw the code")
    assert left(events) == set()
    assert len(urls_of(events)) == 2
    for url in urls_of(events):
        with pytest.raises(NotFoundError):
            await bytes_of(files, url)


async def test_application_says_it_in_its_own_words(model: ModelApi, context: RequestContext) -> None:
    class Polite(AgentServer[RequestContext]):
        def guardrail_error(self, tripwire: Any, context: RequestContext) -> BaseStreamError:
            return CustomStreamError(f"{tripwire.guardrail_result.guardrail.get_name()} says no.")

    provider = create_provider(base_url=model.url, model="small")
    agent = guarding_input(in_parallel=False)
    server = Polite(MemoryStore(), agent=agent, run_config=create_run_config(provider))
    events = await Chat(server, context).create("bomb")
    assert "refuses_bombs says no." in [event.get("message") for event in events]
    await server.aclose()


AGENT = guarding_output()


async def test_whoever_comes_back_later_sees_it_taken_back_too(tmp_path: Path, model: ModelApi) -> None:
    settings = Settings.model_validate(
        {
            "data_dir": tmp_path,
            "openai_base_url": model.url,
            "model": "small",
            "agent": "tests.agents.test_guardrails:AGENT",
        }
    )
    model.reply(Say(f"Well, {SECRET}."))
    async with serving(create_app(settings)) as url, httpx.AsyncClient(base_url=url) as http:
        chat = WebChat(http)
        answer = await http.post(
            "/chatkit",
            json={"type": "threads.create", "params": {"input": chat.message("What is the code?")}},
            headers={"accept-language": "de"},
        )
        events = frames_of(answer.content)
        thread, turn = events[0]["thread"]["id"], answer.headers["chatkit-turn-id"]
        again = await http.get(f"/threads/{thread}/stream", params={"turn": turn, "after": 0})
        replayed = [json.loads(line[6:]) for line in again.text.splitlines() if line.startswith("data: ")]
        items = await chat.items(thread)
        found = (await http.get("/threads/search", params={"q": "1234"})).json()
    assert left(events) == left(replayed) == set()
    assert [event["type"] for event in replayed if event["type"] == "error"] == ["error"]
    assert "Die Antwort wurde zurückgenommen" in answer.text
    assert [item["type"] for item in items] == ["user_message"]
    assert found["data"] == []
