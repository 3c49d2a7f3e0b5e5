"""Connections that mean no good, on a real socket: each gets its answer, and nobody else waits for it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from chatkit_asgi import Settings, create_app
from chatkit_asgi.web import heads
from tests.hostile.fuzz import BOUND

LIST = b'{"type":"threads.list","params":{}}'
HEAD = b"POST /chatkit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(LIST) + LIST
QUICK = 0.2
"""Seconds of patience where it is to run out."""


class Wire:
    """A connection to the app."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> tuple[int, bytes]:
        """The status and the body of one answer that has a length."""
        async with asyncio.timeout(BOUND):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.partition(b":")[2])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length")
            )
            return int(head.split(b" ")[1]), await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """All that comes until the server closes, with or without having read everything."""
        found = b""
        async with asyncio.timeout(BOUND):
            with suppress(ConnectionError):
                while piece := await self.reader.read(4096):
                    found += piece
        return found


class House:
    """The app on a port."""

    def __init__(self, address: tuple[str, int], server: uvicorn.Server) -> None:
        self.address = address
        self.server = server

    @asynccontextmanager
    async def wire(self) -> AsyncIterator[Wire]:
        reader, writer = await asyncio.open_connection(*self.address)
        try:
            yield Wire(reader, writer)
        finally:
            writer.transport.abort()

    async def serves(self) -> None:
        """Raises unless somebody who means well is served."""
        async with self.wire() as wire:
            await wire.send(WHOLE)
            assert (await wire.answer())[0] == 200

    async def is_left(self) -> None:
        """Wait until no connection and no request is left over."""
        state = self.server.server_state
        async with asyncio.timeout(BOUND):
            while state.connections or state.tasks:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.01)


@pytest.fixture(params=["httptools", "h11"])
async def house(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    if request.param == "httptools" and not heads.HAS_HTTPTOOLS:
        pytest.skip("httptools is not installed")
    monkeypatch.setattr(heads, "HAS_HTTPTOOLS", request.param == "httptools")
    app = create_app(Settings(data_dir=tmp_path, demo_delay=0, idle_timeout=QUICK))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, http=heads.protocol(QUICK * 2), log_level="critical", access_log=False)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield House(listener.getsockname(), server)
        finally:
            server.should_exit = True
            await asyncio.wait_for(task, BOUND)


async def test_heads_that_never_end_are_not_waited_for(house: House) -> None:
    async with house.wire() as silent, house.wire() as slow:
        await slow.send(HEAD)
        await house.serves()
        for wire in (silent, slow):
            assert b" 408 " in await wire.rest()
        await house.serves()
    await house.is_left()


async def test_second_head_is_not_waited_for_either(house: House) -> None:
    async with house.wire() as wire:
        await wire.send(WHOLE)
        assert (await wire.answer())[0] == 200
        await wire.send(b"POST /cha")
        assert b" 408 " in await wire.rest()


async def test_whoever_comes_back_in_time_is_served(house: House) -> None:
    async with house.wire() as wire:
        for _ in range(5):
            await wire.send(WHOLE[:30])
            await wire.send(WHOLE[30:])
            assert (await wire.answer())[0] == 200


async def test_endless_head_is_refused(house: House) -> None:
    async with house.wire() as wire:
        wire.writer.write(HEAD + b"X-Endless: " + b"x" * (2 * heads.MAX_HEAD))
        check_refused(await wire.rest())
    await house.serves()


async def test_many_headers_are_refused(house: House) -> None:
    async with house.wire() as wire:
        wire.writer.write(HEAD + b"".join(b"X-%d: x\r\n" % number for number in range(20_000)))
        check_refused(await wire.rest())
    await house.serves()


def check_refused(answer: bytes) -> None:
    """Whoever still sends may not get to read it."""
    assert not answer or answer.split(b" ")[1] in (b"400", b"431")


@pytest.mark.parametrize("path", ["/chatkit", "/files"])
async def test_body_that_stops_is_not_waited_for(house: House, path: str) -> None:
    head = HEAD.replace(b"/chatkit", path.encode()).replace(
        b"application/json", b"multipart/form-data; boundary=xyz"
    )
    async with house.wire() as wire:
        await wire.send(head + b"Content-Length: 1000\r\n\r\n--xyz\r\n")
        await house.serves()
        answer = await wire.rest()
    assert b" 408 " in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "timeout"
    await house.is_left()


async def test_body_that_drips_has_an_end(house: House) -> None:
    async with house.wire() as wire:
        await wire.send(HEAD + b"Content-Length: 100000\r\n\r\n")

        async def drip() -> None:
            while True:
                await wire.send(b" ")
                await asyncio.sleep(QUICK / 8)  # as often as a patient attacker has to

        dripping = asyncio.create_task(drip())
        answer = await wire.rest()
        dripping.cancel()
    assert b" 408 " in answer


@pytest.mark.parametrize("cut", [5, len(HEAD), len(WHOLE) - 10])
async def test_half_open_and_broken_connections_leave_nothing(house: House, cut: int) -> None:
    async with house.wire() as half, house.wire():
        await half.send(WHOLE[:cut])
        half.writer.write_eof()  # says that it sends no more, and listens on
        async with house.wire() as reset:
            await reset.send(WHOLE[:cut])
        await house.serves()
        await half.rest()
    await house.is_left()


async def test_client_that_asks_and_does_not_wait_leaves_nothing(house: House) -> None:
    body = json.dumps(
        {
            "type": "threads.create",
            "params": {"input": {"content": [{"type": "input_text", "text": "/long"}]}},
        }
    ).encode()
    for _ in range(5):
        async with house.wire() as wire:
            await wire.send(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    await house.serves()
    await house.is_left()


async def test_pipelined_requests_are_answered_in_order(house: House) -> None:
    unknown = b'{"type":"nothing","params":{}}'
    async with house.wire() as wire:
        await wire.send((WHOLE + HEAD + b"Content-Length: %d\r\n\r\n" % len(unknown) + unknown) * 20)
        assert [(await wire.answer())[0] for _ in range(40)] == [200, 400] * 20


async def test_form_of_ten_thousand_parts_is_refused(house: House) -> None:
    part = b'--xyz\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n'
    body = b"".join(part % number for number in range(10_000)) + b"--xyz--\r\n"
    head = HEAD.replace(b"/chatkit", b"/files").replace(
        b"application/json", b"multipart/form-data; boundary=xyz"
    )
    async with house.wire() as wire:
        wire.writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        status, answer = await wire.answer()
    assert status == 400
    assert json.loads(answer)["error"]["code"] == "invalid_request"


SMUGGLED = {
    "two lengths": b"Content-Length: 3\r\nContent-Length: 35\r\n\r\n",
    "length and chunks": b"Content-Length: 35\r\nTransfer-Encoding: chunked\r\n\r\n",
    "length that is none": b"Content-Length: abc\r\n\r\n",
    "negative length": b"Content-Length: -1\r\n\r\n",
    "huge length": b"Content-Length: 99999999999999999999999\r\n\r\n",
    "chunks that are none": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "folded header": b"X-A: b\r\n c\r\nContent-Length: 35\r\n\r\n",
    "name with a blank": b"Content-Length : 35\r\n\r\n",
}


@pytest.mark.parametrize("rest", SMUGGLED.values(), ids=SMUGGLED)
async def test_doubtful_lengths_let_nothing_through(house: House, rest: bytes) -> None:
    """What a proxy in front may read in another way is answered once at most, and the connection ends."""
    async with house.wire() as wire:
        await wire.send(HEAD + rest + LIST + WHOLE)
        answers = await wire.rest()
    assert answers.count(b"HTTP/1.1 200") <= 2 if b"X-A" in rest else answers.count(b"HTTP/1.1 200") <= 1
    await house.serves()


async def test_chunked_body_without_end_is_cut_off(house: House) -> None:
    async with house.wire() as wire:
        await wire.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"

        async def send_on() -> None:
            for _ in range(4000):
                await wire.send(chunk)

        with pytest.raises(ConnectionError):  # the answer is 413, and what goes on coming is not read
            await send_on()
    await house.is_left()


BODIES = {
    "huge number": b'{"type":"threads.list","params":{"limit":' + b"9" * 5000 + b"}}",
    "deep": b'{"type":"threads.list","params":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "no UTF-8": b'{"type":"threads.list","params":{"after":"\xff\xfe"}}',
    "compressed": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "half a surrogate": b'{"type":"threads.update","params":{"thread_id":"t","title":"\\ud800"}}',
    "nothing": b"   ",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_awkward_bodies_are_refused(house: House, body: bytes) -> None:
    async with house.wire() as wire:
        await wire.send(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        status, answer = await wire.answer()
    assert status in (400, 404)
    assert json.loads(answer)["error"]["message"]


async def test_last_of_several_keys_counts(house: House) -> None:
    body = b'{"type":"threads.delete","type":"threads.list","params":null,"params":{}}'
    async with house.wire() as wire:
        await wire.send(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert (await wire.answer())[0] == 200


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "DELETE", "PATCH", "GET"])
async def test_other_methods_are_refused(house: House, method: str) -> None:
    async with house.wire() as wire:
        await wire.send(
            HEAD.replace(b"POST", method.encode()) + b"Content-Length: 0\r\nConnection: close\r\n\r\n"
        )
        assert b" 405 " in await wire.rest()


async def test_upgrade_to_a_websocket_goes_nowhere(house: House) -> None:
    async with house.wire() as wire:
        await wire.send(
            b"GET /chatkit HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        async with asyncio.timeout(BOUND):
            status = (await wire.reader.readuntil(b"\r\n\r\n")).split(b" ")[1]
    assert status in (b"403", b"405")
    await house.serves()


async def test_long_address_is_answered(house: House) -> None:
    async with house.wire() as wire:
        await wire.send(
            b"GET /" + b"a" * 30_000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        assert b" 404 " in await wire.rest()


def test_protocol_without_httptools_is_h11(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "HAS_HTTPTOOLS", False)
    assert issubclass(heads.protocol(1), H11Protocol)
