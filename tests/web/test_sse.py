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


class Scripted:
    """A turn that has these portions ready; the log of a real one may know its end or may not."""

    def __init__(self, *portions: Sequence[bytes], knows_its_end: bool) -> None:
        self.portions = [*portions, ()]
        self.knows_its_end = knows_its_end
        self.left = 0

    @property
    def at_end(self) -> bool:
        return self.knows_its_end and len(self.portions) == 1

    async def read(self) -> Sequence[bytes]:
        return self.portions.pop(0)

    def leave(self) -> None:
        self.left += 1


async def staying() -> Message:
    """A client that does not leave."""
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize(("knows_its_end", "bodies"), [(True, [b"12", b"3"]), (False, [b"12", b"3", b""])])
async def test_end_goes_out_with_the_last_frames_where_it_is_known(
    knows_its_end: bool, bodies: list[bytes]
) -> None:
    async def send(message: Message) -> None:
        sent.append(message)

    sent: list[Message] = []
    reader = Scripted([b"1", b"2"], [b"3"], knows_its_end=knows_its_end)
    scope: Scope = {"type": "http", "asgi": {"version": "3.0"}}
    await asyncio.wait_for(EventStreamResponse(reader, heartbeat=15)(scope, staying, send), 5)
    assert [message["body"] for message in sent[1:]] == bodies
    assert [message["more_body"] for message in sent[1:]] == [True] * (len(bodies) - 1) + [False]
    assert reader.left == 1


async def test_client_that_leaves_is_noticed_while_frames_are_always_ready() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None: ...

    reader = Scripted(*[[b"."] * 128] * 1000, knows_its_end=False)
    scope: Scope = {"type": "http", "asgi": {"version": "3.0"}}
    await asyncio.wait_for(EventStreamResponse(reader, heartbeat=0)(scope, receive, send), 5)
    assert reader.left == 1
    assert len(reader.portions) > 900


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
