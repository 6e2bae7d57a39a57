"""Accounts with argon2 passwords, sessions, and limits on guessing.

Attempts are counted before the password is verified, each in one statement, so that parallel guesses count like others.
A browser in which somebody has logged in before is known by its device cookie and counted by itself: a stranger's guesses
never lock it out (OWASP, Slow Down Online Guessing Attacks with Device Cookies).
"""

import datetime
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import KindError
from form_handler import rate_limit
from form_handler.staff.auth.passwords import MAX_PASSWORD_LENGTH, WeakPasswordError, check_password
from form_handler.staff.auth.roles import INBOX, allows, insert_roles, parse_role, read_roles
from form_handler.storage.database import Database
from form_handler.storage.tables import account, staff_session

# OWASP's least setting for argon2id; argon2-cffi's own default is above it (RFC 9106, low memory).
password_hasher = PasswordHasher()
IDLE_TIMEOUT = datetime.timedelta(minutes=60)
MAX_SESSION_AGE = datetime.timedelta(hours=12)
# Wrong attempts within a quarter of an hour: in a known browser; in unknown ones for one name from one network, from one
# network, and for one name from everywhere.
MAX_FAILURES_PER_DEVICE = 10
MAX_FAILURES_PER_NAME_AND_NETWORK = 5
MAX_FAILURES_PER_NETWORK = 30
MAX_FAILURES_PER_NAME = 20
WINDOW_MINUTES = 15
# Checked where a name is unknown, so that an answer takes as long as for a known one.
DUMMY_HASH = password_hasher.hash(secrets.token_hex(16))


class AccountError(KindError):
    """An account cannot be made or changed; the message names the cause.

    :ivar kind: why, for a sentence in another language: ``taken``, ``name``, ``missing``, ``last-admin``, or why a password
        is refused, see :class:`form_handler.staff.auth.passwords.WeakPasswordError`.
    """


class ThrottledError(Exception):
    """Too many wrong attempts; the password was not looked at."""


@dataclass(frozen=True)
class Account:
    """An account of the office; ``name`` is in notes and events.

    :ivar roles: the permissions of the account, see :mod:`form_handler.staff.auth.roles`.
    """

    id: int
    name: str
    roles: frozenset[str] = frozenset()

    def has_role(self, *wanted: str) -> bool:
        """Return whether the account has one of these roles; ``translate`` means any language."""
        return allows(self.roles, wanted)


def add_account(
    database: Database, name: str, password: str | None, now: datetime.datetime, roles: Iterable[str] = (INBOX,)
) -> None:
    """Make an account; without a password only the city's own log-in opens it.

    :param roles: its permissions; by default the inbox.
    :raises AccountError: if the name is taken or empty, or the password can be guessed.
    :raises RoleError: if one of the roles does not exist.
    """
    name, given = normalize_username(name), [parse_role(role) for role in roles]
    hashed = hash_password(password, name) if password is not None else None
    try:
        with database.transaction() as connection:
            row = account.insert().values(name=name, password_hash=hashed, active=True, created_at=now)
            insert_roles(connection, connection.execute(row.returning(account.c.id)).scalar_one(), given)
    except sa.exc.IntegrityError as error:
        raise AccountError(
            "taken", f"{name} exists already. Set a new password: kim users set-password {name}"
        ) from error


def normalize_username(name: str) -> str:
    """Return a name as it is stored: casefolded, without blanks at its ends.

    :raises AccountError: if nothing is left, or too much.
    """
    tidy = name.strip().casefold()
    if not tidy or len(tidy) > 100 or not tidy.isprintable():
        raise AccountError("name", "A name has 1 to 100 printable characters.")
    return tidy


def hash_password(password: str, name: str) -> str:
    """Return an argon2id hash of a new password for an account.

    :raises AccountError: if the password is too short, too long or can be guessed.
    """
    try:
        check_password(password, name)
    except WeakPasswordError as error:
        raise AccountError(error.kind, str(error)) from error
    return password_hasher.hash(password)


def set_password(database: Database, name: str, password: str) -> None:
    """Give an account a new password and end its sessions.

    :raises AccountError: if there is no such account, or the password can be guessed.
    """
    _change(database, name, password_hash=hash_password(password, normalize_username(name)))


def set_active(database: Database, name: str, active: bool) -> None:
    """Open or close an account; its sessions end.

    :raises AccountError: if there is no such account.
    """
    _change(database, name, active=active)


def _change(database: Database, name: str, **values: object) -> None:
    with database.transaction() as connection:
        found = connection.execute(sa.select(account.c.id).where(account.c.name == normalize_username(name))).scalar()
        if found is None:
            raise AccountError("missing", f"There is no account {name}. List all accounts: kim users list")
        connection.execute(account.update().where(account.c.id == found).values(**values))
        connection.execute(staff_session.delete().where(staff_session.c.account_id == found))


def list_accounts(database: Database) -> list[tuple[str, bool]]:
    """Return the name of each account, and whether it is open."""
    query = sa.select(account.c.name, account.c.active).order_by(account.c.name)
    return [(row.name, row.active) for row in database.rows(query)]


Bucket = tuple[str, str, int]


def log_in(
    database: Database,
    name: str,
    password: str,
    address: str,
    now: datetime.datetime,
    devices: Mapping[int, str] | None = None,
) -> Account | None:
    """Return the account if name and password are right, else None.

    :param address: the network address of the browser.
    :param devices: by number of the account, the token by which the browser is known from an earlier log-in.
    :raises ThrottledError: after too many wrong attempts.
    """
    name = name.strip().casefold()[:100]
    with database.read_connection() as connection:
        query = sa.select(account).where(account.c.name == (name if name.isprintable() else ""))
        row = connection.execute(query).first()
    device = (devices or {}).get(row.id) if row is not None else None
    counted = _count_attempt(database, name, address, device, now)
    right = _verify(row.password_hash if row is not None and row.password_hash else DUMMY_HASH, password)
    if not right or row is None or not row.active or not row.password_hash:
        return None
    with database.transaction() as connection:
        for what, who, _limit in counted:
            rate_limit.decrement(connection, what, who, now, WINDOW_MINUTES)
    return Account(row.id, row.name)


def _count_attempt(
    database: Database, name: str, address: str, device: str | None, now: datetime.datetime
) -> list[Bucket]:
    """Count one attempt and return where.

    A known browser with too many wrong attempts is treated like an unknown one.

    :raises ThrottledError: if there were too many.
    """
    network = rate_limit.client_network(address)
    unknown = [
        ("login-pair", f"{name}\n{network}", MAX_FAILURES_PER_NAME_AND_NETWORK),
        ("login-from", network, MAX_FAILURES_PER_NETWORK),
        ("login-name", name, MAX_FAILURES_PER_NAME),
    ]
    known = [("login-device", device, MAX_FAILURES_PER_DEVICE)] if device else None
    for buckets in (known, unknown):
        if buckets is not None and _count_all(database, buckets, now):
            return buckets
    raise ThrottledError


def _count_all(database: Database, buckets: list[Bucket], now: datetime.datetime) -> bool:
    """Count an attempt in each bucket up to the first that is full; return whether none is."""
    with database.read_connection() as connection:  # a full one costs no write
        if any(
            rate_limit.current_count(connection, what, who, now, WINDOW_MINUTES) >= limit
            for what, who, limit in buckets
        ):
            return False
    with database.transaction() as connection:
        return all(
            rate_limit.increment(connection, what, who, now, WINDOW_MINUTES) <= limit for what, who, limit in buckets
        )


def _verify(hashed: str, password: str) -> bool:
    try:
        return password_hasher.verify(hashed, password[: MAX_PASSWORD_LENGTH + 1])
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def account_by_name(database: Database, name: str) -> Account | None:
    """Return the open account of this name, or None; for the city's own log-in."""
    if not name.isprintable():  # PostgreSQL takes no NUL in a text
        return None
    with database.read_connection() as connection:
        query = sa.select(account).where(account.c.name == name.strip().casefold(), account.c.active)
        row = connection.execute(query).first()
    return Account(row.id, row.name) if row else None


def account_by_id(database: Database, account_id: int) -> Account | None:
    """Return the open account of this number, or None."""
    row = database.first(sa.select(account).where(account.c.id == account_id, account.c.active))
    return Account(row.id, row.name) if row else None


def open_session(database: Database, who: Account, now: datetime.datetime, browser: str = "") -> str:
    """Start a session; return its token, which only the browser stores.

    :param browser: browser and system, for the list of sessions.
    """
    token = secrets.token_urlsafe(32)
    with database.transaction() as connection:
        connection.execute(staff_session.delete().where(staff_session.c.created_at < now - MAX_SESSION_AGE))
        connection.execute(
            staff_session.insert().values(
                token_hash=hash_token(token), account_id=who.id, created_at=now, seen_at=now, browser=browser[:60]
            )
        )
    return token


def is_open_session(now: datetime.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions of a session that has not ended; one begun while the clock was ahead would never end."""
    return (
        staff_session.c.created_at > now - MAX_SESSION_AGE,
        staff_session.c.seen_at > now - IDLE_TIMEOUT,
        staff_session.c.created_at < now + MAX_SESSION_AGE,
        staff_session.c.seen_at < now + MAX_SESSION_AGE,
    )


def find_session(database: Database, token: str, now: datetime.datetime, in_use: bool = True) -> Account | None:
    """Return the account of a session; None if it has ended, was idle for an hour, or is twelve hours old.

    :param in_use: whether somebody is using it; requests of a page's script do not extend it.
    """
    query = (
        sa.select(account.c.id, account.c.name, staff_session.c.seen_at)
        .join(staff_session, staff_session.c.account_id == account.c.id)
        .where(
            staff_session.c.token_hash == hash_token(token),
            *is_open_session(now),
            account.c.active,
        )
    )
    with database.read_connection() as connection:
        row = connection.execute(query).first()
        roles = read_roles(connection, row.id) if row is not None else frozenset()
    if row is None:
        return None
    if in_use and row.seen_at < now - IDLE_TIMEOUT / 12:  # one write in five minutes is enough
        with database.transaction() as connection:
            where = staff_session.c.token_hash == hash_token(token)
            connection.execute(staff_session.update().where(where).values(seen_at=now))
    return Account(row.id, row.name, roles)


def session_end(database: Database, token: str) -> datetime.datetime | None:
    """Return when a session ends if nothing more is done in it; None if there is none."""
    query = sa.select(staff_session.c.created_at, staff_session.c.seen_at).where(
        staff_session.c.token_hash == hash_token(token)
    )
    row = database.first(query)
    return min(row.seen_at + IDLE_TIMEOUT, row.created_at + MAX_SESSION_AGE) if row is not None else None


def session_account_id(database: Database, token: str) -> int | None:
    """Return the number of the open account that a session belongs or belonged to, ended by time or not."""
    query = (
        sa.select(account.c.id)
        .join(staff_session, staff_session.c.account_id == account.c.id)
        .where(staff_session.c.token_hash == hash_token(token), account.c.active)
    )
    with database.read_connection() as connection:
        return connection.execute(query).scalar()


def close_session(database: Database, token: str) -> None:
    """End a session."""
    database.change(staff_session.delete().where(staff_session.c.token_hash == hash_token(token)))


def hash_token(token: str) -> str:
    """Return a session's token as it is stored."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
