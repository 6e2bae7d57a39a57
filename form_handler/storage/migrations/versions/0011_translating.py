"""Which German paragraph a translated one was made for."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("draft_change", sa.Column("source", sa.String(8), nullable=False, server_default=""))
