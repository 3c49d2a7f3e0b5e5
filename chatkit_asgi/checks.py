"""Tries what the settings name, for `chatkit-asgi check`."""

import asyncio
from collections.abc import Awaitable, Iterator
from typing import Any

from chatkit_asgi.application import create_files, open_blobs, open_store, prepare
from chatkit_asgi.errors import ChatKitError
from chatkit_asgi.lifetime import Lifetime
from chatkit_asgi.mcp_config import McpEntry, read_mcp
from chatkit_asgi.servers import create_server
from chatkit_asgi.settings import Settings
from chatkit_asgi.store.memory import MemoryStore

__all__ = ["check"]


async def check(settings: Settings) -> list[tuple[str, object]]:
    """Try what the settings name: a list of parts, each with a word on it or the exception it raised."""
    return [
        ("database", await _outcome(_check_database(settings))),
        ("files", await _outcome(_check_files(settings))),
        ("answers", await _outcome(_check_answers(settings))),
        *[(f"mcp {server}", await _outcome(check)) for server, check in _mcp_checks(settings)],
    ]


async def _outcome(attempt: Awaitable[str]) -> object:
    try:
        return await attempt
    except ChatKitError as exc:
        return exc


async def _check_database(settings: Settings) -> str:
    store = open_store(settings)
    try:
        await store.ping()
        if not settings.migrates_at_start:
            await prepare(store, settings)
    finally:
        await store.aclose()
    return store.engine.url.render_as_string(hide_password=True)


async def _check_files(settings: Settings) -> str:
    await asyncio.to_thread(open_blobs(settings).probe)
    return settings.files


async def _check_answers(settings: Settings) -> str:
    store: MemoryStore[Any] = MemoryStore()
    create_server(settings, store, create_files(settings, store), Lifetime())
    return settings.server or settings.agent or (settings.model if settings.has_model else "the demo model")


def _mcp_checks(settings: Settings) -> Iterator[tuple[str, Awaitable[str]]]:
    """A check for each MCP server; one for their list as a whole, where that is not good."""
    try:
        entries = read_mcp(settings.mcp.get_secret_value())
    except ChatKitError as exc:
        yield "servers", _refuse(exc)
        return
    for name, entry in entries.items():
        yield name, _check_mcp(name, entry)


async def _refuse(exc: Exception) -> str:
    raise exc


async def _check_mcp(name: str, entry: McpEntry) -> str:
    # here and not above: the Agents SDK takes seconds to load, and nobody else may need it
    from chatkit_asgi.agents import McpServer

    return ", ".join(await McpServer(name, **entry.arguments).probe()) or "no tools"
