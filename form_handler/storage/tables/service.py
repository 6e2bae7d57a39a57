"""Counters, keys and state of the service; nothing in them belongs to a submission."""

import sqlalchemy as sa

from form_handler.storage.tables.base import metadata

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
