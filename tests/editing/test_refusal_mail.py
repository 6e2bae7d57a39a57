"""Whoever wrote a text that was to come at a time gets a mail when it is refused."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from editing import drafts
from editing.publication import store, worker
from editing.publication.publisher import Publisher
from form_handler.settings import Settings
from form_handler.staff.reports.digest import Notifications, compose_account_mail, save_notifications
from form_handler.storage.database import Database
from form_handler.storage.tables import outgoing_mail
from tests.editing.conftest import NOW, PAGE, Editor
from tests.editing.test_publication import ask


def test_a_refused_publication_that_was_to_come_later_is_told_by_mail_once(
    editor: Editor, database: Database, content: Path, editing_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Publisher, "build", lambda self: None)
    save_notifications(database, 1, Notifications("eva@example.org"), NOW)
    editor.change("a.1", "Der neue Satz.")
    later = NOW + datetime.timedelta(days=1)
    at = later.astimezone(editing_settings.time_zone).strftime("%Y-%m-%dT%H:%M")
    assert ask(editor, action="at", at=at).status_code == 303
    file = content / "docs" / f"{PAGE}.md"
    file.write_text(file.read_text("utf-8").replace("Der erste Satz.", "Von jemand anderem."), "utf-8")
    for _ in range(2):
        worker.run_once(database, editing_settings, later + datetime.timedelta(hours=1))
    one = store.list_publications(database)[0]
    assert one.state == "refused"
    with database.transaction() as connection:
        (mail,) = connection.execute(outgoing_mail.select()).all()
        assert (mail.kind, mail.recipient, mail.state) == ("refusal", "eva@example.org", "waiting")
        message = compose_account_mail(connection, editing_settings, mail.id, NOW)
    assert message is not None
    text = message.get_content()
    for words in (
        f"{PAGE}.md",
        "an derselben Stelle geändert",
        "/eingang/seiten/veroeffentlichungen/",
        "Nichts ist verloren",
    ):
        assert words in text
    assert "Der neue Satz." not in text
    assert drafts.find_draft(database, f"{PAGE}.md") is not None
