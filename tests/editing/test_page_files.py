"""A page of each kind begins as a draft and is published; one is removed with its translations, and its address leads on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from editing import drafts
from editing.paragraphs.arranging import move_section
from editing.paragraphs.reading import EditError, read_file_text
from editing.publication import worker
from editing.publication.publisher import Publisher
from form_handler.settings import Settings
from form_handler.storage.database import Database
from tests.editing.conftest import Editor
from tests.editing.test_facts import form_values
from tests.editing.test_publication import ask

NEW = "seiten/neu/"


@pytest.fixture
def no_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish without building the site."""
    monkeypatch.setattr(Publisher, "build", lambda self: None)


def create(editor: Editor, **values: str) -> str:
    """Begin a page and return its address."""
    form = form_values(editor.get(NEW).text, NEW)
    answer = editor.post(NEW, form | {name: [value] for name, value in values.items()})
    assert answer.status_code == 303, answer.text
    return str(answer.location).removeprefix("/eingang/")


@pytest.mark.usefixtures("no_build")
def test_a_page_of_each_kind_is_a_draft_in_the_overview_and_can_be_published(
    editor: Editor, database: Database, content: Path, editing_settings: Settings
) -> None:
    made = {
        "page": create(editor, kind="page", title="Ämter & Öffnung", section=""),
        "measure": create(editor, kind="measure", title="Neue Maßnahme"),
        "company": create(editor, kind="company", title="Beispiel GmbH"),
    }
    assert made == {"page": "seiten/de/aemter-oeffnung/", "measure": "seiten/de/arbeitgeber/werkzeugkasten/neue-massnahme/", "company": "seiten/de/betriebe/beispiel-gmbh/"}  # fmt: skip
    overview = editor.get("seiten/?what=draft").text
    for address in made.values():
        assert address in overview
        page = editor.get(address)
        assert page.status_code == 200
        assert "absatz=" in page.text
    found = drafts.find_draft(database, "city/data/companies.yml")
    assert found is not None
    assert "page: betriebe/beispiel-gmbh\n" in (found.text or "")
    page = editor.get("seiten/veroeffentlichen/de/betriebe/beispiel-gmbh/").text
    assert "city/data/companies.yml" in page
    path = "de/aemter-oeffnung"
    answer = ask(editor, path)
    assert answer.status_code == 303, re.sub(r"<[^>]+>", " ", answer.text)
    worker.run_once(database, editing_settings)
    assert (content / "city/docs" / f"{path}.md").exists(), editor.get("seiten/veroeffentlichungen/").text
    assert drafts.find_draft(database, f"city/docs/{path}.md") is None


def test_what_cannot_be_a_page_is_refused_and_nothing_is_lost(editor: Editor, database: Database) -> None:
    form = form_values(editor.get(NEW).text, NEW)
    create(editor, kind="page", title="Schon da")
    for title, more in [("Seite 1", {}), ("Eingang", {}), ("", {}), ("مرحبا", {}), ("a{b}", {}), ("x" * 91, {}), ("Schon da", {}), ("Gut", {"kind": ["evil"]}),
                        ("Gut", {"section": ["../../etc"]}), ("\u202eGut", {}), ("con", {})]:  # fmt: skip
        answer = editor.post(NEW, form | {"title": [title], **more})
        assert answer.status_code == 422, title
        assert "kim-summary" in answer.text
    assert {one.path for one in drafts.list_drafts(database)} == {"city/docs/de/schon-da.md"}


@pytest.mark.usefixtures("no_build")
def test_a_page_is_removed_with_its_translations_and_its_address_leads_on(
    editor: Editor, database: Database, content: Path, editing_settings: Settings
) -> None:
    path = "seiten/entfernen/de/seite-5/"
    form = form_values(editor.get(path).text, path) | {"target": ["seite-4"]}
    answer = editor.post(path, form)
    assert answer.status_code == 303, answer.text
    page = editor.get("seiten/veroeffentlichen/de/seite-5/").text
    for name in ("en/seite-5.md", "ar/seite-5.md", "de/seite-4.md"):
        assert name in page
    assert "wird diese Seite entfernt" in editor.get("seiten/de/seite-5/").text
    assert ask(editor, "de/seite-5").status_code == 303
    worker.run_once(database, editing_settings)
    said = editor.get("seiten/veroeffentlichungen/").text
    for code in ("de", "en", "ar"):
        assert not (content / "docs" / code / "seite-5.md").exists(), said
    assert "redirect_from: [seite-5]\n" in (content / "docs/de/seite-4.md").read_text("utf-8")
    assert drafts.list_drafts(database) == []


def test_throwing_the_removal_away_keeps_every_language(editor: Editor, database: Database) -> None:
    path = "seiten/entfernen/de/seite-5/"
    editor.post(path, form_values(editor.get(path).text, path))
    assert len(drafts.list_drafts(database)) == 3
    fields = editor.fields("seiten/verwerfen/de/seite-5/", "verwerfen/")
    editor.post("seiten/verwerfen/de/seite-5/", fields)
    assert drafts.list_drafts(database) == []


def test_pages_of_the_frame_and_wrong_targets_are_refused(editor: Editor, database: Database) -> None:
    for key in ("index", "kontakt"):
        path = f"seiten/entfernen/de/{key}/"
        assert "Gerüst" in editor.get(path).text
        assert editor.post(path, {"csrf_token": editor.token(), "sure": "yes"}).status_code == 422
    path = "seiten/entfernen/de/seite-5/"
    for target in ("nichts", "seite-5", "../../kim"):
        assert editor.post(path, form_values(editor.get(path).text, path) | {"target": [target]}).status_code == 422
    assert drafts.list_drafts(database) == []


def test_sections_change_places_with_what_stands_below_them() -> None:
    head = "---\ntitle: T\ndescription: Ein ganzer Satz zu dieser Seite.\n---\n\n# T { #t }\n\nText.\n\n"
    parts = [
        "## A { #a }\n\nVon A.\n\n### A1 { #a1 }\n\nVon A1.\n",
        "## B { #b }\n\n- Von B.\n",
        "## C { #c }\n\nVon C.\n",
    ]
    raw = head + "\n".join(parts)
    file = read_file_text(raw)
    assert move_section(file, "b", up=True) == head + "\n".join([parts[1], parts[0], parts[2]])
    made = move_section(file, "b", up=False)
    assert made == head + "\n".join([parts[0], parts[2], parts[1]])
    assert move_section(read_file_text(made), "b", up=True) == raw
    crlf = raw.replace("\n", "\r\n")
    assert move_section(read_file_text(crlf), "a", up=False) == (
        head + "\n".join([parts[1], parts[0], parts[2]])
    ).replace("\n", "\r\n")
    for section, up in (("a", True), ("c", False), ("a1", True), ("a1", False), ("t", True), ("nichts", True)):
        with pytest.raises(EditError):
            move_section(file, section, up)


def test_a_translator_neither_begins_nor_removes_a_page(new_editor: Callable[..., Editor], database: Database) -> None:
    one = new_editor("olena", "translate:en")
    assert one.get(NEW).status_code == 403
    assert one.get("seiten/entfernen/en/seite-1/").status_code == 403


def test_a_link_shows_one_version_of_a_draft_without_an_account_and_nothing_else(
    editor: Editor, editing_app: Flask, database: Database
) -> None:
    editor.change("a.1", "Ein vertraulicher Satz.")
    page = editor.get("seiten/veroeffentlichen/de/seite-1/").text
    found = re.search(r'href="[^"]*/eingang/(seiten/vorschau/[^"]+)"', page)
    assert found
    guest = Editor(editing_app, "niemand")
    answer = guest.get(found[1])
    assert answer.status_code == 200
    assert "Ein vertraulicher Satz." in answer.text
    assert "absatz=" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert guest.get(found[1].replace("vorschau/", "vorschau/x")).status_code == 404
    editor.change("a.1", "Ein anderer Satz.")
    gone = guest.get(found[1])
    assert gone.status_code == 410
    assert "Satz" not in gone.text
