"""Each operation of the protocol once through the whole app: HTTP, engine, SQLite, the demo model."""

import base64

from tests.attachments.samples import make_png
from tests.web.chat import Chat, Event


def thread_id(events: list[Event]) -> str:
    assert events[0]["type"] == "thread.created"
    return str(events[0]["thread"]["id"])


def types(events: list[Event]) -> list[str]:
    return [event["type"] for event in events]


def done(events: list[Event], kind: str) -> Event:
    return next(e["item"] for e in events if e["type"] == "thread.item.done" and e["item"]["type"] == kind)


async def test_threads_create_streams_an_answer_and_keeps_both_items(chat: Chat) -> None:
    events = await chat.create("Hello there")
    assert types(events)[:3] == ["thread.created", "thread.item.done", "stream_options"]
    answer = done(events, "assistant_message")
    assert "demo" in answer["content"][0]["text"]
    assert [item["id"] for item in await chat.items(thread_id(events))][-1] == answer["id"]


async def test_threads_create_gives_the_thread_a_title(chat: Chat) -> None:
    events = await chat.create("Plan a weekend in Lisbon")
    assert [e["thread"]["title"] for e in events if e["type"] == "thread.updated"] == [
        "Plan a weekend in Lisbon"
    ]


async def test_threads_add_user_message_goes_on_with_the_thread(chat: Chat) -> None:
    thread = thread_id(await chat.create("one"))
    events = await chat.say(thread, "two")
    assert types(events)[:2] == ["thread.item.done", "stream_options"]
    kinds = [item["type"] for item in await chat.items(thread)]
    assert kinds == ["user_message", "assistant_message"] * 2


async def test_threads_add_client_tool_output_goes_on_after_the_tool(chat: Chat) -> None:
    created = await chat.create("/client-tool")
    call = done(created, "client_tool_call")
    assert call["status"] == "pending"
    events = await chat.stream(
        "threads.add_client_tool_output", thread_id=call["thread_id"], result={"answer": 42}
    )
    assert "42" in done(events, "assistant_message")["content"][0]["text"]


async def test_threads_add_structured_input_answers_the_questions(chat: Chat) -> None:
    item = done(await chat.create("/structured"), "structured_input")
    answers = {question["id"]: {"values": ["blue"]} for question in item["inputs"]}
    events = await chat.stream(
        "threads.add_structured_input",
        thread_id=item["thread_id"],
        item_id=item["id"],
        input={"status": "answered", "answers": answers},
    )
    assert types(events)[:2] == ["stream_options", "thread.item.replaced"]
    assert events[1]["item"]["status"] == "answered"


async def test_threads_retry_after_item_answers_again(chat: Chat) -> None:
    thread = thread_id(await chat.create("again"))
    first, answer = await chat.items(thread)
    events = await chat.stream("threads.retry_after_item", thread_id=thread, item_id=first["id"])
    assert types(events)[0] == "stream_options"
    again = [item["id"] for item in await chat.items(thread)]
    assert again[0] == first["id"]
    assert len(again) == 2
    assert again[1] != answer["id"]


async def test_threads_custom_action_is_answered(chat: Chat) -> None:
    widget = done(await chat.create("/form"), "widget")
    action = {"type": "demo.submit", "payload": {"name": "Ada"}}
    events = await chat.stream(
        "threads.custom_action", thread_id=widget["thread_id"], item_id=widget["id"], action=action
    )
    assert types(events)[0] == "stream_options"
    assert "error" not in types(events)


async def test_threads_sync_custom_action_is_answered_or_refused(chat: Chat) -> None:
    widget = done(await chat.create("/form"), "widget")
    response = await chat.post(
        "threads.sync_custom_action",
        thread_id=widget["thread_id"],
        item_id=widget["id"],
        action={"type": "demo.submit", "payload": {}},
    )
    assert response.status_code in (200, 501)


async def test_threads_get_by_id_gives_the_thread_and_its_items(chat: Chat) -> None:
    thread = thread_id(await chat.create("hello"))
    answer = await chat.ask("threads.get_by_id", thread_id=thread)
    assert answer["id"] == thread
    assert [item["type"] for item in answer["items"]["data"]] == ["user_message", "assistant_message"]
    assert answer["created_at"].endswith("Z")


async def test_threads_list_gives_the_newest_first(chat: Chat) -> None:
    threads = [thread_id(await chat.create(text)) for text in ("a", "b", "c")]
    page = await chat.ask("threads.list", limit=2)
    assert [thread["id"] for thread in page["data"]] == [threads[2], threads[1]]
    rest = await chat.ask("threads.list", limit=9999, after=threads[1])
    assert [thread["id"] for thread in rest["data"]] == [threads[0]]
    assert rest["has_more"] is False


async def test_threads_update_sets_the_title(chat: Chat) -> None:
    thread = thread_id(await chat.create("hello"))
    assert (await chat.ask("threads.update", thread_id=thread, title="Renamed"))["title"] == "Renamed"
    assert (await chat.ask("threads.get_by_id", thread_id=thread))["title"] == "Renamed"


async def test_threads_delete_deletes(chat: Chat) -> None:
    thread = thread_id(await chat.create("hello"))
    assert await chat.ask("threads.delete", thread_id=thread) == {}
    assert (await chat.post("threads.get_by_id", thread_id=thread)).status_code == 404


async def test_items_list_gives_pages_in_both_directions(chat: Chat) -> None:
    thread = thread_id(await chat.create("hello"))
    newest = await chat.ask("items.list", thread_id=thread, limit=1)
    oldest = await chat.ask("items.list", thread_id=thread, limit=1, order="asc")
    assert newest["has_more"] is oldest["has_more"] is True
    assert [newest["data"][0]["type"], oldest["data"][0]["type"]] == ["assistant_message", "user_message"]


async def test_items_feedback_is_taken(chat: Chat) -> None:
    thread = thread_id(await chat.create("hello"))
    ids = [item["id"] for item in await chat.items(thread)]
    assert await chat.ask("items.feedback", thread_id=thread, item_ids=ids, kind="positive") == {}


async def test_attachments_are_created_uploaded_sent_and_deleted(chat: Chat) -> None:
    params = {"name": "notes.txt", "size": 5, "mime_type": "text/plain"}
    created = await chat.ask("attachments.create", **params)
    descriptor = created["upload_descriptor"]
    sent = await chat.http.request(
        descriptor["method"], descriptor["url"], files={"file": ("notes.txt", b"hello", "text/plain")}
    )
    assert sent.status_code == 200, sent.text
    events = await chat.create("look at this", attachments=[created["id"]])
    message = done(events, "user_message")
    assert [attachment["id"] for attachment in message["attachments"]] == [created["id"]]
    assert await chat.ask("attachments.delete", attachment_id=created["id"]) == {}


async def test_input_transcribe_says_that_nothing_is_configured(chat: Chat) -> None:
    audio = base64.b64encode(b"sound").decode()
    response = await chat.post("input.transcribe", audio_base64=audio, mime_type="audio/webm")
    assert response.status_code == 501
    assert response.json()["error"]["code"] == "not_supported"


async def test_image_previews_leave_with_a_fresh_link_everywhere(chat: Chat) -> None:
    png = make_png(3, 2)
    sent = (await chat.http.post("/files", files={"file": ("dot.png", png, "image/png")})).json()
    events = await chat.create("look", attachments=[sent["id"]])
    thread = thread_id(events)
    shown = [
        done(events, "user_message"),
        (await chat.items(thread))[0],
        (await chat.ask("threads.get_by_id", thread_id=thread))["items"]["data"][0],
    ]
    for message in shown:
        preview = await chat.http.get(message["attachments"][0]["preview_url"])
        assert (preview.status_code, preview.content) == (200, png)
