"""A process that stood still for longer than its lease is taken for dead, and has to stay it."""

import signal
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import func, select

from chatkit_asgi.server.recovery import INTERRUPTED_NOTE
from chatkit_asgi.types import ThreadItem
from tests.processes.look import Database, notes_of, questions_of, texts_of
from tests.processes.talk import Talk, script
from tests.processes.workers import Site, serving

LEASE = 1.5
ENDLESS = 1_000_000
SCRIPTS = {
    "frames": script(["say", ENDLESS, 0.01]),
    "items": script(["say", 3, 0], ["hold", "go"], ["say", 3, 0], ["say", 3, 0]),
}
"""What it is about to write when it stands still."""


@pytest.mark.parametrize("what", SCRIPTS)
async def test_process_that_was_taken_for_dead_writes_nothing_more(
    site: Site, here: Database, what: str
) -> None:
    async with serving(site, count=2, lease=LEASE) as (first, second), Talk() as talk:
        answer = talk.create(first.url, SCRIPTS[what])
        await answer.has_begun(3)
        joined = talk.join(second.url, answer.thread_id)
        await joined.has_begun(3)
        first.send(signal.SIGSTOP)
        assert (await joined.ended()).can_be_retried
        before = await state(here, answer.thread_id)
        site.open("go")
        first.send(signal.SIGCONT)
        assert (await answer.ended()).can_be_retried
        await first.ready()
        assert await state(here, answer.thread_id) == before
        assert [*map(len, before[:2]), *before[2:4]] == [1, 1, [INTERRUPTED_NOTE], {"interrupted": 1}]
        again = await talk.say(first.url, answer.thread_id, script(["say", 1, 0])).ended()
        assert (again.status, again.types[-1]) == (200, "thread.item.done")


async def state(here: Database, thread_id: str) -> list[Any]:  # Any: of each kind another type
    """What could be written to."""
    items: Sequence[ThreadItem] = await here.items(thread_id)
    frames = here.store.tables.turn_frames
    async with here.store.database.read() as connection:
        count = await connection.scalar(select(func.count()).select_from(frames))
    return [questions_of(items), texts_of(items), notes_of(items), await here.statuses(), count]


@pytest.mark.slow
async def test_thread_is_usable_twenty_seconds_after_its_process_was_killed(
    site: Site, here: Database
) -> None:
    """With the lease that operators have."""
    async with serving(site, count=2) as (first, second), Talk() as talk:
        answer = talk.create(first.url, script(["say", ENDLESS, 0.01]))
        await answer.has_begun(100)  # far more than is said between two writes to the log
        await first.stop()
        await here.no_turn_runs(bound=20)
        again = await talk.say(second.url, answer.thread_id, script(["say", 1, 0])).ended()
        assert (again.status, again.types[-1]) == (200, "thread.item.done")
        assert len(texts_of(await here.items(answer.thread_id))) == 2
