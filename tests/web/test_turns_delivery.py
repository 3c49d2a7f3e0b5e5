"""Turns over HTTP that are read, left, and joined again: what each reader gets."""

import asyncio
import socket
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import event as sqlalchemy_event

from chatkit_asgi import Settings
from chatkit_asgi.store import Store
from chatkit_asgi.store.memory import MemoryStore
from chatkit_asgi.store.sql import SQLAlchemyStore
from chatkit_asgi.streams import live
from chatkit_asgi.types import ProgressUpdateEvent
from tests.store.conftest import migrated_postgres, migrated_sqlite, postgres_engine, sqlite_engine
from tests.web.chat import Chat
from tests.web.turns import BOUND, Talk, patiently, talking, text_of

__all__ = ["migrated_postgres", "migrated_sqlite", "postgres_engine", "sqlite_engine"]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Turns go on without readers, unless a test says otherwise."""
    return settings.model_copy(update={"on_disconnect": "continue"})


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    """Each kind of store, and with it each kind of log."""
    if request.param == "memory":
        return MemoryStore()
    return SQLAlchemyStore(request.getfixturevalue(f"{request.param}_engine"))


@pytest.fixture
async def talk(settings: Settings, store: Store) -> AsyncIterator[Talk]:
    async with talking(settings, store) as talk:
        yield talk


async def test_stream_is_frames_of_data_and_its_headers_keep_proxies_off(talk: Talk) -> None:
    async with talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        answer.say("One ", "two.")
        answer.finish()
        body = await stream.rest()
        headers = stream.response.headers
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"] == "no-cache, no-store, no-transform"
    assert headers["x-accel-buffering"] == "no"
    assert len(headers["chatkit-turn-id"]) == 32
    assert all(frame.startswith(b"data: {") for frame in body.split(b"\n\n")[:-1])
    assert body.count(b"\n") == 2 * len(stream.frames)


async def test_each_event_is_there_as_soon_as_it_was_said(talk: Talk) -> None:
    async with talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        for word in ("One ", "two ", "three."):
            answer.say(word)
            await stream.until(word)
        answer.finish()
        await stream.rest()
    assert text_of(stream.events[-1]["item"]) == "One two three."


async def test_turn_survives_its_reader_and_can_be_read_again(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    async with talk.joining(thread_id) as stream:
        await stream.until("One ")
        answer.say("two.")
        answer.finish()
        await stream.rest()
    assert stream.events[0]["type"] == "thread.created"
    assert text_of(stream.events[-1]["item"]) == "One two."
    assert [frame.partition(b"\n")[0] for frame in stream.frames] == [
        b"id: %d" % number for number in range(1, len(stream.frames) + 1)
    ]


async def test_reader_who_comes_back_gets_the_rest_from_wherever_it_was(talk: Talk) -> None:
    """While the turn runs, between its end and that being known, and afterwards."""
    async with talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        answer.say("One ", "two ")
        await stream.until("two ")
        seen = len(stream.frames)
        joined = [asyncio.create_task(rest_of(talk, stream.thread_id, after)) for after in range(seen + 1)]
        await talk.read_by(seen + 2)
        answer.say("three.")
        answer.finish()
        await stream.rest()
        late = [await rest_of(talk, stream.thread_id, after, stream.turn_id) for after in range(9)]
    for after, frames in [*enumerate(await asyncio.gather(*joined)), *enumerate(late)]:
        assert frames == stream.frames[after:]


async def rest_of(talk: Talk, thread_id: str, after: int, turn_id: str = "") -> list[bytes]:
    """The frames from there on, without their numbers, which must be right."""
    query = f"?after={after}" + (f"&turn={turn_id}" if turn_id else "")
    async with talk.joining(thread_id, query) as stream:
        await stream.rest()
    heads = [frame.partition(b"\n") for frame in stream.frames]
    assert [head[0] for head in heads] == [b"id: %d" % (after + n) for n in range(1, len(heads) + 1)]
    return [head[2] for head in heads]


async def test_browser_that_reconnects_names_the_last_event_itself(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    async with talk.joining(thread_id, last_event_id="3") as stream:
        await stream.until("One ")
        answer.finish()
        await stream.rest()
    assert stream.frames[0].startswith(b"id: 4\n")


async def test_what_the_query_says_goes_before_the_header(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    async with talk.joining(thread_id, "?after=1", last_event_id="3") as stream:
        answer.finish()
        await stream.rest()
    assert stream.frames[0].startswith(b"id: 2\n")


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "1e3", "1234567890", "٣", " "])
async def test_what_is_no_number_of_an_event_is_400(settings: Settings, after: str) -> None:
    async with talking(settings, MemoryStore()) as talk:
        thread_id, _ = await talk.begin()
        url = f"/threads/{thread_id}/stream"
        refused = await talk.http.get(url, params={"after": after})
        assert refused.status_code == 400
        assert refused.json()["error"]["param"] == "after"


async def test_number_beyond_the_last_event_waits_for_the_end(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    async with talk.joining(thread_id, "?after=999999999") as stream:
        answer.say("two.")
        answer.finish()
        assert await stream.rest() == b""


async def test_thread_without_a_turn_has_no_stream(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    answer.finish()
    await talk.idle()
    response = await talk.http.get(f"/threads/{thread_id}/stream")
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["cache-control"] == "no-store"


async def test_turns_of_others_are_not_found(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    turn_id = next(iter(talk.runner._runs))
    mallory = talk.as_user("mallory")
    other_thread, other_answer = await mallory.begin()
    for url in (f"/threads/{thread_id}/stream", f"/threads/{thread_id}/stream?turn={turn_id}"):
        assert (await mallory.http.get(url)).status_code == 404
    borrowed = await mallory.http.get(f"/threads/{other_thread}/stream?turn={turn_id}")
    assert borrowed.status_code == 404
    assert (await mallory.http.get("/threads/thr_none/stream")).status_code == 404
    assert (await talk.http.get(f"/threads/{thread_id}/stream?turn={'0' * 32}")).status_code == 404
    answer.finish()
    other_answer.finish()
    await mallory.http.aclose()


async def test_turn_of_another_thread_of_ones_own_is_not_found(talk: Talk) -> None:
    _, answer = await talk.begin()
    turn_id = next(iter(talk.runner._runs))
    second, other_answer = await talk.begin("Something else")
    assert (await talk.http.get(f"/threads/{second}/stream?turn={turn_id}")).status_code == 404
    answer.finish()
    other_answer.finish()


async def test_turn_whose_frames_are_forgotten_is_not_found(talk: Talk) -> None:
    async with talk.creating() as stream:
        (await talk.server.answer_number(0)).finish()
        await stream.rest()
    assert await talk.runner.log.purge(0) == 1
    url = f"/threads/{stream.thread_id}/stream?turn={stream.turn_id}"
    assert (await talk.http.get(url)).status_code == 404


async def test_many_readers_get_the_same(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    readers = [asyncio.create_task(rest_of(talk, thread_id, 0)) for _ in range(20)]
    await talk.read_by(20)
    answer.say("two.")
    answer.finish()
    first, *others = await asyncio.gather(*readers)
    assert b"One two." in first[-1]
    assert others == [first] * 19


async def test_live_readers_are_fed_without_the_database(settings: Settings, sqlite_engine: object) -> None:
    store = SQLAlchemyStore(sqlite_engine)  # type: ignore[arg-type]  # an engine
    reads: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        if "turn_frames" in statement and "INSERT" not in statement:
            reads.append(statement)

    async with talking(settings, store) as talk:
        sqlalchemy_event.listen(store.engine.sync_engine, "before_cursor_execute", note)
        thread_id, answer = await talk.begin()
        async with talk.joining(thread_id) as first, talk.joining(thread_id) as second:
            for number in range(2 * live.WINDOW):
                answer.say(f"{number} ")
                if number % 50 == 0:
                    await first.until(f'"{number} "')
            answer.finish()
            assert (await first.rest()) == (await second.rest())
    assert [read for read in reads if "DELETE" not in read] == []


def connect(talk: Talk, request: bytes) -> socket.socket:
    """A client that takes in next to nothing by itself."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    address = urlsplit(str(talk.http.base_url))
    sock.setblocking(True)
    sock.connect((address.hostname, address.port))
    sock.sendall(request)
    sock.setblocking(False)
    return sock


async def test_client_that_stops_reading_neither_holds_up_the_turn_nor_fills_memory(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And, when it reads again, misses nothing."""
    thread_id, answer = await talk.begin()
    word, count = "x" * 2000, 5000
    sock = connect(talk, f"GET /threads/{thread_id}/stream HTTP/1.0\r\nhost: localhost\r\n\r\n".encode())
    (run,) = talk.runner._runs.values()
    with sock:
        await patiently(lambda: run.readers == 1)
        async with talk.joining(thread_id) as quick:
            for number in range(0, count, 100):
                answer.say(*(f"{each} {word}" for each in range(number, number + 100)))
                await quick.until(f'"{number + 99} {word}')
                quick.raw = b""
            await patiently(lambda: len(run.live._frames) <= 3 * live.WINDOW)
            assert run.live.count > count
            answer.finish()
            await quick.rest()
        frames = (await read_body(sock)).split(b"\n\n")[:-1]
    assert [frame.partition(b"\n")[0] for frame in frames] == [
        b"id: %d" % number for number in range(1, count + 7)
    ]
    assert all(b"%d %s" % (number, word.encode()) in frames[number + 5] for number in range(0, count, 500))


async def read_body(sock: socket.socket, head: bytes = b"") -> bytes:
    """The response's body, taken out of its chunks."""
    rest = (head + await read_everything(sock)).partition(b"\r\n\r\n")[2]
    body = bytearray()
    while size := int(rest.partition(b"\r\n")[0], 16):
        start = rest.index(b"\r\n") + 2
        body += rest[start : start + size]
        rest = rest[start + size + 2 :]
    return bytes(body)


async def read_everything(sock: socket.socket) -> bytes:
    loop = asyncio.get_running_loop()
    body = bytearray()
    async with asyncio.timeout(BOUND):
        while part := await loop.sock_recv(sock, 1 << 16):
            body += part
    return bytes(body)


async def test_client_that_reads_byte_by_byte_holds_nobody_up(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    sock = connect(talk, f"GET /threads/{thread_id}/stream HTTP/1.0\r\nhost: localhost\r\n\r\n".encode())
    loop = asyncio.get_running_loop()
    with sock:
        head = b"".join([await loop.sock_recv(sock, 1) for _ in range(20)])
        async with talk.joining(thread_id) as quick:
            answer.say(*(f"{number} " for number in range(1000)))
            answer.finish()
            await quick.rest()
        await talk.idle()
        head += b"".join([await loop.sock_recv(sock, 1) for _ in range(20)])
        assert await read_body(sock, head) == quick.raw


async def test_silence_is_broken_by_comments_and_nothing_else(settings: Settings) -> None:
    settings = settings.model_copy(update={"heartbeat": 0.01})
    async with talking(settings, MemoryStore()) as talk, talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        await stream.until(": \n\n: \n\n: \n\n")
        answer.send(ProgressUpdateEvent(text="Still here"))
        answer.finish()
        await stream.rest()
    assert stream.events[-2]["text"] == "Still here"


async def test_reader_of_a_turn_that_ended_gets_all_of_it_at_once(talk: Talk) -> None:
    async with talk.creating() as stream:
        answer = await talk.server.answer_number(0)
        answer.say(*(f"{number} " for number in range(1000)))
        answer.finish()
        await stream.rest()
    await talk.idle()
    assert await rest_of(talk, stream.thread_id, 0, stream.turn_id) == stream.frames


async def test_who_opens_the_thread_sees_what_is_being_said(talk: Talk) -> None:
    """Once, in both kinds of pages, while it is said and when it is stored."""
    thread_id, answer = await talk.begin()
    await check_shown(talk, thread_id, ["Hello", "One "])
    answer.say("two.")
    await patiently(lambda: answer.said[-1] == "two.")
    await check_shown(talk, thread_id, ["Hello", "One two."])
    answer.finish()
    await talk.idle()
    await check_shown(talk, thread_id, ["Hello", "One two."])


async def check_shown(talk: Talk, thread_id: str, texts: list[str]) -> None:
    thread = await talk.chat.ask("threads.get_by_id", thread_id=thread_id)
    assert [text_of(item) for item in thread["items"]["data"]] == texts
    page = await talk.chat.ask("items.list", thread_id=thread_id, order="desc", limit=10)
    assert [text_of(item) for item in page["data"]] == texts[::-1]


async def test_what_is_being_said_is_seen_once_at_every_moment_of_the_end(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    answer.finish()
    while talk.runner.live:
        await check_shown(talk, thread_id, ["Hello", "One "])
    await check_shown(talk, thread_id, ["Hello", "One "])


async def test_what_is_being_said_is_on_the_newest_page_only(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    page = await talk.chat.ask("items.list", thread_id=thread_id, order="desc", limit=1)
    assert [text_of(item) for item in page["data"]] == ["One ", "Hello"]
    older = await talk.chat.ask(
        "items.list", thread_id=thread_id, order="desc", limit=1, after=page["data"][-1]["id"]
    )
    assert older["data"] == []
    answer.finish()


async def test_others_do_not_see_what_is_being_said(talk: Talk) -> None:
    thread_id, answer = await talk.begin()
    mallory = talk.as_user("mallory")
    for operation in ("threads.get_by_id", "items.list"):
        assert (await mallory.chat.post(operation, thread_id=thread_id)).status_code == 404
    await mallory.http.aclose()
    answer.finish()


async def test_500_streams_at_once(settings: Settings, store: Store) -> None:
    async with talking(settings, store) as talk:
        tasks = [asyncio.create_task(whole(talk, number)) for number in range(500)]
        async with asyncio.timeout(60):
            for number in range(500):
                await talk.server.answer_number(number)
        assert talk.runner.figures.live == 500
        for answer in talk.server.answers:
            answer.say("One ", "two.")
        for answer in talk.server.answers:
            answer.finish()
        async with asyncio.timeout(60):
            texts = await asyncio.gather(*tasks)
        assert texts == ["One two."] * 500
        await talk.idle()


@pytest.mark.slow
async def test_10_000_readers_come_back_to_one_turn(settings: Settings, sqlite_engine: object) -> None:
    """Over the socket, a few at a time, each where it left off; nothing of them is left."""
    store = SQLAlchemyStore(sqlite_engine)  # type: ignore[arg-type]  # an engine
    async with talking(settings, store) as talk:
        thread_id, answer = await talk.begin()
        answer.say(*(f"{number} " for number in range(1000)))
        async with talk.joining(thread_id) as stream:
            await stream.until('"999 "')
            answer.finish()
            await stream.rest()
        await talk.idle()
        url = f"/threads/{thread_id}/stream?turn={stream.turn_id}"
        for first in range(0, 10_000, 20):
            numbers = range(first, first + 20)
            responses = await asyncio.gather(
                *(talk.http.get(f"{url}&after={980 + number % 20}") for number in numbers)
            )
            for number, response in zip(numbers, responses, strict=True):
                assert response.text.startswith(f"id: {981 + number % 20}\n")
        await talk.read_by(0)
        await patiently(lambda: len(talk.runner.followers) == 0)


async def whole(talk: Talk, number: int) -> str:
    body = {"type": "threads.create", "params": {"input": Chat.message(f"Question {number}")}}
    response = await talk.http.post("/chatkit", json=body, timeout=httpx.Timeout(60))
    last = response.content.removesuffix(b"\n\n").rpartition(b"\n\n")[2]
    return text_of(httpx.Response(200, content=last.removeprefix(b"data: ")).json()["item"])
