"""`SQLOutbox`: the `Outbox` in a table beside the attachments."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    bindparam,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from chatkit_asgi.clock import utcnow
from chatkit_asgi.store.outbox import TAKEN_SECONDS, BlobDeletion, Usage
from chatkit_asgi.store.sql.access import Rows
from chatkit_asgi.store.sql.database import Database
from chatkit_asgi.store.sql.models import Tables, UTCDateTime

__all__ = ["SQLOutbox"]

BLOB = bindparam("blob_", type_=String)
OWNER = bindparam("owner_", type_=String)
NOW = bindparam("now_", type_=UTCDateTime)
DUE = bindparam("due_", type_=UTCDateTime)
COUNT = bindparam("count_", type_=Integer)
IDS = bindparam("ids_", type_=String, expanding=True)
LOCK_SEED = literal(0x66696C65, BigInteger)  # any number will do: it tells our locks from an application's


class SQLOutbox:
    """Shares the store's transactions, so that what it is told there is undone with the rest."""

    def __init__(self, database: Database, tables: Tables) -> None:
        self._database = database
        self._locks = tables.dialect != "sqlite"  # there, one transaction writes at a time
        self._outbox_statements(tables)
        self._attachment_statements(tables)

    def _outbox_statements(self, tables: Tables) -> None:
        table = tables.blob_deletions
        insert = (sqlite.insert if tables.dialect == "sqlite" else postgresql.insert)(table)
        self._add = insert.values(blob=BLOB, due_at=NOW, created_at=NOW).on_conflict_do_update(
            index_elements=["blob"], set_={"due_at": insert.excluded.due_at}
        )
        due = select(table.c.blob).where(table.c.due_at <= NOW).order_by(table.c.due_at).limit(COUNT)
        self._is_due = due
        self._take = (
            update(table)
            .where(table.c.blob.in_(due.with_for_update(skip_locked=True)))
            .values(due_at=DUE)
            .returning(table.c.blob, table.c.created_at)
        )
        self._postpone = update(table).where(table.c.blob == BLOB).values(due_at=DUE)
        self._forget = delete(table).where(table.c.blob == BLOB)

    def _attachment_statements(self, tables: Tables) -> None:
        table = tables.attachments
        unsent = (table.c.thread_id.is_(None), table.c.blob.is_not(None))
        self._unsent = select(table.c.id).where(*unsent, table.c.created_at < NOW).limit(COUNT)
        # said again: it may have been sent meanwhile
        self._drop = delete(table).where(table.c.id.in_(IDS), *unsent).returning(table.c.blob)
        self._usage = select(func.count(), func.coalesce(func.sum(table.c.size), 0)).where(
            table.c.owner == OWNER, table.c.blob.is_not(None)
        )
        self._lock = select(func.pg_advisory_xact_lock(func.hashtextextended(OWNER, LOCK_SEED)))

    async def add(self, rows: Rows) -> None:
        """Note the blobs, the rows' first column, as due. Called in the transaction that deleted them."""
        for blob, *_ in rows:
            if blob is not None:
                await self._database.change(self._add, {"blob_": blob, "now_": utcnow()})

    async def usage(self, owner: str) -> Usage:
        """What the owner's attachments amount to; in a transaction nobody else's of that owner adds to it."""
        if self._locks and self._database.is_in_transaction:
            await self._database.change(self._lock, {"owner_": owner})
        rows = await self._database.fetch(self._usage, {"owner_": owner})
        return Usage(files=int(rows[0][0]), bytes=int(rows[0][1]))

    async def take(self, count: int) -> list[BlobDeletion]:
        now = utcnow()
        known = {"now_": now, "count_": count}
        if not await self._database.fetch(self._is_due, known):  # as a rule: nobody has to wait for us
            return []
        row = {**known, "due_": now + timedelta(seconds=TAKEN_SECONDS)}
        async with self._database.write() as connection:
            rows = (await connection.execute(self._take, row)).all()
        return sorted((BlobDeletion(*row) for row in rows), key=lambda each: each.created_at)

    async def done(self, blob: str, *, again_at: datetime | None = None) -> None:
        if again_at is None:
            await self._database.change(self._forget, {"blob_": blob})
        else:
            await self._database.change(self._postpone, {"blob_": blob, "due_": again_at})

    async def drop_unsent(self, before: datetime, count: int) -> int:
        rows = await self._database.fetch(self._unsent, {"now_": before, "count_": count})
        if not rows:
            return 0
        async with self._database.transaction():
            dropped = await self._dropped(id for (id,) in rows)
            await self.add(dropped)
        return len(dropped)

    async def _dropped(self, ids: Iterable[str]) -> Rows:
        async with self._database.write() as connection:
            return (await connection.execute(self._drop, {"ids_": list(ids)})).all()
