"""A small round-robin proxy: each connection goes to the next of several servers, whoever it belongs to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import cycle

__all__ = ["round_robin"]

AT_ONCE = 1 << 16


@asynccontextmanager
async def round_robin(ports: Sequence[int], *, tell: Callable[[int, str], object]) -> AsyncIterator[str]:
    """The URL under which servers on these ports of this machine are reached in turn.

    `tell` is called with the port and the first line of each connection.
    """
    following = cycle(ports)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = next(following)
        above, below = await asyncio.open_connection("127.0.0.1", port)
        line = await reader.readline()
        tell(port, line.decode().removesuffix(" HTTP/1.1\r\n"))
        below.write(line)
        pipes = [asyncio.create_task(_pipe(reader, below)), asyncio.create_task(_pipe(above, writer))]
        try:
            # when either of them leaves, the other one learns of it
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pipe in pipes:
                pipe.cancel()
            below.close()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while part := await reader.read(AT_ONCE):
            writer.write(part)
            await writer.drain()
    except OSError:
        pass  # one side has left
