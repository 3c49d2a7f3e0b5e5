"""The smaller parts of the bridge: accumulated text, converters of a model's output, contexts."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.agents.scripts import delta, item_added, message, text_done
from tests.parity.packages import MOMENT, OURS, PEER, Package, agreed_clock
from tests.parity.stores import make_store
from tests.parity.test_agents_runs import BOX, FILE, NAMELESS, PAGE

BOTH = [OURS, PEER]
EVENTS = [item_added(message()), delta("Hel"), delta(""), delta("lo", "m2"), text_done("other")]


async def _events(count: int) -> AsyncIterator[Any]:
    for event in EVENTS[:count]:
        yield event


@pytest.mark.parametrize("component", ["Text", "Markdown"])
@pytest.mark.parametrize("count", [0, 1, 3, len(EVENTS)])
def test_text_is_accumulated_alike(component: str, count: int) -> None:
    async def states(package: Package) -> list[Any]:
        widget = getattr(package.widgets, component)(id="t", value="first", streaming=True)
        found = package.agents.accumulate_text(_events(count), widget)
        return [state.model_dump(mode="json") async for state in found]

    with agreed_clock():
        ours, theirs = (asyncio.run(states(package)) for package in BOTH)
    assert ours == theirs


@pytest.mark.parametrize("partial_images", [None, 0, -1, 1, 3])
@pytest.mark.parametrize("index", [0, 1, 2, 9])
def test_progress_of_images_is_alike(partial_images: int | None, index: int) -> None:
    ours, theirs = (package.agents.ResponseStreamConverter(partial_images=partial_images) for package in BOTH)
    assert ours.partial_image_index_to_progress(index) == theirs.partial_image_index_to_progress(index)


def test_converters_answer_alike() -> None:
    async def answers(package: Package) -> list[Any]:
        converter = package.agents.ResponseStreamConverter()
        found = [
            await converter.url_citation_to_annotation(PAGE),
            await converter.file_citation_to_annotation(FILE),
            await converter.file_citation_to_annotation(NAMELESS),
            await converter.container_file_citation_to_annotation(BOX),
        ]
        urls = [
            await converter.base64_image_to_url("i", "AA=="),
            await converter.base64_image_to_url("i", "", 1),
        ]
        return [*urls, *[each and each.model_dump(mode="json") for each in found]]

    ours, theirs = (asyncio.run(answers(package)) for package in BOTH)
    assert ours == theirs


def test_contexts_ask_the_store_for_ids_alike() -> None:
    async def ids(package: Package) -> list[str]:
        thread = package.types.ThreadMetadata(id="thr_1", created_at=MOMENT)
        context = package.agents.AgentContext(thread=thread, store=make_store(package), request_context=None)
        assert context.thread is thread
        kinds = ("message", "workflow", "tool_call", "task", "attachment", "thread")
        return [context.generate_id(kind) for kind in kinds] + [context.generate_id("thread", thread)]

    ours, theirs = (asyncio.run(ids(package)) for package in BOTH)
    assert ours == theirs


def test_contexts_need_the_same_fields() -> None:
    ours, theirs = (package.agents.AgentContext.model_fields for package in BOTH)
    assert {name: field.is_required() for name, field in ours.items()} == {
        name: field.is_required() for name, field in theirs.items()
    }
