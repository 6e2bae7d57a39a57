"""The open sessions of an account: which browser, since when; each can be ended by its owner."""

import datetime
import hashlib
from dataclasses import dataclass

import sqlalchemy as sa

from form_handler.staff.auth.accounts import hash_token, is_open_session
from form_handler.storage.database import Database
from form_handler.storage.tables import staff_session

# The first that a User-Agent holds; each browser names those from which it comes, too.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS", "Firefox"), ("SamsungBrowser", "Samsung Internet"),
            ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
SYSTEMS = (("iPhone", "iOS"), ("iPad", "iPadOS"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
           ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip


@dataclass(frozen=True)
class OpenSession:
    """An open session.

    :ivar id: names it in a form; nobody can log in with it.
    :ivar browser: browser and system, without versions; empty if unknown.
    :ivar is_current: whether it is the session of this request.
    """

    id: str
    browser: str
    created_at: datetime.datetime
    seen_at: datetime.datetime
    is_current: bool


def describe_browser(user_agent: str) -> str:
    """Return browser and system of a User-Agent, without versions, which would disclose more than is needed."""
    names = (next((name for sign, name in row if sign in user_agent), "") for row in (BROWSERS, SYSTEMS))
    return ", ".join(name for name in names if name)


def list_sessions(database: Database, account_id: int, token: str, now: datetime.datetime) -> list[OpenSession]:
    """Return the open sessions of an account, the asking one first, then the last seen."""
    query = sa.select(staff_session).where(staff_session.c.account_id == account_id, *is_open_session(now))
    found = [
        OpenSession(_session_id(row.token_hash), row.browser, row.created_at, row.seen_at, row.token_hash == hash_token(token))
        for row in database.rows(query.order_by(staff_session.c.seen_at.desc()))
    ]  # fmt: skip
    return sorted(found, key=lambda one: not one.is_current)


def end_sessions(database: Database, account_id: int, keep: str = "", identity: str = "") -> int:
    """End sessions of an account; return how many.

    :param keep: the token of a session that stays.
    :param identity: of one session, see :attr:`OpenSession.id`; empty: all.
    """
    query = sa.select(staff_session.c.token_hash).where(staff_session.c.account_id == account_id)
    with database.transaction() as connection:
        ended = [
            row
            for row in connection.execute(query).scalars()
            if (not keep or row != hash_token(keep)) and (not identity or _session_id(row) == identity)
        ]
        for row in ended:
            connection.execute(staff_session.delete().where(staff_session.c.token_hash == row))
    return len(ended)


def _session_id(token_hash: str) -> str:
    return hashlib.sha256(token_hash.encode()).hexdigest()[:16]
