"""AgentServer with a real model's API behind it: a stand-in that speaks the wire, over a socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from agents import Agent, FunctionTool, function_tool
from openai.types.responses.response_output_text import AnnotationURLCitation

from chatkit_asgi.agents import AgentServer, ThreadItemConverter, create_provider, create_run_config
from chatkit_asgi.agents.models import ModelApi as Api
from chatkit_asgi.context import RequestContext
from chatkit_asgi.errors import CustomStreamError, InvalidRequestError, NotFoundError
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.types import Attachment, ThreadItem, UserMessageItem, UserMessageTagContent
from tests.agents.chat import Chat, Event
from tests.factories import (
    make_attachment,
    make_every_item,
    make_hidden_context,
    make_image_attachment,
    make_thread,
    make_user_message,
    make_widget_item,
)
from tests.model_api import Call, Hold, ModelApi, Say

Server = AgentServer[RequestContext]

BOTH = pytest.mark.parametrize("api", ["responses", "chat_completions"])


@function_tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}."


def make_server(model: ModelApi, api: Api = "responses", **options: Any) -> Server:
    provider = create_provider(base_url=model.url, api=api, model="small")
    agent = Agent(name="assistant", instructions="Be brief.", tools=[weather])
    return AgentServer(MemoryStore(), agent=agent, run_config=create_run_config(provider), **options)


@pytest.fixture
def api() -> Api:
    return "responses"


@pytest.fixture
async def chat(model: ModelApi, api: Api, context: RequestContext) -> AsyncIterator[Chat]:
    server = make_server(model, api)
    yield Chat(server, context)
    await server.aclose()


def said(events: list[Event]) -> str:
    """The text of the assistant's last message."""
    done = [event["item"] for event in events if event["type"] == "thread.item.done"]
    return str(done[-1]["content"][0]["text"])


@BOTH
async def test_answers_turn_after_turn(chat: Chat, model: ModelApi, api: Api) -> None:
    model.reply(Say("Hello there, friend."))
    model.reply(Say("Fine, thanks."))
    assert said(await chat.create("Hi")) == "Hello there, friend."
    assert said(await chat.say("How are you?")) == "Fine, thanks."
    history = [item for item in model.requests[1].input if item["role"] != "system"]
    assert [item["role"] for item in history] == ["user", "assistant", "user"]
    assert history[1]["content"] == "Hello there, friend."
    assert len(await chat.items()) == 4
    assert model.requests[0].path == f"/v1/{api.replace('_', '/')}"


@BOTH
async def test_tool_of_the_agent_is_called_between_two_messages(chat: Chat, model: ModelApi) -> None:
    model.reply(Say("Let me look."), Call("weather", {"city": "Oslo"}))
    model.reply(Say("It is sunny."))
    assert said(await chat.create("Weather?")) == "It is sunny."
    assert "Sunny in Oslo." in str(model.requests[1].input)
    items = await chat.items()
    assert [item["type"] for item in items] == ["user_message", "assistant_message", "assistant_message"]
    assert len({item["id"] for item in items}) == 3


async def test_servers_that_number_their_items_from_nought_overwrite_nothing(
    chat: Chat, model: ModelApi
) -> None:
    model.repeats_ids = True
    model.reply(Say("One."))
    model.reply(Say("Two."))
    await chat.create("1")
    await chat.say("2")
    answers = [item["content"][0]["text"] for item in (await chat.items())[1::2]]
    assert answers == ["One.", "Two."]


async def test_streamed_citations_reach_the_client(chat: Chat, model: ModelApi) -> None:
    page = AnnotationURLCitation(
        type="url_citation", url="https://example.org", title="Example", start_index=0, end_index=3
    )
    model.reply(Say("See here.", annotations=(page.model_dump(),)))
    events = await chat.create("Source?")
    assert "error" not in [event["type"] for event in events]
    (annotation,) = (await chat.items())[1]["content"][0]["annotations"]
    assert annotation["source"]["url"] == "https://example.org"
    await chat.say("Where was that?")
    assert "Example: https://example.org" in str(model.requests[1].input)


async def test_history_goes_to_the_model_once(chat: Chat, model: ModelApi) -> None:
    """A model that keeps it under the last response's id would see it twice."""
    await chat.create("Hi")
    await chat.say("And?")
    assert len([entry for entry in model.requests[1].input if entry["role"] == "user"]) == 2
    assert not {"previous_response_id", "conversation"} & model.requests[1].body.keys()


@BOTH
async def test_a_thread_with_every_kind_of_item_goes_on(
    chat: Chat, model: ModelApi, context: RequestContext
) -> None:
    store = chat.server.store
    await store.save_thread(make_thread(), context)
    tag = UserMessageTagContent(id="u1", text="Ann", data={"age": 30})
    odd: list[ThreadItem] = [
        make_user_message(id="m1", attachments=[make_attachment(), make_image_attachment()]),
        make_user_message(id="m2", content=[tag]),
        make_hidden_context({"plan": ["gold"]}, id="m3"),
    ]
    for item in [*make_every_item(), *odd]:
        await store.add_thread_item("thr_1", item, context)
    chat.thread_id = "thr_1"
    assert said(await chat.say("Still there?")) == "Hello from the model."


async def test_attachments_are_read_for_the_one_who_asks(model: ModelApi, context: RequestContext) -> None:
    async def read_blob(attachment: Attachment, asking: RequestContext) -> bytes:
        if asking != context or attachment.id == "atc_gone":
            raise NotFoundError("no such attachment")
        return b"remember the milk"

    chat = Chat(make_server(model, read_blob=read_blob), context)
    for attachment in (make_attachment(), make_attachment(id="atc_gone", name="gone.txt")):
        await chat.server.store.save_attachment(attachment, context)
    await chat.create("What do the notes say?", attachments=["atc_1", "atc_gone"])
    asked = str(model.requests[0].input)
    assert "remember the milk" in asked
    assert "gone.txt, text/plain: it is no longer available" in asked
    await chat.server.aclose()  # type: ignore[attr-defined]  # an AgentServer


@BOTH
async def test_refusal_of_the_model_is_an_error_event(chat: Chat, model: ModelApi) -> None:
    model.fail(401, "wrong key")
    events = await chat.create("Hi")
    assert events[-1]["type"] == "thread.updated"
    error = next(event for event in events if event["type"] == "error")
    assert error["allow_retry"] is True
    assert "key" not in error["message"]


@BOTH
async def test_model_is_left_when_the_client_leaves_and_what_it_said_is_kept(
    chat: Chat, model: ModelApi
) -> None:
    model.reply(Hold("This was said."))
    heard = asyncio.Event()

    async def listen() -> None:
        message = {"content": [{"type": "input_text", "text": "Talk"}]}
        request = {"type": "threads.create", "params": {"input": message}}
        result: Any = await chat.server.process(json.dumps(request), chat.context)
        chat.thread_id = result.thread_id
        async for frame in result:
            if b"said." in frame:
                heard.set()

    listening = asyncio.create_task(listen())
    await asyncio.wait_for(heard.wait(), 10)
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    await asyncio.wait_for(model.disconnected.wait(), 10)
    assert (await chat.items())[1]["content"][0]["text"] == "This was said."


async def test_first_message_gives_the_title_and_later_ones_do_not(chat: Chat) -> None:
    events = await chat.create("Plan a trip to Oslo\nin May")
    titles = [event["thread"]["title"] for event in events if event["type"] == "thread.updated"]
    assert titles == ["Plan a trip to Oslo"]
    await chat.say("Cheaper, please")
    assert (await chat.ask("threads.get_by_id", thread_id=chat.thread_id))["title"] == "Plan a trip to Oslo"


@pytest.mark.parametrize(("wanted", "used"), [("large", "large"), (None, "small")])
async def test_users_choose_among_the_models_on_offer(
    model: ModelApi, context: RequestContext, wanted: str | None, used: str
) -> None:
    server = make_server(model, models=["large"])
    await Chat(server, context).create("Hi", inference_options={"model": wanted})
    assert model.requests[0].body["model"] == used
    await server.aclose()


async def test_model_that_is_not_on_offer_is_refused(model: ModelApi, context: RequestContext) -> None:
    server = make_server(model, models=["large"])
    with pytest.raises(InvalidRequestError, match="There are: large"):
        await Chat(server, context).create("Hi", inference_options={"model": "forbidden"})
    assert model.requests == []
    await server.aclose()


async def test_action_on_a_widget_is_told_to_the_model(chat: Chat, model: ModelApi) -> None:
    await chat.create("Hi")
    widget = make_widget_item(thread_id=chat.thread_id)
    await chat.server.store.add_thread_item(chat.thread_id, widget, chat.context)
    events = await chat.act("msg_widget", "order.cancel", order=7)
    assert said(events) == "Hello from the model."
    assert '{"action": "order.cancel", "payload": {"order": 7}, "widget": "msg_widget"}' in str(
        model.requests[1].input
    )


async def test_failing_converter_does_not_end_the_conversation(
    model: ModelApi, context: RequestContext
) -> None:
    class Failing(ThreadItemConverter):
        async def user_message_to_input(self, item: UserMessageItem, is_last_message: bool = True) -> Any:
            raise KeyError(item.id)

    server = make_server(model, converter=Failing())
    assert said(await Chat(server, context).create("Hi")) == "Hello from the model."
    await server.aclose()


async def test_each_frame_may_be_asked_for_by_another_task(chat: Chat, model: ModelApi) -> None:
    """As wrappers do that send heartbeats: a run must not end in an error for that."""
    model.reply(Say("Let me look."), Call("weather", {"city": "Oslo"}))
    input = {"content": [{"type": "input_text", "text": "Weather?"}]}
    request = {"type": "threads.create", "params": {"input": input}}
    result: Any = await chat.server.process(json.dumps(request), chat.context)

    async def next_frame() -> bytes | None:
        return await anext(result.json_events, None)

    kinds = []
    while frame := await asyncio.create_task(next_frame()):
        kinds.append(json.loads(frame[6:])["type"])
    assert "error" not in kinds
    assert kinds[-1] == "thread.item.done"


async def test_calls_name_the_server_as_their_user_agent(chat: Chat, model: ModelApi) -> None:
    await chat.create("Hi")
    assert " ChatKit/Python " in model.requests[0].headers["user-agent"]


async def test_what_a_tool_raises_for_the_stream_reaches_the_client(
    model: ModelApi, context: RequestContext
) -> None:
    async def refuse(*_: object) -> str:
        raise CustomStreamError("Out of stock.", allow_retry=True)

    server = make_server(model)
    schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    server.agent.tools.append(FunctionTool("order", "Orders.", schema, refuse))
    model.reply(Call("order"))
    events = await Chat(server, context).create("Order it")
    error = next(event for event in events if event["type"] == "error")
    assert (error["code"], error["message"], error["allow_retry"]) == ("custom", "Out of stock.", True)
    await server.aclose()
