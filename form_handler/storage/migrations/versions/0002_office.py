"""The office: accounts and sessions, notes, what was done by whom, holds, rate limits, confirmed addresses, quotations."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("submission", sa.Column("trade", sa.String(32), nullable=True))
    op.add_column("submission", sa.Column("sender", sa.String(320), nullable=True))
    op.add_column("submission", sa.Column("search_text", sa.Text, nullable=False, server_default=""))
    op.add_column("submission", sa.Column("suspicion", sa.String(100), nullable=True))
    op.add_column("submission", sa.Column("held", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("submission", sa.Column("interim_at", sa.DateTime, nullable=True))
    op.add_column("submission", sa.Column("answered_at", sa.DateTime, nullable=True))
    op.add_column("submission", sa.Column("confirmed_at", sa.DateTime, nullable=True))
    op.add_column("submission", sa.Column("fingerprint", sa.String(64), nullable=True))
    for column in ("trade", "sender", "held", "fingerprint"):
        op.create_index(f"ix_submission_{column}", "submission", [column])
    fill_new_columns(op.get_bind())
    op.create_table(
        "account",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(100), nullable=False, unique=True),
        sa.Column("password_hash", sa.String(200), nullable=True),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "staff_session",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "note",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), nullable=False),
        sa.Column("author", sa.String(100), nullable=False),
        sa.Column("written_at", sa.DateTime, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_index("ix_note_number", "note", ["number"])
    op.create_table(
        "event",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), nullable=True),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("happened_at", sa.DateTime, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("detail", sa.String(200), nullable=False),
    )
    op.create_index("ix_event_number", "event", ["number"])
    op.create_table(
        "quotation",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), nullable=False),
        sa.Column("field", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("named", sa.Boolean, nullable=False),
        sa.Column("released_by", sa.String(100), nullable=False),
        sa.Column("released_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("number", "field", name="uq_quotation_number_field"),
    )
    op.create_table(
        "rate",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("what", sa.String(16), primary_key=True),
        sa.Column("who", sa.String(64), primary_key=True),
        sa.Column("slot", sa.Integer, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_table(
        "day_key",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
    )


def fill_new_columns(connection: sa.Connection) -> None:
    """Give what is already stored its trade, sender and search text."""
    table = sa.table(
        "submission",
        *(sa.column(name) for name in ("number", "reference", "answers", "trade", "sender", "search_text", "state")),
    )
    for number, reference, text in connection.execute(
        sa.select(table.c.number, table.c.reference, table.c.answers)
    ).all():
        answers = json.loads(text)
        values = [reference]
        for value in answers.values():
            values += value if isinstance(value, list) else [value] if isinstance(value, str) else []
        connection.execute(
            table.update()
            .where(table.c.number == number)
            .values(
                trade=answers.get("trade") or None,
                sender=(answers.get("email") or "").casefold() or None,
                search_text="\n".join(values).casefold(),
            )
        )
