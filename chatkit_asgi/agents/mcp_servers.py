"""Connections to servers of the Model Context Protocol, each for as long as the app runs.

A server that is away takes nothing down: a task of its own goes on trying to reach it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CONNECTION_CLOSED, CallToolResult, Tool

from chatkit_asgi.errors import BackendError

__all__ = ["McpServer", "Progress"]

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds between attempts to connect; each is twice as long as the one before."""
REFRESH_SECONDS = 60.0
"""How often an idle server is asked whether it is there, and which tools it has."""
PATIENCE = 5.0
"""Seconds for which the start of the app, and a call, wait for a connection that is being made."""
CLOSE_SECONDS = 10.0
MOST_PAGES = 100
SHORTEST_SECRET = 6
"""A shorter one may be a word of any sentence."""

Progress = Callable[[float, float | None, str | None], Awaitable[None]]


class McpServer:
    """One server: a command, which is run and spoken to over its standard streams, or the URL of one.

    `timeout` is how many seconds it may be silent, at connecting and in a call; its progress counts. Of its
    tools, only those in `include` are used where that is given, and none in `exclude`. What is in `env`,
    `headers` and the URL's query is in no log line of ours.
    """

    def __init__(
        self,
        name: str,
        *,
        command: str | None = None,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        url: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 60.0,
        include: Iterable[str] | None = None,
        exclude: Iterable[str] = (),
    ) -> None:
        self.name = name
        self.timeout = timeout
        self.tools: list[Tool] = []
        self._command = StdioServerParameters(
            command=command or "", args=list(args), env=dict(env or {}), cwd=cwd
        )
        self._url = url
        self._headers = dict(headers or {})
        self._include = None if include is None else frozenset(include)
        self._exclude = frozenset(exclude)
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._connected = asyncio.Event()
        self._lost = asyncio.Event()
        self._closing = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        return self._client is not None

    def start(self) -> None:
        """Begin to connect, unless that has happened."""
        if self._task is None:
            self._task = asyncio.create_task(self._stay_connected(), name=f"mcp {self.name}")

    async def settled(self) -> None:
        """Wait for the outcome of the first attempt to connect, but not for long."""
        await _wait(self._settled)

    async def aclose(self) -> None:
        """Close the connection and end the server's process."""
        task, self._task = self._task, None
        if task is None:
            return
        self._closing.set()
        self._lost.set()
        if not self.is_connected:
            task.cancel()
        done, _ = await asyncio.wait([task], timeout=CLOSE_SECONDS)
        if not done:
            task.cancel()
            await asyncio.wait([task], timeout=CLOSE_SECONDS)

    async def probe(self) -> list[str]:
        """The names of its tools, by a connection for this alone. Raises BackendError."""
        try:
            async with asyncio.timeout(self.timeout), self._connection() as client:
                return [tool.name for tool in await self._list(client)]
        except Exception as exc:
            raise BackendError(f"The MCP server {self.name} cannot be used: {self._reason(exc)}.") from exc

    async def call(self, tool: str, arguments: dict[str, Any], on_progress: Progress) -> CallToolResult:
        """What the tool gives. Raises BackendError when the server is away or silent, or refuses."""
        if self._client is None:
            await _wait(self._connected)
        client = self._client
        if client is None:
            raise BackendError(f"The server {self.name} cannot be reached at the moment.")
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.timeout) as silence:

                async def heard(progress: float, total: float | None, message: str | None) -> None:
                    silence.reschedule(loop.time() + self.timeout)
                    await on_progress(progress, total, message)

                return await client.call_tool(tool, arguments, progress_callback=heard)
        except TimeoutError:
            raise BackendError(f"The server {self.name} took too long.") from None
        except Exception as exc:  # whatever its transport raises
            reason = self._reason(exc)
            logger.warning("MCP server %s: the call of %s failed: %s", self.name, tool, reason)
            self._doubt(exc)
            raise BackendError(f"The server {self.name} could not carry it out: {reason}.") from exc

    def _doubt(self, failure: Exception) -> None:
        """Have it found out whether the server is still there; until then, calls wait where it seems gone."""
        if not isinstance(failure, MCPError) or failure.code == CONNECTION_CLOSED:
            self._client = None
            self._connected.clear()
        self._lost.set()

    async def _stay_connected(self) -> None:
        pause = FIRST_PAUSE
        while not self._closing.is_set():
            try:
                async with self._opened() as client:
                    logger.info("MCP server %s is connected: %d tools", self.name, len(self.tools))
                    pause = FIRST_PAUSE
                    await self._watch(client)
            except Exception as exc:  # whatever its transport raises
                reason = self._reason(exc)
                logger.warning("MCP server %s is away, tried again in %g s: %s", self.name, pause, reason)
            finally:
                self._client = None
                self._connected.clear()
                self._settled.set()
            if not self._closing.is_set():
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Client]:
        async with asyncio.timeout(self.timeout) as opening, self._connection() as client:
            self.tools = await self._list(client)
            opening.reschedule(None)
            self._lost.clear()
            self._use(client)
            yield client

    async def _watch(self, client: Client) -> None:
        """Returns when the app ends; raises when the server has gone."""
        while not self._closing.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(REFRESH_SECONDS):
                    await self._lost.wait()
            if self._closing.is_set():
                return
            self._lost.clear()
            async with asyncio.timeout(self.timeout):
                self.tools = await self._list(client)
            self._use(client)

    def _use(self, client: Client) -> None:
        self._client = client
        self._connected.set()
        self._settled.set()

    def _connection(self) -> Any:  # Any: an async context manager of a Client
        return _http_client(self._url, self._headers, self.timeout) if self._url else Client(self._command)

    async def _list(self, client: Client) -> list[Tool]:
        found: list[Tool] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await client.list_tools(cursor=cursor, cache_mode="refresh")
            found += page.tools
            cursor = page.next_cursor
            if not cursor:
                break
        return [tool for tool in found if self._is_wanted(tool.name)]

    def _is_wanted(self, tool: str) -> bool:
        return (self._include is None or tool in self._include) and tool not in self._exclude

    def _secrets(self) -> set[str]:
        """What a server, or a library, might repeat: values, and the words of them, as behind ``Bearer``."""
        url = urlsplit(self._url or "")
        asked = (value for _, value in parse_qsl(url.query))
        given = [*self._headers.values(), *(self._command.env or {}).values(), *asked, url.password or ""]
        return {word for value in given for word in (value, *value.split()) if len(word) >= SHORTEST_SECRET}

    def _reason(self, exc: BaseException) -> str:
        """What went wrong, in a line without secrets."""
        while isinstance(exc, BaseExceptionGroup):
            exc = exc.exceptions[0]
        text = " ".join(f"{type(exc).__name__}: {exc}".split())[:500]
        for secret in sorted(self._secrets(), key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


async def _wait(event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await event.wait()


@asynccontextmanager
async def _http_client(url: str, headers: Mapping[str, str], silence: float) -> AsyncIterator[Client]:
    # how long a call may be silent is counted apart; a stream between calls may be for ever
    limits = httpx2.Timeout(silence, read=None)
    async with (
        httpx2.AsyncClient(headers=dict(headers), timeout=limits) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        yield client
