"""Submissions, their mails, answers, notes and history."""

import sqlalchemy as sa

from form_handler.storage.tables.base import UtcDateTime, account_id, metadata, submission_number

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
    sa.Column("trade", sa.String(32), nullable=True, index=True),
    sa.Column("sender", sa.String(320), nullable=True, index=True, comment="canonical e-mail address"),
    sa.Column("phones", sa.String(200), nullable=True, comment="canonical numbers, a blank before and after each"),
    sa.Column("search_text", sa.Text, nullable=False, server_default="", comment="all answers, folded"),
    sa.Column(
        "note_text", sa.Text, nullable=False, server_default="", comment="all notes, answers and replies, folded"
    ),
    sa.Column("fingerprint", sa.String(64), nullable=True, index=True, comment="keyed hash of browser and answers"),
    sa.Column("suspicion", sa.String(100), nullable=True, comment="why it may be spam: kinds, with blanks between"),
    sa.Column("held", sa.Boolean, nullable=False, server_default=sa.false(), index=True),
    sa.Column("interim_at", UtcDateTime, nullable=True, comment="when an interim notice was given"),
    sa.Column("answered_at", UtcDateTime, nullable=True),
    sa.Column("confirmed_at", UtcDateTime, nullable=True, comment="when the sender confirmed the e-mail address"),
    sa.Column(
        "version", sa.Integer, nullable=False, server_default="1", comment="rises with every change by the office"
    ),
    sa.Column("assignee", sa.String(100), nullable=True, comment="name of an account"),
    sa.Column("follow_up", sa.Date, nullable=True, comment="day on which the office wants to see it again"),
    sa.Column("asked_at", UtcDateTime, nullable=True, comment="when the last reply came that wants an answer"),
    sa.Column("company_key", sa.String(200), nullable=True, index=True, comment="company's name, for comparison"),
    sa.Column("due_on", sa.Date, nullable=True, comment="last day for what is owed next; see storage/work_list.py"),
    sa.Column("work_key", sa.String(22), nullable=False, server_default="", comment="orders the work list"),
    sa.Index("ix_submission_due_on", "held", "due_on"),
    sa.Index("ix_submission_follow_up", "held", "follow_up"),
    sa.Index("ix_submission_held_state", "held", "state"),
    # The list is read from this index alone: its order, then everything that filters it.
    sa.Index(
        "ix_submission_work",
        "held",
        "work_key",
        "reference",
        "form",
        "state",
        "language",
        "trade",
        "assignee",
        "due_on",
        "follow_up",
        "received_at",
        "number",
    ),
    sa.Index("ix_submission_phones", "phones", "number"),
    sa.Index("ix_submission_assignee", "assignee", "held", "state"),
)

outgoing_mail = sa.Table(
    "outgoing_mail",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    submission_number(nullable=True, comment="none for a digest"),
    account_id(nullable=True),
    sa.Column(
        "kind",
        sa.String(16),
        nullable=False,
        comment="office, copy (receipt to the sender), full-copy (once the address is confirmed), digest, alert-N (to account N)",
    ),
    sa.Column("recipient", sa.String(320), nullable=False),
    sa.Column(
        "message",
        sa.Text,
        nullable=False,
        comment="the whole message (RFC 5322) where version 0.1 stored it; else written when sent",
    ),
    sa.Column("state", sa.String(16), nullable=False, comment="held, waiting, sending, sent or failed"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", UtcDateTime, nullable=False),
    sa.Column("sent_at", UtcDateTime, nullable=True),
    sa.Column("last_error", sa.String(200), nullable=True, comment="what the server said; no address, no content"),
    sa.Column("claim", sa.String(32), nullable=True, comment="random token of the worker that sends it now"),
    sa.UniqueConstraint("number", "kind", name="uq_outgoing_mail_number_kind"),
    sa.Index("ix_outgoing_mail_due", "state", "next_attempt_at"),
)

note = sa.Table(
    "note",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    submission_number(nullable=False, index=True),
    sa.Column("author", sa.String(100), nullable=False),
    sa.Column("written_at", UtcDateTime, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)

event = sa.Table(
    "event",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    submission_number(nullable=True, index=True),
    sa.Column("actor", sa.String(100), nullable=False),
    sa.Column("happened_at", UtcDateTime, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("detail", sa.String(200), nullable=False, comment="never what a person wrote"),
)

quotation = sa.Table(
    "quotation",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    submission_number(nullable=False),
    sa.Column("field", sa.String(64), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("named", sa.Boolean, nullable=False),
    sa.Column("released_by", sa.String(100), nullable=False),
    sa.Column("released_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("number", "field", name="uq_quotation_number_field"),
)

message = sa.Table(
    "message",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    submission_number(nullable=False, index=True),
    sa.Column("direction", sa.String(8), nullable=False, comment="out (to the sender) or in (from the sender)"),
    sa.Column("mail_kind", sa.String(16), nullable=True, comment="kind of its outgoing mail; none for what came in"),
    sa.Column("channel", sa.String(16), nullable=False, comment="mail, phone or visit"),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("author", sa.String(100), nullable=False, comment="who of the office sent or entered it"),
    sa.Column("happened_at", UtcDateTime, nullable=False),
    sa.Column("token", sa.String(64), nullable=False, unique=True, comment="of the form, so that it is stored once"),
)

answer_draft = sa.Table(
    "answer_draft",
    metadata,
    submission_number(primary_key=True),
    account_id(primary_key=True),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("written_at", UtcDateTime, nullable=False),
)

entry_link = sa.Table(
    "entry_link",
    metadata,
    sa.Column("first", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), primary_key=True),
    sa.Column(
        "second", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), primary_key=True, index=True
    ),
    sa.Column("joined", sa.Boolean, nullable=False, comment="whether they belong together, or do not"),
    sa.Column("decided_by", sa.String(100), nullable=False),
    sa.Column("decided_at", UtcDateTime, nullable=False),
)

deletion_mark = sa.Table(
    "deletion_mark",
    metadata,
    submission_number(primary_key=True),
    sa.Column("marked_at", UtcDateTime, nullable=False, comment="since when the office is told of the deletion"),
)

presence = sa.Table(
    "presence",
    metadata,
    submission_number(primary_key=True),
    account_id(primary_key=True),
    sa.Column("seen_at", UtcDateTime, nullable=False),
    sa.Column("writing", sa.Boolean, nullable=False),
)

saved_view = sa.Table(
    "saved_view",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    account_id(nullable=False, index=True),
    sa.Column("name", sa.String(60), nullable=False),
    sa.Column("query", sa.String(1000), nullable=False, comment="filter of the inbox, as in its address"),
    sa.UniqueConstraint("account_id", "name", name="uq_saved_view_account_name"),
)
