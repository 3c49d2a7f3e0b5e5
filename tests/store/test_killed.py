"""A process may be killed at any moment: of what belongs together, all is there or nothing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

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


def states_after_kills(engine: AsyncEngine, request: str, step: int) -> list[State]:
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.store.killed", url, request, str(step)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    states: list[State] = json.loads(done.stdout)
    return states


@pytest.mark.parametrize("request_name", ["create", "retry"])
async def test_request_that_is_killed_leaves_all_or_nothing(engine: AsyncEngine, request_name: str) -> None:
    found = states_after_kills(engine, request_name, step=8)
    assert [state for state in found if state not in STATES[request_name]] == []
    assert [found[0], found[-1]] == [STATES[request_name][0], STATES[request_name][-1]]


@pytest.mark.slow
@pytest.mark.parametrize("request_name", STATES)
async def test_request_that_is_killed_at_any_moment_leaves_all_or_nothing(
    engine: AsyncEngine, request_name: str
) -> None:
    found = states_after_kills(engine, request_name, step=2)
    assert [state for state in found if state not in STATES[request_name]] == []
    assert [state for state in STATES[request_name] if state not in found] == []
    assert found[-1] == STATES[request_name][-1]
    assert len(found) > 5
