"""The database goes away while answers stream: they go on, and are written when it is back."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import pytest
from sqlalchemy import text

from tests.postgres import Server
from tests.processes.conftest import on_postgres
from tests.processes.look import Database, database, texts_of
from tests.processes.talk import Talk, script
from tests.processes.workers import BOUND, Site, serving, until

LEASE = 1.5
PAUSE = 0.02
DELTAS_IN_TWO_LEASES = 150

LISTENERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
DROP = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY (:pids)"


@pytest.fixture
def spare_site(tmp_path: Path, spare_server: Server) -> Iterator[Site]:
    with on_postgres(tmp_path, spare_server.url) as site:
        yield site
        spare_server.start()


@pytest.fixture
async def there(postgres_site: Site) -> AsyncIterator[Database]:
    async with database(postgres_site.database_url) as found:
        yield found


async def listeners(there: Database) -> set[int]:
    """The connections on which processes hear of each other."""
    async with there.store.database.read() as connection:
        return {row[0] for row in await connection.execute(text(LISTENERS))}


async def test_turn_is_read_to_its_end_when_the_connection_that_listens_is_lost(
    postgres_site: Site, there: Database
) -> None:
    async with serving(postgres_site, count=2) as (first, second), Talk() as talk:
        answer = talk.create(first.url, script(["say", 20, PAUSE], ["hold", "go"], ["say", 20, PAUSE]))
        joined = talk.join(second.url, await answer.thread())
        await joined.until(lambda joined: len(joined.texts()) == 1)
        heard = await listeners(there)
        assert len(heard) == 2
        async with there.store.database.write() as connection:
            await connection.execute(text(DROP), {"pids": list(heard)})
        await until(lambda: "are polled" in second.log)
        postgres_site.open("go")
        assert (await joined.ended()).types[-1] == "thread.item.done"
        assert joined.text == (await answer.ended()).text
        # and then they hear of each other again
        with anyio.fail_after(BOUND):
            while len(await listeners(there) - heard) < 2:  # noqa: ASYNC110
                await anyio.sleep(0.05)
        other = talk.say(first.url, answer.thread_id, script(["say", 20, PAUSE]))
        await other.has_begun()
        joined = talk.join(second.url, answer.thread_id)
        assert (await joined.ended()).text == (await other.ended()).text


@pytest.mark.slow
async def test_turns_outlive_a_restart_of_the_database(spare_site: Site, spare_server: Server) -> None:
    """While it is away nobody can renew a lease: that makes nobody dead."""
    async with serving(spare_site, count=3, lease=LEASE) as (first, second, third), Talk() as talk:
        steps = (["say", 400, PAUSE], ["hold", "go"], ["say", 3, 0])
        answers = [talk.create(worker.url, script(*steps)) for worker in (first, second)]
        for answer in answers:
            await answer.has_begun(3)
        joined = talk.join(third.url, answers[0].thread_id)
        await joined.has_begun(3)
        said = answers[0].text.count(" ")
        spare_server.stop()
        await answers[0].has_begun(said + DELTAS_IN_TWO_LEASES)
        spare_server.start()
        spare_site.open("go")
        for reading in (*answers, joined):
            assert (await reading.ended()).types[-1] == "thread.item.done"
        assert joined.text == answers[0].text
        async with database(spare_site.database_url) as here:
            assert await here.statuses() == {"done": 2}
            for answer in answers:
                assert texts_of(await here.items(answer.thread_id)) == answer.texts()


@pytest.mark.slow
async def test_message_to_a_live_turn_ends_it_properly_when_the_database_is_just_back(
    spare_site: Site, spare_server: Server
) -> None:
    """Its lease has ended, and who asks first must not take it for dead."""
    async with serving(spare_site, count=2, lease=LEASE) as (first, second), Talk() as talk:
        answer = talk.create(first.url, script(["say", 1_000_000, PAUSE]))
        await answer.has_begun(3)
        said = answer.text.count(" ")
        spare_server.stop()
        await answer.has_begun(said + DELTAS_IN_TWO_LEASES)
        spare_server.start()
        reading = await talk.say(second.url, answer.thread_id, script(["say", 1, 0])).ended()
        while reading.status == 503:
            reading = await talk.say(second.url, answer.thread_id, script(["say", 1, 0])).ended()
        async with database(spare_site.database_url) as here:
            assert "interrupted" not in await here.statuses()
