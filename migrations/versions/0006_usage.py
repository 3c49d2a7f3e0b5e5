"""What answers have used: by turn, and by owner and day.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

from chatkit_asgi.store.sql.migrate import named

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COLUMNS = (
    ("model", sa.String),
    ("input_tokens", sa.BigInteger),
    ("cached_tokens", sa.BigInteger),
    ("output_tokens", sa.BigInteger),
    ("reasoning_tokens", sa.BigInteger),
    ("first_token_seconds", sa.Double),
)


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column(named("turns"), sa.Column(name, kind))
    op.create_table(
        named("token_days"),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("turns", sa.BigInteger, nullable=False),
        sa.Column("input_tokens", sa.BigInteger, nullable=False),
        sa.Column("output_tokens", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("owner", "day", name=named("pk_token_days")),
    )


def downgrade() -> None:
    op.drop_table(named("token_days"))
    for name, _ in reversed(COLUMNS):
        op.drop_column(named("turns"), name)
