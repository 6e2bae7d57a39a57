"""Deletion with notice and a known time; which survey answers count, their batches, and all publications."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "service_state",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.String(200), nullable=False),
    )
    op.create_table(
        "deletion_mark",
        sa.Column("number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), primary_key=True),
        sa.Column("marked_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "survey_batch",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("closed_at", sa.DateTime, nullable=False),
        sa.Column("companies", sa.Integer, nullable=False),
        sa.Column("first_answer", sa.String(7), nullable=False),
        sa.Column("last_answer", sa.String(7), nullable=False),
        sa.Column("tables", sa.Text, nullable=False),
    )
    op.create_table(
        "survey_decision",
        sa.Column("number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), primary_key=True),
        sa.Column("counts", sa.Boolean, nullable=False),
        sa.Column("batch_id", sa.Integer, sa.ForeignKey("survey_batch.id"), nullable=True),
        sa.Column("decided_by", sa.String(100), nullable=False),
        sa.Column("decided_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "survey_publication",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("published_at", sa.DateTime, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    remember_time(op.get_bind())


def remember_time(connection: sa.Connection) -> None:
    """Take the newest moment that is stored as the last known time; an empty database has none yet."""
    submission = sa.table("submission", sa.column("received_at", sa.DateTime))
    event = sa.table("event", sa.column("happened_at", sa.DateTime))
    found = [
        connection.execute(sa.select(sa.func.max(column))).scalar()
        for column in (submission.c.received_at, event.c.happened_at)
    ]
    known = [moment for moment in found if moment is not None]
    if known:
        state = sa.table("service_state", sa.column("name"), sa.column("value"))
        connection.execute(state.insert().values(name="last_seen", value=f"{max(known).isoformat()}+00:00"))
