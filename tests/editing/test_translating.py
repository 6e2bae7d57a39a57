"""Translating in the browser: side by side, paragraph by paragraph; accepting, new pages, and signing."""

from __future__ import annotations

import difflib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from core.languages import load_languages
from editing.drafts import find_draft, list_scratches
from editing.publication import store, worker
from editing.publication.publisher import Publisher
from editorial.content.pages import read_content
from editorial.translations.lockfile import LOCK_FILENAME
from editorial.translations.state import translation_states
from form_handler.settings import Settings
from form_handler.storage.database import Database
from tests.editing.conftest import Editor
from tests.editing.test_publication import ask, commit_all, git

ENGLISH = "en/seite-1"
LEAD = "a.1"
GERMAN_FILE, ENGLISH_FILE = "docs/de/seite-1.md", "docs/en/seite-1.md"


@pytest.fixture
def translator(new_editor: Callable[..., Editor]) -> Editor:
    """Somebody who translates into English and Arabic."""
    return new_editor("olena", "translate:en", "translate:ar")


@pytest.fixture
def publish(
    new_editor: Callable[..., Editor], database: Database, editing_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., store.Publication]:
    """Publish the draft of a page as somebody of the office; the site is not built."""
    monkeypatch.setattr(Publisher, "build", lambda self: None)
    office = new_editor("paula", "publish", "edit")

    def run(page: str = ENGLISH) -> store.Publication:
        answer = ask(office, page)
        assert answer.status_code == 303, answer.text
        worker.run_once(database, editing_settings)
        return store.list_publications(database)[0]

    return run


def change_german(content: Path, old: str = "Der erste Satz.", new: str = "Der zweite Satz.") -> None:
    """Change the German page as a developer does."""
    path = content / GERMAN_FILE
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def fields(one: Editor, place: str = LEAD, page: str = ENGLISH) -> dict[str, str]:
    """Open the form of a paragraph and return its hidden fields."""
    text = one.get(f"uebersetzen/{page}/?absatz={place}").text.partition(f'id="absatz-{place}"')[2]
    return one.hidden(text.partition("</form>")[0])


def send(
    one: Editor, values: dict[str, str], words: str = "", page: str = ENGLISH, action: str = "save", **more: str
) -> Any:
    return one.post(f"uebersetzen/absatz/{page}/", {**values, "words": words, "action": action, **more})


def sign(one: Editor, page: str = ENGLISH, **changes: str) -> Any:
    values = {
        **one.fields(f"uebersetzen/{page}/", "pruefung/"),
        "reviewer": "Olena Beispiel",
        "read": "1",
        "action": "sign",
    }
    return one.post(f"uebersetzen/pruefung/{page}/", {**values, **changes})


def states(content: Path, key: str = "seite-1") -> dict[str, tuple[str, int]]:
    """Return state and number of stale paragraphs of each translation."""
    docs, languages = content / "docs", load_languages()
    found = translation_states(docs, read_content(docs, languages), languages)
    return {code: (state.state, len(state.changed)) for (name, code), state in found.items() if name == key}


def changed_lines(before: str, after: str) -> list[str]:
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


# --- one paragraph ----------------------------------------------------------------------------------------------------


def test_german_and_translation_stand_side_by_side_and_the_german_change_is_marked(
    translator: Editor, content: Path
) -> None:
    git(content, "init", "-q", "-b", "main")
    commit_all(content)
    change_german(content)
    page = translator.get(f"uebersetzen/{ENGLISH}/")
    assert page.status_code == 200, page.text
    assert "1 Absatz veraltet" in page.text
    assert "erste</del>" in page.text
    assert "zweite</ins>" in page.text
    assert page.text.count("<textarea") == 1
    assert "A first sentence.</textarea>" in page.text


def test_a_paragraph_is_translated_and_no_other_byte_of_the_file_changes(
    translator: Editor, content: Path, database: Database, publish: Any
) -> None:
    before = (content / ENGLISH_FILE).read_bytes().decode()
    change_german(content)
    answer = send(translator, fields(translator), "A second sentence.")
    assert answer.status_code == 303
    assert (content / ENGLISH_FILE).read_bytes().decode() == before
    assert "Alles ist übersetzt." in translator.get(f"uebersetzen/{ENGLISH}/").text
    assert publish().state == "done"
    assert (content / ENGLISH_FILE).read_bytes().decode() == before.replace("A first", "A second")
    assert states(content) == {**states(content), "en": ("unreviewed", 0), "ar": ("stale", 1)}


def test_accepting_a_paragraph_changes_its_line_in_the_lock_file_and_nothing_else(
    translator: Editor, content: Path, publish: Any
) -> None:
    change_german(content)
    change_german(content, "## Mehr {", "## Weiteres {")
    files = {path: path.read_bytes() for path in (content / "docs").rglob("*") if path.is_file()}
    lock = (content / "docs" / LOCK_FILENAME).read_text("utf-8")
    assert send(translator, fields(translator), action="accept").status_code == 303
    assert publish().state == "done"
    changed = [path for path in files if path.read_bytes() != files[path]]
    assert changed == [content / "docs" / LOCK_FILENAME]
    rows = changed_lines(lock, changed[0].read_text("utf-8"))
    assert [(row[0], row.split(":")[0].split()[-1]) for row in rows] == [("-", "a"), ("+", "a")]
    assert states(content)["en"] == ("stale", 1)
    assert states(content)["ar"] == ("stale", 2)


@pytest.mark.parametrize("words", ["", "A second sentence."])
def test_taking_back_a_translation_or_an_acceptance_makes_the_paragraph_stale_again(
    translator: Editor,
    content: Path,
    publish: Any,
    new_editor: Callable[..., Editor],
    database: Database,
    editing_settings: Settings,
    words: str,
) -> None:
    change_german(content)
    send(translator, fields(translator), words, action="save" if words else "accept")
    one = publish()
    assert states(content)["en"] == ("unreviewed", 0)
    office = new_editor("anna", "publish")
    office.post(f"seiten/rueckgaengig/{one.id}/", office.fields(f"seiten/rueckgaengig/{one.id}/", "rueckgaengig/"))
    worker.run_once(database, editing_settings)
    assert states(content)["en"] == ("stale", 1)
    assert states(content)["ar"] == ("stale", 1)


def test_taking_back_a_change_in_spelling_leaves_every_translation_as_it_was(
    editor: Editor,
    content: Path,
    publish: Any,
    new_editor: Callable[..., Editor],
    database: Database,
    editing_settings: Settings,
) -> None:
    before = states(content)
    editor.change(LEAD, "Der erste Satz!", spelling="1")
    one = publish("de/seite-1")
    assert states(content) == before
    office = new_editor("anna", "publish")
    office.post(f"seiten/rueckgaengig/{one.id}/", office.fields(f"seiten/rueckgaengig/{one.id}/", "rueckgaengig/"))
    worker.run_once(database, editing_settings)
    assert "Der erste Satz." in (content / GERMAN_FILE).read_text("utf-8")
    assert states(content) == before


def test_what_is_accepted_counts_for_the_german_text_that_was_looked_at(
    translator: Editor, content: Path, publish: Any
) -> None:
    change_german(content)
    seen = fields(translator)
    change_german(content, "Der zweite Satz.", "Der dritte Satz.")
    assert send(translator, seen, action="accept").status_code == 409
    assert send(translator, fields(translator), action="accept").status_code == 303
    change_german(content, "Der dritte Satz.", "Der vierte Satz.")
    assert "1 Absatz veraltet" in translator.get(f"uebersetzen/{ENGLISH}/").text
    assert publish().state == "done"
    assert states(content)["en"] == ("stale", 1)


def test_words_that_were_typed_for_an_older_german_text_stay_stale(
    translator: Editor, content: Path, publish: Any
) -> None:
    change_german(content)
    seen = fields(translator)
    change_german(content, "Der zweite Satz.", "Der dritte Satz.")
    assert send(translator, seen, "A second sentence.").status_code == 303
    assert "1 Absatz veraltet" in translator.get(f"uebersetzen/{ENGLISH}/").text
    assert publish().state == "done"
    assert states(content)["en"] == ("stale", 1)
    assert send(translator, fields(translator), "A third sentence.").status_code == 303
    assert publish().state == "done"
    assert states(content)["en"] == ("unreviewed", 0)


def test_a_stale_paragraph_sent_unchanged_is_not_taken_for_accepted(
    translator: Editor, content: Path, database: Database
) -> None:
    change_german(content)
    answer = send(translator, fields(translator), "A first sentence.")
    assert answer.status_code == 422
    assert "Passt unverändert" in answer.text
    assert find_draft(database, "en/seite-1.md") is None


@pytest.mark.parametrize(
    ("place", "words", "said"),
    [(LEAD, "", "Schreiben Sie die Übersetzung"), ("mehr.1", "Contact", "andere Links"), (LEAD, "See {{ tel.fire }}", "andere Einschübe"),
     (LEAD, "A \u202e sentence", "Steuerzeichen"), (LEAD, "Das ist <b>fett", "HTML"), (LEAD, "```", "andere Absätze"), (LEAD, "a" * 70_000, "lang")],
)  # fmt: skip
def test_what_cannot_be_the_translation_is_refused_with_its_remedy_and_kept_in_the_field(
    translator: Editor, content: Path, database: Database, place: str, words: str, said: str
) -> None:
    change_german(content)
    answer = send(translator, fields(translator, place), words)
    assert answer.status_code == 422
    assert said in answer.text
    assert find_draft(database, "en/seite-1.md") is None


def test_checking_stores_nothing_in_the_draft_but_keeps_what_was_typed(
    translator: Editor, content: Path, database: Database
) -> None:
    change_german(content)
    answer = send(translator, fields(translator), "See [here](nirgends.md).", action="check", teil="1")
    assert answer.status_code == 200
    assert "andere Links" in answer.text
    assert "<html" not in answer.text
    assert find_draft(database, "en/seite-1.md") is None
    assert [one.text for one in list_scratches(database, 1)] == ["See [here](nirgends.md)."]
    assert "See [here](nirgends.md)." in translator.get(f"uebersetzen/{ENGLISH}/").text
    assert (
        "Nothing"[:3] not in send(translator, fields(translator), "A second sentence.", action="check", teil="1").text
    )


def test_two_translators_on_one_paragraph_lose_nothing(
    new_editor: Callable[..., Editor], content: Path, database: Database
) -> None:
    change_german(content)
    first, second = new_editor("olena", "translate:en"), new_editor("mara", "translate:en")
    one, other = fields(first), fields(second)
    assert send(first, one, "By Olena.").status_code == 303
    answer = send(second, other, "By Mara.")
    assert answer.status_code == 409
    assert " checked" not in answer.text
    for words in ("By Olena.", "By Mara.", "A first sentence."):
        assert words in answer.text
    hidden = second.hidden(answer.text.partition("absatz/en/seite-1/")[2])
    assert send(second, hidden, "By Mara.", choice="mine").status_code == 303
    found = find_draft(database, "en/seite-1.md")
    assert found is not None
    assert "By Mara." in (found.text or "")
    assert "Alles ist übersetzt." in second.get(f"uebersetzen/{ENGLISH}/").text


def test_a_form_sent_after_the_session_keeps_the_text_through_the_log_in(
    translator: Editor, content: Path, database: Database
) -> None:
    change_german(content)
    values = fields(translator)
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE staff_session SET seen_at = '2020-01-01 00:00:00'")
    assert send(translator, values, "After the break.").status_code == 303
    assert translator.log_in().location == "/eingang/ungesendet/"
    kept = translator.fields("ungesendet/", "uebersetzen/absatz/")
    assert send(translator, kept, "After the break.").status_code == 303
    assert "After the break." in translator.get(f"uebersetzen/{ENGLISH}/").text


# --- sections and pages that are not there ------------------------------------------------------------------------------


def test_a_new_german_paragraph_is_translated_where_it_stands_and_the_others_stay(
    translator: Editor, content: Path, publish: Any
) -> None:
    change_german(content, "Der erste Satz.\n", "Der erste Satz.\n\nEin ganz neuer Absatz mit Worten.\n")
    page = translator.get(f"uebersetzen/{ENGLISH}/").text
    assert "1 Absatz fehlt" in page
    assert "A first sentence." in page
    answer = send(translator, fields(translator, "a.2"), "A wholly new paragraph with words.")
    assert answer.status_code == 303, answer.text
    assert publish().state == "done"
    text = (content / ENGLISH_FILE).read_text("utf-8")
    assert "A first sentence.\n\nA wholly new paragraph with words.\n\n## Mehr" in text
    assert states(content)["en"] == ("unreviewed", 0)


def test_a_section_that_is_missing_is_published_only_once_all_of_it_is_translated(
    translator: Editor, content: Path, new_editor: Callable[..., Editor], publish: Any
) -> None:
    change_german(
        content, "\n## Mehr", "\n## Kosten { #kosten }\n\nDas kostet nichts, gar nichts.\n\nBeispielamt\n\n## Mehr"
    )
    assert "3 Absätze fehlen" in translator.get(f"uebersetzen/{ENGLISH}/").text
    assert send(translator, fields(translator, "kosten.1"), "It is free of charge, really.").status_code == 303
    assert "2 Absätze fehlen" in translator.get(f"uebersetzen/{ENGLISH}/").text
    refused = ask(new_editor("anna", "publish"), ENGLISH)
    assert refused.status_code == 422
    assert "2 Absätze dieser Seite sind noch deutsch" in refused.text
    assert send(translator, fields(translator, "kosten.0"), "Costs").status_code == 303
    assert send(translator, fields(translator, "kosten.2"), action="accept").status_code == 303
    assert publish().state == "done"
    text = (content / ENGLISH_FILE).read_text("utf-8")
    assert "## Costs { #kosten }\n\nIt is free of charge, really.\n\nBeispielamt\n\n## Mehr" in text
    assert states(content)["en"] == ("unreviewed", 0)


def test_a_section_that_is_built_differently_is_written_or_accepted_as_a_whole(
    translator: Editor, content: Path, publish: Any
) -> None:
    path = content / ENGLISH_FILE
    path.write_text(
        path.read_text("utf-8").replace("A first sentence.", "A first sentence.\n\nOne more of its own."), "utf-8"
    )
    change_german(content)
    page = translator.get(f"uebersetzen/{ENGLISH}/").text
    assert "verschieden aufgebaut" in page
    assert send(translator, fields(translator, "a"), action="accept").status_code == 303
    assert publish().state == "done"
    assert states(content)["en"] == ("unreviewed", 0)
    change_german(content, "Der zweite Satz.", "Der dritte Satz.")
    words = "# en 1 { #a }\r\n\r\nA third sentence."
    assert send(translator, fields(translator, "a"), words).status_code == 303
    assert publish().state == "done"
    assert "# en 1 { #a }\n\nA third sentence.\n\n## Mehr" in path.read_text("utf-8")
    assert states(content)["en"] == ("unreviewed", 0)


def test_a_section_that_german_gave_up_is_removed(translator: Editor, content: Path, publish: Any) -> None:
    german = (content / GERMAN_FILE).read_text("utf-8")
    (content / GERMAN_FILE).write_text(german.partition("\n## Mehr")[0], "utf-8")
    assert "Abschnitt entfernen" in translator.get(f"uebersetzen/{ENGLISH}/").text
    assert send(translator, fields(translator, "mehr"), action="remove").status_code == 303
    assert publish().state == "done"
    assert "Mehr" not in (content / ENGLISH_FILE).read_text("utf-8")
    assert states(content)["en"] == ("unreviewed", 0)


def test_a_page_that_is_missing_begins_empty_with_the_structure_of_the_german_one(
    translator: Editor, content: Path, publish: Any
) -> None:
    arabic = "ar/seite-3"
    page = translator.get(f"uebersetzen/{arabic}/").text
    assert page.count("<textarea") == 6
    assert 'dir="rtl"' in page
    assert not (content / "docs/ar/seite-3.md").exists()
    words = {"_head.0": "صفحة 3", "_head.2": "جملة كاملة عن هذه الصفحة التي تسمى صفحة 3.", "a.0": "صفحة 3", LEAD: "الجملة الأولى.",
             "mehr.0": "المزيد", "mehr.1": "[اتصال](kontakt.md)"}  # fmt: skip
    for place, one in words.items():
        answer = send(translator, fields(translator, place, arabic), one, arabic)
        assert answer.status_code == 303, (place, answer.text)
    assert "Alles ist übersetzt." in translator.get(f"uebersetzen/{arabic}/").text
    assert publish(arabic).state == "done"
    text = (content / "docs/ar/seite-3.md").read_text("utf-8")
    assert text.endswith(
        "# صفحة 3 { #a }\n\nالجملة الأولى.\n\n## المزيد { #mehr }\n\n- [اتصال](kontakt.md)\n- {{ tel.fire }}\n"
    )
    assert text.startswith("---\ntitle: صفحة 3\ndescription: ")
    assert states(content, "seite-3")["ar"] == ("unreviewed", 0)


# --- signing ----------------------------------------------------------------------------------------------------------


def test_a_page_is_signed_by_a_click_with_name_and_day_and_by_nothing_else(
    translator: Editor, content: Path, publish: Any, database: Database
) -> None:
    before = (content / ENGLISH_FILE).read_bytes().decode()
    change_german(content)
    values = {"csrf_token": translator.token(), "reviewer": "Olena", "read": "1", "seen": "", "action": "sign"}
    assert translator.post(f"uebersetzen/pruefung/{ENGLISH}/", values).status_code == 422  # a paragraph is stale
    send(translator, fields(translator), "A second sentence.")
    assert sign(translator, read="").status_code == 422
    assert sign(translator, reviewer="  ").status_code == 422
    assert "reviewed_by" not in str(find_draft(database, "en/seite-1.md"))
    assert sign(translator).status_code == 303
    assert publish().state == "done"
    text = (content / ENGLISH_FILE).read_bytes().decode()
    lines = [line for line in text.splitlines() if line.startswith("reviewed_")]
    assert lines[0] == "reviewed_by: Olena Beispiel"
    assert "".join(
        line for line in text.splitlines(keepends=True) if not line.startswith("reviewed_")
    ) == before.replace("first", "second")
    assert states(content)["en"] == ("reviewed", 0)


def test_a_signature_falls_when_the_text_changes_after_it(
    translator: Editor, content: Path, database: Database, publish: Any
) -> None:
    assert sign(translator).status_code == 303
    assert "reviewed_by" in str(find_draft(database, "en/seite-1.md"))
    answer = send(translator, fields(translator), "Another sentence.")
    assert answer.status_code == 303
    assert "reviewed_by" not in str(find_draft(database, "en/seite-1.md"))
    assert "gilt wieder als ungeprüft" in translator.get(f"uebersetzen/{ENGLISH}/").text
    sign(translator)
    other = translator.change("mehr.0", "Further", ENGLISH)  # the other editor holds to it as well
    assert other.status_code == 303
    assert "reviewed_by" not in str(find_draft(database, "en/seite-1.md"))
    sign(translator)
    assert publish().state == "done"
    change_german(content)
    assert states(content)["en"] == ("stale", 1)  # the note on the page says both


def test_a_page_is_not_signed_over_somebody_elses_change(translator: Editor, content: Path) -> None:
    values = translator.fields(f"uebersetzen/{ENGLISH}/", "pruefung/")
    send(translator, fields(translator), "Another sentence.")
    answer = translator.post(
        f"uebersetzen/pruefung/{ENGLISH}/", {**values, "reviewer": "Olena", "read": "1", "action": "sign"}
    )
    assert answer.status_code == 409
    assert "reviewed_by" not in answer.text


# --- machine ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that answers as LibreTranslate does."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps({"translatedText": [f"MACHINE {text}" for text in asked["q"]]}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("KIM_TRANSLATE_URL", f"http://127.0.0.1:{server.server_port}/")
    yield
    server.shutdown()
    server.server_close()


def test_a_machines_draft_is_put_into_the_field_and_not_stored(
    translator: Editor, content: Path, machine: None, database: Database
) -> None:
    change_german(content)
    answer = send(translator, fields(translator), action="machine")
    assert answer.status_code == 200
    assert "MACHINE Der zweite Satz.</textarea>" in answer.text
    assert "Niemand hat ihn geprüft" in answer.text
    assert find_draft(database, "en/seite-1.md") is None


def test_without_a_service_no_machine_is_offered_and_one_that_is_down_is_told(
    translator: Editor, content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KIM_TRANSLATE_URL", raising=False)
    change_german(content)
    page = translator.get(f"uebersetzen/{ENGLISH}/").text
    assert 'value="machine"' not in page
    assert "kein Übersetzungsdienst" in page
    monkeypatch.setenv("KIM_TRANSLATE_URL", "http://127.0.0.1:9/")
    answer = send(translator, fields(translator), "What I typed.", action="machine")
    assert answer.status_code == 502
    assert "What I typed.</textarea>" in answer.text


# --- the start page -----------------------------------------------------------------------------------------------------


def test_a_translator_begins_with_the_own_languages_and_what_matters_most(
    new_editor: Callable[..., Editor], content: Path
) -> None:
    change_german(content)
    one = new_editor("olena", "translate:en")
    assert one.get().location == "/eingang/uebersetzen/"
    page = one.get("uebersetzen/").text
    assert "العربية" not in page
    stale, missing = page.index("Seite 1"), page.index("Titel index")
    assert stale < missing < page.index("Titel arbeitgeber/index")
    assert "1 Absatz</span>" in page
    assert one.get("uebersetzen/?language=ar").status_code == 400
    assert one.get("uebersetzen/ar/seite-1/").status_code == 403
    assert one.get("uebersetzen/de/seite-1/").status_code == 403
    assert one.get("uebersetzen/en/gibt-es-nicht/").status_code == 404
