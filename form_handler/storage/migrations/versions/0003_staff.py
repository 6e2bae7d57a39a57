"""The staff area: a version of each submission, a claim of each mail, posts that are kept through the log-in."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("submission", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.add_column("outgoing_mail", sa.Column("claim", sa.String(32), nullable=True))
    op.create_table(
        "kept_post",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
        sa.Column("path", sa.String(200), nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_kept_post_account_id", "kept_post", ["account_id"])
