"""Search words lead to pages that exist, each word to one entry, in every language."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.project import ROOT, all_language_codes
from editorial.content.data.search_words import SearchWords, check_search_words, load_search_words

CODES = sorted(all_language_codes())
PAGES = ["ankommen/aufenthalt", "ankommen/wohnen"]
START = "entries:\n  - pages: [ankommen/aufenthalt]\n    words:\n      de: [Duldung]\n"


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("entries:\n  - pages: [ankommen/aufenthallt]\n    words: {de: [Duldung]}\n", 2, "gibt es nicht", "„ankommen/aufenthalt“"),
        (START + "  - pages: [ankommen/wohnen]\n    words: {de: [duldung]}\n", 6, "steht schon in einem anderen Eintrag (ab Zeile 2)", "beste Seite"),
        (START + "  - pages: [ankommen/wohnen]\n    words: {tr: [Duldung]}\n", 6, "steht schon", "beste Seite"),
        (START + "  - page: [ankommen/wohnen]\n    words: {de: [Miete]}\n", 5, "page", "Vergleichen"),
        (START + "  - pages: []\n    words: {de: [Miete]}\n", 5, "pages", "Vergleichen"),
        (START + "  - pages: [ankommen/wohnen]\n    words: {de: [x]}\n", 6, "words", "Vergleichen"),
        ("entries: [\n", 1, "kein gültiges YAML", "Zeile"),
        ("- 1\n", 1, "", ""),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line_and_remedy(
    tmp_path: Path, text: str, line: int, message: str, hint: str
) -> None:
    path = tmp_path / "search_words.yml"
    path.write_text(text, "utf-8")
    found = [one for one in check_search_words(path, PAGES, CODES) if one.level == "error"]
    assert found
    assert found[0].line in {line, line + 1}
    assert message in found[0].message
    assert hint in found[0].hint


def test_a_language_without_words_is_a_notice(tmp_path: Path) -> None:
    path = tmp_path / "search_words.yml"
    path.write_text(START, "utf-8")
    found = check_search_words(path, PAGES, ["de", "pl"])
    assert [(one.level, one.message) for one in found] == [("notice", "Ohne Suchwörter in pl: ankommen/aufenthalt.")]


def test_a_language_that_the_site_does_not_have_is_named_once(tmp_path: Path) -> None:
    """A city with fewer languages may keep the words of the others."""
    path = tmp_path / "search_words.yml"
    path.write_text(
        START + "      xx: [foo]\n  - pages: [ankommen/wohnen]\n    words: {de: [Miete], xx: [bar]}\n", "utf-8"
    )
    found = check_search_words(path, PAGES, ["de"])
    assert [(one.level, one.line, one.message) for one in found] == [("notice", 5, "Die Sprache „xx“ gibt es nicht.")]


def test_a_project_without_search_words_is_right(tmp_path: Path) -> None:
    assert load_search_words(tmp_path / "search_words.yml") == SearchWords()
    assert check_search_words(tmp_path / "search_words.yml", PAGES, CODES) == []


def test_german_office_words_hold_in_every_language() -> None:
    read = load_search_words(ROOT / "docs" / "data" / "search_words.yml")
    assert isinstance(read, SearchWords)
    for code in CODES:
        words = {word for _entry, chosen in read.of_language(code) for word in chosen}
        assert {"Duldung", "Ausländerbehörde", "Kindergeld", "Anmeldung"} <= words
