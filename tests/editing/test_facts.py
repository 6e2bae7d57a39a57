"""Facts are changed as forms: byte for byte, with the checks beside the field, and nothing of two people is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from core.project import ROOT
from core.text import yaml
from editing.drafts import find_draft, list_changes
from editing.forms.facts import KINDS, open_entries
from editing.publication import worker
from editing.publication.publisher import Publisher
from editing.workspace import Workspace
from form_handler.settings import Settings
from form_handler.storage.database import Database
from tests.editing.conftest import Editor

CONTACTS = "city/data/contacts.yml"
CONTACT = "seiten/angaben/contacts/auslaenderbehoerde/"


def draft_text(database: Database, path: str = CONTACTS) -> str:
    """Return the draft of a file."""
    found = find_draft(database, path)
    assert found is not None
    assert found.text is not None
    return found.text


def form_values(text: str, action: str) -> dict[str, list[str]]:
    """Return what a browser would send for the form with this in its address, unchanged."""
    form = next(
        one
        for one in BeautifulSoup(text, "html.parser").find_all("form", method="post")
        if one["action"].endswith(action)
    )
    found: dict[str, list[str]] = {}
    for one in form.find_all(["input", "select", "textarea"]):
        kind = one.get("type", "")
        if one.name == "select":
            chosen = one.find("option", selected=True) or one.find("option")
            value = chosen["value"]
        elif one.name == "textarea":
            value = one.text.removeprefix("\n").replace("\n", "\r\n")
        elif kind in ("checkbox", "radio"):
            if not one.has_attr("checked"):
                continue
            value = one["value"]
        else:
            value = one.get("value", "")
        found.setdefault(one["name"], []).append(value)
    return found


def opened(editor: Editor, path: str) -> dict[str, list[str]]:
    """Open the form of an entry."""
    page = editor.get(path)
    assert page.status_code == 200, page.text
    return form_values(page.text, path)


def test_an_entry_is_changed_in_its_lines_alone_and_published(
    editor: Editor, database: Database, content: Path, editing_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Publisher, "build", lambda self: None)
    file = content / CONTACTS
    before = file.read_text("utf-8")
    form = opened(editor, CONTACT)
    form |= {
        "phone": ["02041 55555-0"],
        "hours.monday": ["8:00–12:00"],
        "hours.exceptions.0.from": ["2026-12-24"],
        "hours.exceptions.0.hours": ["geschlossen"],
    }
    answer = editor.post(CONTACT, form)
    assert answer.status_code == 303, answer.text
    text = draft_text(database)
    start, end = before.index("auslaenderbehoerde:"), before.index("barrierefreiheit:")
    assert text[:start] == before[:start]
    assert text.endswith(before[end:])
    assert "  phone: 02041 55555-0\n" in text
    assert "  hours:\n    monday: 8:00–12:00\n    exceptions:\n      - {from: 2026-12-24, hours: geschlossen}\n" in text
    assert file.read_text("utf-8") == before
    page = editor.get("seiten/veroeffentlichen/eigene-angaben/contacts/")
    assert "02041 55555-0" in page.text
    assert "Telefon" in page.text
    fields = editor.fields("seiten/veroeffentlichen/eigene-angaben/contacts/", "veroeffentlichen/")
    assert (
        editor.post("seiten/veroeffentlichen/eigene-angaben/contacts/", {**fields, "action": "now"}).status_code == 303
    )
    worker.run_once(database, editing_settings)
    assert file.read_text("utf-8") == text, editor.get("seiten/veroeffentlichungen/").text
    assert find_draft(database, CONTACTS) is None
    assert "Zurücknehmen" in editor.get("seiten/veroeffentlichungen/").text


def test_an_unchanged_form_of_any_kind_makes_no_draft(editor: Editor, database: Database) -> None:
    for kind in [kind for kind in KINDS if kind != "events"]:
        page = editor.get(f"seiten/angaben/{kind}/")
        keys = re.findall(rf'href="/eingang/seiten/angaben/{kind}/([^"/]+)/"', page.text)
        for key in [key for key in keys if key != "neu"][:2]:
            path = f"seiten/angaben/{kind}/{key}/"
            answer = editor.post(path, opened(editor, path))
            assert answer.status_code == 303, answer.text
        assert find_draft(database, f"data/{kind}.yml") is None
        assert find_draft(database, f"city/data/{kind}.yml") is None


REFUSED = [
    ("phone", "mittags", "Telefonnummer"), ("hours.monday", "12:00–8:00", "Zeiten"), ("email", "kein", "E-Mail"), ("url", "javascript:alert(1)", "Internetadresse"),
    ("url", "http://example.org/", "https"), ("name", "", "Fehlt"), ("review_by", "2027-02-30", "gibt es nicht"), ("confirm", "", "bestätigt"),
    ("name", "Amt\u202e", ""),
]  # fmt: skip


def test_what_the_checks_refuse_stands_at_its_field_and_nothing_is_lost(editor: Editor, database: Database) -> None:
    before = opened(editor, CONTACT)
    for field, value, said in REFUSED:
        answer = editor.post(CONTACT, before | {"address": ["Neuer Weg 1"], field: [value]})
        assert answer.status_code == 422, field
        page = BeautifulSoup(answer.text, "html.parser")
        assert find_draft(database, CONTACTS) is None
        shown, own = (
            page.find(attrs={"name": "address"}),
            page.find("input", attrs={"name": field}) or page.find("textarea", attrs={"name": field}),
        )
        assert shown is not None
        assert own is not None
        assert "Neuer Weg 1" in (shown.get("value") or shown.text)
        assert value in (own.get("value") or own.text or "")
        assert page.find(id="kim-summary") is not None
        if said:
            assert own.get("aria-invalid") == "true", said
            problem = page.find(id=str(own["aria-describedby"]).split()[-1])
            assert problem is not None
            assert said in problem.get_text(), problem
    assert editor.post(CONTACT, before | {"unit": ["x" * 90_000]}).status_code in (413, 422)


def test_two_people_in_different_fields_are_both_kept(new_editor: Callable[..., Editor], database: Database) -> None:
    first, second = new_editor("eva"), new_editor("ida")
    one, other = opened(first, CONTACT), opened(second, CONTACT)
    assert first.post(CONTACT, one | {"address": ["Weg von Eva"]}).status_code == 303
    assert second.post(CONTACT, other | {"phone": ["02041 55555-1"]}).status_code == 303
    assert "Weg von Eva" in draft_text(database)
    assert "02041 55555-1" in draft_text(database)


def test_two_people_in_one_field_see_both_and_nothing_is_chosen(
    new_editor: Callable[..., Editor], database: Database
) -> None:
    first, second = new_editor("eva"), new_editor("ida")
    one, other = opened(first, CONTACT), opened(second, CONTACT)
    first.post(CONTACT, one | {"address": ["Weg von Eva"], "unit": ["Von Eva"]})
    page = second.post(CONTACT, other | {"address": ["Weg von Ida"], "phone": ["02041 55555-1"]})
    assert page.status_code == 409
    shown = BeautifulSoup(page.text, "html.parser")
    assert "Weg von Eva" in shown.get_text()
    assert not shown.find_all("input", type="radio", checked=True)
    again = form_values(page.text, CONTACT)
    assert again["address"] == ["Weg von Ida"]
    assert again["unit"] == ["Von Eva"]
    assert "Weg von Ida" not in draft_text(database)
    assert second.post(CONTACT, again | {"_take_address": ["mine"]}).status_code == 303
    assert "Weg von Ida" in draft_text(database)


def test_the_choice_of_a_conflict_counts(new_editor: Callable[..., Editor], database: Database) -> None:
    first, second = new_editor("eva"), new_editor("ida")
    one, other = opened(first, CONTACT), opened(second, CONTACT)
    first.post(CONTACT, one | {"address": ["Weg von Eva"]})
    page = second.post(CONTACT, other | {"address": ["Weg von Ida"], "phone": ["02041 55555-1"]})
    assert second.post(CONTACT, form_values(page.text, CONTACT)).status_code == 422  # nothing chosen
    again = form_values(page.text, CONTACT) | {"_take_address": ["theirs"]}
    assert second.post(CONTACT, again).status_code == 303
    assert "Weg von Eva" in draft_text(database)
    assert "02041 55555-1" in draft_text(database)


def test_the_same_form_sent_twice_is_one_change(editor: Editor, database: Database) -> None:
    form = opened(editor, CONTACT) | {"address": ["Neuer Weg 1"]}
    for _ in range(2):
        assert editor.post(CONTACT, form).status_code == 303
    found = find_draft(database, CONTACTS)
    assert found is not None
    assert len(list_changes(database, found.id)) == 1


def test_one_click_confirms_an_entry_and_it_leaves_the_list(editor: Editor, database: Database, content: Path) -> None:
    page = editor.get("seiten/offen/")
    assert page.status_code == 200
    path = "seiten/bestaetigen/contacts/auslaenderbehoerde/"
    form = form_values(page.text, path)
    row = yaml.load_strings((content / CONTACTS).read_text("utf-8"))["auslaenderbehoerde"]
    assert form["who"] == [row["confirm"].rpartition(" – ")[2]]
    assert editor.post(path, form).status_code == 303
    before, text = (content / CONTACTS).read_text("utf-8"), draft_text(database)
    entry = text[text.index("auslaenderbehoerde:") : text.index("barrierefreiheit:")]
    assert "confirm: " not in entry
    assert "confirmed: true\n" in entry
    assert f"confirmed_by: {form['who'][0]}\n" in entry
    assert re.search(r"confirmed_on: 20\d\d-\d\d-\d\d\n", entry)
    assert text.replace(entry, "") == before.replace(
        before[before.index("auslaenderbehoerde:") : before.index("barrierefreiheit:")], ""
    )
    assert "bestaetigen/contacts/auslaenderbehoerde/" not in editor.get("seiten/offen/").text
    assert editor.post(path, form).status_code == 303  # sent twice
    assert editor.post(path.replace("auslaenderbehoerde", "kim"), form | {"who": [""]}).status_code == 422


def test_the_list_of_open_entries_is_that_of_the_check(editor: Editor, database: Database, content: Path) -> None:
    from editorial.checks.publish import unconfirmed

    workspace = Workspace(content / "docs", content / "findings.json")
    site = workspace.site()
    found = [one for one in unconfirmed(site.content, site.facts, "notice") if "data/" in one.file]
    assert len(open_entries(workspace, database)) == len(found)
    assert editor.get("seiten/offen/").text.count("/bestaetigen/") == len(
        list(unconfirmed(site.content, site.facts, "notice"))
    )


def test_a_page_is_confirmed_in_its_header_and_no_other_line_changes(
    editor: Editor, database: Database, content: Path
) -> None:
    file = content / "docs/de/seite-2.md"
    raw = file.read_text("utf-8").replace(
        "review_by:", "# bleibt\nconfirmed: false  # noch nicht\nconfirm: alle Angaben – Amt\nreview_by:"
    )
    file.write_text(raw, "utf-8")
    path = "seiten/bestaetigen/page/seite-2/"
    form = form_values(editor.get("seiten/offen/").text, path)
    assert form["who"] == ["Amt"]
    assert editor.post(path, form).status_code == 303
    text = draft_text(database, "de/seite-2.md")
    assert [line for line in raw.splitlines() if line not in text.splitlines()] == [
        "confirmed: false  # noch nicht",
        "confirm: alle Angaben – Amt",
    ]
    assert "confirmed: true  # noch nicht\nconfirmed_by: Amt\nconfirmed_on: " in text


def test_a_new_entry_stands_at_the_end_and_one_is_removed_after_asking(
    editor: Editor, database: Database, content: Path
) -> None:
    path = "seiten/angaben/contacts/neu/"
    form = opened(editor, path) | {
        "name": ["Beispielamt"],
        "phone": ["02041 55555-2"],
        "confirm": ["Nummer – Beispielamt"],
    }
    assert editor.post(path, form).status_code == 303
    before = (content / CONTACTS).read_text("utf-8")
    assert draft_text(database).startswith(before)
    assert "beispielamt:\n  name: Beispielamt\n" in draft_text(database)
    assert editor.post(path, form).status_code == 422  # the key is taken
    remove = "seiten/angaben/contacts/beispielamt/entfernen/"
    assert editor.post(remove, editor.fields(remove, "entfernen/")).status_code == 303
    assert find_draft(database, CONTACTS) is None


def test_an_event_is_entered_into_the_empty_file(editor: Editor, database: Database) -> None:
    path = "seiten/angaben/events/neu/"
    form = opened(editor, path) | {
        "title": ["Sprachcafé"],
        "start": ["2027-01-12T17:00"],
        "place": ["Musterhaus"],
        "confirm": ["Zeit – Redaktion"],
    }
    answer = editor.post(path, form)
    assert answer.status_code == 303, answer.text
    text = draft_text(database, "city/data/events.yml")
    assert "\nsprachcafe:\n  title: Sprachcafé\n  start: 2027-01-12 17:00\n" in f"\n{text}"
    again = opened(editor, "seiten/angaben/events/sprachcafe/")
    assert again["start"] == ["2027-01-12T17:00"]
    assert editor.post("seiten/angaben/events/sprachcafe/", again).status_code == 303
    assert draft_text(database, "city/data/events.yml") == text


def test_the_municipality_s_own_file_takes_the_change_and_the_shared_one_stays(
    editor: Editor, database: Database, content: Path
) -> None:
    path = "seiten/angaben/numbers/fire/"
    form = opened(editor, path) | {"label": ["Feuerwehr"]}
    assert editor.post(path, form).status_code == 303
    assert find_draft(database, "data/numbers.yml") is None
    assert draft_text(database, "city/data/numbers.yml").startswith("fire:\n")
    assert editor.get("seiten/veroeffentlichen/eigene-angaben/numbers/").status_code == 200


def test_a_form_sent_after_the_session_is_kept(editor: Editor, database: Database) -> None:
    form = opened(editor, CONTACT) | {"address": ["Nach der Pause"]}
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE staff_session SET seen_at = '2020-01-01 00:00:00'")
    assert "/anmelden/" in editor.post(CONTACT, form).location
    editor.log_in()
    assert "Nach der Pause" in editor.get("ungesendet/").text
    kept = form_values(editor.get("ungesendet/").text, CONTACT)
    assert editor.post(CONTACT, kept).status_code == 303
    assert "Nach der Pause" in draft_text(database)


def test_no_address_leads_to_a_file_that_is_no_form(editor: Editor) -> None:
    for path in (
        "angaben/nichts/", "angaben/contacts/nichts/", "angaben/..%2fcontacts/kim/", "angaben/contacts/..%2f..%2fkim/",
        "veroeffentlichen/angaben/../kim/", "veroeffentlichen/angaben/glossary/", "verlauf/eigene-angaben/amounts/",
    ):  # fmt: skip
        assert editor.get(f"seiten/{path}").status_code in (404, 308), path


def test_history_and_discard_work_for_facts(editor: Editor, database: Database) -> None:
    editor.post(CONTACT, opened(editor, CONTACT) | {"address": ["Neuer Weg 1"]})
    assert editor.get("seiten/verlauf/eigene-angaben/contacts/").status_code == 200
    fields = editor.fields("seiten/verwerfen/eigene-angaben/contacts/", "verwerfen/")
    assert editor.post("seiten/verwerfen/eigene-angaben/contacts/", fields).status_code == 303
    assert find_draft(database, CONTACTS) is None


def test_redaktion_names_what_the_forms_change() -> None:
    text = (ROOT / "REDAKTION.md").read_text("utf-8")
    for word in ("Angaben", "Noch nicht bestätigt", "confirmed_by:", "confirmed_on:"):
        assert word in text
