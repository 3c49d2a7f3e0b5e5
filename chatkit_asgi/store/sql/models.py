"""The tables: the few columns that are queried, and beside them one JSON document per row.

`seq` is given by the database, never changes and is never used twice: pages and cursors rest on it alone.
"""

from datetime import UTC, datetime
from re import compile
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    false,
    not_,
    true,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeDecorator

from chatkit_asgi.clock import as_utc
from chatkit_asgi.errors import InvalidRequestError

__all__ = ["Tables", "UTCDateTime"]

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


PLAIN_NAME = compile(r"[a-z_][a-z0-9_]{0,62}")
PREFIX = compile(r"(?:[a-z_][a-z0-9_]{0,23})?")
"""Short enough for the longest of our names to stay below PostgreSQL's 63 characters."""


class UTCDateTime(TypeDecorator[datetime]):
    """Aware datetimes in UTC, also from SQLite, which forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else as_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Tables:
    """All tables of the store for one dialect, in a schema and with a prefix of the application's choice.

    Raises InvalidRequestError for names that cannot be had.
    """

    def __init__(self, dialect: str, *, schema: str | None = None, prefix: str = "") -> None:
        _check_names(dialect, schema, prefix)
        self.dialect = dialect
        self.prefix = prefix
        self.schema = schema
        self.version_table = f"{prefix}chatkit_version"
        """Not Alembic's default name: an application around us may use that in the same database."""
        self.metadata = MetaData(schema=schema, naming_convention=NAMES)
        self.threads = _threads(self)
        self.items = _items(self)
        self.attachments = _attachments(self)
        self.blob_deletions = _blob_deletions(self)
        self.feedback = _feedback(self)
        self.turns = _turns(self)
        self.turn_frames = _turn_frames(self)
        self.token_days = _token_days(self)
        if dialect != "sqlite":  # there it is an index of words, which cannot be declared
            _search(self)

    def qualified(self, name: str) -> str:
        """A name in the schema with the prefix, for SQL that is written by hand."""
        return f'"{self.schema}".{self.prefix}{name}' if self.schema else f"{self.prefix}{name}"


def _check_names(dialect: str, schema: str | None, prefix: str) -> None:
    if not PREFIX.fullmatch(prefix):
        raise InvalidRequestError("A table prefix is up to 24 lower-case letters, digits and underscores.")
    if schema is None:
        return
    if dialect == "sqlite":
        raise InvalidRequestError("SQLite has no schemas: use a table prefix.")
    if not PLAIN_NAME.fullmatch(schema):
        raise InvalidRequestError("A schema's name is lower-case letters, digits and underscores.")


def _threads(tables: Tables) -> Table:
    return Table(
        f"{tables.prefix}threads",
        tables.metadata,
        Column("id", String, nullable=False, unique=True),
        _owner(),
        Column("created_at", UTCDateTime, nullable=False),
        Column("document", Text, nullable=False),
        *_numbered(tables, "owner"),
        sqlite_autoincrement=True,
    )


def _items(tables: Tables) -> Table:
    table = Table(
        f"{tables.prefix}items",
        tables.metadata,
        _thread_id(tables),
        Column("id", String, nullable=False),
        _owner(),
        Column("hidden", Boolean, nullable=False),
        Column("created_at", UTCDateTime, nullable=False),
        Column("document", Text, nullable=False),
        Column("superseded", Boolean, nullable=False, server_default=false()),
        UniqueConstraint("thread_id", "id"),
        *_numbered(tables, "thread_id"),
        sqlite_autoincrement=True,
    )
    _partial_index(f"ix_{table.name}_visible", not_(table.c.hidden), table.c.thread_id, table.c.seq)
    _partial_index(f"ix_{table.name}_superseded", table.c.superseded == true(), table.c.thread_id)
    return table


def _numbered(tables: Tables, of: str) -> tuple[SchemaItem, ...]:
    """The column `seq`, and the index for pages of rows that are equal in the column `of`.

    SQLite gives numbers to an integer primary key only. PostgreSQL has no index on `seq` alone: for the
    pages of a big thread its planner would read that, and with it everything that other threads got since.
    """
    if tables.dialect == "sqlite":
        return Column("seq", Integer, primary_key=True), Index(None, of, "seq")
    return Column("seq", BigInteger, Identity(), nullable=False), PrimaryKeyConstraint(of, "seq")


def _attachments(tables: Tables) -> Table:
    table = Table(
        f"{tables.prefix}attachments",
        tables.metadata,
        Column("id", String, primary_key=True),
        _owner(),
        # No foreign key: an attachment may be told its thread before that is written.
        Column("thread_id", String, index=True),
        Column("created_at", UTCDateTime, nullable=False),
        Column("document", Text, nullable=False),
        # Where its bytes are, and how many; empty when they are not with us.
        Column("blob", String),
        Column("size", BigInteger),
    )
    kept = table.c.blob.is_not(None)
    unsent = and_(table.c.thread_id.is_(None), kept)
    _partial_index(f"ix_{table.name}_unsent", unsent, table.c.created_at)
    _partial_index(f"ix_{table.name}_kept", kept, table.c.owner)
    return table


def _blob_deletions(tables: Tables) -> Table:
    return Table(
        f"{tables.prefix}blob_deletions",
        tables.metadata,
        Column("blob", String, primary_key=True),
        Column("due_at", UTCDateTime, nullable=False, index=True),
        Column("created_at", UTCDateTime, nullable=False),
    )


def _feedback(tables: Tables) -> Table:
    return Table(
        f"{tables.prefix}feedback",
        tables.metadata,
        _thread_id(tables, primary_key=True),
        # No foreign key: what was said of an answer outlives its replacement by a retry.
        Column("item_id", String, primary_key=True),
        _owner(),
        Column("kind", String, nullable=False),
        Column("created_at", UTCDateTime, nullable=False),
    )


def _turns(tables: Tables) -> Table:
    table = Table(
        f"{tables.prefix}turns",
        tables.metadata,
        Column("id", String, primary_key=True),
        _thread_id(tables),
        _owner(),
        Column("status", String, nullable=False),
        # Empty when another process has ended the turn.
        Column("worker", String, nullable=False),
        Column("allow_cancel", Boolean, nullable=False),
        # In no index, like the next two: they change every few seconds.
        Column("lease_until", UTCDateTime, nullable=False),
        # By readers in the worker's own process.
        Column("read_until", UTCDateTime),
        # By readers in other processes.
        Column("followed_until", UTCDateTime),
        Column("cancel_requested_at", UTCDateTime),
        Column("request_key", String),
        Column("request_hash", String),
        Column("started_at", UTCDateTime, nullable=False),
        Column("finished_at", UTCDateTime),
        # When its frames and its request's key were forgotten.
        Column("purged_at", UTCDateTime),
        Column("error", Text),
        # Known of turns that a model answered, when they have ended.
        Column("model", String),
        Column("input_tokens", BigInteger),
        Column("cached_tokens", BigInteger),
        Column("output_tokens", BigInteger),
        Column("reasoning_tokens", BigInteger),
        Column("first_token_seconds", Double),
        Index(None, "thread_id", "started_at"),
    )
    running = table.c.status == "running"
    _partial_index(f"uq_{table.name}_running", running, table.c.thread_id, unique=True)
    _partial_index(f"ix_{table.name}_worker", running, table.c.worker)
    _partial_index(f"ix_{table.name}_repeat", running, table.c.owner, table.c.request_hash)
    keyed = table.c.request_key.is_not(None)
    _partial_index(f"uq_{table.name}_request_key", keyed, table.c.owner, table.c.request_key, unique=True)
    kept = and_(table.c.finished_at.is_not(None), table.c.purged_at.is_(None))
    _partial_index(f"ix_{table.name}_kept", kept, table.c.finished_at)
    return table


def _turn_frames(tables: Tables) -> Table:
    """One row for each batch of a turn's frames, joined; `last` is the number of the last one in it."""
    turn = ForeignKey(tables.turns.c.id, ondelete="CASCADE")
    return Table(
        f"{tables.prefix}turn_frames",
        tables.metadata,
        Column("turn_id", String, turn, primary_key=True),
        Column("last", Integer, primary_key=True, autoincrement=False),
        Column("count", Integer, nullable=False),
        Column("frames", LargeBinary, nullable=False),
    )


def _token_days(tables: Tables) -> Table:
    """What a user's turns have used in a day (UTC). It stays when their threads go."""
    return Table(
        f"{tables.prefix}token_days",
        tables.metadata,
        Column("owner", String, primary_key=True),
        Column("day", Date, primary_key=True),
        Column("turns", BigInteger, nullable=False),
        Column("input_tokens", BigInteger, nullable=False),
        Column("output_tokens", BigInteger, nullable=False),
    )


def _search(tables: Tables) -> Table:
    table = Table(
        f"{tables.prefix}search",
        tables.metadata,
        Column("thread_id", String, primary_key=True),
        # That of an item, or 0 for the thread's title.
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        _owner(),
        Column("words", TSVECTOR, nullable=False),
    )
    Index(f"ix_{table.name}_words", table.c.words, postgresql_using="gin")
    return table


def _partial_index(
    name: str, where: ColumnElement[bool], *columns: Column[Any], unique: bool = False
) -> None:  # Any: columns of several types
    Index(name, *columns, unique=unique, postgresql_where=where, sqlite_where=where)


def _owner() -> Column[str]:
    return Column("owner", String, nullable=False)


def _thread_id(tables: Tables, *, primary_key: bool = False) -> Column[str]:
    thread = ForeignKey(tables.threads.c.id, ondelete="CASCADE")
    return Column("thread_id", String, thread, nullable=False, primary_key=primary_key)
