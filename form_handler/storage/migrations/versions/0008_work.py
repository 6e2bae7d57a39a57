"""The inbox as a place to work: assignment, follow-up and order of the list, answers, joined entries, who is looking, views."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("submission", sa.Column("assignee", sa.String(100), nullable=True))
    op.add_column("submission", sa.Column("follow_up", sa.Date, nullable=True))
    op.add_column("submission", sa.Column("asked_at", sa.DateTime, nullable=True))
    op.add_column("submission", sa.Column("company_key", sa.String(200), nullable=True))
    op.add_column("submission", sa.Column("due_on", sa.Date, nullable=True))
    # The service computes the order when it starts.
    op.add_column("submission", sa.Column("work_key", sa.String(22), nullable=False, server_default=""))
    op.create_index("ix_submission_assignee", "submission", ["assignee", "held", "state"])
    op.create_index("ix_submission_phones", "submission", ["phones", "number"])
    op.create_index("ix_submission_company_key", "submission", ["company_key"])
    op.create_index("ix_submission_due_on", "submission", ["held", "due_on"])
    op.create_index("ix_submission_follow_up", "submission", ["held", "follow_up"])
    op.create_index("ix_submission_held_state", "submission", ["held", "state"])
    listed = ("held", "work_key", "reference", "form", "state", "language", "trade", "assignee", "due_on", "follow_up", "received_at", "number")
    op.create_index("ix_submission_work", "submission", list(listed))
    entry = ("number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"))
    op.create_table(
        "message",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column(*entry, nullable=False),
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("mail_kind", sa.String(16), nullable=True),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("author", sa.String(100), nullable=False),
        sa.Column("happened_at", sa.DateTime, nullable=False),
        sa.Column("token", sa.String(64), nullable=False, unique=True),
    )
    op.create_index("ix_message_number", "message", ["number"])
    op.create_table(
        "answer_draft",
        sa.Column("number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), primary_key=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("written_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "entry_link",
        sa.Column("first", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), primary_key=True),
        sa.Column("second", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), primary_key=True),
        sa.Column("joined", sa.Boolean, nullable=False),
        sa.Column("decided_by", sa.String(100), nullable=False),
        sa.Column("decided_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_entry_link_second", "entry_link", ["second"])
    op.create_table(
        "presence",
        sa.Column("number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), primary_key=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        sa.Column("writing", sa.Boolean, nullable=False),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("query", sa.String(1000), nullable=False),
        sa.UniqueConstraint("account_id", "name", name="uq_saved_view_account_name"),
    )
    op.create_table(
        "shortcut_setting",
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("enabled", sa.Boolean, nullable=False),
    )
