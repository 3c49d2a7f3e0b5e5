"""What the turn log does in its own way on SQLite, where a transaction has the database to itself."""

import json
from collections.abc import Collection, Sequence
from datetime import timedelta

from chatkit_asgi.clock import utcnow
from chatkit_asgi.store.sql import Database, Rows, Tables
from chatkit_asgi.streams.batches import to_batches
from chatkit_asgi.streams.log import PARTING_SECONDS, Ending, Frames, Heard, TurnStatus, Worker
from chatkit_asgi.streams.sql.statements import Statements

__all__ = ["SQLiteTurns"]

WORDS = {"now": ":now_", "until": ":until_", "soon": ":soon_", "long_ago": ":long_ago_"}

STATEMENTS = {
    # One statement for all batches: their bytes are one value, of which each takes its part. A batch that is
    # there already is given back, too.
    "write": """
INSERT INTO {frames} (turn_id, last, count, frames)
SELECT json_extract(batch.value, '$[0]'), json_extract(batch.value, '$[1]'),
    json_extract(batch.value, '$[2]'),
    substr(:joined_, json_extract(batch.value, '$[3]'), json_extract(batch.value, '$[4]'))
FROM json_each(:batches_) AS batch JOIN {turns} AS turns ON turns.id = json_extract(batch.value, '$[0]')
WHERE turns.worker = :worker_ AND (
    turns.status = 'running'
    OR turns.id IN (SELECT json_extract(value, '$[0]') FROM json_each(:endings_))
)
ON CONFLICT (turn_id, last) DO UPDATE SET count = excluded.count RETURNING turn_id
""",
    "write_endings": """
UPDATE {turns} AS turns SET status = iif(turns.status = 'running', ending.status, turns.status),
    error = iif(turns.status = 'running', ending.error, turns.error),
    finished_at = coalesce(turns.finished_at, {now})
FROM (
    SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS status,
        json_extract(value, '$[2]') AS error
    FROM json_each(:endings_)
) AS ending
WHERE turns.id = ending.id AND turns.worker = :worker_ RETURNING id
""",
    "renew": """
UPDATE {turns} AS turns SET lease_until = iif(worker = :worker_, {until}, lease_until),
    read_until = iif(
        worker = :worker_ AND id IN (SELECT value FROM json_each(:reads_)), {until}, read_until
    ),
    followed_until = iif(worker <> :worker_, {until}, followed_until)
WHERE status = 'running' AND (worker = :worker_ OR id IN (SELECT value FROM json_each(:reads_)))
RETURNING {record}
""",
    "claim": """
UPDATE {turns} SET followed_until = {until}
WHERE id IN (SELECT value FROM json_each(:reads_)) AND worker <> :worker_ AND status = 'running'
AND coalesce(followed_until <= {soon}, true)
""",
    "cancel": """
UPDATE {turns} SET cancel_requested_at = coalesce(cancel_requested_at, {now})
WHERE id = :id_ AND status = 'running'
""",
    "require_held": "SELECT 1 FROM {turns} WHERE id = :id_ AND worker = :worker_ AND status = 'running'",
    "take_expired": """
SELECT {record} FROM {turns} AS turns WHERE id = :id_ AND status = 'running' AND lease_until <= {now}
""",
    "last_words": """
INSERT INTO {frames} (turn_id, last, count, frames)
SELECT id, 1 + coalesce((SELECT max(last) FROM {frames} WHERE turn_id = turns.id), 0), 1, :frame_
FROM {turns} AS turns WHERE id = :id_ AND status = 'running'
""",
    "end": """
UPDATE {turns} SET status = :status_, finished_at = {now}, error = {lost}, worker = ''
WHERE id = :id_ AND status = 'running'
""",
    "purge_frames": "DELETE FROM {frames} WHERE turn_id IN ({old})",
    "purge": "UPDATE {turns} SET purged_at = {now}, request_key = NULL WHERE id IN ({old}) RETURNING id",
}


class SQLiteTurns:
    """Other processes are not told of anything: they look by themselves."""

    def __init__(self, database: Database, tables: Tables, *, lease: float) -> None:
        self.sql = Statements(tables, STATEMENTS, WORDS)
        self._database = database
        self._lease = timedelta(seconds=lease)
        self._parting = timedelta(seconds=min(lease, PARTING_SECONDS))

    def times(self) -> dict[str, object]:
        """The parameters for now, and for the ends of a lease and of a parting that begin now."""
        now = utcnow()
        return {"now_": now, "until_": now + self._lease, "soon_": now + self._parting}

    async def serialize(self, owner: str) -> None:
        """A transaction is alone anyway."""

    async def write(self, worker: Worker, frames: Sequence[Frames], endings: Sequence[Ending]) -> set[str]:
        """Write; gives the turns that the worker holds."""
        rows = [[one.turn_id, one.status, one.error] for one in endings]
        row = {"worker_": worker, "endings_": json.dumps(rows)}
        written = {**row, **_batches(frames)}
        if not endings:
            return _ids(await self._database.change(self.sql["write"], written))
        async with self._database.transaction():
            held = _ids(await self._database.change(self.sql["write"], written)) if frames else set()
            return held | _ids(
                await self._database.change(self.sql["write_endings"], {**row, **self.times()})
            )

    async def renew(self, worker: Worker, read: Collection[str]) -> Rows:
        row = {"worker_": worker, "reads_": json.dumps(list(read)), **self.times()}
        return await self._database.change(self.sql["renew"], row)

    async def claim(self, worker: Worker, turn_ids: Collection[str]) -> None:
        row = {"worker_": worker, "reads_": json.dumps(list(turn_ids)), **self.times()}
        await self._database.change(self.sql["claim"], row)

    async def cancel(self, turn_id: str) -> None:
        await self._database.change(self.sql["cancel"], {"id_": turn_id, **self.times()})

    async def end(self, turn_id: str, last_words: bytes, status: TurnStatus) -> None:
        row = {"id_": turn_id, "frame_": last_words, "status_": status, **self.times()}
        async with self._database.transaction():
            await self._database.change(self.sql["last_words"], row)
            await self._database.change(self.sql["end"], row)

    async def purge(self, seconds: float, portion: int) -> int:
        """Purge some; gives how many."""
        times = self.times() | {"long_ago_": utcnow() - timedelta(seconds=seconds)}
        async with self._database.transaction():
            await self._database.change(self.sql["purge_frames"], {**times, "portion_": portion})
            return len(await self._database.change(self.sql["purge"], {**times, "portion_": portion}))

    async def listen(self, heard: Heard) -> None:
        return


def _batches(frames: Sequence[Frames]) -> dict[str, object]:
    """All bytes in one value; and of each batch its turn, number, count, place in that and length."""
    joined = bytearray()
    batches: list[tuple[str, int, int, int, int]] = []
    for written in frames:
        for batch in to_batches(written):
            batches.append((written.turn_id, batch.last, batch.count, len(joined) + 1, len(batch.joined)))
            joined += batch.joined
    return {"batches_": json.dumps(batches), "joined_": bytes(joined)}


def _ids(rows: Rows) -> set[str]:
    return {row[0] for row in rows}
