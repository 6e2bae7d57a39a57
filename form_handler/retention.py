"""Forgetting in time (Art. 5(1)(e) GDPR): what is older than its form's retention is deleted, and it is said how much."""

from __future__ import annotations

import datetime

import sqlalchemy as sa

from form_handler import rates
from form_handler.forms import FORMS
from form_handler.office import desk
from form_handler.settings import Settings
from form_handler.storage.database import Database
from form_handler.storage.schema import event, staff_session

ACTOR = "kim"
# How long it stays known that something was deleted, exported or copied (proof of it, Art. 5(2) GDPR).
EVENTS_KEPT_MONTHS = 24


def purge_lines(database: Database, settings: Settings, now: datetime.datetime, dry_run: bool = False) -> list[str]:
    """Delete what is past its retention and return what was done, one German sentence for each form."""
    lines = []
    for key, numbers in desk.past_retention(database, now).items():
        definition = FORMS[key]
        if not dry_run:
            desk.erase(database, numbers, ACTOR, "purged", now, settings.mail_dir)
        done = "würden gelöscht" if dry_run else "gelöscht"
        lines.append(f"{key}: {len(numbers)} {done}, älter als {definition.retention_months} Monate.")
    if not dry_run:
        _forget_the_rest(database, now)
    return lines or ["Es gibt nichts, was älter ist als seine Frist."]


def _forget_the_rest(database: Database, now: datetime.datetime) -> None:
    with database.writing() as connection:
        rates.forget_before(connection, f"{now:%Y-%m-%d}")
        connection.execute(staff_session.delete().where(staff_session.c.created_at < now - datetime.timedelta(days=1)))
        old = desk.months_back(now, EVENTS_KEPT_MONTHS)
        connection.execute(event.delete().where(event.c.number.is_(None), event.c.happened_at < old))
        desk.log(connection, ACTOR, "purge", now)


def purge_if_due(database: Database, settings: Settings, now: datetime.datetime) -> list[str]:
    """Purge once a day; of several workers that ask at the same time, one does it. Return what was done."""
    with database.reading() as connection:
        query = sa.select(sa.func.max(event.c.happened_at)).where(event.c.kind == "purge")
        last = connection.execute(query).scalar()
    if last is not None and now - last < datetime.timedelta(days=1):
        return []
    return purge_lines(database, settings, now)
