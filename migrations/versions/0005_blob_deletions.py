"""What bytes attachments have, and those that are to be deleted.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

from chatkit_asgi.store.sql.migrate import named

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
UNSENT = sa.text("thread_id IS NULL AND blob IS NOT NULL")
KEPT = sa.text("blob IS NOT NULL")


def upgrade() -> None:
    op.add_column(named("attachments"), sa.Column("blob", sa.String))
    op.add_column(named("attachments"), sa.Column("size", sa.BigInteger))
    op.create_index(
        named("ix_attachments_unsent"),
        named("attachments"),
        ["created_at"],
        postgresql_where=UNSENT,
        sqlite_where=UNSENT,
    )
    op.create_index(
        named("ix_attachments_kept"), named("attachments"), ["owner"], postgresql_where=KEPT, sqlite_where=KEPT
    )
    op.create_table(
        named("blob_deletions"),
        sa.Column("blob", sa.String, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("blob", name=named("pk_blob_deletions")),
    )
    op.create_index(named("ix_blob_deletions_due_at"), named("blob_deletions"), ["due_at"])


def downgrade() -> None:
    op.drop_table(named("blob_deletions"))
    op.drop_index(named("ix_attachments_kept"), named("attachments"))
    op.drop_index(named("ix_attachments_unsent"), named("attachments"))
    op.drop_column(named("attachments"), "size")
    op.drop_column(named("attachments"), "blob")
