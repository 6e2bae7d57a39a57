"""Accounts of the staff area, their sessions and settings."""

import sqlalchemy as sa

from form_handler.storage.tables.base import UtcDateTime, account_id, metadata

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
    account_id(primary_key=True),
    sa.Column("role", sa.String(16), primary_key=True, comment="inbox, edit, publish, translate or admin"),
    sa.Column("language", sa.String(16), primary_key=True, server_default="", comment="of translate, else empty"),
)

account_setting = sa.Table(
    "account_setting",
    metadata,
    account_id(primary_key=True),
    sa.Column("mail", sa.String(320), nullable=True, comment="where digest and alerts go"),
    sa.Column("digest", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("barrier_alert", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("digest_day", sa.String(10), nullable=True, comment="day of the last digest, local time"),
)

second_factor = sa.Table(
    "second_factor",
    metadata,
    account_id(primary_key=True),
    sa.Column("secret", sa.String(200), nullable=False, comment="encrypted with a key of the service's secret"),
    sa.Column("last_step", sa.BigInteger, nullable=False, comment="time step of the last code; no code is taken twice"),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

recovery_code = sa.Table(
    "recovery_code",
    metadata,
    account_id(primary_key=True),
    sa.Column("code_hash", sa.String(64), primary_key=True),
)

staff_session = sa.Table(
    "staff_session",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    account_id(nullable=False),
    sa.Column(
        "browser", sa.String(60), nullable=False, server_default="", comment="browser and system, without versions"
    ),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),
)

saved_form = sa.Table(
    "kept_post",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    account_id(nullable=False, index=True),
    sa.Column("path", sa.String(200), nullable=False),
    sa.Column("fields", sa.Text, nullable=False, comment="JSON array of name and value"),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
)

shortcut_setting = sa.Table(
    "shortcut_setting",
    metadata,
    account_id(primary_key=True),
    sa.Column("enabled", sa.Boolean, nullable=False, comment="single-key shortcuts (WCAG 2.1.4)"),
)
