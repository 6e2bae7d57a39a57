"""Drafts of pages, their reviews and publications."""

import sqlalchemy as sa

from form_handler.storage.tables.base import UtcDateTime, account_id, metadata

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
    account_id(primary_key=True),
    sa.Column("path", sa.String(300), primary_key=True),
    sa.Column("place", sa.String(120), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, comment="of the paragraph as it was when the form was opened"),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("saved_at", UtcDateTime, nullable=False),
)

page_presence = sa.Table(
    "page_presence",
    metadata,
    account_id(primary_key=True),
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
