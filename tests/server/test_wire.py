"""The bytes that go out: the short ways give what pydantic gives by the long one."""

from typing import Any

import pytest

from chatkit_asgi.server.wire import (
    client_view,
    encode_event,
    encode_model,
    encode_thread,
    encode_threads,
    text_delta_frame,
    text_delta_prefix,
)
from chatkit_asgi.store.shown import CLIENT_CONTEXT
from chatkit_asgi.types import (
    AssistantMessageContentPartTextDelta,
    ClosedStatus,
    LockedStatus,
    Page,
    Thread,
    ThreadItem,
    ThreadItemUpdate,
    ThreadItemUpdatedEvent,
    ThreadMetadata,
    WidgetRootUpdated,
)
from chatkit_asgi.widgets import (
    BasicRoot,
    Card,
    DynamicWidgetRoot,
    ListView,
    ListViewItem,
    Text,
    WidgetComponent,
    WidgetRoot,
)
from tests.factories import make_assistant_message, make_thread, make_thread_with_items, make_user_message

pytestmark = pytest.mark.filterwarnings("ignore:Named widget classes:DeprecationWarning")

assert WidgetComponent  # pydantic looks for the name here, where a root class is derived


class OwnThread(ThreadMetadata):
    """An application's own, with something that clients must not see."""

    secret: str = "s3cret"


class OwnCard(Card):
    """An application's own, with a property that clients do not know."""

    note: str = "of our own"


THREADS = [
    make_thread(),
    make_thread(title="“Grüße”", metadata={"key": None}, allowed_image_domains=["example.com"]),
    make_thread(status=LockedStatus(reason="busy")),
    make_thread(status=ClosedStatus()),
    make_thread_with_items(make_user_message()),
    OwnThread(id="thr_own", created_at=make_thread().created_at),
]


@pytest.mark.parametrize("thread", THREADS)
def test_thread_is_written_as_its_client_view(thread: ThreadMetadata) -> None:
    page = Page[ThreadItem](data=[make_user_message(), make_assistant_message()], has_more=True, after="x")
    assert encode_thread(thread) == encode_model(client_view(thread))
    assert encode_thread(thread, encode_model(page)) == encode_model(client_view(thread, page))


@pytest.mark.parametrize("threads", [[], THREADS[:1], THREADS])
@pytest.mark.parametrize("place", [{}, {"has_more": True, "after": "seq:7"}])
def test_page_of_threads_is_written_as_their_client_views(
    threads: list[ThreadMetadata], place: dict[str, Any]
) -> None:
    views = Page[Thread](data=[client_view(thread) for thread in threads], **place)
    assert encode_threads(Page[ThreadMetadata](data=threads, **place)) == encode_model(views)


def update_frame(update: ThreadItemUpdate, item_id: str = "msg_“1”") -> tuple[bytes, bytes]:
    """The frame of an update, and what pydantic makes of it."""
    event = ThreadItemUpdatedEvent(item_id=item_id, update=update)
    plain = event.model_dump_json(by_alias=True, exclude_none=True, context=CLIENT_CONTEXT)
    return encode_event(event), f"data: {plain}\n\n".encode()


def roots() -> list[WidgetRoot]:
    text = Text(id="x", value="Grüße\u2028")
    return [
        Card(children=[text], size="md"),
        ListView(children=[ListViewItem(children=[text])]),
        BasicRoot.model_validate({"children": {"type": "Text", "value": "x", "more": [None, {"a": None}]}}),
        DynamicWidgetRoot.model_validate({"type": "Card", "children": [{"type": "New", "x": {"y": 1.5}}]}),
        OwnCard(children=[text]),
    ]


@pytest.mark.parametrize("root", roots(), ids=lambda root: type(root).__name__)
def test_new_widget_root_is_written_as_pydantic_does(root: WidgetRoot) -> None:
    ours, plain = update_frame(WidgetRootUpdated(widget=root))
    assert ours == plain


@pytest.mark.parametrize("delta", ["", "word", 'a "b" \\ \n\x00', "😀\u2028é"])
def test_text_delta_is_written_as_pydantic_does(delta: str) -> None:
    update = AssistantMessageContentPartTextDelta(content_index=3, delta=delta)
    frames = update_frame(update)
    assert text_delta_frame(text_delta_prefix("msg_“1”", 3), delta) == frames[0] == frames[1]
