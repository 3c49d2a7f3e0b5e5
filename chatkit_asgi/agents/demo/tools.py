"""The demo agent's tools: one for each word that shows an item or event which no model makes by itself.

A tool gets the run's context, streams what it shows, and answers with what the model is to say.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from chatkit_asgi.agents.context import AgentContext, ClientToolCall
from chatkit_asgi.agents.demo import widgets
from chatkit_asgi.agents.demo.writer import words_of
from chatkit_asgi.clock import utcnow
from chatkit_asgi.errors import CustomStreamError, ErrorCode, StreamError
from chatkit_asgi.ids import StoreItemType
from chatkit_asgi.types import (
    ClientEffectEvent,
    CustomSummary,
    CustomTask,
    EndOfTurnItem,
    FileSource,
    FileTask,
    HiddenContextItem,
    ImageTask,
    NoticeEvent,
    SearchTask,
    StructuredInputFreeform,
    StructuredInputItem,
    StructuredInputMultipleChoice,
    StructuredInputMultipleChoiceOption,
    Task,
    TaskItem,
    ThoughtTask,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemRemovedEvent,
    ThreadItemReplacedEvent,
    URLSource,
    Workflow,
)
from chatkit_asgi.widgets import WidgetRoot

__all__ = ["ENDING_TOOLS", "TOOLS", "DemoTool", "Pause"]

Context = AgentContext[Any]
Pause = Callable[[float], Awaitable[None]]
"""Waits a moment, so many times as long as between two words."""
DemoTool = Callable[[Context, str, Pause], Awaitable[str]]
"""Gets the context, what followed the word, and a way to pause; answers with what is to be said."""


async def show_card(context: Context, text: str, pause: Pause) -> str:
    await context.stream_widget(widgets.card(), copy_text="A card")
    return "Press its button: the action comes back to the server, which replaces the widget."


async def show_list(context: Context, text: str, pause: Pause) -> str:
    await context.stream_widget(widgets.rows())
    return "Choose a row."


async def show_form(context: Context, text: str, pause: Pause) -> str:
    await context.stream_widget(widgets.form())
    return "Fill it in and send it."


async def stream_text_widget(context: Context, text: str, pause: Pause) -> str:
    told = text or "This text grows word by word, inside a widget."

    async def states() -> AsyncGenerator[WidgetRoot, None]:
        so_far = ""
        for word in words_of(told):
            yield widgets.text_card(so_far, streaming=True)
            so_far += word
            await pause(1)
        yield widgets.text_card(told, streaming=False)

    await context.stream_widget(states(), copy_text=told)
    return "That was a widget, not a message."


async def show_workflow(context: Context, text: str, pause: Pause) -> str:
    await context.start_workflow(Workflow(type="custom", tasks=[]))
    for task in _tasks():
        await context.add_workflow_task(task.model_copy(update={"status_indicator": "loading"}))
        await pause(20)
        await context.update_workflow_task(task.model_copy(update={"status_indicator": "complete"}), -1)
    await context.end_workflow(CustomSummary(title="Showed a task of each kind", icon="check"), expanded=True)
    return "The workflow is done."


def _tasks() -> list[Task]:
    page = URLSource(title="ChatKit", url="https://platform.openai.com/docs/guides/chatkit")
    return [
        CustomTask(title="Making a plan", icon="bolt", content="What is to be shown, and in which order."),
        SearchTask(title="Searching the web", title_query="chatkit", queries=["chatkit"], sources=[page]),
        ThoughtTask(title="Thinking", content="A task can be a thought."),
        FileTask(title="Reading files", sources=[FileSource(title="Notes", filename="notes.txt")]),
        ImageTask(title="Drawing"),
    ]


async def work(context: Context, text: str, pause: Pause) -> str:
    for step in ("Opening the book", "Reading", "Writing it down"):
        await context.stream_progress(f"{step}…", icon="book-open")
        await pause(20)
    return "The tool on the server has done its work."


async def call_client(context: Context, text: str, pause: Pause) -> str:
    context.client_tool_call = ClientToolCall(name="demo_client_tool", arguments={"text": text or "hello"})
    return ""


async def ask(context: Context, text: str, pause: Pause) -> str:
    colors = [StructuredInputMultipleChoiceOption(value=color) for color in ("red", "green", "blue")]
    questions = [
        StructuredInputMultipleChoice(id="color", question="Which color do you like?", options=colors),
        StructuredInputMultipleChoice(
            id="mix", question="Which would you mix?", options=colors, multiple=True
        ),
        StructuredInputFreeform(id="why", question="Why?", description="In your own words."),
    ]
    await context.stream(
        ThreadItemDoneEvent(item=StructuredInputItem(**_new(context), inputs=list(questions)))
    )
    return ""


async def show_task(context: Context, text: str, pause: Pause) -> str:
    item = TaskItem(**_new(context, "task"), task=CustomTask(title=text or "A task of its own", icon="check"))
    await context.stream(ThreadItemDoneEvent(item=item))
    return "The task stands for itself, outside any workflow."


async def hide(context: Context, text: str, pause: Pause) -> str:
    content = text or "The user has seen how hidden context is made."
    await context.stream(ThreadItemDoneEvent(item=HiddenContextItem(**_new(context), content=content)))
    return "The model will find something in the thread that you cannot see."


async def take_effect(context: Context, text: str, pause: Pause) -> str:
    await context.stream(ClientEffectEvent(name="demo_effect", data={"text": text or "hello"}))
    return "The page got an effect named demo_effect."


async def notify(context: Context, text: str, pause: Pause) -> str:
    await context.stream(NoticeEvent(level="info", title="Info", message="Something to know."))
    await context.stream(NoticeEvent(level="warning", title="Warning", message="Something to watch."))
    await context.stream(NoticeEvent(level="danger", title="Danger", message="Something went wrong."))
    return "Three notices were sent."


async def show_progress(context: Context, text: str, pause: Pause) -> str:
    await context.stream_progress(text or "Making progress…", icon="sparkle")
    await pause(40)
    return "The progress is over."


async def rename(context: Context, text: str, pause: Pause) -> str:
    context.thread.title = text or "A new title"
    return "The thread has a new title."


async def replace(context: Context, text: str, pause: Pause) -> str:
    item = TaskItem(**_new(context, "task"), task=CustomTask(title="Before"))
    await context.stream(ThreadItemDoneEvent(item=item))
    await pause(40)
    after = item.model_copy(update={"task": CustomTask(title="After", status_indicator="complete")})
    await context.stream(ThreadItemReplacedEvent(item=after))
    return "The task was replaced."


async def remove(context: Context, text: str, pause: Pause) -> str:
    item = TaskItem(**_new(context, "task"), task=CustomTask(title="Here for a moment"))
    await context.stream(ThreadItemAddedEvent(item=item))
    await pause(40)
    await context.stream(ThreadItemRemovedEvent(item_id=item.id))
    return "The task was removed."


async def end_turn(context: Context, text: str, pause: Pause) -> str:
    await context.stream(ThreadItemDoneEvent(item=EndOfTurnItem(**_new(context))))
    return ""


async def refuse(context: Context, text: str, pause: Pause) -> str:
    raise CustomStreamError(text or "The demo was asked for an error, and this is it.")


async def fail(context: Context, text: str, pause: Pause) -> str:
    raise StreamError(ErrorCode.STREAM_ERROR, allow_retry=True)


def _new(context: Context, kind: StoreItemType = "message") -> dict[str, Any]:  # fields of mixed types
    return {"id": context.generate_id(kind), "thread_id": context.thread.id, "created_at": utcnow()}


TOOLS: dict[str, DemoTool] = {
    "widget": show_card,
    "list": show_list,
    "form": show_form,
    "stream_widget": stream_text_widget,
    "workflow": show_workflow,
    "tool": work,
    "client_tool": call_client,
    "structured": ask,
    "task": show_task,
    "hidden": hide,
    "effect": take_effect,
    "notice": notify,
    "progress": show_progress,
    "title": rename,
    "replace": replace,
    "remove": remove,
    "end_of_turn": end_turn,
    "error": refuse,
    "fail": fail,
}
"""Each tool by its word, with underscores for hyphens."""

ENDING_TOOLS = ("client_tool", "structured", "end_of_turn", "error", "fail")
"""After these there is nothing to say: the turn ends."""
