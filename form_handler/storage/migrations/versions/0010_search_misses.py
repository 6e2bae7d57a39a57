"""Searches without a hit, counted by day."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "search_miss",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("language", sa.String(8), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("visitors", sa.Integer, nullable=False),
        sa.Column("words", sa.String(40), nullable=True),
    )
    op.create_index("ix_search_miss_digest", "search_miss", ["digest"])
