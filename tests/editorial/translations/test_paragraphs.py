"""Cutting a page loses nothing, and what no reader sees does not count."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editorial.translations.segments import normalize, read_document, segment_body
from tests.conftest import ROOT

LINES = st.lists(
    st.sampled_from(
        ["", "Wort Wort", "- Punkt", "1. Schritt", "## Kopf { #a }", "# Kopf", "| a | b |", "|---|---|", '!!! note "T"',
         "    innen", "> Zitat", ":   Sinn", "```", "{{ tel.fire }}", "**fett** und mehr", "?", "\ufeff", "|", "#", "-"]
    ),
    max_size=14,
)  # fmt: skip


@given(LINES, st.sampled_from(["\n", "\r\n"]))
def test_every_word_of_a_page_is_in_exactly_one_paragraph(lines: list[str], end: str) -> None:
    body = end.join(lines)
    paragraphs = segment_body(body)
    at = 0
    for paragraph in paragraphs:
        assert at <= paragraph.start <= paragraph.end <= len(body)
        between = body[at : paragraph.start]
        assert not re.search(r"Wort|Punkt|Schritt|Kopf|innen|Zitat|Sinn|fett|mehr", between), between
        assert body.count("\n", 0, paragraph.start) + 1 == paragraph.line
        at = paragraph.end
    assert not re.search(r"Wort|Punkt|Kopf", body[at:])


@given(LINES)
def test_line_ends_and_blanks_at_the_end_of_a_line_change_no_mark(lines: list[str]) -> None:
    plain = [paragraph.hash for paragraph in segment_body("\n".join(lines)) if paragraph.kind != "code"]
    other = [paragraph.hash for paragraph in segment_body(" \r\n".join(lines)) if paragraph.kind != "code"]
    assert plain == other


def test_the_place_of_every_paragraph_of_the_real_site_is_exact() -> None:
    seen = 0
    for path in [*(ROOT / "docs").rglob("*.md"), *(ROOT / "city").rglob("*.md")]:
        document = read_document(path.read_text("utf-8"))
        for paragraphs in document.sections.values():
            for paragraph in paragraphs:
                there = document.text[paragraph.start : paragraph.end].strip("'|")
                assert normalize(there.replace("''", "'")) == normalize(paragraph.text), (path, paragraph)
                seen += 1
    assert seen > 5000


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("Ein Satz\n- kein Punkt", ["p"]),
        ("Ein Satz\n\n- Punkt\n- Punkt", ["p", "ul", "ul"]),
        ("- Punkt\n  geht weiter\n\n  zweiter Absatz", ["ul", "p"]),
        ('!!! warning "A"\n\n    Text', ["box-warning", "p"]),
        ("| a |\n|---|\n| b |", ["row", "row"]),
        ("Wort\n:   Sinn", ["p", "dd"]),
        ("> a\n> b\n\n> c", ["quote", "quote"]),
        ("```\n# x\n\n- y\n```\nText", ["code", "p"]),
        ("## A { #a .b }\nText", ["h2", "p"]),
    ],
)
def test_each_sort_of_paragraph_is_known(body: str, kinds: list[str]) -> None:
    assert [paragraph.kind for paragraph in segment_body(body)] == kinds


def test_a_broken_header_has_no_paragraphs_and_does_no_harm() -> None:
    assert list(read_document("---\ntitle: a: b\n---\n# A { #a }\n").sections) == ["a"]
    assert list(read_document("---\n- a\n---\n# A { #a }\n").sections) == ["_head", "a"]
