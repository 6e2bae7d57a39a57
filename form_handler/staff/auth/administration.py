"""Administration of accounts: add, open and close, roles, a new password; one admin always stays."""

import datetime
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from form_handler.staff.auth.accounts import AccountError, add_account, hash_password
from form_handler.staff.auth.roles import ADMIN, parse_role, read_roles, replace_roles
from form_handler.storage.database import Database
from form_handler.storage.events import record_event
from form_handler.storage.tables import account, account_role, event, second_factor, staff_session

LOCK_NUMBER = 0x6B696D02
# Without signs that are mistaken for each other when a password is read out.
READABLE_SIGNS = "abcdefghjkmnpqrstvwxyz23456789"
MAX_LISTED_EVENTS = 30


@dataclass(frozen=True)
class AccountDetails:
    """An account as an admin sees it.

    :ivar last_seen: when it was last seen in a session that is still known, or None.
    """

    id: int
    name: str
    active: bool
    roles: frozenset[str]
    has_password: bool
    has_second_factor: bool
    last_seen: datetime.datetime | None


def list_details(database: Database) -> list[AccountDetails]:
    """Return all accounts, by name."""
    with database.read_connection() as connection:
        latest = sa.func.max(staff_session.c.seen_at)
        query = sa.select(staff_session.c.account_id, latest).group_by(staff_session.c.account_id)
        seen = {row[0]: row[1] for row in connection.execute(query)}
        factors = set(connection.execute(sa.select(second_factor.c.account_id)).scalars())
        return [
            AccountDetails(row.id, row.name, row.active, read_roles(connection, row.id), row.password_hash is not None, row.id in factors, seen.get(row.id))
            for row in connection.execute(sa.select(account).order_by(account.c.name))
        ]  # fmt: skip


def find_details(database: Database, account_id: int) -> AccountDetails | None:
    """Return one account, or None."""
    return next((one for one in list_details(database) if one.id == account_id), None)


def create_account(
    database: Database, name: str, roles: Collection[str], with_password: bool, actor: str, now: datetime.datetime
) -> str | None:
    """Make an account; return its password, which is stored nowhere, or None without one.

    :raises AccountError: if the name is taken or none.
    :raises RoleError: if one of the roles does not exist.
    """
    password = generate_password(name) if with_password else None
    add_account(database, name, password, now, roles)
    with database.transaction() as connection:
        found = connection.execute(sa.select(account.c.id).where(account.c.name == name.strip().casefold())).scalar()
        record_event(connection, actor, "account-added", now, None, f"{found} {' '.join(sorted(roles))}")
    return password


def generate_password(name: str) -> str:
    """Return a password of 78 bits that is easy to read out."""
    while True:
        signs = "".join(secrets.choice(READABLE_SIGNS) for _ in range(16))
        password = "-".join(signs[start : start + 4] for start in range(0, 16, 4))
        try:
            hash_password(password, name)
        except AccountError:  # by chance a sequence or a common word
            continue
        return password


def update_account(
    database: Database, account_id: int, roles: Collection[str], active: bool, provider: bool, actor: str, now: datetime.datetime
) -> None:  # fmt: skip
    """Set an account's roles, and open or close it; closing ends its sessions.

    :param provider: whether the city's own log-in is set up, so that an admin needs no password.
    :raises AccountError: if there is no such account, or no admin who can log in would be left.
    :raises RoleError: if one of the roles does not exist.
    """
    wanted = frozenset(parse_role(role) for role in roles)
    with database.transaction() as connection:
        _lock(connection)
        row = connection.execute(sa.select(account).where(account.c.id == account_id)).first()
        if row is None:
            raise AccountError("missing", "There is no such account.")
        replace_roles(connection, account_id, wanted, actor, now)
        if row.active != active:
            connection.execute(account.update().where(account.c.id == account_id).values(active=active))
            kind = "account-opened" if active else "account-closed"
            record_event(connection, actor, kind, now, None, str(account_id))
        if not active:
            connection.execute(staff_session.delete().where(staff_session.c.account_id == account_id))
        if not _has_admin(connection, provider):
            raise AccountError("last-admin", "No admin who can log in would be left.")


def _lock(connection: sa.Connection) -> None:
    """Let two admins who take each other's role wait for one another; on SQLite all writers do."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK_NUMBER)))


def _has_admin(connection: sa.Connection, provider: bool) -> bool:
    can_log_in: Any = sa.true() if provider else account.c.password_hash.is_not(None)
    query = (
        sa.select(account.c.id)
        .join(account_role, account_role.c.account_id == account.c.id)
        .where(account_role.c.role == ADMIN, account.c.active, can_log_in)
    )
    return connection.execute(query.limit(1)).first() is not None


def reset_password(database: Database, account_id: int, actor: str, now: datetime.datetime) -> str:
    """Give an account a new password and end its sessions; return it, which is stored nowhere.

    :raises AccountError: if there is no such account.
    """
    found = find_details(database, account_id)
    if found is None:
        raise AccountError("missing", "There is no such account.")
    password = generate_password(found.name)
    values = {"password_hash": hash_password(password, found.name)}
    with database.transaction() as connection:
        connection.execute(account.update().where(account.c.id == account_id).values(values))
        connection.execute(staff_session.delete().where(staff_session.c.account_id == account_id))
        record_event(connection, actor, "account-password", now, None, str(account_id))
    return password


def list_account_events(database: Database) -> list[sa.Row[Any]]:
    """Return the last changes of accounts, the newest first; the detail begins with the account's number."""
    kinds = event.c.kind.startswith("account-") | (event.c.kind == "roles")
    return database.rows(event.select().where(kinds).order_by(event.c.id.desc()).limit(MAX_LISTED_EVENTS))
