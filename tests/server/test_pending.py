"""The pending items: a reducer over events, without a loop or a store."""

import pytest

from chatkit_asgi.server.pending import PendingItems, is_worth_keeping
from chatkit_asgi.types import (
    Annotation,
    AssistantMessageContent,
    AssistantMessageContentPartAdded,
    AssistantMessageContentPartAnnotationAdded,
    AssistantMessageContentPartDone,
    AssistantMessageContentPartTextDelta,
    AssistantMessageItem,
    CustomTask,
    FileSource,
    GeneratedImage,
    GeneratedImageItem,
    GeneratedImageUpdated,
    ThreadItem,
    ThreadItemAddedEvent,
    ThreadItemRemovedEvent,
    ThreadItemReplacedEvent,
    ThreadItemUpdate,
    ThreadItemUpdatedEvent,
    WidgetRootUpdated,
    WidgetStreamingTextValueDelta,
    Workflow,
    WorkflowItem,
    WorkflowTaskAdded,
    WorkflowTaskUpdated,
)
from tests.factories import (
    make_assistant_message,
    make_every_item,
    make_generated_image,
    make_widget,
    make_widget_item,
    make_workflow_item,
)


def text(value: str, *annotations: Annotation) -> AssistantMessageContent:
    return AssistantMessageContent(text=value, annotations=list(annotations))


def note(name: str) -> Annotation:
    return Annotation(source=FileSource(title=name, filename=name))


def after(item: ThreadItem, *updates: ThreadItemUpdate) -> ThreadItem:
    """The item once it was added and updated."""
    pending = PendingItems()
    pending.apply(ThreadItemAddedEvent(item=item))
    for update in updates:
        pending.apply(ThreadItemUpdatedEvent(item_id=item.id, update=update))
    [settled] = pending.items()
    return settled


TextDelta = AssistantMessageContentPartTextDelta


@pytest.mark.parametrize(
    ("updates", "content"),
    [
        ([AssistantMessageContentPartAdded(content_index=0, content=text("a"))], [text("a")]),
        ([TextDelta(content_index=2, delta="c")], [text(""), text(""), text("c")]),
        ([TextDelta(content_index=0, delta="a"), TextDelta(content_index=0, delta="b")], [text("ab")]),
        (
            [
                TextDelta(content_index=0, delta="a"),
                AssistantMessageContentPartDone(content_index=0, content=text("A")),
            ],
            [text("A")],
        ),
        (
            [
                AssistantMessageContentPartAnnotationAdded(
                    content_index=0, annotation_index=7, annotation=note("one")
                ),
                AssistantMessageContentPartAnnotationAdded(
                    content_index=0, annotation_index=0, annotation=note("two")
                ),
            ],
            [text("", note("two"), note("one"))],
        ),
        ([WorkflowTaskAdded(task_index=0, task=CustomTask(title="not a message's"))], []),
    ],
)
def test_messages_take_their_updates(
    updates: list[ThreadItemUpdate], content: list[AssistantMessageContent]
) -> None:
    message = after(make_assistant_message(""), *updates)
    assert isinstance(message, AssistantMessageItem)
    assert message.content == content


def test_workflows_take_their_updates() -> None:
    task, better = CustomTask(title="Step two"), CustomTask(title="Step one, done")
    workflow = after(
        make_workflow_item(),
        WorkflowTaskAdded(task_index=9, task=task),
        WorkflowTaskUpdated(task_index=0, task=better),
    )
    assert isinstance(workflow, WorkflowItem)
    assert workflow.workflow.tasks == [better, task]


def test_a_task_that_does_not_exist_cannot_be_updated() -> None:
    with pytest.raises(IndexError):
        after(make_workflow_item(), WorkflowTaskUpdated(task_index=1, task=CustomTask()))


def test_widgets_take_their_updates() -> None:
    grown = after(
        make_widget_item(widget=make_widget("old")),
        WidgetRootUpdated(widget=make_widget("new")),
        WidgetStreamingTextValueDelta(component_id="text", delta="er", done=True),
        WidgetStreamingTextValueDelta(component_id="nowhere", delta="!", done=True),
    )
    assert grown == make_widget_item(widget=make_widget("newer"))


def test_widgets_of_the_caller_are_neither_kept_nor_changed() -> None:
    theirs = make_widget("new")
    pending = PendingItems()
    pending.apply(ThreadItemAddedEvent(item=make_widget_item(widget=make_widget("old"))))
    for update in (
        WidgetRootUpdated(widget=theirs),
        WidgetStreamingTextValueDelta(component_id="text", delta="er", done=False),
        WidgetStreamingTextValueDelta(component_id="text", delta="!", done=True),
    ):
        pending.apply(ThreadItemUpdatedEvent(item_id="msg_widget", update=update))
    first, second = pending.items(), pending.items()
    assert first == second == [make_widget_item(widget=make_widget("newer!"))]
    assert theirs == make_widget("new")


def test_new_root_takes_the_place_of_text_that_grew() -> None:
    grown = after(
        make_widget_item(widget=make_widget("old")),
        WidgetStreamingTextValueDelta(component_id="text", delta="er", done=True),
        WidgetRootUpdated(widget=make_widget("new")),
    )
    assert grown == make_widget_item(widget=make_widget("new"))


def test_images_take_their_updates() -> None:
    image = GeneratedImage(id="img_2", url="https://files.example/img_2.png")
    settled = after(make_generated_image(image=None), GeneratedImageUpdated(image=image, progress=0.5))
    assert isinstance(settled, GeneratedImageItem)
    assert settled.image == image


def test_items_are_kept_in_the_order_they_were_added() -> None:
    pending = PendingItems()
    items = make_every_item()
    for item in items:
        pending.apply(ThreadItemAddedEvent(item=item))
    pending.apply(ThreadItemAddedEvent(item=make_assistant_message("again")))
    pending.apply(ThreadItemRemovedEvent(item_id=items[0].id))
    pending.apply(ThreadItemReplacedEvent(item=items[3]))
    pending.discard(items[4].id)
    left = [item for index, item in enumerate(items) if index not in (0, 3, 4)]
    left[0] = make_assistant_message("again")
    assert pending.items() == left


def test_items_are_copies() -> None:
    workflow = make_workflow_item()
    pending = PendingItems()
    pending.apply(ThreadItemAddedEvent(item=workflow))
    workflow.workflow.tasks.append(CustomTask(title="the caller's own"))
    task = CustomTask(title="announced")
    pending.apply(ThreadItemUpdatedEvent(item_id="wf_1", update=WorkflowTaskAdded(task_index=1, task=task)))
    task.title = "changed since"
    [settled] = pending.items()
    assert isinstance(settled, WorkflowItem)
    assert [one.title for one in settled.workflow.tasks if isinstance(one, CustomTask)] == [
        "Step one",
        "announced",
    ]


def test_buffered_deltas_are_settled_before_other_updates() -> None:
    pending = PendingItems()
    pending.apply(ThreadItemAddedEvent(item=make_assistant_message("")))
    for index, delta in [(0, "a"), (1, "x"), (0, "b")]:
        append = pending.appender("msg_assistant", index)
        assert append is not None
        append(delta)
    update = AssistantMessageContentPartAnnotationAdded(
        content_index=0, annotation_index=0, annotation=note("n")
    )
    pending.apply(ThreadItemUpdatedEvent(item_id="msg_assistant", update=update))
    append = pending.appender("msg_assistant", 0)
    assert append is not None
    append("c")
    [settled] = pending.items()
    assert isinstance(settled, AssistantMessageItem)
    assert settled.content == [text("abc", note("n")), text("x")]


def test_nobody_waits_for_the_deltas_of_other_items() -> None:
    pending = PendingItems()
    assert pending.appender("msg_assistant", 0) is None
    pending.apply(ThreadItemAddedEvent(item=make_workflow_item()))
    assert pending.appender("wf_1", 0) is None


@pytest.mark.parametrize(
    ("item", "worth"),
    [
        (make_assistant_message("text"), True),
        (make_assistant_message(" \n"), False),
        (make_assistant_message(""), False),
        (make_workflow_item(), True),
        (make_workflow_item(workflow=Workflow(type="custom", tasks=[])), False),
        (make_generated_image(), True),
        (make_generated_image(image=None), False),
        (make_widget_item(), True),
    ],
)
def test_what_shows_something_is_worth_keeping(item: ThreadItem, worth: bool) -> None:
    assert is_worth_keeping(item) is worth


def test_only_what_the_assistant_shows_is_worth_keeping() -> None:
    kept = {item.type for item in make_every_item() if is_worth_keeping(item)}
    assert kept == {"assistant_message", "widget", "generated_image", "workflow", "task"}
