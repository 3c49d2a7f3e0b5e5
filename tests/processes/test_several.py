"""Several processes on one database: a turn of one can be read and stopped in all others."""

import asyncio
from contextlib import AsyncExitStack

from chatkit_asgi.server.base import CUT_OFF_NOTE
from tests.pgbouncer import pooler
from tests.processes.look import Database, notes_of, questions_of, texts_of
from tests.processes.proxy import round_robin
from tests.processes.talk import Reading, Talk, script
from tests.processes.workers import Site, serving

ENDLESS = 1_000_000
PAUSE = 0.02
DELTAS_IN_A_SECOND = 50
"""At most, with that pause between them."""


async def test_turn_is_begun_read_and_stopped_in_three_processes(site: Site, here: Database) -> None:
    async with serving(site, count=3) as (first, second, third), Talk() as talk:
        answer = talk.create(first.url, script(["say", ENDLESS, PAUSE]))
        await answer.has_begun(3)
        joined = talk.join(second.url, answer.thread_id, after=2)
        await joined.has_begun(5)
        assert joined.ids == list(range(3, 3 + len(joined.ids)))
        await check_shown(talk, third.url, joined)
        await check_stop(talk, third.url, answer, joined, here)


async def check_shown(talk: Talk, url: str, joined: Reading) -> None:
    """Who opens the conversation sees what is being said, unless it is too new to be in the log."""
    shown = await talk.ask(url, "threads.get_by_id", thread_id=thread_of(joined))
    running = shown["items"]["data"][-1]
    assert running["type"] == "assistant_message"
    text = running["content"][0]["text"]
    await joined.until(lambda joined: joined.text.startswith(text))
    assert text


async def check_stop(talk: Talk, url: str, answer: Reading, joined: Reading, here: Database) -> None:
    """It is effective within a second, and keeps what was said."""
    said = answer.text.count(" ")
    stopped = await talk.cancel(url, answer.thread_id)
    assert stopped["status"] == "cancelled"
    for reading in (answer, joined):
        await reading.ended()
        assert not reading.is_broken
    assert answer.text.count(" ") - said <= DELTAS_IN_A_SECOND
    assert joined.text == answer.text
    items = await here.items(answer.thread_id)
    assert list(texts_of(items).values()) == [answer.text]
    assert notes_of(items) == [CUT_OFF_NOTE]
    assert await here.statuses() == {"cancelled": 1}


def thread_of(reading: Reading) -> str:
    return next(str(event["item"]["thread_id"]) for event in reading.events if "item" in event)


async def test_second_message_waits_while_somebody_reads_and_makes_its_way_otherwise(
    site: Site, here: Database
) -> None:
    async with serving(site, count=3, on_disconnect="continue") as (first, second, third), Talk() as talk:
        answer = talk.create(first.url, script(["say", ENDLESS, PAUSE]))
        await answer.has_begun()
        question = script(["say", 1, 0])
        refused = await talk.say(second.url, answer.thread_id, question).ended()
        assert (refused.status, refused.error and refused.error["error"]["type"]) == (
            409,
            "invalid_request_error",
        )
        await answer.leave()
        accepted = await accepted_answer(talk, third.url, answer.thread_id, question)
        assert accepted.types[-1] == "thread.item.done"
        turns = await here.turns(answer.thread_id)
        assert [turn.status for turn in turns] == ["cancelled", "done"]
        items = await here.items(answer.thread_id)
        assert len(questions_of(items)) == 2
        cut_off, _ = texts_of(items).values()
        assert cut_off.startswith(answer.text)


async def accepted_answer(talk: Talk, url: str, thread_id: str, question: str) -> Reading:
    """The client's departure takes its time to be known everywhere."""
    while True:
        reading = await talk.say(url, thread_id, question).ended()
        if reading.status == 200:
            return reading
        assert reading.status == 409


async def test_turn_that_is_read_elsewhere_only_is_read(site: Site, here: Database) -> None:
    async with serving(site, count=3) as (first, second, third), Talk() as talk:
        answer = talk.create(first.url, script(["hold", "go"], ["say", 3, 0]), ChatKit_Resume="1")
        await answer.until(lambda answer: "thread.item.done" in answer.types)
        joined = talk.join(second.url, answer.thread_id)
        await joined.until(lambda joined: "thread.item.done" in joined.types)
        await answer.leave()
        refused = await talk.say(third.url, answer.thread_id, script()).ended()
        assert refused.status == 409
        site.open("go")
        assert (await joined.ended()).types[-1] == "thread.item.done"
        assert await here.statuses() == {"done": 1}


async def test_turn_stops_soon_when_its_last_reader_leaves_elsewhere(site: Site, here: Database) -> None:
    """Long before anybody's lease ends; and not while a third process has a reader."""
    async with serving(site, count=3, lease=60) as (first, second, third), Talk() as talk:
        answer = talk.create(first.url, script(["say", ENDLESS, PAUSE]))
        await answer.has_begun(1)
        joined, other = (talk.join(worker.url, answer.thread_id) for worker in (second, third))
        await joined.has_begun(1)
        await other.has_begun(1)
        await answer.leave()
        await joined.leave()
        said = other.text.count(" ")
        await other.has_begun(said + 4 * DELTAS_IN_A_SECOND)
        assert await here.statuses() == {"running": 1}
        await other.leave()
        await here.no_turn_runs(bound=10)
        assert await here.statuses() == {"cancelled": 1}


async def test_turn_whose_thread_is_deleted_elsewhere_ends_for_all_readers(
    site: Site, here: Database
) -> None:
    async with serving(site, count=3) as (first, second, third), Talk() as talk:
        answer = talk.create(first.url, script(["say", ENDLESS, PAUSE]))
        await answer.has_begun(3)
        joined = talk.join(second.url, answer.thread_id)
        await joined.has_begun(3)
        await talk.ask(third.url, "threads.delete", thread_id=answer.thread_id)
        for reading in (answer, joined):
            last = (await reading.ended()).events[-1]
            assert (last["type"], last["message"]) == ("error", "This conversation was deleted.")
        assert await here.turns() == []
        for worker in (first, second, third):
            assert "Traceback" not in worker.log


async def test_repeated_requests_join_the_first_in_whichever_process(site: Site, here: Database) -> None:
    async with serving(site, count=3) as workers, Talk() as talk:
        text = script(["tool", "charge"], ["hold", "go"], ["say", 3, 0])
        readings = [
            talk.create(workers[number % 3].url, text, Idempotency_Key="key-1") for number in range(15)
        ]
        for reading in readings:
            await reading.until(lambda reading: "thread.item.done" in reading.types)
        other = await talk.create(workers[1].url, script(), Idempotency_Key="key-1").ended()
        assert other.status == 409
        site.open("go")
        assert {(await reading.ended()).turn_id for reading in readings} == {readings[0].turn_id}
        assert {reading.text for reading in readings} == {readings[0].text}
        (thread_id,) = await here.thread_ids()
        assert questions_of(await here.items(thread_id)) == [text]
        assert len(site.notes) == 1


async def test_three_processes_behind_a_round_robin_proxy(site: Site, here: Database) -> None:
    """With a transcript: `pytest -rP` prints it."""
    async with AsyncExitStack() as stack:
        workers = await stack.enter_async_context(serving(site, count=3, on_disconnect="continue"))
        ports = {worker.port: f"process {number}" for number, worker in enumerate(workers, 1)}
        told: list[str] = []

        def tell(port: int, line: str) -> None:
            told.append(f"{ports[port]}: {line}")
            print(told[-1])

        url = await stack.enter_async_context(round_robin(list(ports), tell=tell))
        talk = await stack.enter_async_context(Talk())
        print(f"three processes on {here.store.engine.dialect.name}, each connection goes to the next")
        answer = talk.create(url, script(["say", ENDLESS, PAUSE]))
        await answer.has_begun(3)
        print(f"  turn {answer.turn_id[:8]} begins, 3 deltas have come")
        joined = talk.join(url, answer.thread_id, after=4)
        await joined.has_begun(3)
        print(f"  the second reader begins with event {joined.ids[0]}, and is at {joined.ids[-1]}")
        shown = await talk.ask(url, "threads.get_by_id", thread_id=answer.thread_id)
        text = shown["items"]["data"][-1]["content"][0]["text"]
        print(f"  the conversation shows {text.count(' ')} deltas of the running answer")
        refused = await talk.say(url, answer.thread_id, script()).ended()
        print(f"  a second message: {refused.status}, {refused.error and refused.error['error']['message']}")
        print(f"  items that are stored and shown: {len(await talk.items(url, answer.thread_id))}")
        said = answer.text.count(" ")
        print(f"  stop, after {said} deltas: {(await talk.cancel(url, answer.thread_id))['status']}")
        await asyncio.gather(answer.ended(), joined.ended())
        print(f"  {answer.text.count(' ') - said} more deltas came; both readers have ended")
        (stored,) = texts_of(await here.items(answer.thread_id)).values()
        print(f"  stored: {stored.count(' ')} deltas; the turn is {(await here.turns())[0].status}")
        done = await talk.say(url, answer.thread_id, script(["say", 2, 0])).ended()
        print(f"  the next message: {done.status}, ends with {done.types[-1]}")
        assert answer.text == joined.text == stored
        assert (refused.status, done.status, done.types[-1]) == (409, 200, "thread.item.done")
        assert text
        assert await here.statuses() == {"cancelled": 1, "done": 1}
        begun, read, stopped = told[0], told[1], next(line for line in told if line.endswith("/cancel"))
        assert len({line.split(": ")[0] for line in (begun, read, stopped)}) == 3


async def test_behind_a_pooler_processes_find_each_others_turns_by_looking(postgres_site: Site) -> None:
    with pooler(postgres_site.database_url, servers=4) as url:
        settings = {"database_url": f"{url}&pgbouncer=true"}
        async with serving(postgres_site, count=3, **settings) as (first, second, third), Talk() as talk:
            answer = talk.create(first.url, script(["say", ENDLESS, PAUSE]))
            await answer.has_begun()
            joined = talk.join(second.url, answer.thread_id)
            await joined.has_begun(5)
            said = answer.text.count(" ")
            assert (await talk.cancel(third.url, answer.thread_id))["status"] == "cancelled"
            assert (await joined.ended()).text == (await answer.ended()).text
            assert answer.text.count(" ") - said <= DELTAS_IN_A_SECOND
