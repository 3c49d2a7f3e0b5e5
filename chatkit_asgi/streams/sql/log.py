"""`SQLTurnLog`: the turn log's contract on SQLite and PostgreSQL."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

from chatkit_asgi.clock import utcnow
from chatkit_asgi.errors import ConflictError, NotFoundError, RepeatedRequestError, TurnRunningError
from chatkit_asgi.locale import user_text
from chatkit_asgi.store.sql import Database, Tables
from chatkit_asgi.streams.batches import Batch, frames_after
from chatkit_asgi.streams.log import (
    FRAMES_AT_ONCE,
    LEASE_SECONDS,
    Ending,
    Frames,
    Heard,
    NewTurn,
    Slice,
    TurnRecord,
    TurnStatus,
    Worker,
)
from chatkit_asgi.streams.refusals import lease_lost, too_many, unknown_turn
from chatkit_asgi.streams.sql.postgres import PostgresTurns
from chatkit_asgi.streams.sql.sqlite import SQLiteTurns
from chatkit_asgi.streams.sql.statements import to_record

__all__ = ["SQLTurnLog"]

ATTEMPTS = 3
"""At an admission; each meets a turn that has ended when we look at it."""
PURGED_AT_ONCE = 50
"""Nobody waits long for the locks of so many turns."""
MOST_FRAMES = 2**31 - 1 - FRAMES_AT_ONCE
"""Numbers beyond that would not fit, and are beyond every turn's end anyway."""


class SQLTurnLog:
    """Keeps turns in the `tables` of a store that has the same `database`, and shares its transactions.

    `lease` is in seconds. One log stands for one process: what it does itself it does not hear of.
    """

    def __init__(self, database: Database, tables: Tables, *, lease: float = LEASE_SECONDS) -> None:
        self._database = database
        turns = SQLiteTurns if tables.dialect == "sqlite" else PostgresTurns
        self._turns = turns(database, tables, lease=lease)
        self._sql = self._turns.sql

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        async with self._database.transaction():
            yield

    async def admit(self, turn: NewTurn, *, most: int) -> None:
        """Also raises NotFoundError when the owner has no such thread."""
        row = {
            "id_": turn.id,
            "thread_id_": turn.thread_id,
            "owner_": turn.owner,
            "worker_": turn.worker,
            "allow_cancel_": turn.allow_cancel,
            "request_key_": turn.request_key,
            "request_hash_": turn.request_hash,
            "most_": most,
        }
        async with self._database.transaction():
            if most:
                await self._turns.serialize(turn.owner)
            for _ in range(ATTEMPTS):
                if await self._database.change(self._sql["admit"], {**row, **self._turns.times()}):
                    return
                await self._refuse(turn, most)
        raise ConflictError(user_text("This conversation is busy: please try again."))

    async def _refuse(self, turn: NewTurn, most: int) -> None:
        """Raise what stands against the turn, if something still does."""
        row = {"owner_": turn.owner, "thread_id_": turn.thread_id, "request_key_": turn.request_key}
        ((repeated, running, count, is_known),) = await self._database.fetch(self._sql["refusal"], row)
        if repeated is not None:
            raise RepeatedRequestError
        if running is not None:
            raise TurnRunningError(running)
        if not is_known:
            raise NotFoundError(user_text("Thread {id} was not found.", id=turn.thread_id))
        if most and count >= most:
            raise too_many(most)

    async def withdraw(self, turn_id: str) -> None:
        await self._database.change(self._sql["withdraw"], {"id_": turn_id})

    async def load(self, turn_id: str, owner: str) -> TurnRecord:
        found = await self._find("load", id_=turn_id, owner_=owner)
        if found is None:
            raise unknown_turn()
        return found

    async def find_running(self, thread_id: str, owner: str) -> TurnRecord | None:
        return await self._find("find_running", thread_id_=thread_id, owner_=owner)

    async def find_key(self, request_key: str, owner: str) -> TurnRecord | None:
        return await self._find("find_key", request_key_=request_key, owner_=owner)

    async def find_repeated(self, request_hash: str, owner: str) -> TurnRecord | None:
        return await self._find("find_repeated", request_hash_=request_hash, owner_=owner)

    async def _find(self, statement: str, **row: str) -> TurnRecord | None:
        rows = await self._database.fetch(self._sql[statement], {**row, **self._turns.times()})
        return to_record(rows[0]) if rows else None

    async def read(self, turn_id: str, owner: str, after: int) -> Slice:
        after = min(max(after, 0), MOST_FRAMES)
        row = {"id_": turn_id, "owner_": owner, "after_": after, "enough_": after + FRAMES_AT_ONCE}
        rows = await self._database.fetch(self._sql["read"], row)
        if not rows or rows[0][1]:
            raise unknown_turn()
        has_ended, _, newest, *_ = rows[0]
        batches = [Batch(last, count, joined) for _, _, _, last, count, joined in rows if last is not None]
        reached = batches[-1].last if batches else after
        return Slice(frames_after(batches, after), bool(has_ended) and reached >= (newest or 0))

    async def write(
        self, worker: Worker, frames: Sequence[Frames], endings: Sequence[Ending] = ()
    ) -> Collection[str]:
        frames = [batch for batch in frames if batch.frames]
        meant = {batch.turn_id for batch in frames} | {ending.turn_id for ending in endings}
        return meant - await self._turns.write(worker, frames, endings) if meant else meant

    async def note_usage(self, endings: Sequence[Ending]) -> None:
        async with self._database.transaction():
            for ending in endings:
                await self._note_usage(ending)

    async def _note_usage(self, ending: Ending) -> None:
        if (usage := ending.usage) is None:
            return
        tokens = {"input_": usage.input_tokens, "output_": usage.output_tokens}
        row = {
            "id_": ending.turn_id,
            "model_": usage.model,
            "cached_": usage.cached_tokens,
            "reasoning_": usage.reasoning_tokens,
            "first_": ending.first_token_seconds,
            **tokens,
        }
        for (owner,) in await self._database.change(self._sql["note_usage"], row):
            day = {"owner_": owner, "day_": utcnow().date(), **tokens}
            await self._database.change(self._sql["note_day"], day)

    async def tokens_of_today(self, owner: str) -> int:
        row = {"owner_": owner, "day_": utcnow().date()}
        rows = await self._database.fetch(self._sql["tokens_of_day"], row)
        return int(rows[0][0]) if rows else 0

    async def renew(self, worker: Worker, read: Collection[str]) -> Sequence[TurnRecord]:
        records = map(to_record, await self._turns.renew(worker, read))
        return [record for record in records if record.worker == worker]

    async def leave(self, worker: Worker, turn_id: str) -> TurnRecord | None:
        """A claim from outside the worker's process is shared by all such processes, which may renew it."""
        row = {"worker_": worker, "id_": turn_id, **self._turns.times()}
        rows = await self._database.change(self._sql["leave"], row)
        return to_record(rows[0]) if rows else None

    async def claim(self, worker: Worker, turn_ids: Collection[str]) -> None:
        await self._turns.claim(worker, turn_ids)

    async def cancel(self, turn_id: str) -> None:
        await self._turns.cancel(turn_id)

    async def cancelled(self, worker: Worker) -> Collection[str]:
        rows = await self._database.fetch(self._sql["cancelled"], {"worker_": worker})
        return [row[0] for row in rows]

    async def require_held(self, turn_id: str, worker: Worker) -> None:
        if not await self._database.fetch(self._sql["require_held"], {"id_": turn_id, "worker_": worker}):
            raise lease_lost()

    async def expired(self) -> Sequence[TurnRecord]:
        rows = await self._database.fetch(self._sql["expired"], self._turns.times())
        return [to_record(row) for row in rows]

    async def take_expired(self, turn_id: str) -> TurnRecord | None:
        return await self._find("take_expired", id_=turn_id)

    async def end(self, turn_id: str, last_words: bytes, status: TurnStatus) -> None:
        await self._turns.end(turn_id, last_words, status)

    async def purge(self, seconds: float) -> int:
        purged = some = await self._turns.purge(seconds, PURGED_AT_ONCE)
        while some == PURGED_AT_ONCE:
            some = await self._turns.purge(seconds, PURGED_AT_ONCE)
            purged += some
        return purged

    async def listen(self, heard: Heard) -> None:
        await self._turns.listen(heard)
