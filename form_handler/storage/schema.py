"""The tables, as SQLAlchemy Core sees them; the migrations make them."""

from __future__ import annotations

import datetime
from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()


class UtcDateTime(sa.types.TypeDecorator[datetime.datetime]):
    """A moment in UTC; SQLite keeps no zone, so it is stored without one and read with one."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime.datetime | None, dialect: Any) -> datetime.datetime | None:
        """Store a moment; one without a zone is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(datetime.UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime.datetime | None, dialect: Any) -> datetime.datetime | None:
        """Read a moment back, in UTC."""
        return None if value is None else value.replace(tzinfo=datetime.UTC)


submission = sa.Table(
    "submission",
    metadata,
    sa.Column("number", sa.String(36), primary_key=True, comment="one-time submission number (UUID)"),
    sa.Column("reference", sa.String(16), nullable=False, unique=True),
    sa.Column("form", sa.String(32), nullable=False, index=True),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("received_at", UtcDateTime, nullable=False, index=True),
    sa.Column("answers", sa.Text, nullable=False, comment="JSON object: field name to answer"),
)

outgoing_mail = sa.Table(
    "outgoing_mail",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False, comment="office or copy"),
    sa.Column("recipient", sa.String(320), nullable=False),
    sa.Column("message", sa.Text, nullable=False, comment="the whole message, RFC 5322"),
    sa.Column("state", sa.String(16), nullable=False, comment="waiting, sending, sent or failed"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", UtcDateTime, nullable=False),
    sa.Column("sent_at", UtcDateTime, nullable=True),
    sa.Column("last_error", sa.String(200), nullable=True, comment="what the server said; no address, no content"),
    sa.UniqueConstraint("number", "kind", name="uq_outgoing_mail_number_kind"),
    sa.Index("ix_outgoing_mail_due", "state", "next_attempt_at"),
)
