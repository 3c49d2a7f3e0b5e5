"""Pauses that end early when the process does: nothing that writes need then be cancelled in the middle."""

import asyncio

__all__ = ["rest"]


async def rest(seconds: float, stopping: asyncio.Event) -> None:
    """Wait that long, or until there is nothing more to wait for."""
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        pass
