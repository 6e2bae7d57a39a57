"""Decisions on survey answers, batches and publications."""

import sqlalchemy as sa

from form_handler.storage.tables.base import UtcDateTime, metadata, submission_number

survey_batch = sa.Table(
    "survey_batch",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("closed_at", UtcDateTime, nullable=False),
    sa.Column("companies", sa.Integer, nullable=False),
    sa.Column("first_answer", sa.String(7), nullable=False, comment="month, 2026-11"),
    sa.Column("last_answer", sa.String(7), nullable=False, comment="month, 2026-11"),
    sa.Column("tables", sa.Text, nullable=False, comment="JSON: question to choice to count; published cells only"),
)

survey_decision = sa.Table(
    "survey_decision",
    metadata,
    submission_number(primary_key=True),
    sa.Column("counts", sa.Boolean, nullable=False),
    sa.Column(
        "batch_id", sa.Integer, sa.ForeignKey("survey_batch.id"), nullable=True, comment="in which it was counted"
    ),
    sa.Column("decided_by", sa.String(100), nullable=False),
    sa.Column("decided_at", UtcDateTime, nullable=False),
)

survey_publication = sa.Table(
    "survey_publication",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("published_at", UtcDateTime, nullable=False),
    sa.Column("content", sa.Text, nullable=False, comment="JSON: what was published"),
    sa.Column("published_by", sa.String(100), nullable=True),
    sa.Column("withdrawn_at", UtcDateTime, nullable=True),
    sa.Column("withdrawn_by", sa.String(100), nullable=True),
)
