"""Shared pages say "the city"; in a district they say the right word, in every language, and in a city nothing changes."""

from __future__ import annotations

import re

import pytest

from core.project import ROOT, all_language_codes
from core.text import yaml
from editorial.checks.wording.scope import CITY_WORDS
from editorial.content.kind_words import load_kind_words, replace_kind_words

DISTRICT = load_kind_words(ROOT / "docs", "district")
INSERT = re.compile(r"\{\{.*?\}\}|\{[^{}]*\}")
SHARED = sorted(all_language_codes() & CITY_WORDS.keys())


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("de", "Das hat die Stadt noch nicht bestätigt.", "Das hat der Kreis noch nicht bestätigt."),
        ("de", "Die Stadt hat Betriebe eingeladen.", "Der Kreis hat Betriebe eingeladen."),
        ("de", "Fragen Sie die Stadt, wie das geht.", "Fragen Sie Ihre Gemeinde, wie das geht."),
        ("de", "Wie Sie die Stadt erreichen", "Wie Sie den Kreis erreichen"),
        ("de", "[wird von der Stadt ergänzt]", "[wird noch ergänzt]"),
        ("de", "In vielen Städten und Kreisen {{ contact.stadt }}", "In vielen Städten und Kreisen {{ contact.stadt }}"),
        ("en", "The city has not confirmed it. [to be added by the city]", "The district has not confirmed it. [to be added]"),
        ("uk", "Місто ще не підтвердило.", "Управління ще не підтвердило."),
        ("ru", "Город пока не подтвердил.", "Район пока не подтвердил."),
        ("pl", "Miasto jeszcze nie potwierdziło.", "Starostwo jeszcze nie potwierdziło."),
        ("tr", "Belediyeye sorun. Belediye Entegrasyon Yönetimi", "İdareye sorun. Belediye Entegrasyon Yönetimi"),
        ("ar", "لم تؤكد البلدية ذلك.", "لم تؤكد الإدارة ذلك."),
        ("ar", "اسألوا موظفي البلدية، وبالبلدية، وتابع للبلدية.", "اسألوا موظفي الإدارة، وبالإدارة، وتابع للإدارة."),
        ("fa", "از شهرداری بپرسید.", "از اداره بپرسید."),
    ],
)  # fmt: skip
def test_the_word_fits_the_kind_and_the_sentence(code: str, before: str, after: str) -> None:
    assert replace_kind_words(before, DISTRICT, code) == after
    assert replace_kind_words(before, load_kind_words(ROOT / "docs", "city"), code) == before


def test_every_expression_of_the_file_can_be_read() -> None:
    rows = yaml.load_strings((ROOT / "docs/data/kinds.yml").read_text("utf-8"))
    for kind, languages in rows.items():
        for code, table in languages.items():
            assert len(load_kind_words(ROOT / "docs", kind)[code]) == len(table)


def test_a_term_of_the_glossary_is_the_same_in_every_kind() -> None:
    """A name such as "Municipal Integration Management" is no mention of the city."""
    terms = [entry for _line, entry in yaml.load_list(ROOT / "docs/data/glossary.yml")]
    changed = [
        (code, word)
        for term in terms
        for code, words in term.items()
        for word in (words if isinstance(words, list) else ())
        if replace_kind_words(str(word), DISTRICT, code) != word
    ]
    assert changed == []


@pytest.mark.parametrize("code", SHARED)
def test_no_shared_page_calls_a_district_a_city(code: str) -> None:
    named = {
        str(path.relative_to(ROOT)): found[0]
        for folder in (ROOT / "docs", ROOT / "redaktion/city/docs")
        for path in (folder / code).rglob("*.md")
        if (
            found := re.search(
                CITY_WORDS[code], INSERT.sub("", replace_kind_words(path.read_text("utf-8"), DISTRICT, code))
            )
        )
    }
    assert named == {}
