"""A long list of pages can be narrowed down; each choice says what it is and fits at least one page."""

from __future__ import annotations

from typing import get_args

from core.languages import load_languages
from editorial.content.front_matter import Audience, Topic
from editorial.content.pages import Page
from editorial.content.taxonomy import AUDIENCES, TOPICS, filters, tags
from tests.conftest import ROOT
from tests.editorial.conftest import GERMAN, LANGUAGES, Tree

CSS = (ROOT / "overrides" / "assets" / "kim.css").read_text("utf-8")


def courses(tree: Tree, *headers: str) -> list[Page]:
    tree.write("de", "kurse/index", "Kurse")
    for number, header in enumerate(headers):
        tree.write("de", f"kurse/{number}", "x", header=GERMAN.format(title=f"K{number}") + header)
    return tree.read().children("kurse/index", LANGUAGES[0])


def test_every_topic_and_audience_has_a_name() -> None:
    assert set(TOPICS) == set(get_args(Topic))
    assert set(AUDIENCES) | {"everyone"} == set(get_args(Audience))


def test_every_choice_has_its_rule_in_the_stylesheet() -> None:
    for key in (*TOPICS, *AUDIENCES, *(language.code for language in load_languages())):
        assert f".kim-cards:has([value={key}]:checked) [data-tags]:not([data-tags~={key}])" in CSS, key


def test_a_browser_that_cannot_choose_shows_all_pages_and_no_choice() -> None:
    assert ".kim-filter { display: none; }\n@supports selector(:has(*)) { .kim-filter { display: block;" in CSS


def test_a_page_for_everyone_is_found_by_each_audience(tree: Tree) -> None:
    (page,) = courses(tree, "audience: [everyone]\ntopics: [work]\noffer: {cost: free, languages: [de]}\n")
    assert tags(page) == ["work", "newcomers", "employers", "helpers", "de"]


def test_a_short_list_needs_no_filter(tree: Tree) -> None:
    assert filters(courses(tree, *["topics: [work]\n", "topics: [health]\n"] * 2), "de") == []


def test_a_list_about_one_thing_needs_no_filter(tree: Tree) -> None:
    assert filters(courses(tree, *["topics: [work]\n"] * 9), "de") == []


def test_choices_that_fit_no_page_and_groups_that_tell_nothing_are_left_out(tree: Tree) -> None:
    pages = courses(tree, *["topics: [work]\naudience: [employers]\n", "topics: [health]\naudience: [employers]\n"] * 4)
    assert [(row["name"], [key for key, _ in row["choices"]]) for row in filters(pages, "de")] == [
        ("topic", ["work", "health"])
    ]


def test_languages_of_offers_are_named_in_the_readers_language(tree: Tree) -> None:
    rows = ["topics: [work]\noffer: {cost: free, languages: [uk]}\n", "topics: [health]\n"] * 3
    assert filters(courses(tree, *rows), "en")[-1]["choices"] == [("uk", "Ukrainian")]
