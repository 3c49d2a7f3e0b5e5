"""Notices between processes, by PostgreSQL's NOTIFY: ids only, as few as hold those of a transaction."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Literal
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped]  # it has no annotations
from sqlalchemy.ext.asyncio import AsyncEngine

from chatkit_asgi.errors import BackendError
from chatkit_asgi.store.sql import ERRORS, connected, translated
from chatkit_asgi.streams.log import Heard

__all__ = ["Notices"]

logger = logging.getLogger(__name__)

LONGEST = 7_999
"""Bytes of one notice."""
LOOK_SECONDS = 15.0
"""How often the server is asked for a sign of life: a broken network does not tell."""
LOOK_TIMEOUT = 5.0

Kind = Literal["frames", "cancel"]
Driver = Any
"""A connection of asyncpg, which has no annotations."""


class Notices:
    """The notices of one log on a channel: those it sends are known by its name, and not heard by itself."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self._name = uuid4().hex[:12]

    def parameters(self, kind: Kind, turn_ids: Collection[str]) -> dict[str, object]:
        """For a statement that notifies."""
        return {"channel_": self.channel, "notices_": list(self._notices(kind, turn_ids))}

    def head(self, kind: Kind) -> str:
        """What a notice begins with; after it come ids, each behind a blank."""
        return f"{kind} {self._name}"

    def _notices(self, kind: Kind, turn_ids: Collection[str]) -> Iterator[str]:
        notice = head = self.head(kind)
        for turn_id in turn_ids:
            longer = f"{notice} {turn_id}"
            if len(longer.encode()) > LONGEST:
                yield notice
                longer = f"{head} {turn_id}"
            notice = longer
        if notice != head:
            yield notice

    async def listen(self, engine: AsyncEngine, heard: Heard) -> None:
        """Tell of others' notices until cancelled. Raises BackendError when the connection is lost.

        Returns at once where there can be none: behind a pooler, or with another driver.
        """
        async with _connection(engine) as driver:
            if driver is None:
                logger.info("there is no LISTEN on this connection: readers look into the log by themselves")
                return
            lost = asyncio.Event()
            driver.add_termination_listener(lambda _: lost.set())
            await driver.add_listener(self.channel, partial(self._hear, heard))
            await _until_lost(driver, lost)

    def _hear(self, heard: Heard, _driver: Driver, _pid: int, _channel: str, notice: str) -> None:
        kind, name, *turn_ids = notice.split(" ")
        if name == self._name:
            return
        if kind == "frames":
            heard("frames", turn_ids)
        elif kind == "cancel":  # a newer release may know more of them
            heard("cancel", turn_ids)


async def _until_lost(driver: Driver, lost: asyncio.Event) -> None:
    while not lost.is_set():
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await lost.wait()
        except TimeoutError:
            await driver.execute("SELECT 1", timeout=LOOK_TIMEOUT)
    raise BackendError("The connection to the database that listens was lost.")


@asynccontextmanager
async def _connection(engine: AsyncEngine) -> AsyncIterator[Driver | None]:
    """A connection as the engine makes them, but not of its pool; None if it is not straight to a server."""
    async with connected(engine) as connection:
        pooled = await connection.get_raw_connection()
        driver: Driver = pooled.driver_connection
        with translated(*ERRORS):
            if not isinstance(driver, asyncpg.Connection) or await _has_pooler(driver):
                yield None
                return
            pooled.detach()
            try:
                yield driver
            finally:
                driver.terminate()  # at once, even if the server does not answer


async def _has_pooler(driver: Driver) -> bool:
    """A pooler that hands a server from one to the next makes up the number of its process."""
    pid = await driver.fetchval("SELECT pg_backend_pid()", timeout=LOOK_TIMEOUT)
    return bool(pid != driver.get_server_pid())
