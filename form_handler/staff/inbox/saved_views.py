"""Filters of the inbox that an account has saved under a name."""

from dataclasses import dataclass

import sqlalchemy as sa

from form_handler.storage.database import Database
from form_handler.storage.tables import saved_view

MAX_NAME_CHARS, MAX_QUERY_CHARS, MAX_VIEWS = 60, 1000, 30


@dataclass(frozen=True)
class SavedView:
    """A saved filter; ``query`` is the query string of the inbox."""

    id: int
    name: str
    query: str


class ViewError(ValueError):
    """A view cannot be saved: ``name``, ``query`` or ``many``."""


def save_view(database: Database, account_id: int, name: str, query: str) -> None:
    """Save a filter under a name; the same name replaces the earlier one.

    :raises ViewError: if the name is empty or too long, the filter too long, or there are too many views.
    """
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise ViewError("name")
    if len(query) > MAX_QUERY_CHARS:
        raise ViewError("query")
    mine = saved_view.c.account_id == account_id
    with database.transaction() as connection:
        connection.execute(saved_view.delete().where(mine, saved_view.c.name == name))
        number = connection.execute(sa.select(sa.func.count()).select_from(saved_view).where(mine)).scalar_one()
        if number >= MAX_VIEWS:
            raise ViewError("many")
        connection.execute(saved_view.insert().values(account_id=account_id, name=name, query=query))


def list_views(database: Database, account_id: int) -> list[SavedView]:
    """Return the views of an account by name."""
    query = sa.select(saved_view).where(saved_view.c.account_id == account_id).order_by(saved_view.c.name)
    return [SavedView(row.id, row.name, row.query) for row in database.rows(query)]


def delete_view(database: Database, account_id: int, view_id: int) -> SavedView | None:
    """Delete a view of an account; return it, or None if there is no such view."""
    mine = (saved_view.c.account_id == account_id) & (saved_view.c.id == view_id)
    with database.transaction() as connection:
        row = connection.execute(sa.select(saved_view).where(mine)).first()
        connection.execute(saved_view.delete().where(mine))
    return SavedView(row.id, row.name, row.query) if row else None
