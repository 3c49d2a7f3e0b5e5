"""A process that is told to end lets its answers end, interrupts the others, and keeps what they said."""

import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from chatkit_asgi.server.base import CUT_OFF_NOTE
from tests.processes.look import Database, notes_of, texts_of
from tests.processes.talk import Reading, Talk, script
from tests.processes.workers import APP, Site, Worker, serving, until

STREAMS = 100


@asynccontextmanager
async def under_streams(
    site: Site, *arguments: str, app: str = APP, path: str = "", shutdown_grace: float, lease: float = 15
) -> AsyncIterator[tuple[Worker, Talk, list[Reading]]]:
    """A process in the middle of many answers, none of which comes to its end by itself."""
    async with (
        serving(site, *arguments, app=app, path=path, shutdown_grace=shutdown_grace, lease=lease) as (
            worker,
        ),
        Talk() as talk,
    ):
        readings = [talk.create(worker.url, script(["say", 3, 0], ["hold", "end"])) for _ in range(STREAMS)]
        for reading in readings:
            await reading.until(lambda reading: "thread.item.done" in reading.types[-1:])
        yield worker, talk, readings


async def check_interrupted(here: Database, readings: list[Reading], statuses: set[str]) -> None:
    """Readers may try again; nothing is anybody's wish; what was said is there."""
    for reading in readings:
        await reading.ended()
    assert Counter(reading.can_be_retried for reading in readings) == {True: len(readings)}
    turns = await here.turns()
    assert len(turns) == len(readings)
    assert {turn.status for turn in turns} <= statuses
    for reading in readings[:10]:
        items = await here.items(reading.thread_id)
        assert texts_of(items) == reading.texts()
        assert notes_of(items) == [CUT_OFF_NOTE]


SERVERS = {
    "plain": ((), 0.3),
    "workers": (("--workers", "2"), 0.3),
    "short patience": (("--timeout-graceful-shutdown", "2"), 8),
}
"""How uvicorn is started, and the grace period; that of the last one is longer than uvicorn's patience."""


@pytest.mark.parametrize(
    "name", ["plain", *(pytest.param(name, marks=pytest.mark.slow) for name in ("workers", "short patience"))]
)
async def test_process_that_is_told_to_end_interrupts_its_answers(
    site: Site, here: Database, name: str
) -> None:
    arguments, grace = SERVERS[name]
    async with under_streams(site, *arguments, shutdown_grace=grace) as (worker, _, readings):
        await worker.stop(signal.SIGTERM)
        await check_interrupted(here, readings, {"interrupted"})


@pytest.mark.slow
@pytest.mark.parametrize("app", ["careful", "careless"])
async def test_mounted_app_interrupts_its_answers_with_its_host(site: Site, here: Database, app: str) -> None:
    app = f"tests.processes.hosts:{app}"
    async with under_streams(site, "--factory", app=app, path="/chat", shutdown_grace=0.3) as (
        worker,
        _,
        readings,
    ):
        await worker.stop(signal.SIGTERM)
        await check_interrupted(here, readings, {"interrupted"})


@pytest.mark.slow
async def test_answers_that_end_within_the_grace_period_are_done(site: Site, here: Database) -> None:
    async with under_streams(site, shutdown_grace=30) as (worker, _, readings):
        worker.send(signal.SIGTERM)
        site.open("end")
        await worker.ended()
        for reading in readings:
            assert (await reading.ended()).types[-1] == "thread.item.done"
        assert await here.statuses() == {"done": STREAMS}


@pytest.mark.slow
async def test_second_interrupt_ends_the_process_at_once(site: Site, here: Database) -> None:
    arguments = ("--log-level", "info")
    async with under_streams(site, *arguments, shutdown_grace=600, lease=1.5) as (worker, _, readings):
        worker.send(signal.SIGINT)
        await until(lambda: "Shutting down" in worker.log)
        await worker.stop(signal.SIGINT)
        for reading in readings:
            await reading.ended()
    assert "cancelled" not in await here.statuses()
    async with serving(site, lease=1.5):
        await here.no_turn_runs()
        assert await here.statuses() == {"interrupted": STREAMS}


async def test_server_that_waits_for_its_balancer_is_not_ready_and_takes_no_turns(
    site: Site, here: Database
) -> None:
    async with serving(site, app="tests.processes.hosts", shutdown_grace=30) as (worker,), Talk() as talk:
        reading = talk.create(worker.url, script(["say", 1, 0], ["hold", "end"], ["say", 1, 0]))
        await reading.has_begun()
        worker.send(signal.SIGTERM)
        while (await talk.http.get(f"{worker.url}/readyz")).status_code != 503:
            pass
        assert (await talk.http.get(f"{worker.url}/healthz")).status_code == 200
        refused = await talk.create(worker.url, script()).ended()
        assert (refused.status, refused.error and refused.error["error"]["code"]) == (503, "unavailable")
        site.open("end")
        assert (await reading.ended()).types[-1] == "thread.item.done"
        assert await worker.stop(signal.SIGUSR1) == 0
    assert await here.statuses() == {"done": 1}


async def test_client_that_leaves_while_the_server_ends_has_stopped_nothing(
    site: Site, here: Database
) -> None:
    """Whether it was the server that closed the connection cannot be told."""
    async with serving(site, app="tests.processes.hosts", shutdown_grace=30) as (worker,), Talk() as talk:
        reading = talk.create(worker.url, script(["say", 3, 0], ["hold", "end"]))
        await reading.has_begun(3)
        worker.send(signal.SIGTERM)
        while (await talk.http.get(f"{worker.url}/readyz")).status_code != 503:
            pass
        await reading.leave()
        assert await worker.stop(signal.SIGUSR1) == 0
    assert await here.statuses() == {"interrupted": 1}


async def test_reader_of_anothers_turn_goes_on_elsewhere_and_misses_nothing(
    site: Site, here: Database
) -> None:
    """A process that ends does not wait for turns that run in another one."""
    async with serving(site, count=2, shutdown_grace=0.3) as (first, second), Talk() as talk:
        answer = talk.create(first.url, script(["say", 3, 0], ["hold", "go"], ["say", 3, 0]))
        joined = talk.join(second.url, await answer.thread())
        await joined.has_begun(3)
        await second.stop(signal.SIGTERM)
        assert (await joined.ended()).can_be_retried
        assert joined.ids[-1] == joined.ids[-2], "what is no event of the turn has no number of its own"
        rest = talk.join(first.url, answer.thread_id, after=joined.ids[-1])
        site.open("go")
        assert joined.events[:-1] + (await rest.ended()).events == (await answer.ended()).events
        assert await here.statuses() == {"done": 1}
