"""What the turn log does in its own way on PostgreSQL, where many processes write at the same time.

A worker that writes holds its turns by FOR KEY SHARE. A renewal (FOR NO KEY UPDATE) does not wait for that,
but whoever wants to end or delete a turn (FOR UPDATE) does. Several are locked in the order of their ids, by
a statement of their own: one that also changes them would go back to the versions that it saw at its start,
where another one may be waiting for it.
"""

from collections.abc import Collection, Sequence
from hashlib import sha256

from chatkit_asgi.store.sql import Database, Rows, Tables
from chatkit_asgi.streams.batches import to_batches
from chatkit_asgi.streams.log import PARTING_SECONDS, Ending, Frames, Heard, TurnStatus, Worker
from chatkit_asgi.streams.sql.notices import Notices
from chatkit_asgi.streams.sql.statements import Statements

__all__ = ["PostgresTurns"]

WORDS = {
    "now": "statement_timestamp()",
    "until": "clock_timestamp() + make_interval(secs => :lease_)",
    "soon": "clock_timestamp() + make_interval(secs => :parting_)",
    "long_ago": "statement_timestamp() - make_interval(secs => :seconds_)",
    "notify": "SELECT pg_notify(:channel_, notice)::text FROM unnest(:notices_) AS notice",
    # of those that are read elsewhere only: the server commits transactions with notices one after the other
    "notify_followers": "SELECT pg_notify(:channel_, :head_ || ' ' || id)::text FROM held WHERE is_followed",
}

STATEMENTS = {
    "serialize": "SELECT pg_advisory_xact_lock(hashtext(:channel_), hashtext(:owner_))",
    "lock_to_end": """
SELECT id FROM {turns} WHERE id = ANY (:ids_) AND worker = :worker_ ORDER BY id FOR UPDATE
""",
    "write": """
WITH held AS MATERIALIZED (
    SELECT id, coalesce(followed_until > {now}, false) AS is_followed FROM {turns}
    WHERE id = ANY (:ids_) AND worker = :worker_ AND status = 'running' ORDER BY id FOR KEY SHARE
), known AS (
    SELECT id FROM held UNION ALL SELECT * FROM unnest(:locked_)
), written AS (
    INSERT INTO {frames} (turn_id, last, count, frames)
    SELECT batch.*
    FROM unnest(:turn_ids_, :lasts_, :counts_, :frames_) AS batch (turn_id, last, count, frames)
    JOIN known ON known.id = batch.turn_id
    ON CONFLICT DO NOTHING
), ended AS (
    UPDATE {turns} AS turns SET status = ending.status, error = ending.error, finished_at = {now}
    FROM unnest(:ended_, :statuses_, :errors_) AS ending (id, status, error)
    WHERE turns.id = ending.id AND turns.id = ANY (:locked_) AND turns.status = 'running'
)
SELECT id FROM known UNION ALL {notify_followers} UNION ALL {notify}
""",
    "lock_to_renew": """
SELECT id FROM {turns} WHERE status = 'running' AND (worker = :worker_ OR id = ANY (:read_))
ORDER BY id FOR NO KEY UPDATE
""",
    "renew": """
UPDATE {turns} SET lease_until = CASE WHEN worker = :worker_ THEN {until} ELSE lease_until END,
    read_until = CASE WHEN worker = :worker_ AND id = ANY (:read_) THEN {until} ELSE read_until END,
    followed_until = CASE WHEN worker <> :worker_ THEN {until} ELSE followed_until END
WHERE id = ANY (:locked_) RETURNING {record}
""",
    # whoever has locked one meanwhile renews it; and nobody waits for anybody
    "claim": """
WITH left_ones AS (
    SELECT id FROM {turns} WHERE id = ANY (:ids_) AND worker <> :worker_ AND status = 'running'
    AND coalesce(followed_until <= {soon}, true) FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE {turns} AS turns SET followed_until = {until} FROM left_ones WHERE turns.id = left_ones.id
RETURNING turns.id
""",
    "cancel": """
WITH told AS (
    UPDATE {turns} SET cancel_requested_at = coalesce(cancel_requested_at, {now})
    WHERE id = :id_ AND status = 'running'
)
{notify}
""",
    "require_held": """
SELECT 1 FROM {turns} WHERE id = :id_ AND worker = :worker_ AND status = 'running' FOR KEY SHARE
""",
    "take_expired": """
SELECT {record} FROM {turns} AS turns WHERE id = :id_ AND status = 'running' AND lease_until <= {now}
FOR UPDATE SKIP LOCKED
""",
    "end": """
WITH ended AS (
    UPDATE {turns} SET status = :status_, finished_at = {now}, error = {lost}, worker = ''
    WHERE id = :id_ AND status = 'running' RETURNING id
), words AS (
    INSERT INTO {frames} (turn_id, last, count, frames)
    SELECT id, 1 + coalesce((SELECT max(last) FROM {frames} WHERE turn_id = ended.id), 0), 1, :frame_
    FROM ended
)
{notify}
""",
    "purge": """
WITH old AS MATERIALIZED ({old} FOR UPDATE SKIP LOCKED), forgotten AS (
    DELETE FROM {frames} AS frames USING old WHERE frames.turn_id = old.id
)
UPDATE {turns} AS turns SET purged_at = {now}, request_key = NULL FROM old WHERE turns.id = old.id
RETURNING turns.id
""",
}


class PostgresTurns:
    """Each call is one statement; those that others wait for tell of it in the same transaction."""

    def __init__(self, database: Database, tables: Tables, *, lease: float) -> None:
        self.sql = Statements(tables, STATEMENTS, WORDS)
        self._database = database
        self._lease = lease
        self._notices = Notices(_channel(tables))

    def times(self) -> dict[str, object]:
        """The parameters for now, and for the ends of a lease and of a parting that begin now."""
        return {"lease_": self._lease, "parting_": min(self._lease, PARTING_SECONDS)}

    async def serialize(self, owner: str) -> None:
        """One transaction at a time for this owner, from here on."""
        await self._database.change(
            self.sql["serialize"], {"channel_": self._notices.channel, "owner_": owner}
        )

    async def write(self, worker: Worker, frames: Sequence[Frames], endings: Sequence[Ending]) -> set[str]:
        """Write; gives the turns that the worker holds."""
        row = self._write_parameters(worker, frames, endings)
        if not endings:
            return _ids(await self._database.change(self.sql["write"], {**row, "locked_": []}))
        lock = {"worker_": worker, "ids_": row["ended_"]}
        async with self._database.transaction():
            locked = _ids(await self._database.change(self.sql["lock_to_end"], lock))
            return _ids(await self._database.change(self.sql["write"], {**row, "locked_": list(locked)}))

    def _write_parameters(
        self, worker: Worker, frames: Sequence[Frames], endings: Sequence[Ending]
    ) -> dict[str, object]:
        ended = [one.turn_id for one in endings]
        ids = list({written.turn_id for written in frames} - set(ended))
        batches = [(written.turn_id, batch) for written in frames for batch in to_batches(written)]
        return {
            "worker_": worker,
            "ids_": ids,
            "turn_ids_": [turn_id for turn_id, _ in batches],
            "lasts_": [batch.last for _, batch in batches],
            "counts_": [batch.count for _, batch in batches],
            "frames_": [batch.joined for _, batch in batches],
            "ended_": ended,
            "statuses_": [one.status for one in endings],
            "errors_": [one.error for one in endings],
            "head_": self._notices.head("frames"),
            **self._notices.parameters("frames", ended),
        }

    async def renew(self, worker: Worker, read: Collection[str]) -> Rows:
        row = {"worker_": worker, "read_": list(read), **self.times()}
        async with self._database.transaction():
            locked = _ids(await self._database.change(self.sql["lock_to_renew"], row))
            return await self._database.change(self.sql["renew"], {**row, "locked_": list(locked)})

    async def claim(self, worker: Worker, turn_ids: Collection[str]) -> None:
        row = {"worker_": worker, "ids_": list(turn_ids), **self.times()}
        await self._database.change(self.sql["claim"], row)

    async def cancel(self, turn_id: str) -> None:
        row = {"id_": turn_id, **self._notices.parameters("cancel", [turn_id])}
        await self._database.change(self.sql["cancel"], row)

    async def end(self, turn_id: str, last_words: bytes, status: TurnStatus) -> None:
        row = {"id_": turn_id, "frame_": last_words, "status_": status}
        notices = self._notices.parameters("frames", [turn_id])
        await self._database.change(self.sql["end"], {**row, **notices})

    async def purge(self, seconds: float, portion: int) -> int:
        """Purge some; gives how many."""
        row = {"seconds_": seconds, "portion_": portion}
        return len(await self._database.change(self.sql["purge"], row))

    async def listen(self, heard: Heard) -> None:
        await self._notices.listen(self._database.engine, heard)


def _channel(tables: Tables) -> str:
    """A name of its own for each installation in a database, short enough whatever the tables' names are."""
    return f"chatkit_{sha256(tables.qualified('turns').encode()).hexdigest()[:16]}"


def _ids(rows: Rows) -> set[str]:
    return {row[0] for row in rows}
