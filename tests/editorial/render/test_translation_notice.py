"""Who stands behind a translation: a machine, until a person has put name and day to it."""

from __future__ import annotations

import datetime

import pytest

from editorial.checks.publish import unreviewed
from editorial.render.context import translation_context
from tests.editorial.conftest import HEADER, LANGUAGES, Tree

GERMAN, ENGLISH, ARABIC = LANGUAGES
COURSES = HEADER.format(title="Courses")


def test_german_text_is_no_translation_even_where_it_stands_in_for_one(tree: Tree) -> None:
    page = tree.read().pages["kontakt"]
    assert translation_context(page, GERMAN) is None
    assert translation_context(page, ARABIC) is None


def test_a_translation_is_unreviewed_until_somebody_is_named(tree: Tree) -> None:
    tree.write("en", "kontakt", "Contact", header=COURSES)
    made = translation_context(tree.read().pages["kontakt"], ENGLISH)
    assert made == {
        "reviewed_by": None,
        "reviewed_at": None,
        "changed_later": False,
        "stale": None,
        "source_url": "/kontakt/",
    }


def test_a_reviewer_is_named_with_the_day(tree: Tree) -> None:
    tree.write("en", "kontakt", "Contact", header=COURSES + "reviewed_by: Mara Example\nreviewed_at: 2026-12-01\n")
    assert tree.check() == []
    made = translation_context(tree.read().pages["kontakt"], ENGLISH)
    assert made is not None
    assert (made["reviewed_by"], made["reviewed_at"]) == ("Mara Example", datetime.date(2026, 12, 1))


@pytest.mark.parametrize("row", ["reviewed_by: Mara Example\n", "reviewed_at: 2026-12-01\n"])
def test_a_name_without_a_day_or_a_day_without_a_name_is_an_error(tree: Tree, row: str) -> None:
    tree.write("en", "kontakt", "Contact", header=COURSES + row)
    assert ["gehören zusammen" in finding.message for finding in tree.check()] == [True]


def test_a_german_page_has_no_reviewer(tree: Tree) -> None:
    path = tree.write("de", "kurse", "Kurse")
    path.write_text(path.read_text().replace("---\n", "---\nreviewed_by: A\nreviewed_at: 2026-12-01\n", 1))
    assert any("reviewed_by" in finding.message for finding in tree.check())


def test_what_nobody_has_reviewed_is_counted_for_editors(tree: Tree) -> None:
    tree.write("en", "kontakt", "Contact", header=COURSES)
    tree.write("en", "index", "Home", header=COURSES + "reviewed_by: Mara Example\nreviewed_at: 2026-12-01\n")
    assert [(finding.file, finding.message) for finding in unreviewed(tree.read())] == [
        ("docs/en", "1 von 2 Übersetzungen hat noch niemand geprüft.")
    ]
