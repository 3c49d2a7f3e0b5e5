"""Statements of the turn log: how they are built, and those that both databases share.

Whose lease has ended is decided by one clock: the server's on PostgreSQL, on SQLite that of the machine.
"""

from collections.abc import Mapping
from re import compile
from typing import Any, get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Double,
    Float,
    Integer,
    LargeBinary,
    String,
    TextClause,
    bindparam,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from chatkit_asgi.store.sql import Tables, UTCDateTime
from chatkit_asgi.streams.log import TurnRecord, TurnStatus

__all__ = ["Statements", "to_record"]

RECORD = """
id, thread_id, owner, worker, status, allow_cancel, request_hash,
coalesce(read_until > {now}, false) OR coalesce(followed_until > {now}, false),
coalesce(followed_until > {now}, false),
status = 'running' AND lease_until <= {now},
coalesce(cancel_requested_at = cancel_requested_at, false)
"""
"""The columns of a `TurnRecord`, in its order. In a RETURNING, SQLite 3.40 finds that nothing IS NULL."""

COMMON = {
    "admit": """
INSERT INTO {turns} (
    id, thread_id, owner, status, worker, allow_cancel, lease_until, read_until, request_key, request_hash,
    started_at
)
SELECT :id_, threads.id, threads.owner, 'running', :worker_, :allow_cancel_, {until}, {until}, :request_key_,
    :request_hash_, {now}
FROM {threads} AS threads WHERE threads.id = :thread_id_ AND threads.owner = :owner_ AND (
    :most_ = 0 OR :most_ > (SELECT count(*) FROM {turns} WHERE owner = :owner_ AND status = 'running')
)
ON CONFLICT DO NOTHING RETURNING id
""",
    "refusal": """
SELECT
    (SELECT id FROM {turns} WHERE owner = :owner_ AND request_key = :request_key_),
    (SELECT id FROM {turns} WHERE thread_id = :thread_id_ AND status = 'running'),
    (SELECT count(*) FROM {turns} WHERE owner = :owner_ AND status = 'running'),
    EXISTS (SELECT 1 FROM {threads} WHERE id = :thread_id_ AND owner = :owner_)
""",
    "withdraw": "DELETE FROM {turns} WHERE id = :id_",
    "load": """
SELECT {record} FROM {turns} AS turns WHERE id = :id_ AND owner = :owner_ AND purged_at IS NULL
""",
    "find_running": """
SELECT {record} FROM {turns} AS turns WHERE thread_id = :thread_id_ AND owner = :owner_ AND status = 'running'
""",
    "find_key": "SELECT {record} FROM {turns} AS turns WHERE owner = :owner_ AND request_key = :request_key_",
    "find_repeated": """
SELECT {record} FROM {turns} AS turns
WHERE owner = :owner_ AND request_hash = :request_hash_ AND status = 'running' AND cancel_requested_at IS NULL
AND coalesce(read_until <= {now}, true) AND coalesce(followed_until <= {now}, true)
ORDER BY started_at DESC LIMIT 1
""",
    # a row for each batch up to `enough_`, or else the next one; without batches one row of nulls
    "read": """
SELECT turns.status <> 'running', turns.purged_at IS NOT NULL,
    (SELECT max(last) FROM {frames} WHERE turn_id = turns.id), batch.last, batch.count, batch.frames
FROM {turns} AS turns LEFT JOIN {frames} AS batch ON batch.turn_id = turns.id AND batch.last > :after_
    AND batch.last <= (
        SELECT CASE WHEN min(last) > :enough_ THEN min(last) ELSE :enough_ END
        FROM {frames} WHERE turn_id = turns.id AND last > :after_
    )
WHERE turns.id = :id_ AND turns.owner = :owner_ ORDER BY batch.last
""",
    "leave": """
UPDATE {turns} AS turns SET read_until = CASE WHEN worker = :worker_ THEN NULL ELSE read_until END,
    followed_until = CASE
        WHEN worker <> :worker_ AND followed_until > {soon} THEN {soon} ELSE followed_until
    END
WHERE id = :id_ AND status = 'running' RETURNING {record}
""",
    "cancelled": """
SELECT id FROM {turns} WHERE worker = :worker_ AND status = 'running' AND cancel_requested_at IS NOT NULL
""",
    "note_usage": """
UPDATE {turns} SET model = :model_, input_tokens = :input_, cached_tokens = :cached_,
    output_tokens = :output_, reasoning_tokens = :reasoning_, first_token_seconds = :first_
WHERE id = :id_ AND input_tokens IS NULL RETURNING owner
""",
    "note_day": """
INSERT INTO {token_days} AS days (owner, day, turns, input_tokens, output_tokens)
VALUES (:owner_, :day_, 1, :input_, :output_)
ON CONFLICT (owner, day) DO UPDATE SET turns = days.turns + 1,
    input_tokens = days.input_tokens + excluded.input_tokens,
    output_tokens = days.output_tokens + excluded.output_tokens
""",
    "tokens_of_day": """
SELECT input_tokens + output_tokens FROM {token_days} WHERE owner = :owner_ AND day = :day_
""",
    "expired": "SELECT {record} FROM {turns} AS turns WHERE status = 'running' AND lease_until <= {now}",
}

OLD = """
SELECT id FROM {turns} WHERE finished_at <= {long_ago} AND purged_at IS NULL
ORDER BY finished_at, id LIMIT :portion_
"""
"""Turns whose frames are kept no longer, some of them."""
LOST = "'its process is gone: ' || worker"
"""What the operator is told of a turn that another process has ended."""

PARAMETER = compile(r"(?<![:\w]):(\w+_)\b")
TYPES: Mapping[str, type[TypeEngine[Any]]] = {  # Any: of any Python type
    "allow_cancel_": Boolean,
    "most_": Integer,
    "portion_": Integer,
    "after_": Integer,
    "enough_": Integer,
    "lease_": Float,
    "first_": Double,
    "day_": Date,
    **dict.fromkeys(("input_", "cached_", "output_", "reasoning_"), BigInteger),
    "parting_": Float,
    "seconds_": Float,
    "now_": UTCDateTime,
    "until_": UTCDateTime,
    "soon_": UTCDateTime,
    "long_ago_": UTCDateTime,
    "frame_": LargeBinary,
    "joined_": LargeBinary,
}
"""Of parameters that are no strings."""
ARRAYS: Mapping[str, type[TypeEngine[Any]]] = {  # Any: of any Python type
    "ids_": String,
    "read_": String,
    "turn_ids_": String,
    "lasts_": Integer,
    "counts_": Integer,
    "frames_": LargeBinary,
    "locked_": String,
    "ended_": String,
    "statuses_": String,
    "errors_": String,
    "notices_": String,
}
"""Of the elements, where a parameter is an array."""


class Statements:
    """Statements over `tables` by name: the common ones and `others`. `words` are filled into all of them."""

    def __init__(self, tables: Tables, others: Mapping[str, str], words: Mapping[str, str]) -> None:
        names = {
            "turns": tables.qualified("turns"),
            "frames": tables.qualified("turn_frames"),
            "token_days": tables.qualified("token_days"),
            "threads": tables.qualified("threads"),
            "lost": LOST,
            **words,
        }
        names |= {"record": RECORD.format(**names), "old": OLD.format(**names)}
        self._statements = {
            name: _statement(sql.format(**names)) for name, sql in {**COMMON, **others}.items()
        }

    def __getitem__(self, name: str) -> TextClause:
        return self._statements[name]


def _statement(sql: str) -> TextClause:
    parameters = sorted(set(PARAMETER.findall(sql)))
    return text(sql).bindparams(*(bindparam(name, type_=_type(name)) for name in parameters))


def _type(name: str) -> TypeEngine[Any]:  # Any: of any Python type
    return ARRAY(ARRAYS[name]) if name in ARRAYS else TYPES.get(name, String)()


def to_record(row: Any) -> TurnRecord:  # Any: a row of either driver, or of SQLAlchemy
    """A row of the columns RECORD, in which SQLite has numbers for truth values."""
    turn_id, thread_id, owner, worker, status, allow_cancel, request_hash, *truths = row
    is_read, is_followed, is_expired, is_cancelled = map(bool, truths)
    return TurnRecord(
        id=turn_id,
        thread_id=thread_id,
        owner=owner,
        worker=worker,
        status=status if status in STATUSES else "failed",
        allow_cancel=bool(allow_cancel),
        request_hash=request_hash or "",
        is_read=is_read,
        is_followed=is_followed,
        is_expired=is_expired,
        is_cancelled=is_cancelled,
    )


STATUSES = get_args(TurnStatus)
"""A newer release may know more of them, all of which have ended."""
