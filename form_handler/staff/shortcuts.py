"""Single-key shortcuts: the list, and whether an account uses them (WCAG 2.1.4)."""

import sqlalchemy as sa

from core.gettext import gettext as _
from form_handler.storage.database import Database
from form_handler.storage.tables import shortcut_setting


def shortcut_list() -> list[tuple[str, str]]:
    """Return each key with its action, in the current language."""
    return [
        ("j", _("next entry; in the inbox: to the next line")),
        ("k", _("previous entry; in the inbox: to the previous line")),
        ("u", _("back to the list")),
        ("/", _("to the search")),
        ("a", _("answer")),
        ("n", _("write a note")),
        ("s", _("to state, assignment and follow-up")),
        ("?", _("this list")),
    ]


def are_enabled(database: Database, account_id: int) -> bool:
    """Return whether an account uses shortcuts; they are off until somebody switches them on."""
    query = sa.select(shortcut_setting.c.enabled).where(shortcut_setting.c.account_id == account_id)
    with database.read_connection() as connection:
        return bool(connection.execute(query).scalar())


def switch(database: Database, account_id: int, enabled: bool) -> None:
    """Switch the shortcuts of an account on or off."""
    with database.transaction() as connection:
        connection.execute(shortcut_setting.delete().where(shortcut_setting.c.account_id == account_id))
        connection.execute(shortcut_setting.insert().values(account_id=account_id, enabled=enabled))
