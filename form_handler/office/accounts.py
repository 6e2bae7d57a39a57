"""Who may see what came in: accounts with argon2 passwords, sessions that can be ended, and a brake on guessing."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from form_handler import rates
from form_handler.storage.database import Database
from form_handler.storage.schema import account, staff_session

# OWASP's least setting for argon2id; argon2-cffi's own default is above it (RFC 9106, low memory).
HASHER = PasswordHasher()
LEAST_PASSWORD = 12
MOST_PASSWORD = 200
IDLE = datetime.timedelta(minutes=60)
LONGEST = datetime.timedelta(hours=12)
# Wrong attempts within a quarter of an hour: for one name, and from one address.
TRIES_FOR_NAME = 5
TRIES_FROM_ADDRESS = 30
SLOT_MINUTES = 15
# Checked where a name is unknown, so that an answer takes as long as for a known one.
NOBODY = HASHER.hash(secrets.token_hex(16))


class AccountError(Exception):
    """An account cannot be made or changed; the message says why, in German."""


class ThrottledError(Exception):
    """Too many wrong attempts; nothing was looked up."""


@dataclass(frozen=True)
class Account:
    """Somebody of the office: the number of the account and the name that notes and events carry."""

    id: int
    name: str


def add_account(database: Database, name: str, password: str | None, now: datetime.datetime) -> None:
    """Make an account; without a password only the city's own log-in opens it.

    :raises AccountError: if the name is taken or empty, or the password too short.
    """
    name = tidy_name(name)
    hashed = hash_password(password) if password is not None else None
    try:
        with database.writing() as connection:
            connection.execute(account.insert().values(name=name, password_hash=hashed, active=True, created_at=now))
    except sa.exc.IntegrityError as error:
        raise AccountError(f"{name} gibt es schon. Ein neues Passwort setzt: kim users password {name}") from error


def tidy_name(name: str) -> str:
    """Return a name as it is kept: casefolded, without blanks at its ends.

    :raises AccountError: if nothing is left, or too much.
    """
    tidy = name.strip().casefold()
    if not tidy or len(tidy) > 100 or not tidy.isprintable():
        raise AccountError("Ein Name hat 1 bis 100 sichtbare Zeichen.")
    return tidy


def hash_password(password: str) -> str:
    """Return an argon2id hash.

    :raises AccountError: if the password is shorter than 12 or longer than 200 characters.
    """
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise AccountError(f"Ein Passwort hat {LEAST_PASSWORD} bis {MOST_PASSWORD} Zeichen.")
    return HASHER.hash(password)


def set_password(database: Database, name: str, password: str) -> None:
    """Give an account a new password and end its sessions.

    :raises AccountError: if there is no such account, or the password is too short.
    """
    _change(database, name, password_hash=hash_password(password))


def set_active(database: Database, name: str, active: bool) -> None:
    """Open or close an account; its sessions end.

    :raises AccountError: if there is no such account.
    """
    _change(database, name, active=active)


def _change(database: Database, name: str, **values: object) -> None:
    with database.writing() as connection:
        found = connection.execute(sa.select(account.c.id).where(account.c.name == tidy_name(name))).scalar()
        if found is None:
            raise AccountError(f"{name} gibt es nicht. Alle Konten zeigt: kim users list")
        connection.execute(account.update().where(account.c.id == found).values(**values))
        connection.execute(staff_session.delete().where(staff_session.c.account_id == found))


def list_accounts(database: Database) -> list[tuple[str, bool]]:
    """Return the name of each account, and whether it is open."""
    query = sa.select(account.c.name, account.c.active).order_by(account.c.name)
    with database.reading() as connection:
        return [(row.name, row.active) for row in connection.execute(query)]


def log_in(database: Database, name: str, password: str, address: str, now: datetime.datetime) -> Account | None:
    """Return the account if name and password are right, else None.

    :raises ThrottledError: after too many wrong attempts for this name or from this address.
    """
    name = name.strip().casefold()[:100]
    with database.reading() as connection:
        tried = rates.look(connection, "login-name", name, now, SLOT_MINUTES)
        from_here = rates.look(connection, "login-from", address, now, SLOT_MINUTES)
        row = connection.execute(sa.select(account).where(account.c.name == name)).first()
    if tried >= TRIES_FOR_NAME or from_here >= TRIES_FROM_ADDRESS:
        raise ThrottledError
    right = _verify(row.password_hash if row is not None and row.password_hash else NOBODY, password)
    if right and row is not None and row.active and row.password_hash:
        return Account(row.id, row.name)
    # On PostgreSQL two first attempts at the same moment may collide; then one of them is not counted.
    with contextlib.suppress(sa.exc.IntegrityError), database.writing() as connection:
        rates.count(connection, "login-name", name, now, SLOT_MINUTES)
        rates.count(connection, "login-from", address, now, SLOT_MINUTES)
    return None


def _verify(hashed: str, password: str) -> bool:
    try:
        return HASHER.verify(hashed, password[: MOST_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False


def account_by_name(database: Database, name: str) -> Account | None:
    """Return the open account of this name, or None; for the city's own log-in."""
    with database.reading() as connection:
        query = sa.select(account).where(account.c.name == name.strip().casefold(), account.c.active)
        row = connection.execute(query).first()
    return Account(row.id, row.name) if row else None


def open_session(database: Database, who: Account, now: datetime.datetime) -> str:
    """Begin a session and return its secret, which only the browser keeps."""
    token = secrets.token_urlsafe(32)
    with database.writing() as connection:
        connection.execute(staff_session.delete().where(staff_session.c.created_at < now - LONGEST))
        connection.execute(
            staff_session.insert().values(token_hash=_hash(token), account_id=who.id, created_at=now, seen_at=now)
        )
    return token


def find_session(database: Database, token: str, now: datetime.datetime) -> Account | None:
    """Return who a session belongs to; None if it has ended, was idle for an hour, or is twelve hours old."""
    query = (
        sa.select(account.c.id, account.c.name, staff_session.c.seen_at)
        .join(staff_session, staff_session.c.account_id == account.c.id)
        .where(
            staff_session.c.token_hash == _hash(token),
            staff_session.c.created_at > now - LONGEST,
            staff_session.c.seen_at > now - IDLE,
            account.c.active,
        )
    )
    with database.reading() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    if row.seen_at < now - IDLE / 12:  # one write in five minutes is enough
        with database.writing() as connection:
            where = staff_session.c.token_hash == _hash(token)
            connection.execute(staff_session.update().where(where).values(seen_at=now))
    return Account(row.id, row.name)


def close_session(database: Database, token: str) -> None:
    """End a session."""
    with database.writing() as connection:
        connection.execute(staff_session.delete().where(staff_session.c.token_hash == _hash(token)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
