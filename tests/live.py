"""A real HTTP server on a loopback port, for what only a socket shows: streams and clients that leave."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

__all__ = ["serving"]


@asynccontextmanager
async def serving(app: ASGIApp, *, grace: int = 5) -> AsyncIterator[str]:
    """Serve `app` in this event loop; gives its base URL. The socket listens at once.

    `grace`: how long open responses may go on when the block ends, in seconds.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app, ws="none", access_log=False, log_level="critical", timeout_graceful_shutdown=grace
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await asyncio.wait_for(task, 20)
