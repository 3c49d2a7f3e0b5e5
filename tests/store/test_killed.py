"""A process may be killed at any moment: of what belongs together, all is there or nothing."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import new_database

ROOT = Path(__file__).parents[2]

ALONE, ATTACHED = {"atc_1": False}, {"atc_1": True}
"""Attachments: whether the one of the request has its thread."""
OLD_AND_ALONE, OLD_AND_ATTACHED = {"atc_old": True, **ALONE}, {"atc_old": True, **ATTACHED}

State = dict[str, Any]  # Any: JSON


def state(attachments: dict[str, bool], shown: str, known: str = "", title: str | None = None) -> State:
    words = known.split() or shown.split()
    return {"shown": shown.split(), "known": words, "title": title, "attachments": attachments}


BEFORE = state(OLD_AND_ALONE, "Hello Old", "Hello Old Note")
STATES = {
    "create": [
        state(ALONE, ""),
        state(ATTACHED, "Look"),
        state(ATTACHED, "Look New"),
        state(ATTACHED, "Look New", title="Title"),
    ],
    "add": [
        BEFORE,
        state(OLD_AND_ATTACHED, "Hello Old Look", "Hello Old Note Look"),
        state(OLD_AND_ATTACHED, "Hello Old Look New", "Hello Old Note Look New"),
        state(OLD_AND_ATTACHED, "Hello Old Look New", "Hello Old Note Look New", "Title"),
    ],
    "retry": [
        BEFORE,
        state(OLD_AND_ALONE, "Hello New"),
        state(OLD_AND_ALONE, "Hello New", title="Title"),
    ],
    "failing retry": [BEFORE],
    "client tool": [
        state(OLD_AND_ALONE, "pending pending"),
        state(OLD_AND_ALONE, "completed"),
        state(OLD_AND_ALONE, "completed New"),
        state(OLD_AND_ALONE, "completed New", title="Title"),
    ],
    "form": [
        state(OLD_AND_ALONE, "pending"),
        state(OLD_AND_ALONE, "answered"),
        state(OLD_AND_ALONE, "answered New"),
        state(OLD_AND_ALONE, "answered New", title="Title"),
    ],
    "delete": [BEFORE, state(ALONE, "")],
}
"""In which states each request may leave the database, in order."""


SLOW = [name for name in STATES if name != "retry"]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A new database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('killed') / 'chatkit.db'}"
        return
    with new_database(request.getfixturevalue("postgres_server")) as url:
        yield url


def states_after_kills(url: str, *requests: str) -> dict[str, list[State]]:
    """In which states each request left the database: killed at every other moment, and not at all."""
    command = [sys.executable, "-m", "tests.store.killed", url, "2", *requests]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    states: dict[str, list[State]] = json.loads(done.stdout)
    return states


def check(found: list[State], expected: list[State]) -> None:
    assert [state for state in found if state not in expected] == []
    assert [state for state in expected if state not in found] == []
    assert [found[0], found[-1]] == [expected[0], expected[-1]]
    assert len(found) > 5


def test_retry_that_is_killed_leaves_all_or_nothing(url: str) -> None:
    check(states_after_kills(url, "retry")["retry"], STATES["retry"])


@pytest.fixture(scope="module")
def found(url: str) -> dict[str, list[State]]:
    """One process for all of them: most of its time would go into starting."""
    return states_after_kills(url, *SLOW)


@pytest.mark.slow
@pytest.mark.parametrize("request_name", SLOW)
def test_request_that_is_killed_leaves_all_or_nothing(
    found: dict[str, list[State]], request_name: str
) -> None:
    check(found[request_name], STATES[request_name])
