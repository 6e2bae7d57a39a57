"""The editor in the browser: drafts are shown in the real page, two people lose nothing, and nobody else gets in."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from editing.drafts import find_draft, list_changes, list_scratches
from form_handler.storage.database import Database
from tests.editing.conftest import PAGE, Editor

LEAD = "a.1"


def draft_text(database: Database) -> str:
    """Return the draft of the page."""
    found = find_draft(database, f"{PAGE}.md")
    assert found is not None
    assert found.text is not None
    return found.text


def test_a_paragraph_is_changed_where_it_stands_and_only_the_draft_shows_it(
    editor: Editor, database: Database, content: Path
) -> None:
    before = (content / "docs" / f"{PAGE}.md").read_bytes()
    page = editor.get(f"seiten/{PAGE}/")
    assert page.status_code == 200, page.text
    assert "Der erste Satz." in page.text
    assert f"?absatz={LEAD}" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    answer = editor.change(LEAD, "Der neue Satz.")
    assert answer.status_code == 303
    assert answer.location == f"/eingang/seiten/{PAGE}/#absatz-{LEAD}"
    assert draft_text(database) == before.decode().replace("Der erste Satz.", "Der neue Satz.")
    assert (content / "docs" / f"{PAGE}.md").read_bytes() == before
    assert "Der neue Satz." in editor.get(f"seiten/{PAGE}/").text


def test_an_unchanged_form_changes_nothing(editor: Editor, database: Database) -> None:
    assert editor.change(LEAD, "Der erste Satz.\r\n").status_code == 303
    assert find_draft(database, f"{PAGE}.md") is None


def test_a_change_taken_back_leaves_no_draft(editor: Editor, database: Database) -> None:
    editor.change(LEAD, "Der neue Satz.")
    editor.change(LEAD, "Der erste Satz.")
    assert find_draft(database, f"{PAGE}.md") is None


def test_two_paragraphs_of_one_page_are_both_kept(new_editor: Callable[..., Editor], database: Database) -> None:
    first, second = new_editor("eva"), new_editor("ida")
    one, other = first.open(LEAD), second.open("mehr.0")
    assert first.store(one, "Von Eva.").status_code == 303
    assert second.store(other, "Noch mehr").status_code == 303
    assert "Von Eva." in draft_text(database)
    assert "## Noch mehr { #mehr }" in draft_text(database)


def test_the_same_paragraph_gives_the_second_one_both_texts_and_nothing_is_chosen(
    new_editor: Callable[..., Editor], database: Database
) -> None:
    first, second = new_editor("eva"), new_editor("ida")
    one, other = first.open(LEAD), second.open(LEAD)
    first.store(one, "Von Eva.")
    page = second.store(other, "Von Ida.")
    assert page.status_code == 409
    for words in ("Von Eva.", "Von Ida.", "Der erste Satz.", "eva"):
        assert words in page.text
    assert " checked" not in page.text
    assert "Von Ida." not in draft_text(database)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    assert second.store(hidden, "Von Ida.", choice="both").status_code == 303
    assert "Von Ida.\n\nVon Eva." in draft_text(database)


def test_what_was_typed_in_a_conflict_is_kept_by_itself(new_editor: Callable[..., Editor], database: Database) -> None:
    first, second = new_editor("eva"), new_editor("ida")
    one, other = first.open(LEAD), second.open(LEAD)
    first.store(one, "Von Eva.")
    second.store(other, "Von Ida.")
    assert [row.text for row in list_scratches(database, 2)] == ["Von Ida."]
    assert "Von Ida." in second.get(f"seiten/{PAGE}/").text


def test_the_same_form_sent_twice_is_one_change(editor: Editor, database: Database) -> None:
    fields = editor.open(LEAD)
    for _ in range(2):
        assert editor.store(fields, "Der neue Satz.").status_code == 303
    found = find_draft(database, f"{PAGE}.md")
    assert found is not None
    assert len(list_changes(database, found.id)) == 1


def test_checking_stores_nothing_in_the_draft_and_shows_findings_and_effects(
    editor: Editor, database: Database
) -> None:
    page = editor.store(editor.open(LEAD), "Mehr [hier](nirgends.md).", action="check")
    assert page.status_code == 200
    assert "nirgends.md" in page.text
    assert ">English</bdi>: <strong>1 Absatz zu übersetzen" in page.text
    assert find_draft(database, f"{PAGE}.md") is None
    page = editor.store(editor.open(LEAD), "Der erste  Satz!", action="check", spelling="1")
    assert "Nichts ist neu zu übersetzen" in page.text


@pytest.mark.parametrize(
    "words", ["", "```\noffen", "a" * 70_000, "Zeichen \ue010", "# Neue Überschrift { #mehr }\n\n```"]
)
def test_what_cannot_stand_there_is_refused_and_shown_again(editor: Editor, database: Database, words: str) -> None:
    page = editor.change(LEAD, words)
    assert page.status_code == 422
    assert find_draft(database, f"{PAGE}.md") is None


def test_a_paragraph_is_added_moved_and_removed(editor: Editor, database: Database) -> None:
    fields = editor.fields(f"seiten/{PAGE}/?absatz=mehr.1", "aufbau/")
    assert editor.post(f"seiten/aufbau/{PAGE}/", {**fields, "action": "add", "words": "Ein Punkt"}).status_code == 303
    assert "- [Kontakt](kontakt.md)\n- Ein Punkt\n- {{ tel.fire }}\n" in draft_text(database)
    fields = editor.fields(f"seiten/{PAGE}/?absatz=mehr.2", "aufbau/")
    assert editor.post(f"seiten/aufbau/{PAGE}/", {**fields, "action": "up"}).status_code == 303
    assert "- Ein Punkt\n- [Kontakt](kontakt.md)\n" in draft_text(database)
    fields = editor.fields(f"seiten/{PAGE}/?absatz=mehr.1", "aufbau/")
    assert editor.post(f"seiten/aufbau/{PAGE}/", {**fields, "action": "remove"}).status_code == 303
    assert find_draft(database, f"{PAGE}.md") is None


def test_a_section_and_the_whole_page_are_changed_as_source(editor: Editor, database: Database) -> None:
    address = f"seiten/abschnitt/{PAGE}/"
    fields = editor.fields(f"{address}?section=mehr", "abschnitt/")
    assert editor.post(address, {**fields, "words": "## Mehr { #mehr }\r\n\r\nNur Text."}).status_code == 303
    assert draft_text(database).endswith("## Mehr { #mehr }\n\nNur Text.\n")
    address = f"seiten/quelltext/{PAGE}/"
    fields = editor.fields(address, "quelltext/")
    assert editor.post(address, {**fields, "words": "kein Kopf"}).status_code == 422
    whole = draft_text(database).replace("Nur Text.", "Ganz.")
    assert editor.post(address, {**fields, "words": whole.replace("\n", "\r\n")}).status_code == 303
    assert draft_text(database) == whole
    assert editor.post(address, {**fields, "words": whole + "Zu spät."}).status_code == 409


@pytest.mark.parametrize(
    "words",
    ["<svg/onload=alert(1)>", "<img\nsrc=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x][y]\n\n[y]: javascript:alert(1)",
     "[K](kontakt.md){ onclick=alert(1) }", "<form action=https://evil.example><button>x", "![x](//evil.example/x.png)"],
)  # fmt: skip
def test_hostile_markup_is_never_drawn_as_markup_not_even_for_its_author(editor: Editor, words: str) -> None:
    editor.change(LEAD, words)
    answer = editor.get(f"seiten/{PAGE}/")
    assert answer.status_code == 200
    page = BeautifulSoup(answer.text, "html.parser")
    assert "Fehler:" in page.get_text()
    assert all(form["action"].startswith("/") for form in page.find_all("form"))
    assert all(picture["src"].startswith(("/", "data:")) for picture in page.find_all("img"))
    for element in page.find_all(True):
        assert not [name for name in element.attrs if name.startswith("on")]
        assert "javascript:" not in element.get("href", "")


@pytest.mark.parametrize("path", ["de/../../etc/passwd", "de/%2e%2e/%2e%2e/kim", "de/data/links", "xx/seite-1", "de/seite-1.md", "de/seite-1%00",
                                  "de//seite-1", "de/de/seite-1", "de-evil/seite-1", "en/seite-1/../../de/seite-2"])  # fmt: skip
def test_no_address_leads_to_a_file_that_is_no_page(editor: Editor, path: str) -> None:
    assert editor.get(f"seiten/{path}/").status_code in (404, 308)
    assert editor.get(f"seiten/quelltext/{path}/").status_code in (404, 308)


def test_the_overview_lists_pages_and_filters_without_script(editor: Editor) -> None:
    editor.change(LEAD, "Der neue Satz.")
    page = editor.get("seiten/")
    assert page.status_code == 200
    assert "Seite 1" in page.text
    assert "Seite 2" in page.text
    drafts_only = editor.get("seiten/?what=draft").text
    assert "Seite 1" in drafts_only
    assert "Seite 2" not in drafts_only
    assert "Seite 2" in editor.get("seiten/?q=SEITE+2").text
    assert editor.get("seiten/?what=unsinn").status_code == 400


def test_a_translator_changes_one_language_and_sees_nothing_of_the_inbox(
    new_editor: Callable[..., Editor], database: Database
) -> None:
    one = new_editor("olena", "translate:en")
    assert one.get().location == "/eingang/uebersetzen/"
    assert one.change(LEAD, "A new sentence.", "en/seite-1").status_code == 303
    assert one.get(f"seiten/{PAGE}/").status_code == 200
    assert "?absatz=" not in one.get(f"seiten/{PAGE}/").text
    fields = one.open(LEAD, "en/seite-1")
    assert one.store(fields, "Verboten.", PAGE).status_code == 403
    assert find_draft(database, f"{PAGE}.md") is None


def test_a_form_sent_after_the_session_keeps_the_text_through_the_log_in(editor: Editor, database: Database) -> None:
    fields = editor.open(LEAD)
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE staff_session SET seen_at = '2020-01-01 00:00:00'")
    answer = editor.store(fields, "Nach der Pause.")
    assert answer.status_code == 303
    assert "/anmelden/" in answer.location
    assert editor.log_in().location == "/eingang/ungesendet/"
    kept = editor.fields("ungesendet/", "absatz/")
    assert "Nach der Pause." in editor.get("ungesendet/").text
    assert editor.store(kept, "Nach der Pause.").status_code == 303
    assert "Nach der Pause." in draft_text(database)


def test_a_draft_is_thrown_away_only_after_asking(editor: Editor, database: Database) -> None:
    editor.change(LEAD, "Der neue Satz.")
    fields = editor.fields(f"seiten/verwerfen/{PAGE}/", "verwerfen/")
    assert find_draft(database, f"{PAGE}.md") is not None
    editor.change(LEAD, "Noch ein Satz.")
    assert editor.post(f"seiten/verwerfen/{PAGE}/", fields).status_code == 409
    fields = editor.fields(f"seiten/verwerfen/{PAGE}/", "verwerfen/")
    assert editor.post(f"seiten/verwerfen/{PAGE}/", fields).status_code == 303
    assert find_draft(database, f"{PAGE}.md") is None


def test_a_page_published_meanwhile_is_brought_together_or_asked_about(
    editor: Editor, database: Database, content: Path
) -> None:
    file = content / "docs" / f"{PAGE}.md"
    editor.change(LEAD, "Der neue Satz.")
    file.write_text(file.read_text("utf-8").replace("## Mehr {", "## Weiteres {"), "utf-8")
    assert editor.get(f"seiten/{PAGE}/").status_code == 200
    assert "Der neue Satz." in draft_text(database)
    assert "## Weiteres {" in draft_text(database)
    file.write_text(file.read_text("utf-8").replace("Der erste Satz.", "Von jemand anderem."), "utf-8")
    page = editor.get(f"seiten/{PAGE}/")
    assert page.status_code == 409
    assert "Von jemand anderem." in page.text
    assert "Der neue Satz." in page.text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    editor.post(f"seiten/zusammenfuehren/{PAGE}/", {**hidden, "_take_0": "both"})
    assert draft_text(database).index("Der neue Satz.") < draft_text(database).index("Von jemand anderem.")
