"""Characters that readers cannot see, or see as something else, are named with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from core.catalogs import check_catalog
from core.findings import ContentError
from core.text.characters import find_forbidden, forbidden_in_file, forbidden_in_values
from core.text.yaml import compose
from editorial.content.data.facts import load_facts
from tests.editorial.conftest import GERMAN, LANGUAGES, Tree

FORBIDDEN = [
    *"\x00\x01\x08\x0b\x0c\x0e\x1b\x1f\x7f\x80\x85\x9f", "\u2028", "\u2029", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e",
    "\u206a", "\u206f", "\ufeff", "\ufff9", "\ufffb", "\ufffd", "\ue000", "\uf0b7", "\uf8ff", "\ufdd0", "\ufdef", "\ufffe", "\uffff",
    "\U0001fffe", "\U0010ffff", "\U000f0000", "\U00100000", "\U000e0041",
]  # fmt: skip
ALLOWED = "\t\n ä’„“–…\u00a0\u00ad\u200b\u200c\u200d\u200e\u200f\u061c\u2011\u202f\u2060أفیİıŁжґ\U0001f600\ufe0f"


@pytest.mark.parametrize("char", FORBIDDEN, ids=lambda char: f"U+{ord(char):04X}")
def test_a_forbidden_character_is_found_in_pages_headers_and_data(tree: Tree, char: str) -> None:
    tree.write("de", "kurse", "Kurse", f"# Kurse {{ #kurse }}\n\nEin{char}Satz.")
    tree.write("de", "wege", "Wege", header=GERMAN.format(title=f"We{char}ge"))
    (tree.docs / "data").mkdir()
    tree.docs.joinpath("data/numbers.yml").write_bytes(f"fire:\n  number: '1'\n  label: a{char}b\n".encode())
    with pytest.raises(ContentError) as caught:
        load_facts(tree.docs / "data")
    found = [*tree.check(), *caught.value.findings]
    places = {(one.file, one.line) for one in found if one.code == "character"}
    assert places == {("docs/de/kurse.md", 10), ("docs/de/wege.md", 2), ("docs/data/numbers.yml", 3)}
    assert all(f"U+{ord(char):04X}" in one.message and one.hint for one in found if one.code == "character")


def test_letters_and_signs_of_all_our_scripts_are_allowed() -> None:
    assert find_forbidden(ALLOWED) is None
    assert list(forbidden_in_file(f"\ufeff{ALLOWED}\r\n")) == []


@pytest.mark.parametrize("escape", ["\\u202e", "\\x0b", "\\U000f0000", "\\L", "\\e", "\\u2066"])
def test_an_escape_in_yaml_counts_as_its_character(tree: Tree, escape: str) -> None:
    tree.write("de", "kurse", "Kurse", header=GERMAN.format(title=f'"Ku{escape}rse"'))
    (tree.docs / "data").mkdir()
    tree.docs.joinpath("data/glossary.yml").write_text(f'- a: b\n- c: "d{escape}"\n')
    found = {(one.file, one.line, one.code) for one in tree.check()}
    assert found == {("docs/de/kurse.md", 2, "character"), ("docs/data/glossary.yml", 2, "character")}


def test_a_path_without_quotation_marks_is_no_escape() -> None:
    assert list(forbidden_in_values(compose("a: C:\\bin\\x\nb: 'C:\\u202e'\n"))) == []


def test_yaml_that_names_itself_is_read_once() -> None:
    assert [place.line for place in forbidden_in_values(compose('a: &a\n  - *a\n  - "\\u202e"\n'))] == [3]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a \u2067b\u2069 c\u2066d\u2069", []),
        ("\u2067a \u2066b\u2069 c\u2069", []),
        ("eins\na \u2067b\nc\u2069", [2, 3]),
        ("a\u2069", [1]),
        ("\u2068a", [1]),
    ],
)
def test_isolates_stand_in_pairs_within_a_line(text: str, lines: list[int]) -> None:
    assert [place.line for place in forbidden_in_file(text)] == lines


@pytest.mark.parametrize(("word", "said"), [("a\u202eb", "U+202E"), ("a <b> c", "< >"), ("a &amp; c", "&")])
def test_a_catalogue_holds_neither_html_nor_disguises(tmp_path: Path, word: str, said: str) -> None:
    template = Catalog()
    template.add("Two words")
    tmp_path.joinpath("ar.po").write_text(
        f'msgid ""\nmsgstr ""\n"Language: ar\\n"\n\nmsgid "Two words"\nmsgstr "{word}"\n'
    )
    assert any(said in one.message and one.line for one in check_catalog(LANGUAGES[2], template, tmp_path))
