"""A row for each table, as the first release wrote them: later columns must do without."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, MetaData, Table, select

__all__ = ["fill", "read"]

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

Row = dict[str, Any]  # Any: values of many types

THREAD = '{"id":"thr_1","title":"Trips","created_at":"2026-01-02T03:04:05Z","status":{"type":"active"}}'
MESSAGE = (
    '{"id":"msg_1","thread_id":"thr_1","created_at":"2026-01-02T03:04:05Z","type":"assistant_message",'
    '"content":[{"type":"output_text","text":"Kyoto in autumn","annotations":[]}]}'
)

ROWS: dict[str, Row] = {
    "threads": {"id": "thr_1", "owner": "alice", "created_at": NOW, "document": THREAD},
    "items": {
        "thread_id": "thr_1",
        "id": "msg_1",
        "owner": "alice",
        "hidden": False,
        "created_at": NOW,
        "document": MESSAGE,
    },
    "attachments": {"id": "atc_1", "owner": "alice", "thread_id": None, "created_at": NOW, "document": "{}"},
    "feedback": {
        "thread_id": "thr_1",
        "item_id": "msg_1",
        "owner": "alice",
        "kind": "positive",
        "created_at": NOW,
    },
    "turns": {
        "id": "trn_1",
        "thread_id": "thr_1",
        "owner": "alice",
        "status": "running",
        "worker": "w",
        "allow_cancel": True,
        "lease_until": NOW,
        "started_at": NOW,
    },
}


def fill(connection: Connection, metadata: MetaData, prefix: str = "") -> None:
    """Add the rows to the tables that the metadata has."""
    for name, row in ROWS.items():
        connection.execute(_table(metadata, prefix + name).insert().values(row))


def read(connection: Connection, metadata: MetaData, prefix: str = "") -> dict[str, Row]:
    """What the tables hold of each row."""
    found: dict[str, Row] = {}
    for name, row in ROWS.items():
        table = _table(metadata, prefix + name)
        (values,) = connection.execute(select(*(table.c[column] for column in row))).all()
        found[name] = dict(zip(row, values, strict=True))
    return found


def _table(metadata: MetaData, name: str) -> Table:
    (table,) = (table for table in metadata.tables.values() if table.name == name)
    return table
