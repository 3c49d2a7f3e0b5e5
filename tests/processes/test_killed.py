"""A worker may be killed at any moment: what was accepted is there, and so is what was seen."""

import asyncio
from collections import Counter

import pytest

from tests.processes.killing import Account, Killing
from tests.processes.look import Database
from tests.processes.workers import Site

SLOWEST_FLUSH = 1000
"""Milliseconds. It is due every 200; the rest is for a machine that has other things to do."""

LINES = {"postgresql": 4, "sqlite": 2}
"""How many workers at once take less time, and are not kept waiting by each other: SQLite has one writer."""


async def kill_and_check(site: Site, here: Database, *, lines: int, rounds: int, seed: int) -> Account:
    """So many workers at once, each of which is killed and followed by another one so many times."""
    killings = [Killing(site, here, 100 * seed + line) for line in range(lines)]
    async with asyncio.TaskGroup() as group:
        for killing in killings:
            group.create_task(killing.run(rounds))
    account = Account.sum(killing.account for killing in killings)
    calls = Counter(site.notes)
    account.tools = sum(calls.values())
    assert account.kills == lines * rounds
    assert account.messages_lost == 0
    twice = [call.split()[0] for call, count in calls.items() if count > 1]
    retried = [name for name in twice if any(killing.was_retried(name) for killing in killings)]
    assert twice == retried, "a tool was called twice"
    assert max(calls.values()) <= 2
    assert max(account.gaps, default=0) < SLOWEST_FLUSH
    assert account.gaps_strict == []
    assert "running" not in await here.statuses()
    return account


async def test_worker_that_is_killed_leaves_what_was_accepted_and_seen(site: Site, here: Database) -> None:
    account = await kill_and_check(site, here, lines=1, rounds=12, seed=1)
    assert account.interrupted > 0


@pytest.mark.slow
async def test_worker_is_killed_two_hundred_times(
    site: Site, here: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = LINES[here.store.engine.dialect.name]
    account = await kill_and_check(site, here, lines=lines, rounds=200 // lines, seed=2)
    with capsys.disabled():
        print(f"\n{account.table()}")
    assert account.accepted > 600
    assert account.interrupted > 200
