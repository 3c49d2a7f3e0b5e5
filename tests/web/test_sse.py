"""The response that carries a stream, over plain ASGI."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.types import Message, Scope

from chatkit_asgi.web.sse import EventStreamResponse


class Silent:
    """A turn that says nothing and does not end."""

    at_end = False

    def __init__(self) -> None:
        self.left = False

    async def read(self) -> Sequence[bytes]:
        await asyncio.Event().wait()
        return ()

    def leave(self) -> None:
        self.left = True


@pytest.mark.parametrize("spec_version", [None, "2.0", "2.3", "2.4", "2.9"])
async def test_lost_client_is_noticed_whatever_the_asgi_version(spec_version: str | None) -> None:
    """From 2.4 on, servers may raise from `send` instead: but nothing is sent here."""

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message["type"])

    sent: list[str] = []
    reader = Silent()
    asgi = {"version": "3.0"} | ({"spec_version": spec_version} if spec_version else {})
    scope: Scope = {"type": "http", "asgi": asgi}
    await asyncio.wait_for(EventStreamResponse(reader, heartbeat=0)(scope, receive, send), 5)
    assert reader.left
    assert sent == ["http.response.start"]
