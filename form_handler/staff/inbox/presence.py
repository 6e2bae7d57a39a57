"""Who is looking at an entry or writing in it now: a hint for colleagues, never a lock."""

import datetime
from dataclasses import dataclass

import sqlalchemy as sa

from form_handler.storage.database import Database
from form_handler.storage.tables import account, presence

# Without script only the opening of a page is known, so somebody counts as there for some minutes.
STAY = datetime.timedelta(minutes=5)
# Somebody who writes is reported every few seconds by the page's script.
WRITING_STAY = datetime.timedelta(minutes=1)


@dataclass(frozen=True)
class Colleague:
    """Somebody else at the same entry."""

    name: str
    writing: bool


def note_presence(database: Database, number: str, account_id: int, writing: bool, now: datetime.datetime) -> None:
    """Record that somebody is at an entry; rows older than :data:`STAY` are deleted."""
    mine = (presence.c.number == number) & (presence.c.account_id == account_id)
    with database.transaction() as connection:
        connection.execute(presence.delete().where(mine | (presence.c.seen_at < now - STAY)))
        connection.execute(presence.insert().values(number=number, account_id=account_id, seen_at=now, writing=writing))


def list_colleagues(database: Database, number: str, account_id: int, now: datetime.datetime) -> list[Colleague]:
    """Return who else is at an entry, those who write first."""
    query = (
        sa.select(account.c.name, presence.c.writing, presence.c.seen_at)
        .join(account, account.c.id == presence.c.account_id)
        .where(presence.c.number == number, presence.c.account_id != account_id, presence.c.seen_at > now - STAY)
        .order_by(account.c.name)
    )
    found = [Colleague(row.name, row.writing and row.seen_at > now - WRITING_STAY) for row in database.rows(query)]
    return sorted(found, key=lambda one: not one.writing)


def delete_presence(connection: sa.Connection, now: datetime.datetime) -> None:
    """Forget who was where."""
    connection.execute(presence.delete().where(presence.c.seen_at < now - STAY))
