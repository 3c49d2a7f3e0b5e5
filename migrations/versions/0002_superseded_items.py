"""Items that a retry has withdrawn, until the new answer begins.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

from chatkit_asgi.store.sql.migrate import named

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # the default is for the previous release, which knows no such column and may still be running
    superseded = sa.Column("superseded", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column(named("items"), superseded)
    op.create_index(
        named("ix_items_superseded"),
        named("items"),
        ["thread_id"],
        postgresql_where=sa.text("superseded = true"),
        sqlite_where=sa.text("superseded = 1"),
    )


def downgrade() -> None:
    op.drop_index(named("ix_items_superseded"), named("items"))
    op.drop_column(named("items"), "superseded")
