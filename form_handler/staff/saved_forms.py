"""Forms that were sent after the session had ended: saved for their author, shown after the next log-in.

Nothing is sent automatically, and another account never sees them.
"""

import datetime
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from form_handler.storage.database import Database
from form_handler.storage.tables import saved_form
from form_handler.tokens import Keys, sign, verify

RETENTION = datetime.timedelta(days=7)
MAX_PER_ACCOUNT = 20
MAX_PAGE_AGE_SECONDS = 7 * 24 * 3600

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class SavedForm:
    """A form that was sent without a session: where to, its fields, and when."""

    id: str
    path: str
    fields: list[tuple[str, str]]
    created_at: datetime.datetime


def sign_page_owner(keys: Keys, account_id: int) -> str:
    """Return the token in a page's forms that names the account of the page."""
    return sign(keys, "page-owner", account_id)


def verify_page_owner(keys: Keys, token: str) -> int | None:
    """Return the account of a page's token; None if it is invalid or older than a week."""
    found: int | None = verify(keys, "page-owner", token, MAX_PAGE_AGE_SECONDS)
    return found


def save_form(database: Database, account_id: int, path: str, fields: Pairs, now: datetime.datetime) -> bool:
    """Save a form, the same one once; return False if the account has too many."""
    text = json.dumps(list(fields), ensure_ascii=False).replace("\\u0000", "\ufffd")
    mine = saved_form.c.account_id == account_id
    with database.transaction() as connection:
        connection.execute(saved_form.delete().where(saved_form.c.expires_at < now))
        same = mine & (saved_form.c.path == path) & (saved_form.c.fields == text)
        if connection.execute(sa.select(saved_form.c.id).where(same)).first() is not None:
            return True
        query = sa.select(sa.func.count()).select_from(saved_form).where(mine)
        if connection.execute(query).scalar_one() >= MAX_PER_ACCOUNT:
            return False
        connection.execute(
            saved_form.insert().values(
                id=secrets.token_hex(16),
                account_id=account_id,
                path=path,
                fields=text,
                created_at=now,
                expires_at=now + RETENTION,
            )
        )
    return True


def list_saved_forms(database: Database, account_id: int, now: datetime.datetime) -> list[SavedForm]:
    """Return the saved forms of an account, the oldest first."""
    query = (
        sa.select(saved_form)
        .where(saved_form.c.account_id == account_id, saved_form.c.expires_at > now)
        .order_by(saved_form.c.created_at, saved_form.c.id)
    )
    return [
        SavedForm(row.id, row.path, [(name, value) for name, value in json.loads(row.fields)], row.created_at)
        for row in database.rows(query)
    ]


def saved_texts(fields: str) -> list[str]:
    """Return the texts that stored fields hold, without marks and tokens."""
    return [value for name, value in json.loads(fields) if value and not name.startswith("_")]


def delete_saved_form(database: Database, account_id: int, identity: str) -> None:
    """Delete a saved form of an account."""
    database.change(saved_form.delete().where(saved_form.c.account_id == account_id, saved_form.c.id == identity[:32]))


def delete_expired(connection: sa.Connection, now: datetime.datetime) -> None:
    """Delete expired forms."""
    connection.execute(saved_form.delete().where(saved_form.c.expires_at < now))
