"""The frames of turns, in batches as they were written.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

from chatkit_asgi.store.sql.migrate import named

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    turn = sa.ForeignKeyConstraint(
        ["turn_id"], [f"{named('turns')}.id"], name=named("fk_turn_frames_turn_id"), ondelete="CASCADE"
    )
    op.create_table(
        named("turn_frames"),
        sa.Column("turn_id", sa.String, nullable=False),
        sa.Column("last", sa.Integer, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("frames", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("turn_id", "last", name=named("pk_turn_frames")),
        turn,
    )


def downgrade() -> None:
    op.drop_table(named("turn_frames"))
