"""accumulate_text: a widget whose text is the model's answer so far."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatkit_asgi.agents import accumulate_text
from chatkit_asgi.widgets import Text
from tests.agents.scripts import delta, item_added, message

pytestmark = pytest.mark.filterwarnings("ignore:Named widget classes:DeprecationWarning")


async def values(*events: Any) -> list[tuple[str, bool | None]]:
    async def stream() -> AsyncIterator[Any]:
        for event in events:
            yield event

    widgets = accumulate_text(stream(), Text(value="…", streaming=True))
    return [(widget.value, widget.streaming) async for widget in widgets]


async def test_widget_grows_with_each_delta_and_then_stops_streaming() -> None:
    grown = await values(item_added(message()), delta("Hel"), delta("lo"))
    assert grown == [("…", True), ("Hel", True), ("Hello", True), ("Hello", False)]


async def test_without_any_text_the_widget_ends_empty() -> None:
    assert await values() == [("…", True), ("", False)]
