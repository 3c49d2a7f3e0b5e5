"""A server that does what the user's message says, for tests that run it in processes of their own.

The message is JSON: `name` tells it from all others, `steps` are carried out in order:

    ["tool", "charge"]     notes the call in the file CHATKIT_TEST_NOTES, as a tool with side effects would
    ["say", 40, 0.01]      a message of so many deltas, each after such a pause, in seconds
    ["hold", "gate"]       waits until there is a file of that name in the folder CHATKIT_TEST_GATES

Each delta says when it was made, in milliseconds of the machine's monotonic clock, and its number.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from chatkit_asgi.clock import utcnow
from chatkit_asgi.context import RequestContext
from chatkit_asgi.server import ChatKitServer
from chatkit_asgi.types import (
    AssistantMessageContent,
    AssistantMessageContentPartAdded,
    AssistantMessageContentPartTextDelta,
    AssistantMessageItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemUpdatedEvent,
    ThreadMetadata,
    ThreadStreamEvent,
    UserMessageItem,
)

__all__ = ["Talker"]

LOOK_SECONDS = 0.02


class Talker(ChatKitServer[RequestContext]):
    """What `CHATKIT_SERVER` names."""

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: RequestContext
    ) -> AsyncIterator[ThreadStreamEvent]:
        said = input_user_message.content if input_user_message else []
        script = json.loads("".join(part.text for part in said))
        for step in script["steps"]:
            match step:
                case ["tool", tool]:
                    note(f"{script['name']} {tool}")
                case ["hold", gate]:
                    await opened(gate)
                case ["say", count, pause]:
                    async for event in self._say(thread, context, count, pause):
                        yield event

    async def _say(
        self, thread: ThreadMetadata, context: RequestContext, count: int, pause: float
    ) -> AsyncIterator[ThreadStreamEvent]:
        item = AssistantMessageItem(
            id=self.store.generate_item_id("message", thread, context),
            thread_id=thread.id,
            created_at=utcnow(),
            content=[],
        )
        yield ThreadItemAddedEvent(item=item)
        begun = AssistantMessageContentPartAdded(content_index=0, content=AssistantMessageContent(text=""))
        yield ThreadItemUpdatedEvent(item_id=item.id, update=begun)
        text = ""
        for number in range(count):
            await asyncio.sleep(pause)
            delta = f"{time.monotonic_ns() // 1_000_000}:{number} "
            text += delta
            update = AssistantMessageContentPartTextDelta(content_index=0, delta=delta)
            yield ThreadItemUpdatedEvent(item_id=item.id, update=update)
        done = item.model_copy(update={"content": [AssistantMessageContent(text=text)]})
        yield ThreadItemDoneEvent(item=done)


def note(line: str) -> None:
    """One write, so that it is there or not, whatever happens to the process."""
    descriptor = os.open(os.environ["CHATKIT_TEST_NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


async def opened(gate: str) -> None:
    path = Path(os.environ["CHATKIT_TEST_GATES"]) / gate
    while not path.exists():  # noqa: ASYNC110  # another process makes it
        await asyncio.sleep(LOOK_SECONDS)
