"""Whatever is sent, the answer is whole and says what was wrong; the app stands as before."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hostile.fuzz import check, standing
from tests.hostile.mutations import Asked

INPUTS = 2_500


@pytest.mark.parametrize("seed", [20_261, 20_262])
async def test_mutated_requests_are_answered_one_by_one(tmp_path: Path, seed: int) -> None:
    async with standing(tmp_path, seed) as wall:
        tasks = len(asyncio.all_tasks())
        for _ in range(INPUTS):
            await wall.throw()
        await wall.stands()
        assert len(asyncio.all_tasks()) == tasks
    assert {status for _, status in wall.answers} >= {2, 4}
    assert wall.answers.total() == INPUTS


async def test_mutated_requests_are_answered_at_once(tmp_path: Path) -> None:
    async with standing(tmp_path, 20_263) as wall:
        tasks = len(asyncio.all_tasks())
        for _ in range(20):
            await asyncio.gather(*(wall.throw() for _ in range(25)))
        await wall.stands()
        assert len(asyncio.all_tasks()) == tasks


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["thread_id", "item_id", "input", "content", "attachments", "limit", "order", "after", "title", "action"]
)


def test_any_json_is_answered(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        wall = runner.run(stack.enter_async_context(standing(tmp_path, 1)))
        operations = [asked.tree["type"] for asked in wall.requests if asked.path == "/chatkit"]

        @settings(max_examples=600, derandomize=True)
        @given(st.sampled_from(operations), JSON | st.dictionaries(NAMES, JSON, max_size=5), JSON)
        def answer(operation: str, params: object, metadata: object) -> None:
            body = json.dumps({"type": operation, "params": params, "metadata": metadata}).encode()
            asked = Asked("POST", "/chatkit", body)
            check(asked, runner.run(wall.send(asked)))

        try:
            answer()
            runner.run(wall.stands())
        finally:
            runner.run(stack.aclose())


FOUND = {
    "byte in the query that is no ASCII": Asked("GET", "/files/atc_1", query=b"token=\xb9"),
    "the same, of a search": Asked("GET", "/threads/search", query=b"q=\xff"),
}
"""What once was answered wrongly."""


@pytest.mark.parametrize("asked", FOUND.values(), ids=FOUND)
async def test_what_was_found_stays_mended(tmp_path: Path, asked: Asked) -> None:
    async with standing(tmp_path, 1) as wall:
        answered = await wall.send(asked)
    check(asked, answered)
    assert answered.status == 400
