"""What a request has to pass before its turn begins, and what becomes of a request that is sent again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from chatkit_asgi import Settings
from chatkit_asgi.clock import utcnow
from chatkit_asgi.store import Store
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.store.sql import SQLAlchemyStore
from chatkit_asgi.types import (
    ClientToolCallItem,
    LockedStatus,
    StructuredInputItem,
    ThreadItem,
    ThreadItemDoneEvent,
)
from tests.factories import make_client_tool_call, make_structured_input, make_widget_item
from tests.seeds.stores import MyChatKitStore
from tests.store.conftest import migrated_postgres, migrated_sqlite, postgres_engine, sqlite_engine
from tests.web.chat import Chat, frames_of
from tests.web.turns import BOUND, Answer, Puppet, Talk, patiently, talking, text_of, texts_of

__all__ = ["migrated_postgres", "migrated_sqlite", "postgres_engine", "sqlite_engine"]

KEY = {"idempotency_key": "k-1"}


class OwnStore(MyChatKitStore):
    """An application's store, whose transactions undo nothing; each of its writes takes a while."""

    async def save_thread(self, thread: Any, context: Any) -> None:
        await asyncio.sleep(0.01)
        await super().save_thread(thread, context)

    async def add_thread_item(self, thread_id: str, item: ThreadItem, context: Any) -> None:
        await asyncio.sleep(0.01)
        await super().add_thread_item(thread_id, item, context)

    async def load_thread(self, thread_id: str, context: Any) -> Any:
        return (await super().load_thread(thread_id, context)).model_copy(deep=True)


@pytest.fixture(params=["memory", "sqlite", "postgres", "own"])
def store(request: pytest.FixtureRequest) -> Store[Any]:
    """Each kind of store, and with it each kind of log."""
    if request.param in ("memory", "own"):
        return MemoryStore() if request.param == "memory" else OwnStore()
    return SQLAlchemyStore(request.getfixturevalue(f"{request.param}_engine"))


@pytest.fixture
async def talk(settings: Settings, store: Store[Any]) -> AsyncIterator[Talk]:
    """Turns go on without readers."""
    async with talking(settings.model_copy(update={"on_disconnect": "continue"}), store) as talk:
        yield talk


async def post(talk: Talk, text: str, thread_id: str = "", **headers: str) -> httpx.Response:
    """Ask, and read the whole answer."""
    kind = "threads.add_user_message" if thread_id else "threads.create"
    params = {"thread_id": thread_id, "input": Chat.message(text)}
    body = {"type": kind, "params": params if thread_id else {"input": params["input"]}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await talk.http.post("/chatkit", json=body, headers=named)


async def count_threads(talk: Talk) -> int:
    return len((await talk.chat.ask("threads.list", limit=100))["data"])


def check_refusal(response: httpx.Response, status: int, code: str) -> None:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json")
    assert response.json()["error"]["code"] == code
    assert response.json()["error"]["message"]
    assert ("retry-after" in response.headers) == (status in (429, 503))


# What is refused is refused before the stream, and leaves nothing behind.


async def test_what_a_turn_cannot_begin_with_is_refused_before_the_stream(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    answer.finish()
    await talk.idle()
    message = Chat.message("Hello")
    refusals: list[tuple[int, str, str, dict[str, object]]] = [
        (404, "not_found", "threads.add_user_message", {"thread_id": "thr_none", "input": message}),
        (404, "not_found", "threads.retry_after_item", {"thread_id": thread_id, "item_id": "msg_none"}),
        (409, "conflict", "threads.add_client_tool_output", {"thread_id": thread_id, "result": 1}),
        (
            404,
            "not_found",
            "threads.add_structured_input",
            {"thread_id": thread_id, "item_id": "msg_none", "input": {"status": "skipped", "answers": {}}},
        ),
        (
            400,
            "invalid_request",
            "threads.retry_after_item",
            {"thread_id": thread_id, "item_id": answer.item.id},
        ),
        (
            404,
            "not_found",
            "threads.custom_action",
            {"thread_id": thread_id, "item_id": "msg_none", "action": {"type": "x", "payload": None}},
        ),
    ]
    for status, code, operation, params in refusals:
        check_refusal(await talk.chat.post(operation, **params), status, code)
    assert len(talk.server.answers) == 1
    assert talk.runner.live == 0


async def test_locked_thread_takes_no_turn(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    answer.do(lambda: setattr(answer.thread, "status", LockedStatus(reason="Asleep")) or answer._delta("."))  # type: ignore[func-returns-value]
    answer.finish()
    await talk.idle()
    refused = await post(talk, "Hello?", thread_id)
    check_refusal(refused, 409, "conflict")
    assert refused.json()["error"]["message"] == "Asleep"
    assert len(await talk.chat.items(thread_id)) == 2


async def test_thread_that_is_read_is_busy(talk: Talk) -> None:
    async with talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        answer.say("One ")
        await stream.until("One ")
        check_refusal(await post(talk, "And?", stream.thread_id), 409, "conflict")
        check_refusal(await post(talk, "And?", stream.thread_id, idempotency_key="k"), 409, "conflict")
        answer.finish()
        await stream.rest()
    assert texts_of(await talk.chat.items(stream.thread_id)) == ["Hello", "One "]
    assert len(talk.server.answers) == 1


async def test_user_has_so_many_turns_and_others_are_not_counted(
    settings: Settings, store: Store[Any]
) -> None:
    settings = settings.model_copy(update={"on_disconnect": "continue", "max_turns_per_user": 2})
    async with talking(settings, store) as talk:
        _, first = await talk.begin("First")
        _, second = await talk.begin("Second")
        check_refusal(await post(talk, "Third"), 429, "too_many")
        bob = talk.as_user("bob")
        _, third = await bob.begin("Of Bob's")
        first.finish()
        await patiently(lambda: talk.runner.live == 2)
        _, fourth = await talk.begin("Third again")
        assert await count_threads(talk) == (4 if isinstance(store, MyChatKitStore) else 3)
        for answer in (second, third, fourth):
            answer.finish()
        await bob.http.aclose()


async def test_those_the_store_does_not_know_are_not_counted_as_one(settings: Settings) -> None:
    settings = settings.model_copy(update={"on_disconnect": "continue", "max_turns_per_user": 1})
    async with talking(settings, OwnStore(), authenticate=nobody) as talk:
        answers = [(await talk.begin(text))[1] for text in ("First", "Second")]
        for answer in answers:
            answer.finish()


async def nobody(request: object) -> dict[str, str]:
    """A caller in whose context the store finds no name."""
    return {"session": "?"}


async def test_process_has_so_many_turns(settings: Settings, store: Store[Any]) -> None:
    settings = settings.model_copy(update={"on_disconnect": "continue", "max_turns": 3})
    async with talking(settings, store) as talk:
        asking = [asyncio.create_task(post(talk, f"Number {number}")) for number in range(20)]
        done: set[asyncio.Task[httpx.Response]] = set()
        async with asyncio.timeout(BOUND):
            while len(done) < 17:
                done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
                await asyncio.sleep(0)
        for task in done:
            check_refusal(task.result(), 503, "unavailable")
        await talk.server.answer_number(2)
        for answer in talk.server.answers:
            answer.finish()
        await asyncio.gather(*asking)
        assert await count_threads(talk) == 3


async def test_process_that_is_about_to_end_takes_no_turn(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    talk.runner.drain(BOUND)
    check_refusal(await post(talk, "Too late"), 503, "unavailable")
    check_refusal(await post(talk, "Too late", thread_id), 503, "unavailable")
    assert (await talk.http.get("/readyz")).status_code == 503
    answer.finish()
    await talk.idle()
    assert texts_of(await talk.chat.items(thread_id)) == ["Hello", "One "]


async def test_refusal_leaves_nothing_behind(talk: Talk) -> None:
    """Not even in a store whose transactions undo nothing: a turn is admitted before anything is written."""
    thread_id, first = await talk.begin()
    async with talk.joining(thread_id):
        before = await talk.stored(thread_id)
        refused = [await post(talk, "And?", thread_id)]
        refused += [
            await talk.chat.post("threads.retry_after_item", thread_id=thread_id, item_id=before[0].id),
        ]
        assert [response.status_code for response in refused] == [409] * 2
        assert await talk.stored(thread_id) == before
        first.finish()


async def test_refused_thread_is_not_created(settings: Settings, store: Store[Any]) -> None:
    settings = settings.model_copy(update={"on_disconnect": "continue", "max_turns_per_user": 1})
    async with talking(settings, store) as talk:
        _, answer = await talk.begin("First")
        check_refusal(await post(talk, "Second"), 429, "too_many")
        assert await count_threads(talk) == 1
        answer.finish()


# Requests that are sent again.


async def test_same_request_fifty_times_at_once_is_one_turn(talk: Talk) -> None:
    asking = [asyncio.create_task(post(talk, "Hello", idempotency_key="k-1")) for _ in range(50)]
    answer = await talk.server.answer_number(0)
    answer.say("One ", "two.")
    await talk.read_by(50)
    answer.finish()
    async with asyncio.timeout(BOUND):
        responses = await asyncio.gather(*asking)
    assert {response.status_code for response in responses} == {200}
    assert len({response.content for response in responses}) == 1
    assert len({response.headers["chatkit-turn-id"] for response in responses}) == 1
    thread_id = frames_of(responses[0].content)[0]["thread"]["id"]
    assert texts_of(await talk.chat.items(thread_id)) == ["Hello", "One two."]
    assert await count_threads(talk) == 1
    assert len(talk.server.answers) == 1


async def test_same_message_fifty_times_at_once_is_one_turn(talk: Talk) -> None:
    thread_id, first = await talk.begin()
    first.finish()
    await talk.idle()
    asking = [asyncio.create_task(post(talk, "And?", thread_id, idempotency_key="k-1")) for _ in range(50)]
    answer = await talk.server.answer_number(1)
    await talk.read_by(50)
    answer.say("That is all.")
    answer.finish()
    async with asyncio.timeout(BOUND):
        responses = await asyncio.gather(*asking)
    assert len({(response.status_code, response.content) for response in responses}) == 1
    assert texts_of(await talk.chat.items(thread_id)) == ["Hello", "One ", "And?", "That is all."]


async def test_same_key_for_another_request_is_refused(talk: Talk) -> None:
    thread_id, answer = await talk.begin("Hello", **KEY)
    check_refusal(await post(talk, "Something else", **KEY), 409, "conflict")
    check_refusal(await post(talk, "Hello", thread_id, **KEY), 409, "conflict")
    answer.finish()
    await talk.idle()
    check_refusal(await post(talk, "Something else", **KEY), 409, "conflict")


async def test_same_key_after_the_end_gives_the_same_frames(talk: Talk) -> None:
    async with talk.creating("Hello", **KEY) as stream:
        answer = await talk.server.answer_number(0)
        answer.say("One ", "two.")
        answer.finish()
        await stream.rest()
    again = await post(talk, "Hello", **KEY)
    assert (again.status_code, again.content) == (200, stream.raw)
    assert again.headers["chatkit-turn-id"] == stream.turn_id
    assert len(talk.server.answers) == 1


async def test_key_is_free_again_when_its_turn_is_forgotten(talk: Talk) -> None:
    _, answer = await talk.begin("Hello", **KEY)
    answer.finish()
    await talk.idle()
    await talk.runner.log.purge(-1)
    _, again = await talk.begin("Something else", **KEY)
    again.finish()


async def test_key_of_a_refused_request_is_free(talk: Talk) -> None:
    check_refusal(await post(talk, "Hello", "thr_none", **KEY), 404, "not_found")
    _, answer = await talk.begin("Hello", **KEY)
    answer.finish()


async def test_key_of_another_user_is_another_key(talk: Talk) -> None:
    thread_id, answer = await talk.begin("Hello", **KEY)
    bob = talk.as_user("bob")
    other_thread, other_answer = await bob.begin("Hello", **KEY)
    assert thread_id != other_thread
    assert len(talk.server.answers) == 2
    answer.finish()
    other_answer.finish()
    await bob.http.aclose()


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_key_has_a_length(settings: Settings, key: str) -> None:
    async with talking(settings, MemoryStore()) as talk:
        refused = await post(talk, "Hello", idempotency_key=key)
        check_refusal(refused, 400, "invalid_request")


async def test_one_whom_the_store_does_not_know_never_gets_anothers_turn(settings: Settings) -> None:
    settings = settings.model_copy(update={"on_disconnect": "continue"})
    async with talking(settings, OwnStore(), authenticate=nobody) as talk:
        threads = []
        for headers in (KEY, KEY, {}, {}):
            thread_id, answer = await talk.begin("Hello", **headers)
            threads.append(thread_id)
        assert len(set(threads)) == 4
        async with talk.saying(threads[0], "Hello") as stream:
            answer = await talk.server.answer_number(4)
            answer.say("Mine.")
            await stream.until("Mine.")
        async with talk.saying(threads[0], "Hello") as stream:
            answer = await talk.server.answer_number(5)
            answer.say("Yours.")
            await stream.until("Yours.")
        for answer in talk.server.answers:
            answer.finish()


async def test_identical_request_joins_the_turn_that_nobody_reads(talk: Talk) -> None:
    thread_id, answer = await talk.begin("Hello")
    async with talk.creating("Hello") as stream:
        await stream.until("One ")
        assert stream.thread_id == thread_id
        answer.say("two.")
        answer.finish()
        await stream.rest()
    assert texts_of(await talk.chat.items(thread_id)) == ["Hello", "One two."]
    assert await count_threads(talk) == 1


async def test_identical_message_joins_the_turn_that_nobody_reads(talk: Talk) -> None:
    thread_id, first = await talk.begin()
    first.finish()
    await talk.idle()
    async with talk.saying(thread_id) as stream:
        answer = await talk.server.answer_number(1)
        answer.say("And ")
        await stream.until("And ")
    await talk.read_by(0)
    async with talk.saying(thread_id) as stream:
        await stream.until("And ")
        answer.say("then.")
        answer.finish()
        await stream.rest()
    assert texts_of(await talk.chat.items(thread_id)) == ["Hello", "One ", "And then?", "And then."]
    assert len(talk.server.answers) == 2


async def test_identical_request_joins_where_the_client_asked_for_that(
    settings: Settings, store: Store[Any]
) -> None:
    async with talking(settings, store) as talk:
        thread_id, answer = await talk.begin("Hello", chatkit_resume="1")
        async with talk.creating("Hello", chatkit_resume="1") as stream:
            await stream.until("One ")
            assert stream.thread_id == thread_id
            answer.finish()
            await stream.rest()
    assert len(talk.server.answers) == 1


async def test_identical_request_is_a_new_one_while_the_first_is_read_or_when_it_has_ended(
    talk: Talk,
) -> None:
    async with talk.creating("Hello") as stream:
        first = await talk.server.answer_number(0)
        first.say("One ")
        await stream.until("One ")
        _, second = await talk.begin("Hello")
        second.finish()
        await patiently(lambda: talk.runner.live == 1)
        first.finish()
        await stream.rest()
    _, third = await talk.begin("Hello")
    third.finish()
    assert len(talk.server.answers) == 3


async def test_identical_request_of_another_user_is_another_one(talk: Talk) -> None:
    thread_id, answer = await talk.begin("Hello")
    bob = talk.as_user("bob")
    other_thread, other_answer = await bob.begin("Hello")
    assert thread_id != other_thread
    answer.finish()
    other_answer.finish()
    await bob.http.aclose()


async def test_identical_request_does_not_join_a_turn_that_is_being_stopped(
    settings: Settings, store: Store[Any]
) -> None:
    """Its answer would be a torn one."""
    async with talking(settings, store, server=Dawdler(store)) as talk:
        thread_id, _ = await talk.begin("Hello")
        await patiently(lambda: talk.server.dawdling)  # type: ignore[attr-defined]  # a Dawdler
        again = asyncio.create_task(post(talk, "Hello"))
        new = await talk.server.answer_number(1)
        talk.server.go_on.set()  # type: ignore[attr-defined]  # a Dawdler
        new.say("New.")
        new.finish()
        events = frames_of((await again).content)
    assert events[0]["thread"]["id"] != thread_id
    assert text_of(events[-1]["item"]) == "New."


async def test_identical_message_does_not_join_a_turn_that_is_being_stopped(
    settings: Settings, store: Store[Any]
) -> None:
    server = Dawdler(store)
    settings = settings.model_copy(update={"on_disconnect": "continue"})
    async with talking(settings, store, server=server) as talk:
        thread_id, first = await talk.begin()
        first.finish()
        await talk.idle()
        async with talk.saying(thread_id) as stream:
            second = await server.answer_number(1)
            second.say("And ")
            await stream.until("And ")
        await talk.read_by(0)
        stopping = asyncio.create_task(talk.cancel(thread_id))
        await patiently(lambda: server.dawdling)
        again = asyncio.create_task(post(talk, "And then?", thread_id))
        await asyncio.wait([again], timeout=0.1)
        server.go_on.set()
        third = await server.answer_number(2)
        third.say("New.")
        third.finish()
        assert text_of(frames_of((await again).content)[-1]["item"]) == "New."
        await stopping


class Dawdler(Puppet):
    """Takes its time to save what a stopped turn has said."""

    def __init__(self, store: Store[Any]) -> None:
        super().__init__(store)
        self.dawdling = False
        self.go_on = asyncio.Event()

    async def handle_stream_cancelled(self, thread: Any, pending_items: Any, context: Any) -> None:
        self.dawdling = True
        await self.go_on.wait()
        await super().handle_stream_cancelled(thread, pending_items, context)


# One live turn in each thread.


async def test_next_message_interrupts_an_answer_that_nobody_reads(talk: Talk) -> None:
    thread_id, first = await talk.begin()
    async with talk.saying(thread_id) as stream:
        second = await talk.server.answer_number(1)
        assert first.ended.is_set()
        second.say("New.")
        second.finish()
        await stream.rest()
    items = await talk.stored(thread_id)
    assert [item.type for item in items] == [
        "user_message",
        "assistant_message",
        "sdk_hidden_context",
        "user_message",
        "assistant_message",
    ]
    assert texts_of(await talk.chat.items(thread_id)) == ["Hello", "One ", "And then?", "New."]


async def test_other_threads_go_on_meanwhile(talk: Talk) -> None:
    thread_id, _ = await talk.begin("First")
    _, other = await talk.begin("Another")
    async with talk.saying(thread_id) as stream:
        second = await talk.server.answer_number(2)
        second.finish()
        await stream.rest()
    assert not other.ended.is_set()
    other.finish()


async def test_answer_that_may_not_be_stopped_is_not_interrupted_either(talk: Talk) -> None:
    talk.server.allow_cancel = False
    thread_id, answer = await talk.begin()
    check_refusal(await post(talk, "And?", thread_id), 409, "conflict")
    answer.say("two.")
    answer.finish()
    await talk.idle()
    assert texts_of(await talk.chat.items(thread_id)) == ["Hello", "One two."]


async def test_of_many_messages_at_once_one_is_answered(talk: Talk) -> None:
    thread_id, _ = await talk.begin()
    asking = [asyncio.create_task(post(talk, f"Number {number}", thread_id)) for number in range(10)]
    second = await talk.server.answer_number(1)
    async with asyncio.timeout(BOUND):
        while sum(task.done() for task in asking) < 9:
            await asyncio.wait(
                [task for task in asking if not task.done()], return_when=asyncio.FIRST_COMPLETED
            )
    second.say("New.")
    second.finish()
    statuses = sorted([response.status_code for response in await asyncio.gather(*asking)])
    assert statuses == [200] + [409] * 9
    texts = texts_of(await talk.chat.items(thread_id))
    assert len(texts) == 4
    assert texts[3] == "New."


OPERATIONS = ["create", "message", "retry", "tool", "form", "action"]


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_every_operation_that_streams_is_a_turn(talk: Talk, operation: str) -> None:
    """It outlives its reader, keeps others out while it is read, and makes way when it is not."""
    thread_id, setting_up = await talk.begin("Set up")
    for item in (call(thread_id), form(thread_id), widget(thread_id)):
        setting_up.send(ThreadItemDoneEvent(item=item))
    setting_up.finish()
    await talk.idle()
    message = (await talk.stored(thread_id))[0].id
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        "create": ("threads.create", {"input": Chat.message("Hello")}),
        "message": ("threads.add_user_message", {"thread_id": thread_id, "input": Chat.message("Hello")}),
        "retry": ("threads.retry_after_item", {"thread_id": thread_id, "item_id": message}),
        "tool": ("threads.add_client_tool_output", {"thread_id": thread_id, "result": {"ok": True}}),
        "form": (
            "threads.add_structured_input",
            {"thread_id": thread_id, "item_id": "msg_form", "input": {"status": "skipped", "answers": {}}},
        ),
        "action": (
            "threads.custom_action",
            {"thread_id": thread_id, "item_id": "msg_widget", "action": {"type": "go", "payload": {}}},
        ),
    }
    kind, params = asked[operation]
    async with talk.reading(kind, **params) as stream:
        answer = await talk.server.answer_number(1)
        answer.say("One ")
        await stream.until("One ")
        thread_id = answer.thread.id
        check_refusal(await post(talk, "And?", thread_id), 409, "conflict")
    await talk.read_by(0)
    answer.say("two.")
    async with talk.joining(thread_id) as joined:
        await joined.until("two.")
    await talk.read_by(0)
    async with talk.saying(thread_id) as stream:
        second = await talk.server.answer_number(2)
        second.say("New.")
        second.finish()
        await stream.rest()
    assert texts_of(await talk.chat.items(thread_id))[-3:] == ["One two.", "And then?", "New."]


def call(thread_id: str) -> ClientToolCallItem:
    return make_client_tool_call(thread_id=thread_id, created_at=utcnow())


def form(thread_id: str) -> StructuredInputItem:
    return make_structured_input(thread_id=thread_id, created_at=utcnow())


def widget(thread_id: str) -> ThreadItem:
    return make_widget_item(thread_id=thread_id, created_at=utcnow())


@pytest.mark.parametrize("operation", ["tool", "form"])
async def test_input_right_after_the_end_of_a_turn_is_always_taken(talk: Talk, operation: str) -> None:
    """Clients send it at once, and the end of a response means that its turn is over."""
    async with talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        leave_pending(answer, operation, 0)
        await stream.rest()
    for number in range(1, 8):
        asked: dict[str, Any] = {"result": number}
        if operation == "form":
            asked = {"item_id": f"msg_{number - 1}", "input": {"status": "skipped", "answers": {}}}
        kind = "threads.add_client_tool_output" if operation == "tool" else "threads.add_structured_input"
        async with talk.reading(kind, thread_id=answer.thread.id, **asked) as stream:
            answer = await talk.server.answer_number(number)
            leave_pending(answer, operation, number)
            await stream.rest()


def leave_pending(answer: Answer, operation: str, number: int) -> None:
    """End the turn with something that waits for the user."""
    item = call(answer.thread.id) if operation == "tool" else form(answer.thread.id)
    answer.send(ThreadItemDoneEvent(item=item.model_copy(update={"id": f"msg_{number}"})))
    answer.do(lambda: None)


async def test_response_ends_when_the_log_knows_of_it(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    write, may_end = talk.runner.log.write, asyncio.Event()

    async def slow_write(worker: Any, frames: Any, endings: Any = ()) -> Any:
        if endings:
            await may_end.wait()
        return await write(worker, frames, endings)

    monkeypatch.setattr(talk.runner.log, "write", slow_write)
    async with talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        answer.finish()
        rest = asyncio.create_task(stream.rest())
        await asyncio.wait_for(answer.ended.wait(), BOUND)
        await asyncio.wait([rest], timeout=0.1)
        assert not rest.done()
        may_end.set()
        await rest
