"""The checks promise editors: every slip is named with file, line and remedy, and nothing else is."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest

from core.findings import Finding
from editorial.checks.content import check_content
from tests.editorial.conftest import FACTS, GERMAN, LANGUAGES, Tree

One = Callable[[], Finding]


def test_a_tree_without_fault_has_no_finding(tree: Tree) -> None:
    tree.write("en", "kontakt", "Contact")
    assert tree.check() == []


@pytest.mark.parametrize(
    ("header", "line", "words"),
    [
        ("title: Kurse: mehr\ndescription: Ein ganzer Satz hier.\n", 2, "YAML"),
        ("\ttitle: Kurse\ndescription: Ein ganzer Satz hier.\n", 2, "Nehmen Sie Leerzeichen statt des Tabulators."),
        ("title:Kurse\ndescription: Ein ganzer Satz hier.\n", 3, "hinter einem Schlüssel steht ein Leerzeichen"),
        ("title: 'offen\ndescription: Ein ganzer Satz hier.\n", 4, "YAML"),
        (GERMAN.format(title="A") + "titel: B\n", 6, "titel"),
        (GERMAN.format(title="A") + "title: B\n", 6, "zweimal"),
        (GERMAN.format(title="A").replace("2099-01-01", "bald"), 5, "review_by"),
        (GERMAN.format(title="A") + "confirmed: false\n", 1, "confirm:"),
        ("", 2, "leer"),
    ],
)
def test_a_broken_header_is_named_with_its_line(tree: Tree, header: str, line: int, words: str) -> None:
    tree.write("de", "kurse", "x", header=header)
    found = [finding for finding in tree.check() if finding.file == "docs/de/kurse.md"]
    assert found
    assert found[0].line == line
    assert words in str(found[0])
    assert found[0].hint


def test_a_missing_header_is_an_error_and_not_printed_into_the_page(tree: Tree, only: One) -> None:
    tree.docs.joinpath("de/kurse.md").write_text("# Kurse { #top }\n")
    assert only().line == 1


@pytest.mark.parametrize("text", ["", "   \n\n", "---\ntitle: A\ndescription: Ein ganzer Satz hier.\n---\n\n"])
def test_an_empty_translation_is_an_error(tree: Tree, only: One, text: str) -> None:
    path = tree.write("ar", "kontakt", "x")
    path.write_text(text)
    assert only().file == "docs/ar/kontakt.md"


def test_a_translation_without_german_page_is_an_error(tree: Tree, only: One) -> None:
    tree.write("en", "courses", "Courses")
    assert "keine deutsche Seite" in only().message


def test_a_translation_holds_only_its_own_words(tree: Tree, only: One) -> None:
    tree.write("en", "kontakt", "x", header=GERMAN.format(title="Contact").replace("source: [own]\n", ""))
    assert "review_by" in only().message


def test_two_pages_of_one_section_have_different_titles(tree: Tree, only: One) -> None:
    tree.write("de", "kurse", "Kontakt")
    assert "steht auch in" in only().message


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("# A { #a }\n\n## Ohne", 10, "keine Kennung"),
        ("# A { #a }\n\n## B { #a }", 10, "steht schon in Zeile 8"),
        ("# A { #a }\n\n### B { #b }", 10, "folgt Ebene 3"),
        ("## A { #a }", 8, "erste Überschrift"),
        ("Nur Text.", 7, "keine Überschrift"),
        ("# A { #a }\n\n!!! note\n\n    Text", 10, "keinen Titel"),
        ('# A { #a }\n\n!!! note "T"\n    Text', 10, "Leerzeile"),
        ("# A { #a }\n\n[x](nirgends.md)", 10, "führt zu keiner Seite"),
        ("# A { #a }\n\n[x](kontakt.md#weg)", 10, "keine Überschrift mit #weg"),
        ("# A { #a }\n\n[x](kontakt)", 10, "endet nicht auf .md"),
        ("# A { #a }\n\n[](kontakt.md)", 10, "ohne Text"),
        ("# A { #a }\n\n![](bild.png)", 10, "Alternativtext"),
        ("# A { #a }\n\n{{ tel.feuer }}", 10, "gibt es nicht"),
        ("# A { #a }\n\n{{ tel fire }}", 10, "kein Einschub"),
        ("# A { #a }\n\nTel. 02041 123456", 10, "Telefonnummer"),
        ("# A { #a }\n\nTel. +49 2041 123456", 10, "Telefonnummer"),
        ("# A { #a }\n\nschreiben Sie an amt@example.org", 10, "E-Mail"),
        ("# A { #a }\n\nkostet 2,29 € je Stunde", 10, "Geldbetrag"),
        ("# A { #a }\n\nhttps://example.org", 10, "Internetadresse"),
        ('# A { #a }\n\n<p style="color:red">x</p>', 10, "HTML"),
    ],
)
def test_a_slip_in_the_text_is_named_with_its_line(tree: Tree, body: str, line: int, words: str) -> None:
    tree.write("de", "kurse", "Kurse", body)
    found = [finding for finding in tree.check() if words in str(finding)]
    assert [(finding.file, finding.line) for finding in found] == [("docs/de/kurse.md", line)]
    assert found[0].hint


def test_dates_paragraphs_and_years_are_no_phone_numbers(tree: Tree) -> None:
    body = "# A { #a }\n\nSeit 2024 gilt § 60c. Vom 1.3.2024 bis 30.06.2022, 600 Stunden, 46236 Bottrop, 2016/2102."
    tree.write("de", "kurse", "Kurse", body)
    assert tree.check() == []


def test_what_stands_in_a_code_block_is_left_alone(tree: Tree) -> None:
    tree.write("de", "kurse", "Kurse", "# A { #a }\n\n```\n## x\n{{ y }}\n```")
    assert tree.check() == []


def test_a_translation_keeps_the_ids_of_the_german_headings(tree: Tree, only: One) -> None:
    tree.write("de", "kurse", "Kurse", "# A { #a }\n\n## B { #termine }")
    tree.write("en", "kurse", "Courses", "# A { #a }\n\n## B { #dates }")
    assert "es fehlt { #termine }" in only().message


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("contact: nobody\n", "contact: „nobody“"),
        ("law: [x-1]\n", "law: „x-1“"),
        ("links: [x]\n", "links: „x“"),
        ("layout: form\nform: unknown\n", "form: „unknown“"),
        ("languages: [xx]\n", "languages: „xx“"),
    ],
)
def test_a_key_that_names_nothing_is_an_error(tree: Tree, only: One, row: str, words: str) -> None:
    tree.write("de", "kurse", "x", header=GERMAN.format(title="Kurse") + row)
    assert words in only().message


def test_a_page_past_its_review_date_is_a_notice_and_not_an_error(tree: Tree, only: One) -> None:
    tree.write("de", "kurse", "x", header=GERMAN.format(title="Kurse").replace("2099", "2025"))
    assert only().level == "notice"
    assert not [f for f in tree.check(datetime.date(2024, 12, 31)) if f.level == "notice"]


@pytest.mark.parametrize("address", ["Plan (1) neu.png", "Plan%20(1)%20neu.png", "Plan%20%281%29%20neu.png"])
def test_a_picture_is_found_under_any_name(tree: Tree, only: One, address: str) -> None:
    tree.write("de", "kurse", "Kurse", f"# Kurse {{ #kurse }}\n\n![Der Plan]({address})")
    assert "gibt es nicht" in str(only())
    (tree.docs / "de/Plan (1) neu.png").write_bytes(b"x")
    assert tree.check() == []
    (tree.docs / "de/Plan (1) neu.png").write_bytes(b"x" * 300_000)
    assert "300 kB" in str(only())


def test_what_is_no_file_is_named(tree: Tree, only: One) -> None:
    (tree.docs / "de/kurse.md").mkdir()
    assert "docs/de/kurse.md: Die Datei kann nicht gelesen werden" in str(only())


def test_what_programs_lay_beside_a_page_is_no_page(tree: Tree) -> None:
    """The copies of macOS, the locks of Emacs; MkDocs leaves them out, too."""
    (tree.docs / "de/._kontakt.md").write_bytes(b"\0\5\x16\7Mac OS X\xff")
    (tree.docs / "de/.#kontakt.md").symlink_to("somebody@example.org.4711")
    (tree.docs / "de/.trash").mkdir()
    (tree.docs / "de/.trash/alt.md").write_text("An old page.", "utf-8")
    assert tree.check() == []
    assert tree.read().pages.keys() == {"index", "kontakt"}


def test_a_file_in_another_encoding_is_named_with_its_line(tree: Tree, only: One) -> None:
    tree.docs.joinpath("de/kurse.md").write_bytes(b"---\ntitle: Kurse\ndescription: f\xfcr alle\n---\n")
    assert only().line == 3


def test_headings_may_differ_while_a_translation_is_known_to_be_stale(tree: Tree) -> None:
    """A German editor adds a heading; the build must not wait for seven translators."""
    tree.write("de", "kurse", "Kurse", "# A { #a }\n\n## B { #neu }")
    tree.write("en", "kurse", "Courses", "# A { #a }")
    today = datetime.date(2026, 11, 23)
    (error,) = check_content(tree.read(), FACTS, LANGUAGES, (), today, tree.docs)
    (notice,) = check_content(tree.read(), FACTS, LANGUAGES, (), today, tree.docs, {("kurse", "en")})
    assert (error.level, notice.level, notice.code) == ("error", "notice", "heading-parity")


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("- [ ] Adresse anmelden", "Das Kästchen zum Abhaken wird nicht erkannt"),
        ("- [ ] Adresse anmelden { #Anmelden }", "Das Kästchen zum Abhaken wird nicht erkannt"),
        ("- [ ] Adresse anmelden{ #a }", "Das Kästchen zum Abhaken wird nicht erkannt"),
        ("- [ ] Eins { #a }\n- [ ] Zwei { #a }", "Die Kennung #a steht zweimal"),
        ("- [ ] Eins { #top }", "Die Kennung #top steht zweimal"),
        ("- [ ] Eins { #main }", "gehört zum Rahmen"),
        ("Text\n\n[ ] Eins { #a }", "wird nicht erkannt"),
    ],
)
def test_a_box_to_tick_needs_an_id_of_its_own(tree: Tree, item: str, words: str) -> None:
    tree.write("de", "liste", "Liste", f"# Liste {{ #top }}\n\n{item}")
    assert any(words in one.message for one in tree.check())


def test_boxes_to_tick_are_the_same_in_all_languages(tree: Tree, only: One) -> None:
    tree.write("de", "liste", "Liste", "# Liste { #top }\n\n- [ ] **Eins** { #a }\n- [ ] Zwei { #b }")
    tree.write("en", "liste", "List", "# List { #top }\n\n- [ ] **One** { #a }\n- [ ] Two { #c }")
    assert "es fehlt { #b }, zu viel ist { #c }" in only().message


def test_an_icon_is_that_of_a_topic(tree: Tree, only: One) -> None:
    tree.write("de", "bild", "Bild", "# Bild { #top }\n\n- {{ icon.work }} Arbeit\n- {{ icon.wrok }} Arbeit")
    assert "Meinten Sie „icon.work“?" in str(only())


def test_a_diagram_of_steps_is_a_box_with_a_list(tree: Tree) -> None:
    tree.write("de", "weg", "Weg", '# Weg { #top }\n\n!!! path "Der Weg"\n\n    1. **Eins:** a\n        - b\n    2. c')
    assert tree.check() == []
