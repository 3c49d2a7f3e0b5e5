"""Widgets and their actions: templates, typed actions, streamed and synchronous answers."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Literal

from agents import Agent, RunContextWrapper, Runner, function_tool
from pydantic import BaseModel

from chatkit_asgi.actions import Action
from chatkit_asgi.agents import AgentContext, accumulate_text
from chatkit_asgi.server import ChatKitServer, stream_widget
from chatkit_asgi.types import (
    AssistantMessageContent,
    AssistantMessageItem,
    HiddenContextItem,
    SyncCustomActionResponse,
    ThreadItemDoneEvent,
    ThreadMetadata,
    ThreadStreamEvent,
    UserMessageItem,
    WidgetItem,
)
from chatkit_asgi.widgets import (
    Button,
    Card,
    Col,
    DynamicWidgetRoot,
    Markdown,
    Text,
    WidgetRoot,
    WidgetTemplate,
)
from tests.seeds.answers import AgentChat, answer, calling, said, saying
from tests.seeds.stores import Context, MyChatKitStore
from tests.server.client import ask, message, stream

order_template = WidgetTemplate.from_file("widgets/order_status.widget")
message_template = WidgetTemplate.from_file("widgets/channel_message.widget")


class OrderData(BaseModel):
    order_id: str
    status: str
    items: list[str]


def build_message_widget(user_name: str, message: str) -> DynamicWidgetRoot:
    return message_template.build({"user_name": user_name, "message": message})


def now() -> datetime:
    return datetime.now()  # noqa: DTZ005 - as in the examples


async def test_template_is_built_with_a_model(store: MyChatKitStore, caller: Context) -> None:
    async def respond(
        self: ChatKitServer[Context], thread: ThreadMetadata, input: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        widget = order_template.build(OrderData(order_id="7", status="sent", items=["tea", "cups"]))
        yield ThreadItemDoneEvent(
            item=WidgetItem(
                id=self.store.generate_item_id("message", thread, context),
                thread_id=thread.id,
                created_at=now(),
                widget=widget,
                copy_text="Order 7: sent",
            )
        )

    (done,) = await said(answer(respond, store), caller)
    rows = [
        {"type": "ListViewItem", "children": [{"type": "Text", "value": item}]} for item in ("tea", "cups")
    ]
    assert done["item"]["widget"] == {"type": "ListView", "children": rows, "status": {"text": "sent"}}
    assert done["item"]["copy_text"] == "Order 7: sent"


@function_tool(description_override="Display a sample widget to the user.")
async def sample_widget(ctx: RunContextWrapper[AgentContext[Any]]) -> None:
    await ctx.context.stream_widget(build_message_widget("ada", "hello"))


async def test_tool_shows_a_widget_of_a_template(store: MyChatKitStore, caller: Context) -> None:
    agent: Agent[Any] = Agent(name="a", model=calling("sample_widget", "There."), tools=[sample_widget])
    events = await said(AgentChat(store, agent), caller)
    assert events[0]["item"]["widget"]["children"] == [{"type": "Text", "value": "ada: hello"}]


async def test_markdown_grows_with_the_model_s_words(store: MyChatKitStore, caller: Context) -> None:
    summary_agent: Agent[Any] = Agent(name="summariser", model=saying("In short: tea."))

    async def respond(
        self: ChatKitServer[Context], thread: ThreadMetadata, input: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        result = Runner.run_streamed(summary_agent, [{"role": "user", "content": "Summarise X"}])
        base = Markdown(id="summary", value="", streaming=True)
        async for event in stream_widget(thread, accumulate_text(result.stream_events(), base)):
            yield event

    events = await said(answer(respond, store), caller)
    deltas = [e["update"] for e in events if e["type"] == "thread.item.updated"]
    assert deltas[0]["type"] == "widget.streaming_text.value_delta"
    assert deltas[0]["component_id"] == "summary"
    (markdown,) = events[-1]["item"]["widget"]["children"]
    assert markdown == {"type": "Markdown", "id": "summary", "value": "In short: tea.", "streaming": False}


class BookAppointment(Action[Literal["book_appointment"], dict[str, str]]):
    pass


class CancelAppointment(Action[Literal["cancel_appointment"], dict[str, str]]):
    pass


def appointment() -> Card:
    return Card(
        children=[
            Col(
                children=[
                    Text(value="Book or cancel your appointment"),
                    Button(
                        label="Confirm",
                        style="primary",
                        onClickAction=BookAppointment.create({"slot_id": "2024-12-01T10:00"}),
                    ),
                    Button(
                        label="Cancel",
                        style="secondary",
                        onClickAction=CancelAppointment.create({"reason": "user_request"}),
                    ),
                ]
            )
        ]
    )


class Appointments(ChatKitServer[Context]):
    """Shows a card with buttons and answers what they do."""

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        async for event in stream_widget(thread, appointment()):
            yield event

    async def action(
        self, thread: ThreadMetadata, action: Action[str, Any], sender: WidgetItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        if action.type == "book_appointment":
            yield ThreadItemDoneEvent(
                item=AssistantMessageItem(
                    thread_id=thread.id,
                    id=self.store.generate_item_id("message", thread, context),
                    created_at=now(),
                    content=[AssistantMessageContent(text=f"Booked slot {action.payload['slot_id']}!")],
                )
            )
        if action.type == "send_message":
            hidden = HiddenContextItem(
                id="generated-item-id",
                thread_id=thread.id,
                created_at=now(),
                content=f"User sent message: {action.payload['text']}",
            )
            await self.store.add_thread_item(thread.id, hidden, context)
            async for event in stream_widget(
                thread,
                build_message_widget("me", action.payload["text"]),
                generate_id=lambda item_type: self.store.generate_item_id(item_type, thread, context),
            ):
                yield event

    async def sync_action(
        self, thread: ThreadMetadata, action: Action[str, Any], sender: WidgetItem | None, context: Context
    ) -> SyncCustomActionResponse:
        if action.type == "confirm_booking" and sender:
            updated_widget = Card(children=[Text(value=f"Booked! ref={action.payload['ref']}")])
            return SyncCustomActionResponse(updated_item=sender.model_copy(update={"widget": updated_widget}))
        return SyncCustomActionResponse()


async def shown(server: Appointments, caller: Context) -> tuple[str, Any]:
    """The thread's id and the item with the card."""
    events = await stream(server, "threads.create", caller, input=message())
    return events[0]["thread"]["id"], events[-1]["item"]


async def test_typed_action_comes_back_from_its_button(store: MyChatKitStore, caller: Context) -> None:
    server = Appointments(store)
    thread_id, item = await shown(server, caller)
    button = item["widget"]["children"][0]["children"][1]
    events = await stream(
        server,
        "threads.custom_action",
        caller,
        thread_id=thread_id,
        item_id=item["id"],
        action=button["onClickAction"],
    )
    assert events[-1]["item"]["content"][0]["text"] == "Booked slot 2024-12-01T10:00!"


async def test_action_leaves_hidden_context_that_was_saved_by_hand(
    store: MyChatKitStore, caller: Context
) -> None:
    server = Appointments(store)
    thread_id, item = await shown(server, caller)
    action = {"type": "send_message", "payload": {"text": "hi"}}
    params = {"thread_id": thread_id, "item_id": item["id"], "action": action}
    events = await stream(server, "threads.custom_action", caller, **params)
    assert events[-1]["item"]["widget"]["children"][0]["value"] == "me: hi"
    kept = await store.load_item(thread_id, "generated-item-id", caller)
    assert isinstance(kept, HiddenContextItem)
    listed = await ask(server, "items.list", caller, thread_id=thread_id)
    assert "generated-item-id" not in {each["id"] for each in listed["data"]}


async def test_sync_action_answers_with_the_updated_widget(store: MyChatKitStore, caller: Context) -> None:
    server = Appointments(store)
    thread_id, item = await shown(server, caller)
    action = {"type": "confirm_booking", "payload": {"ref": "X1"}}
    params = {"thread_id": thread_id, "item_id": item["id"], "action": action}
    response = await ask(server, "threads.sync_custom_action", caller, **params)
    assert response["updated_item"]["widget"]["children"] == [{"type": "Text", "value": "Booked! ref=X1"}]
    other = {**params, "action": {"type": "other"}}
    assert await ask(server, "threads.sync_custom_action", caller, **other) == {}


def test_named_and_built_widgets_are_roots() -> None:
    assert isinstance(appointment(), WidgetRoot)
    assert isinstance(build_message_widget("a", "b"), WidgetRoot)
