"""Roles of accounts: their permissions, and which accounts have it. Without a role an account opens nothing.

``inbox`` opens submissions; ``edit`` changes pages, ``publish`` makes the changes public, ``translate:<language>`` changes
one language of the pages, and ``admin`` gives roles. No role contains another one.
"""

import datetime
from collections.abc import Collection, Iterable

import sqlalchemy as sa

from core.errors import UserError
from core.languages import default_language, load_languages
from form_handler.storage.database import Database
from form_handler.storage.events import record_event
from form_handler.storage.tables import account, account_role

INBOX, EDIT, PUBLISH, TRANSLATE, ADMIN = "inbox", "edit", "publish", "translate", "admin"
ROLE_NAMES = (INBOX, EDIT, PUBLISH, TRANSLATE, ADMIN)
# Values of a route instead of a role: no session is needed, or any session is enough.
PUBLIC, SIGNED_IN = "public", "signed-in"


class RoleError(UserError):
    """The role does not exist; the message lists the existing ones."""


def known_roles() -> list[str]:
    """Return every role that an account can have, ``translate`` once for each language but the default one."""
    codes = [row.code for row in load_languages() if not row.default]
    return [INBOX, EDIT, PUBLISH, *(f"{TRANSLATE}:{code}" for code in codes), ADMIN]


def parse_role(text: str) -> str:
    """Return a role as it is stored.

    :raises RoleError: if there is no such role, or ``translate`` names no language of the site.
    """
    role = text.strip().casefold()
    if role in known_roles():
        return role
    if role in (TRANSLATE, f"{TRANSLATE}:", f"{TRANSLATE}:{default_language().code}"):
        raise RoleError(f"{text!r}: name a language to translate into, for example {known_roles()[3]}.")
    raise RoleError(f"There is no role {text!r}. There are: {', '.join(known_roles())}")


def allows(roles: Collection[str], wanted: Iterable[str]) -> bool:
    """Return whether one of the wanted roles is among those of an account; ``translate`` means any language."""
    names = {role.partition(":")[0] for role in roles}.union(roles)
    return not names.isdisjoint(wanted)


def read_roles(connection: sa.Connection, account_id: int) -> frozenset[str]:
    """Return the roles of an account."""
    query = sa.select(account_role.c.role, account_role.c.language).where(account_role.c.account_id == account_id)
    return frozenset(f"{row.role}:{row.language}" if row.language else row.role for row in connection.execute(query))


def insert_roles(connection: sa.Connection, account_id: int, roles: Iterable[str]) -> None:
    """Give an account roles that it does not have yet."""
    rows = [role.partition(":") for role in sorted(set(roles))]
    if rows:
        values = [{"account_id": account_id, "role": name, "language": code} for name, _colon, code in rows]
        connection.execute(account_role.insert(), values)


def change_roles(
    database: Database, name: str, add: Iterable[str], remove: Iterable[str], actor: str, now: datetime.datetime
) -> frozenset[str] | None:
    """Give and take roles; return those that the account has then, or None if there is no such account.

    The change is recorded with actor and time.

    :raises RoleError: if one of the roles does not exist.
    """
    given, taken = {parse_role(role) for role in add}, {parse_role(role) for role in remove}
    with database.transaction() as connection:
        query = sa.select(account.c.id).where(account.c.name == name.strip().casefold()).with_for_update()
        found = connection.execute(query).scalar()
        if found is None:
            return None
        after = frozenset((read_roles(connection, found) | given) - taken)
        replace_roles(connection, found, after, actor, now)
    return after


def replace_roles(
    connection: sa.Connection, account_id: int, after: frozenset[str], actor: str, now: datetime.datetime
) -> None:
    """Give an account just these roles, and record the changes."""
    before = read_roles(connection, account_id)
    if after != before:
        connection.execute(account_role.delete().where(account_role.c.account_id == account_id))
        insert_roles(connection, account_id, after)
        changes = [f"+{role}" for role in sorted(after - before)] + [f"-{role}" for role in sorted(before - after)]
        record_event(connection, actor, "roles", now, None, f"{account_id} {' '.join(changes)}")


def list_roles(database: Database) -> dict[str, frozenset[str]]:
    """Return the roles of every account, by its name."""
    with database.read_connection() as connection:
        rows = connection.execute(sa.select(account.c.id, account.c.name).order_by(account.c.name)).all()
        return {row.name: read_roles(connection, row.id) for row in rows}
