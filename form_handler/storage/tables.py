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
    sa.Column(
        "number",
        sa.String(36),
        sa.ForeignKey("submission.number", ondelete="CASCADE"),
        nullable=True,
        comment="none for a digest",
    ),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=True),
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

account = sa.Table(
    "account",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(100), nullable=False, unique=True, comment="casefolded"),
    sa.Column("password_hash", sa.String(200), nullable=True, comment="argon2; none for a provider's account"),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

account_role = sa.Table(
    "account_role",
    metadata,
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("role", sa.String(16), primary_key=True, comment="inbox, edit, publish, translate or admin"),
    sa.Column("language", sa.String(16), primary_key=True, server_default="", comment="of translate, else empty"),
)

staff_session = sa.Table(
    "staff_session",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    sa.Column(
        "browser", sa.String(60), nullable=False, server_default="", comment="browser and system, without versions"
    ),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),
)

account_setting = sa.Table(
    "account_setting",
    metadata,
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("mail", sa.String(320), nullable=True, comment="where digest and alerts go"),
    sa.Column("digest", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("barrier_alert", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("digest_day", sa.String(10), nullable=True, comment="day of the last digest, local time"),
)

second_factor = sa.Table(
    "second_factor",
    metadata,
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("secret", sa.String(200), nullable=False, comment="encrypted with a key of the service's secret"),
    sa.Column("last_step", sa.BigInteger, nullable=False, comment="time step of the last code; no code is taken twice"),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

recovery_code = sa.Table(
    "recovery_code",
    metadata,
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("code_hash", sa.String(64), primary_key=True),
)

saved_form = sa.Table(
    "kept_post",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("path", sa.String(200), nullable=False),
    sa.Column("fields", sa.Text, nullable=False, comment="JSON array of name and value"),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
)

note = sa.Table(
    "note",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column(
        "number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), nullable=False, index=True
    ),
    sa.Column("author", sa.String(100), nullable=False),
    sa.Column("written_at", UtcDateTime, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)

event = sa.Table(
    "event",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column(
        "number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), nullable=True, index=True
    ),
    sa.Column("actor", sa.String(100), nullable=False),
    sa.Column("happened_at", UtcDateTime, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("detail", sa.String(200), nullable=False, comment="never what a person wrote"),
)

quotation = sa.Table(
    "quotation",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), nullable=False),
    sa.Column("field", sa.String(64), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("named", sa.Boolean, nullable=False),
    sa.Column("released_by", sa.String(100), nullable=False),
    sa.Column("released_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("number", "field", name="uq_quotation_number_field"),
)

rate = sa.Table(
    "rate",
    metadata,
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("what", sa.String(16), primary_key=True),
    sa.Column("who", sa.String(64), primary_key=True, comment="HMAC with the key of the day; never an address"),
    sa.Column("slot", sa.Integer, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)

daily_key = sa.Table(
    "day_key",
    metadata,
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("key", sa.String(64), nullable=False),
)

service_state = sa.Table(
    "service_state",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("value", sa.String(200), nullable=False),
)

deletion_mark = sa.Table(
    "deletion_mark",
    metadata,
    sa.Column("number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), primary_key=True),
    sa.Column("marked_at", UtcDateTime, nullable=False, comment="since when the office is told of the deletion"),
)

search_miss = sa.Table(
    "search_miss",
    metadata,
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("language", sa.String(8), primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True, comment="keyed hash of the words"),
    sa.Column("visitors", sa.Integer, nullable=False, comment="each counted once a day, who they are is not stored"),
    sa.Column("words", sa.String(40), nullable=True, comment="only once several visitors have looked for them"),
    sa.Index("ix_search_miss_digest", "digest"),
)

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
    sa.Column("number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), primary_key=True),
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

message = sa.Table(
    "message",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column(
        "number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), nullable=False, index=True
    ),
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
    sa.Column("number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), primary_key=True),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
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

presence = sa.Table(
    "presence",
    metadata,
    sa.Column("number", sa.String(36), sa.ForeignKey("submission.number", ondelete="CASCADE"), primary_key=True),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("seen_at", UtcDateTime, nullable=False),
    sa.Column("writing", sa.Boolean, nullable=False),
)

saved_view = sa.Table(
    "saved_view",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("name", sa.String(60), nullable=False),
    sa.Column("query", sa.String(1000), nullable=False, comment="filter of the inbox, as in its address"),
    sa.UniqueConstraint("account_id", "name", name="uq_saved_view_account_name"),
)

shortcut_setting = sa.Table(
    "shortcut_setting",
    metadata,
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("enabled", sa.Boolean, nullable=False, comment="single-key shortcuts (WCAG 2.1.4)"),
)

draft = sa.Table(
    "draft",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column(
        "path", sa.String(300), nullable=False, unique=True, comment="below docs/: de/kontakt.md, data/links.yml"
    ),
    sa.Column("base_text", sa.Text, nullable=True, comment="the file that it began with; none: the file is new"),
    sa.Column("text", sa.Text, nullable=True, comment="the whole file as it is to be; none: it is to be removed"),
    sa.Column("version", sa.Integer, nullable=False, comment="rises with every change"),
    sa.Column("author", sa.String(100), nullable=False, comment="who made the last change"),
    sa.Column(
        "asked", sa.String(100), nullable=False, server_default="", comment="who asked for a review of this version"
    ),
    sa.Column(
        "problem", sa.Text, nullable=False, server_default="", comment="why it was not published, for its author"
    ),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
)

draft_change = sa.Table(
    "draft_change",
    metadata,
    sa.Column("draft_id", sa.Integer, sa.ForeignKey("draft.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, comment="the version that the change made"),
    sa.Column("actor", sa.String(100), nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Column("place", sa.String(120), nullable=False, comment="kosten.2; a section; empty: the whole file"),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
    sa.Column("spelling", sa.Boolean, nullable=False, comment="nothing to translate"),
    sa.Column(
        "source",
        sa.String(8),
        nullable=False,
        server_default="",
        comment="mark of the German paragraph that the words were made for",
    ),
)

scratch = sa.Table(
    "scratch",
    metadata,
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("path", sa.String(300), primary_key=True),
    sa.Column("place", sa.String(120), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, comment="of the paragraph as it was when the form was opened"),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("saved_at", UtcDateTime, nullable=False),
)

page_presence = sa.Table(
    "page_presence",
    metadata,
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("path", sa.String(300), nullable=False),
    sa.Column("place", sa.String(120), nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),
)

review = sa.Table(
    "review",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("draft_id", sa.Integer, sa.ForeignKey("draft.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("version", sa.Integer, nullable=False, comment="the one version that the review counts for"),
    sa.Column("actor", sa.String(100), nullable=False),
    sa.Column("approved", sa.Boolean, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("reviewed_at", UtcDateTime, nullable=False),
)

publication = sa.Table(
    "publication",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True, comment="random; the commit names it"),
    sa.Column("state", sa.String(16), nullable=False, comment="waiting, committed, done, refused or withdrawn"),
    sa.Column("actor", sa.String(100), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False, index=True),
    sa.Column("finished_at", UtcDateTime, nullable=True),
    sa.Column("commit_hash", sa.String(64), nullable=False, server_default=""),
    sa.Column("problem", sa.Text, nullable=False, server_default="", comment="why it waits or was refused"),
    sa.Column(
        "undoes", sa.String(32), nullable=False, server_default="", comment="the publication that this one takes back"
    ),
    sa.Column("pushed", sa.Boolean, nullable=False, server_default=sa.false()),
)

publication_file = sa.Table(
    "publication_file",
    metadata,
    sa.Column("publication_id", sa.String(32), sa.ForeignKey("publication.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("path", sa.String(300), primary_key=True),
    sa.Column("draft_id", sa.Integer, nullable=True),
    sa.Column("draft_version", sa.Integer, nullable=True),
    sa.Column("base_text", sa.Text, nullable=True),
    sa.Column("text", sa.Text, nullable=True),
    sa.Column(
        "spelling",
        sa.Text,
        nullable=False,
        comment="JSON: place, mark before and mark after of changes in spelling only",
    ),
    sa.Column("before", sa.Text, nullable=True, comment="what was published before; none: nothing"),
    sa.Column("after", sa.Text, nullable=True, comment="what was published; none: the file was removed"),
)

# In the order in which rows may be written: what others point at comes first.
TABLES = (
    submission, account, account_role, account_setting, second_factor, recovery_code, outgoing_mail, staff_session, saved_form, note, event, quotation, rate, daily_key,
    service_state, deletion_mark, search_miss, survey_batch, survey_decision, survey_publication,
    message, answer_draft, entry_link, presence, saved_view, shortcut_setting,
    draft, draft_change, scratch, page_presence, review, publication, publication_file,
)  # fmt: skip
# What a backup leaves out: it is worth nothing later, or would let somebody in.
EPHEMERAL_TABLES = frozenset({"staff_session", "kept_post", "rate", "day_key", "presence", "page_presence"})
