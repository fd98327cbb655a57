"""What chunks say, ready to be judged. Filled in by the next writer (storage/indexes.py), not here: it takes long."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("chunks", sa.Column("terms", sa.LargeBinary(), nullable=True))
    op.add_column("chunks", sa.Column("defines", sa.Text(), nullable=True))
