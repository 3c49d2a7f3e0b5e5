"""Behind nginx as it comes: events arrive when they are made, and a long silence breaks nothing."""

import pytest

from tests.processes.nginx import before
from tests.processes.talk import Talk, script
from tests.processes.workers import Site, serving


async def test_events_arrive_through_nginx_when_they_are_made(sqlite_site: Site) -> None:
    async with serving(sqlite_site) as (worker,), Talk() as talk:
        with before(worker.url) as url:
            steps = (["hold", "begin"], ["say", 3, 0.01], ["hold", "go"], ["say", 3, 0])
            answer = talk.create(url, script(*steps))
            await answer.thread()  # what comes with the head of a response is passed on in any case
            sqlite_site.open("begin")
            await answer.has_begun(3)
            joined = talk.join(url, answer.thread_id)
            await joined.has_begun(3)
            sqlite_site.open("go")
            for reading in (answer, joined):
                assert (await reading.ended()).types[-1] == "thread.item.done"
                assert not reading.is_broken


async def silence(site: Site, heartbeat: float, directives: str, beats: int) -> None:
    """One that lasts for so many heartbeats, which is longer than nginx waits for the next byte."""
    async with serving(site, heartbeat=heartbeat) as (worker,), Talk() as talk:
        with before(worker.url, directives) as url:
            answer = talk.create(url, script(["hold", "go"], ["say", 3, 0]))
            await answer.until(lambda answer: answer.heartbeats >= beats, bound=120)
            site.open("go")
            assert (await answer.ended()).types[-1] == "thread.item.done"
            assert not answer.is_broken


async def test_heartbeats_keep_a_silent_stream_alive(sqlite_site: Site) -> None:
    await silence(sqlite_site, 0.4, "proxy_read_timeout 1s;", beats=5)


@pytest.mark.slow
async def test_tool_may_be_silent_for_longer_than_nginx_waits_by_default(sqlite_site: Site) -> None:
    await silence(sqlite_site, 15, "", beats=5)
