"""When a file's status was last changed, which nobody can set back. NULL until the next scan."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("ctime_ns", sa.BigInteger(), nullable=True))
