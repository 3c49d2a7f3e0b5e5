"""The part of a conversation that the model sees."""

from typing import Any

import pytest
from agents import TResponseInputItem
from hypothesis import given
from hypothesis import strategies as st

from chatkit_asgi.agents.agent_server import AgentServer
from chatkit_asgi.agents.window import MEDIA_TOKENS, estimated_tokens, fit
from chatkit_asgi.context import RequestContext
from chatkit_asgi.store.memory import MemoryStore
from tests.factories import make_assistant_message, make_thread, make_user_message


def user(text: str) -> Any:
    return {"role": "user", "content": [{"type": "input_text", "text": text}]}


def assistant(text: str) -> Any:
    return {"role": "assistant", "content": [{"type": "output_text", "text": text}]}


def call(number: int) -> Any:
    return {"type": "function_call", "call_id": f"c{number}", "name": "add", "arguments": "{}"}


def output(number: int) -> Any:
    return {"type": "function_call_output", "call_id": f"c{number}", "output": "x" * 400}


TALK = [user("a" * 400), assistant("b" * 400), user("c" * 400), call(1), output(1), assistant("d" * 40)]


def test_all_is_seen_where_it_fits() -> None:
    assert fit(TALK, 10_000) == TALK
    assert fit(TALK, 0) == TALK
    assert fit([], 10) == []


def test_window_begins_with_a_users_message() -> None:
    total = sum(map(estimated_tokens, TALK))
    assert fit(TALK, total - 1) == TALK[2:]


def test_last_message_is_seen_however_long_it_is() -> None:
    assert fit(TALK, 1) == TALK[2:]
    assert fit([user("a" * 100_000)], 10) == [user("a" * 100_000)]


def test_message_of_several_entries_is_whole() -> None:
    quoted = [user("quoted"), user("asked" * 100)]
    assert fit([user("a"), assistant("b"), *quoted, assistant("c")], 160) == [*quoted, assistant("c")]


def test_images_count_as_what_they_cost() -> None:
    image: Any = {"role": "user", "content": [{"type": "input_image", "image_url": "data:" + "x" * 900_000}]}
    assert MEDIA_TOKENS < estimated_tokens(image) < MEDIA_TOKENS + 20


@given(st.lists(st.sampled_from(["user", "assistant", "tool"]), max_size=30), st.integers(0, 2_000))
def test_no_output_is_without_its_call(kinds: list[str], most: int) -> None:
    entries: list[TResponseInputItem] = []
    for number, kind in enumerate(kinds):
        entries += {"user": [user("u" * 90)], "assistant": [assistant("a" * 90)]}.get(
            kind, [call(number), output(number)]
        )
    seen: Any = fit(entries, most)
    assert seen == entries[len(entries) - len(seen) :]
    calls = {entry["call_id"] for entry in seen if entry.get("type") == "function_call"}
    assert {entry["call_id"] for entry in seen if entry.get("type") == "function_call_output"} <= calls
    if any(kind == "user" for kind in kinds):
        assert any(entry.get("role") == "user" for entry in seen)


ROLE = estimated_tokens(user(""))
SAMPLES = {
    "English": (
        "The committee will meet again on Thursday to discuss the results of the survey, and everybody who "
        "took part in it is welcome to ask questions about how the figures were found and what follows from "
        "them.",
        39,
    ),
    "German": (
        "Der Ausschuss trifft sich am Donnerstag wieder, um über die Ergebnisse der Umfrage zu sprechen, und "
        "alle, die daran teilgenommen haben, können fragen, wie die Zahlen zustande gekommen sind.",
        39,
    ),
    "Chinese": (
        "委员会将于星期四再次开会讨论调查结果，欢迎所有参加调查的人提出问题，了解这些数字是如何得出的。",
        33,
    ),
    "code": ("def add(first: int, second: int) -> int:\n    total = first + second\n    return total\n", 24),
}
"""Texts and the tokens that they have in the vocabulary `o200k_base`."""


@pytest.mark.parametrize(("text", "tokens"), SAMPLES.values(), ids=SAMPLES)
def test_estimate_is_of_the_right_size(text: str, tokens: int) -> None:
    assert tokens * 0.85 < estimated_tokens(user(text)) - ROLE < tokens * 1.35


async def test_history_that_is_cut_begins_with_a_message(context: RequestContext) -> None:
    store: MemoryStore[RequestContext] = MemoryStore()
    server: AgentServer[RequestContext] = AgentServer(store, history_items=4)
    thread = make_thread()
    await store.save_thread(thread, context)
    for number in range(3):
        await store.add_thread_item(thread.id, make_user_message(id=f"u{number}"), context)
        for part in "ab":
            await store.add_thread_item(thread.id, make_assistant_message("x", id=f"{number}{part}"), context)
    assert [item.id for item in await server.load_history(thread, context)] == ["u2", "2a", "2b"]
    server.history_items = 100
    assert len(await server.load_history(thread, context)) == 9
