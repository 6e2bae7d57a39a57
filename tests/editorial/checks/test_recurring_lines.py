"""Lines that stand on many pages have one wording in each language, from ``docs/data/recurring_lines.yml``."""

from __future__ import annotations

import pytest

from core.findings import Finding
from core.project import ROOT
from editorial.checks.text_lines import Block
from editorial.checks.wording.recurring_lines import (
    check_all_recurring_lines,
    check_blocks,
    load_recurring_lines,
    replace_other_wordings,
)
from tests.editorial.conftest import LANGUAGES, Tree

LINES = """\
# a comment, so that the first entry is in line 2
rat:
  words:
    de: Dies ist eine allgemeine Auskunft und keine Rechtsberatung.
    en: This is general information, not legal advice.
    ar: هذه معلومات عامة وليست استشارة قانونية.
  sign:
    de: [ist, allgemein*, Rechtsberatung]
  other:
    en: [This text does not replace legal advice.]
kosten:
  words: {de: Was kostet das?, en: What does it cost?, ar: ما التكلفة؟}
  other: {de: [Kosten]}
  ids: [kosten]
"""


def lines_found(tree: Tree, rows: str = LINES) -> list[tuple[str, int]]:
    """Write a list of lines and return file and line of what is found on the tree's pages."""
    return [(one.file, one.line) for one in findings(tree, rows) if one.file != "docs/data/recurring_lines.yml"]


def findings(tree: Tree, rows: str) -> list[Finding]:
    (tree.docs / "data").mkdir(parents=True, exist_ok=True)
    (tree.docs / "data/recurring_lines.yml").write_text(rows, "utf-8")
    return list(check_all_recurring_lines(tree.docs / "data", tree.read(), LANGUAGES))


def write_pages(tree: Tree, german: str, english: str, arabic: str = "هذه معلومات عامة وليست استشارة قانونية.") -> None:
    """Write a page with one last paragraph in three languages."""
    for code, heading, body in (
        ("de", "Was kostet das?", german),
        ("en", "What does it cost?", english),
        ("ar", "ما التكلفة؟", arabic),
    ):
        tree.write(code, "kurse", "Kurse", f"# Kurse {{ #kurse }}\n\n## {heading} {{ #kosten }}\n\n{body}")  # fmt: skip


GERMAN, ENGLISH = (
    "Dies ist eine allgemeine Auskunft und keine Rechtsberatung.",
    "This is general information, not legal advice.",
)


def test_a_page_with_the_lines_as_listed_is_right_also_with_a_word_in_brackets_and_an_arabic_and(tree: Tree) -> None:
    write_pages(tree, f"{GERMAN} Im Einzelfall entscheidet das Amt.", "This is general information (March 2026), not legal advice. The office decides.", "وهذه معلومات عامة وليست استشارة قانونية. يقرر المكتب.")  # fmt: skip
    assert lines_found(tree) == []


@pytest.mark.parametrize(
    "german",
    [
        "Das ist eine allgemeine Auskunft, keine Rechtsberatung.",  # the same long words
        "Dies ist nur eine allgemeine Information und sie ist keine Rechtsberatung.",  # by its sign
        "Zum Schluss. Das ist eine allgemeine Auskunft, aber keine Rechtsberatung.",
    ],
)
def test_another_wording_in_german_is_named_with_its_line(tree: Tree, german: str) -> None:
    write_pages(tree, german, ENGLISH)
    assert lines_found(tree) == [("docs/de/kurse.md", 12)]


@pytest.mark.parametrize(
    "english", ["This is a general notice and no legal advice.", "This text does not replace legal advice."]
)
def test_another_wording_in_a_translation_is_named_with_its_line_and_the_wording(tree: Tree, english: str) -> None:
    write_pages(tree, GERMAN, english)
    assert lines_found(tree) == [("docs/en/kurse.md", 10)]
    (found,) = (one for one in findings(tree, LINES) if one.file == "docs/en/kurse.md")
    assert ENGLISH in found.message
    assert found.hint.endswith("ändern Sie docs/data/recurring_lines.yml:2.")
    assert (found.level, found.code) == ("notice", "lines")


def test_a_heading_in_other_words_is_named_in_each_language(tree: Tree) -> None:
    write_pages(tree, GERMAN, ENGLISH)
    tree.write("en", "kurse", "Courses", f"# Kurse {{ #kurse }}\n\n## The price {{ #kosten }}\n\n{ENGLISH}")
    assert lines_found(tree) == [("docs/en/kurse.md", 8)]
    tree.write("de", "kurse", "Kurse", f"# Kurse {{ #kurse }}\n\n## Kosten {{ #kosten }}\n\n{GERMAN}")
    assert lines_found(tree) == [("docs/de/kurse.md", 10)]


def test_a_heading_with_the_id_of_a_line_has_its_wording(tree: Tree) -> None:
    write_pages(tree, GERMAN, ENGLISH)
    tree.write("de", "kurse", "Kurse", f"# Kurse {{ #kurse }}\n\n## Ihr Beitrag {{ #kosten }}\n\n{GERMAN}")
    assert lines_found(tree) == [("docs/de/kurse.md", 10)]
    tree.write("de", "kurse", "Kurse", f"# Kurse {{ #kurse }}\n\n## Ihr Beitrag {{ #beitrag }}\n\n{GERMAN}")
    assert lines_found(tree) == []


def test_a_sentence_that_says_something_else_is_left_alone(tree: Tree) -> None:
    write_pages(tree, "Dies ist eine allgemeine Auskunft und keine Steuerberatung.", "This is general information, not tax advice.", "هذه معلومات عامة وليست استشارة ضريبية.")  # fmt: skip
    assert lines_found(tree) == []


def test_a_wording_that_was_changed_in_the_list_is_named_on_every_page_and_replaced(tree: Tree) -> None:
    write_pages(tree, GERMAN, ENGLISH)
    assert any("auf keiner Seite" in one.message for one in findings(tree, LINES.replace(GERMAN, "Fragen Sie nach.")))
    rows = LINES.replace(f"de: {GERMAN}", "de: Das ist ein Rat.").replace("  other:\n    en:", f"  other:\n    de: [{GERMAN}]\n    en:")  # fmt: skip
    assert lines_found(tree, rows) == [("docs/de/kurse.md", 12)]
    lines = load_recurring_lines(tree.docs / "data")
    assert not isinstance(lines, list)
    text = (tree.docs / "de/kurse.md").read_text("utf-8")
    assert replace_other_wordings(text, lines, "de") == text.replace(GERMAN, "Das ist ein Rat.")


def test_a_language_without_a_wording_is_named(tree: Tree) -> None:
    write_pages(tree, GERMAN, ENGLISH)
    missing = LINES.replace("    ar: هذه معلومات عامة وليست استشارة قانونية.\n", "")
    assert [one.line for one in findings(tree, missing) if "fehlt der Wortlaut" in one.message] == [2]


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ("- rat\n", 1),
        ("rat: {words: {}}\n", 1),
        ("a: {words: {de: x}}\nb:\n  words: {de: x}\n  find: y\n", 4),
        ("a: {words: {de: [x]}}\n", 1),
        ("a: 'offen\n", 2),
    ],
)
def test_a_fault_in_the_list_is_an_error_with_its_line(tree: Tree, rows: str, line: int) -> None:
    (found,) = findings(tree, rows)
    assert (found.file, found.line, found.level, found.code) == ("docs/data/recurring_lines.yml", line, "error", "data")


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("de", "Dieser Text ersetzt keine Beratung."),
        ("de", "Die Ausländerbehörde entscheidet im Einzelfall."),
        ("de", "Die Beratung kostet nichts."),
        ("en", "This is only general information and not legal advice."),
        ("ru", "Это только общая информация, но не юридическая консультация."),
        ("fa", "این اطلاعات عمومی است و جای مشاوره حقوقی را نمی‌گیرد."),
    ],
)
def test_the_list_of_the_site_knows_other_wordings(code: str, sentence: str) -> None:
    lines = load_recurring_lines(ROOT / "docs/data")
    assert not isinstance(lines, list)
    assert list(check_blocks("page.md", [Block("top", 1, [sentence])], lines, code, loosely=code == "de"))
