"""Threads, items, attachments, feedback and turns.

Revision: 0001, the first
"""

import sqlalchemy as sa
from alembic import op

from chatkit_asgi.store.sql.migrate import named

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
RUNNING = sa.text("status = 'running'")
KEYED = sa.text("request_key IS NOT NULL")
KEPT = sa.text("finished_at IS NOT NULL AND purged_at IS NULL")


def upgrade() -> None:
    create_threads()
    create_items()
    create_attachments()
    create_feedback()
    create_turns()


def downgrade() -> None:
    for table in ("turns", "feedback", "attachments", "items", "threads"):
        op.drop_table(named(table))


def create_threads() -> None:
    op.create_table(
        named("threads"),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        *numbered("threads", "owner"),
        sa.UniqueConstraint("id", name=named("uq_threads_id")),
        sqlite_autoincrement=True,
    )
    index_numbers("threads", "owner")


def create_items() -> None:
    op.create_table(
        named("items"),
        sa.Column("thread_id", sa.String, nullable=False),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("hidden", sa.Boolean, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        *numbered("items", "thread_id"),
        sa.UniqueConstraint("thread_id", "id", name=named("uq_items_thread_id_id")),
        of_thread("items"),
        sqlite_autoincrement=True,
    )
    index_numbers("items", "thread_id")
    op.create_index(
        named("ix_items_visible"),
        named("items"),
        ["thread_id", "seq"],
        postgresql_where=sa.text("NOT hidden"),
        sqlite_where=sa.text("hidden = 0"),
    )


def create_attachments() -> None:
    op.create_table(
        named("attachments"),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("thread_id", sa.String),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=named("pk_attachments")),
    )
    op.create_index(named("ix_attachments_thread_id"), named("attachments"), ["thread_id"])


def create_feedback() -> None:
    op.create_table(
        named("feedback"),
        sa.Column("thread_id", sa.String, nullable=False),
        sa.Column("item_id", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("thread_id", "item_id", name=named("pk_feedback")),
        of_thread("feedback"),
    )


def create_turns() -> None:
    op.create_table(
        named("turns"),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("thread_id", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("worker", sa.String, nullable=False),
        sa.Column("allow_cancel", sa.Boolean, nullable=False),
        sa.Column("lease_until", TIME, nullable=False),
        sa.Column("read_until", TIME),
        sa.Column("followed_until", TIME),
        sa.Column("cancel_requested_at", TIME),
        sa.Column("request_key", sa.String),
        sa.Column("request_hash", sa.String),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
        sa.Column("purged_at", TIME),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("id", name=named("pk_turns")),
        of_thread("turns"),
    )
    op.create_index(named("ix_turns_thread_id_started_at"), named("turns"), ["thread_id", "started_at"])
    create_partial_index("uq_turns_running", ["thread_id"], RUNNING, unique=True)
    create_partial_index("ix_turns_worker", ["worker"], RUNNING)
    create_partial_index("ix_turns_repeat", ["owner", "request_hash"], RUNNING)
    create_partial_index("uq_turns_request_key", ["owner", "request_key"], KEYED, unique=True)
    create_partial_index("ix_turns_kept", ["finished_at"], KEPT)


def create_partial_index(name: str, columns: list[str], where: sa.TextClause, *, unique: bool = False) -> None:
    op.create_index(
        named(name), named("turns"), columns, unique=unique, postgresql_where=where, sqlite_where=where
    )


def is_sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"


def numbered(table: str, of: str) -> list[sa.schema.SchemaItem]:
    """The column `seq`: SQLite gives numbers to a primary key of one column only, PostgreSQL wants none such."""
    name = named(f"pk_{table}")
    if is_sqlite():
        return [sa.Column("seq", sa.Integer, nullable=False), sa.PrimaryKeyConstraint("seq", name=name)]
    column = sa.Column("seq", sa.BigInteger, sa.Identity(), nullable=False)
    return [column, sa.PrimaryKeyConstraint(of, "seq", name=name)]


def index_numbers(table: str, of: str) -> None:
    if is_sqlite():
        op.create_index(named(f"ix_{table}_{of}_seq"), named(table), [of, "seq"])


def of_thread(table: str) -> sa.ForeignKeyConstraint:
    name, thread = named(f"fk_{table}_thread_id"), f"{named('threads')}.id"
    return sa.ForeignKeyConstraint(["thread_id"], [thread], name=name, ondelete="CASCADE")
