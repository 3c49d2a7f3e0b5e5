"""The examples of the server guide."""

import asyncio
import base64
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest
from agents import Agent, RunContextWrapper, Runner, StopAtTools, function_tool
from agents.testing import ScriptedModel, assistant_message, function_call
from openai.types.responses import (
    ResponseInputContentParam,
    ResponseInputFileParam,
    ResponseInputImageParam,
    ResponseInputTextParam,
)
from openai.types.responses.response_input_item_param import Message
from pydantic import ValidationError

from chatkit_asgi.agents import (
    AgentContext,
    ClientToolCall,
    ThreadItemConverter,
    accumulate_text,
    simple_to_agent_input,
    stream_agent_response,
)
from chatkit_asgi.server import ChatKitServer, stream_widget
from chatkit_asgi.store import AttachmentStore, Store
from chatkit_asgi.types import (
    Attachment,
    HiddenContextItem,
    ImageAttachment,
    ProgressUpdateEvent,
    ThreadItem,
    ThreadMetadata,
    ThreadStreamEvent,
    UserMessageItem,
    UserMessageTagContent,
)
from chatkit_asgi.widgets import Card, Text, WidgetRoot
from tests.factories import (
    make_attachment,
    make_hidden_context,
    make_image_attachment,
    make_thread,
    make_user_message,
)
from tests.seeds.answers import answer, calling, said, saying
from tests.seeds.stores import Context, MyChatKitStore
from tests.server.client import ask, message, stream, types_of


class MyChatKitServer(ChatKitServer):
    """Hands the message to an agent. It names no type of context, and a parameter its own way."""

    def __init__(
        self,
        data_store: Store[Any],
        attachment_store: AttachmentStore[Any] | None = None,
        *,
        agent: Agent[AgentContext[Any]],
    ) -> None:
        super().__init__(data_store, attachment_store)
        self.assistant_agent = agent

    async def respond(
        self, thread: ThreadMetadata, input: UserMessageItem | None, context: Any
    ) -> AsyncIterator[ThreadStreamEvent]:
        context = AgentContext(thread=thread, store=self.store, request_context=context)
        result = Runner.run_streamed(
            self.assistant_agent, await simple_to_agent_input(input) if input else [], context=context
        )
        async for event in stream_agent_response(context, result):
            yield event


def make_server(store: Store[Any], model: ScriptedModel, **fields: Any) -> MyChatKitServer:
    return MyChatKitServer(store, agent=Agent(name="Assistant", model=model, **fields))


async def test_server_answers_with_an_agent(store: MyChatKitStore) -> None:
    model = saying("I can help.")
    events = await said(make_server(store, model, instructions="You are a helpful assistant"), {})
    assert events[-1]["item"]["content"][0]["text"] == "I can help."
    assert model.calls[0].input[0]["content"] == [{"type": "input_text", "text": "Hello"}]


async def read_attachment_bytes(attachment_id: str) -> bytes:
    return attachment_id.encode()


class MyConverter(ThreadItemConverter):
    async def attachment_to_message_content(self, input: Attachment) -> ResponseInputContentParam:
        content = await read_attachment_bytes(input.id)
        data = f"data:{input.mime_type};base64,{base64.b64encode(content).decode()}"
        if isinstance(input, ImageAttachment):
            return ResponseInputImageParam(type="input_image", detail="auto", image_url=data)
        return ResponseInputFileParam(type="input_file", file_data=data, filename=input.name or "unknown")


async def test_converter_attaches_files_and_images() -> None:
    attachments = [make_attachment(mime_type="application/pdf"), make_image_attachment()]
    message: Any  # of all the types of input
    (message,) = await MyConverter().to_agent_input(make_user_message("See", attachments=attachments))
    _, file, image = message["content"]
    assert file == {
        "type": "input_file",
        "file_data": "data:application/pdf;base64,YXRjXzE=",
        "filename": "notes.txt",
    }
    assert image["type"] == "input_image"


@function_tool(description_override="Add an item to the user's todo list.")
async def add_to_todo_list(ctx: RunContextWrapper[AgentContext[Any]], item: str) -> None:
    ctx.context.client_tool_call = ClientToolCall(name="add_to_todo_list", arguments={"item": item})


async def test_client_tool_stops_the_agent_until_its_output_comes(store: MyChatKitStore) -> None:
    call = function_call("add_to_todo_list", {"item": "milk"}, call_id="call_1", item_id="fc_1")
    model = ScriptedModel([[call], [assistant_message("Added.")]])
    server = make_server(
        store,
        model,
        tools=[add_to_todo_list],
        tool_use_behavior=StopAtTools(stop_at_tool_names=[add_to_todo_list.name]),
    )
    events = await stream(server, "threads.create", {}, input=message())
    item = events[-1]["item"]
    assert (item["type"], item["arguments"], item["call_id"]) == (
        "client_tool_call",
        {"item": "milk"},
        "call_1",
    )
    params = {"thread_id": events[0]["thread"]["id"], "result": {"ok": True}}
    resumed = await stream(server, "threads.add_client_tool_output", {}, **params)
    assert resumed[-1]["item"]["content"][0]["text"] == "Added."


class MyThreadConverter(ThreadItemConverter):
    async def hidden_context_to_input(self, item: HiddenContextItem) -> Message:
        text = f"<HIDDEN_CONTEXT>{item.content}</HIDDEN_CONTEXT>"
        return Message(
            type="message", role="system", content=[ResponseInputTextParam(type="input_text", text=text)]
        )

    async def tag_to_message_content(self, tag: UserMessageTagContent) -> ResponseInputTextParam:
        text = f"<TAG>Name:{tag.data['name']}\nType:{tag.data['type']}</TAG>"
        return ResponseInputTextParam(type="input_text", text=text)


async def test_converter_puts_hidden_context_and_tags_in_its_own_words() -> None:
    tag = UserMessageTagContent(id="d1", text="Plan", data={"name": "Plan", "type": "doc"})
    items: list[ThreadItem] = [make_hidden_context(content={"step": 2}), make_user_message(content=[tag])]
    typed: Any  # of all the types of input
    told: Any
    hidden, typed, told = await MyThreadConverter().to_agent_input(items)
    assert hidden == {
        "type": "message",
        "role": "system",
        "content": [{"type": "input_text", "text": "<HIDDEN_CONTEXT>{'step': 2}</HIDDEN_CONTEXT>"}],
    }
    assert typed["content"] == [{"type": "input_text", "text": "@Plan"}]
    assert told["content"][-1]["text"] == "<TAG>Name:Plan\nType:doc</TAG>"


async def test_widget_is_shown_from_respond(store: MyChatKitStore, caller: Context) -> None:
    async def respond(
        self: ChatKitServer[Context], thread: ThreadMetadata, input: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        widget = Text(id="description", value="Text widget")
        async for event in stream_widget(
            thread,
            widget,
            generate_id=lambda item_type: self.store.generate_item_id(item_type, thread, context),
        ):
            yield event

    (done,) = await said(answer(respond, store), caller)
    assert done["item"]["id"].startswith("msg_")
    shown = {"type": "Text", "id": "description", "value": "Text widget"}
    assert done["item"]["widget"] == {"type": "Basic", "children": [shown]}


@function_tool(description_override="Display a sample widget to the user.")
async def sample_widget(ctx: RunContextWrapper[AgentContext[Any]]) -> None:
    await ctx.context.stream_widget(Text(id="description", value="Text widget"))


async def test_widget_is_shown_from_a_tool(store: MyChatKitStore) -> None:
    events = await said(make_server(store, calling("sample_widget", "There."), tools=[sample_widget]), {})
    assert [event["item"]["type"] for event in events if event["type"] == "thread.item.done"] == [
        "widget",
        "assistant_message",
    ]


email_generator = Agent(name="Writer", model=saying("Dear all, it is here."))


@function_tool
async def write_email(ctx: RunContextWrapper[AgentContext[Any]]) -> None:
    description_text = Runner.run_streamed(email_generator, "ChatKit is the best thing ever")

    async def widget_generator() -> AsyncGenerator[WidgetRoot, None]:
        text_widget_updates = accumulate_text(
            description_text.stream_events(), Text(id="description", value="", streaming=True)
        )
        async for text_widget in text_widget_updates:
            yield Card(children=[text_widget])

    await ctx.context.stream_widget(widget_generator())


async def test_widget_grows_with_the_text_of_another_run(store: MyChatKitStore) -> None:
    events = await said(make_server(store, calling("write_email", "Sent."), tools=[write_email]), {})
    updates = [event["update"] for event in events if event["type"] == "thread.item.updated"]
    assert updates[0]["type"] == "widget.streaming_text.value_delta"
    done = next(event["item"] for event in events if event["type"] == "thread.item.done")
    assert done["widget"]["children"][0]["value"] == "Dear all, it is here."
    assert done["widget"]["children"][0]["streaming"] is False


def test_widget_is_read_from_json() -> None:
    card = WidgetRoot.model_validate_json('{"type": "Card", "children": [{"type": "Text", "value": "Hi"}]}')
    assert isinstance(card, Card)
    assert isinstance(card, WidgetRoot)
    with pytest.raises(ValidationError):
        WidgetRoot.model_validate_json('{"type": "Nothing"}')


async def test_thread_metadata_keeps_the_previous_response(store: MyChatKitStore, caller: Context) -> None:
    model = saying("One.", "Two.")
    agent: Agent[AgentContext[Context]] = Agent(name="Assistant", model=model)

    async def respond(
        self: ChatKitServer[Context], thread: ThreadMetadata, input: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        agent_context: AgentContext[Context] = AgentContext(
            thread=thread, store=self.store, request_context=context
        )
        result = Runner.run_streamed(
            agent,
            await simple_to_agent_input(input) if input else [],
            context=agent_context,
            previous_response_id=thread.metadata.get("previous_response_id"),
        )
        async for event in stream_agent_response(agent_context, result):
            yield event
        thread.metadata["previous_response_id"] = result.last_response_id

    server = answer(respond, store)
    events = await stream(server, "threads.create", caller, input=message())
    thread_id = events[0]["thread"]["id"]
    await stream(server, "threads.add_user_message", caller, thread_id=thread_id, input=message())
    assert [call.previous_response_id for call in model.calls] == [None, "resp-789"]
    assert (await ask(server, "threads.get_by_id", caller, thread_id=thread_id))["metadata"] == {}


async def test_thread_gets_a_title_in_the_background(store: MyChatKitStore, caller: Context) -> None:
    title_agent = Agent(name="Titles", model=saying("A greeting"))
    agent: Agent[AgentContext[Context]] = Agent(name="Assistant", model=saying("Hi!"))

    async def maybe_update_thread_title(thread: ThreadMetadata, input_item: UserMessageItem) -> None:
        if thread.title is not None:
            return
        run = await Runner.run(title_agent, input=await simple_to_agent_input(input_item))
        thread.title = run.final_output

    async def respond(
        self: ChatKitServer[Context], thread: ThreadMetadata, input: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        assert input is not None
        titling = asyncio.create_task(maybe_update_thread_title(thread, input))
        agent_context: AgentContext[Context] = AgentContext(
            thread=thread, store=self.store, request_context=context
        )
        result = Runner.run_streamed(agent, await simple_to_agent_input(input), context=agent_context)
        async for event in stream_agent_response(agent_context, result):
            yield event
        await titling  # the guide leaves it alone; a test has to wait for it

    events = await said(answer(respond, store), caller)
    (updated,) = [event for event in events if event["type"] == "thread.updated"]
    assert updated["thread"]["title"] == "A greeting"
    (thread,) = store.threads.values()
    assert thread.title == "A greeting"


@function_tool()
async def long_running_tool(ctx: RunContextWrapper[AgentContext[Any]]) -> str:
    await ctx.context.stream(ProgressUpdateEvent(text="Loading a user profile..."))
    return "loaded"


async def test_tool_shows_progress(store: MyChatKitStore) -> None:
    model = calling("long_running_tool", "Done.")
    events = await said(make_server(store, model, tools=[long_running_tool]), {})
    assert {"type": "progress_update", "text": "Loading a user profile..."} in events
    assert types_of(events).index("progress_update") < types_of(events).index("thread.item.done")


async def test_context_reaches_respond_and_the_store(caller: Context) -> None:
    seen: list[Context] = []

    class CheckingStore(MyChatKitStore):
        async def save_thread(self, thread: ThreadMetadata, context: Context) -> None:
            seen.append(context)
            await super().save_thread(thread, context)

    async def respond(
        self: ChatKitServer[Context], thread: ThreadMetadata, input: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        seen.append(context)
        yield ProgressUpdateEvent(text=context["userId"])

    asker = {"userId": "user_123"}
    events = await said(answer(respond, CheckingStore()), asker)
    assert events[-1] == {"type": "progress_update", "text": "user_123"}
    assert all(context is asker for context in seen)


def test_ids_have_a_prefix_and_32_digits(store: MyChatKitStore) -> None:
    item_id = store.generate_item_id("message", make_thread(), {})
    assert len(item_id.removeprefix("msg_")) == 32
    assert int(item_id.removeprefix("msg_"), 16) >= 0
