"""The interface's words in the browser: one sentence of a catalog changes, checked, and no other byte of the file."""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.catalogs import format_catalog
from core.gettext import LOCALE_DIR, gettext, read_catalog, use_catalogs, use_language
from editing.drafts import find_draft
from editing.publication import store, worker
from editing.publication.publisher import Publisher
from editing.translation.words import list_entries, plural_examples, replace_words
from form_handler.settings import Settings
from form_handler.storage.database import Database
from tests.conftest import ROOT, full_or_sample
from tests.editing.conftest import Editor
from tests.editing.test_publication import ask

CATALOGS = sorted(LOCALE_DIR.glob("*.po"))
PAGE = "uebersetzen/woerter/ar/"
EVERY = full_or_sample([1], [37])[0]


@pytest.fixture
def content(content: Path) -> Iterator[Path]:
    """The folder of pages with the catalogs beside them."""
    shutil.copytree(LOCALE_DIR, content / "core/locale", ignore=shutil.ignore_patterns("__pycache__", "office"))
    yield content
    use_catalogs(ROOT / "docs")


@pytest.fixture
def translator(content: Path, new_editor: Callable[..., Editor]) -> Editor:
    """Somebody who translates into Arabic."""
    return new_editor("amal", "translate:ar")


def fields(one: Editor, english: str) -> dict[str, str]:
    """Return the hidden fields of the form of a sentence."""
    text = one.get(f"{PAGE}?q={english}").text.partition(f'aria-label="{english}"')[2]
    return one.hidden(text.partition("</form>")[0])


def send(one: Editor, values: dict[str, str], *words: str, action: str = "save", **more: str) -> Any:
    texts = {f"words_{number}" if number else "words": text for number, text in enumerate(words)}
    return one.post(PAGE, {**values, **texts, "action": action, **more})


@pytest.mark.parametrize("path", CATALOGS, ids=[path.stem for path in CATALOGS])
def test_a_changed_sentence_changes_its_own_lines_and_reads_back(path: Path) -> None:
    text = path.read_bytes().decode()
    entries = list_entries(text)
    assert len(entries) == sum(bool(message.id) for message in read_catalog(path, path.stem))
    for number, entry in enumerate(entries[::EVERY]):
        words = [f"{one} „{number}“ \\ neu" for one in entry.words]
        made = replace_words(text, entry, words)
        assert made[: entry.start] == text[: entry.start]
        assert made.endswith(text[entry.end :])
        again = next(one for one in list_entries(made) if one.id == entry.id)
        assert again.words == tuple(words)
        assert replace_words(made, again, entry.words) == text


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=60))
@settings(max_examples=60)
def test_any_words_are_written_in_the_normal_form_of_the_catalog(words: str) -> None:
    path = LOCALE_DIR / "uk.po"
    text = path.read_text("utf-8")
    entry = list_entries(text)[3]
    made = replace_words(text, entry, [words])
    assert next(one for one in list_entries(made) if one.id == entry.id).words == (words,)
    if words.isprintable() and words:
        catalog = read_catalog(path, "uk")
        catalog[entry.english[0]].string = words
        assert made == format_catalog(catalog)


def test_the_forms_of_a_language_are_told_by_numbers() -> None:
    assert plural_examples((LOCALE_DIR / "uk.po").read_text("utf-8"))[0] == "1, 21, 31, 41"
    assert len(plural_examples((LOCALE_DIR / "ar.po").read_text("utf-8"))) == 6
    assert plural_examples((LOCALE_DIR / "ar.po").read_text("utf-8"))[0] == "0"


def test_a_sentence_is_found_in_three_languages_and_stored_in_the_draft(
    translator: Editor, database: Database, content: Path
) -> None:
    before = (content / "core/locale/ar.po").read_bytes()
    for query in ("Learning German", "Deutsch lernen", "تعلم"):
        assert 'aria-label="Learning German"' in translator.get(f"{PAGE}?q={query}").text, query
    assert send(translator, fields(translator, "Learning German"), "دروس الألمانية").status_code == 303
    found = find_draft(database, "core/locale/ar.po")
    assert found is not None
    changed = [
        line for line in difflib.ndiff(before.decode().splitlines(), (found.text or "").splitlines()) if line[0] in "+-"
    ]
    assert [line[0] for line in changed] == ["-", "+"]
    assert (content / "core/locale/ar.po").read_bytes() == before
    assert "1 Satz ist im Entwurf geändert" in translator.get(PAGE).text
    assert 'aria-label="Learning German"' in translator.get(f"{PAGE}?what=changed").text


@pytest.mark.parametrize(
    ("english", "words", "said"),
    [("Learning German", [""], "Ohne Übersetzung"), ("%(amount)s a month", ["في الشهر"], "Andere Platzhalter"), ("Learning German", ['"x"'], "Anführungszeichen"),
     ("Learning German", ["<b>x"], "Ein Zeichen"), ("Learning German", ["100 %"], "Ein % zu viel"), ("Learning German", ["a\u202eb"], "Zeichen"),
     ("Learning German", ["x" * 5000], "zu lang")],
)  # fmt: skip
def test_words_that_the_check_refuses_are_not_stored_and_stay_in_the_field(
    translator: Editor, database: Database, english: str, words: list[str], said: str
) -> None:
    answer = send(translator, fields(translator, english.replace("%", "%25")) or fields(translator, english), *words)
    assert answer.status_code == 422
    assert said in answer.text
    assert find_draft(database, "core/locale/ar.po") is None


def test_words_that_readers_stumble_over_are_named_while_writing(translator: Editor) -> None:
    trap = translator.post(
        PAGE, {**fields(translator, "Learning German"), "words": "العروض", "action": "check", "teil": "1"}
    )
    assert trap.status_code == 200
    assert "<html" not in trap.text
    assert "Hier stolpern Lesende" in trap.text


def test_somebody_elses_words_are_shown_and_not_overwritten(
    translator: Editor, new_editor: Callable[..., Editor], database: Database
) -> None:
    other = new_editor("basma", "translate:ar")
    one, two = fields(translator, "Learning German"), fields(other, "Learning German")
    assert send(translator, one, "من أمل").status_code == 303
    answer = send(other, two, "من بسمة")
    assert answer.status_code == 409
    assert "من أمل" in answer.text
    assert "من بسمة</textarea>" in answer.text
    assert (
        send(other, other.hidden(answer.text.partition('aria-label="Learning German"')[2]), "من بسمة").status_code
        == 303
    )
    assert "من بسمة" in str(find_draft(database, "core/locale/ar.po"))


def test_published_words_are_in_the_file_and_used_and_can_be_taken_back(
    translator: Editor,
    new_editor: Callable[..., Editor],
    content: Path,
    database: Database,
    editing_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Publisher, "build", lambda self: None)
    before = (content / "core/locale/ar.po").read_bytes().decode()
    send(translator, fields(translator, "Learning German"), "دروس الألمانية")
    office = new_editor("paula", "publish")
    page = office.get("seiten/veroeffentlichen/woerter/ar/").text
    assert "Learning German" in page
    assert "دروس" in page
    assert ask(office, "woerter/ar").status_code == 303
    worker.run_once(database, editing_settings)
    (one,) = store.list_publications(database)
    assert one.state == "done", one.problem
    after = (content / "core/locale/ar.po").read_bytes().decode()
    assert len([line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]) == 2
    translator.get(PAGE)
    with use_language("ar"):
        assert gettext("Learning German") == "دروس الألمانية"
    fields_ = office.fields(f"seiten/rueckgaengig/{one.id}/", "rueckgaengig/")
    assert office.post(f"seiten/rueckgaengig/{one.id}/", fields_).status_code == 303
    worker.run_once(database, editing_settings)
    assert (content / "core/locale/ar.po").read_bytes().decode() == before


def test_a_language_of_the_municipality_alone_has_its_catalog_in_its_own_folder(
    new_editor: Callable[..., Editor], content: Path, database: Database
) -> None:
    (content / "city/locale").mkdir(parents=True)
    (content / "core/locale/ar.po").rename(content / "city/locale/ar.po")
    one = new_editor("amal", "translate:ar")
    assert send(one, fields(one, "Learning German"), "دروس الألمانية").status_code == 303
    assert find_draft(database, "city/locale/ar.po") is not None
    (content / "city/locale/ar.po").write_text(
        'msgid ""\nmsgstr ""\n"Language: ar\\n"\n\nmsgid "Learning German"\nmsgstr "دروس"\n', "utf-8"
    )
    one.get(PAGE)
    with use_language("ar"):
        assert gettext("Learning German") == "دروس"
        assert gettext("School") != "School"  # what is missing there is taken from the program's own


def test_without_catalogs_beside_the_pages_the_page_says_so(new_editor: Callable[..., Editor]) -> None:
    one = new_editor("olena", "translate:en")
    answer = one.get("uebersetzen/woerter/en/")
    assert answer.status_code == 404
    assert "keine Kataloge" in answer.text
    assert one.get("uebersetzen/woerter/ar/").status_code == 403
