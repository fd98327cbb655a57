"""The language of revisions and chunks, and what a reader should know of a revision."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("revisions", sa.Column("language", sa.String(length=8), nullable=True))
    op.add_column("revisions", sa.Column("flags", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("chunks", sa.Column("language", sa.String(length=8), nullable=True))
