"""A long list of pages can be narrowed down; each choice says what it is and fits at least one page."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from core.languages import Language, load_languages
from editorial.checks.markup.svg import svg_error
from editorial.content.pages import Page
from editorial.content.structure import AUDIENCE_LABELS, TOPIC_LABELS, Audience, Topic
from editorial.content.taxonomy import card_filters, page_tags
from editorial.render.assets import stylesheet
from tests.conftest import ROOT
from tests.editorial.conftest import GERMAN, LANGUAGES, Tree

STYLESHEET = ROOT / "overrides" / "assets" / "kim.css"
CARDS = ROOT / "overrides" / "assets" / "cards.css"
SORANI = Language("ckb", "کوردیی ناوەندی", "rtl", False)


def courses(tree: Tree, *headers: str) -> list[Page]:
    tree.write("de", "kurse/index", "Kurse")
    for number, header in enumerate(headers):
        tree.write("de", f"kurse/{number}", "x", header=GERMAN.format(title=f"K{number}") + header)
    return tree.read().children("kurse/index", LANGUAGES[0])


def test_every_topic_and_audience_has_a_name() -> None:
    assert set(TOPIC_LABELS) == set(get_args(Topic))
    assert set(AUDIENCE_LABELS) | {"everyone"} == set(get_args(Audience))


def test_every_choice_has_its_rule_in_the_stylesheet_and_a_new_language_needs_none() -> None:
    css = stylesheet(CARDS, (*load_languages(), SORANI))
    for key in (*TOPIC_LABELS, *AUDIENCE_LABELS, *(language.code for language in load_languages()), SORANI.code):
        assert f'.kim-cards:has([value="{key}"]:checked) [data-tags]:not([data-tags~="{key}"])' in css, key
    assert '"$tag"' not in css


@pytest.mark.usefixtures("all_languages")
def test_a_new_language_in_arabic_script_is_set_as_the_others() -> None:
    css = stylesheet(STYLESHEET, (*load_languages(), SORANI))
    assert ":is(:lang(ar), :lang(fa), :lang(ckb)) {" in css


def test_a_browser_without_light_dark_gets_the_light_colours() -> None:
    css = stylesheet(STYLESHEET)
    modern, old = (
        re.findall(r"(--[\w-]+): (.+);", part) for part in re.findall(r":root \{([^}]+?--kim-text[^}]+)", css)[:2]
    )
    assert [(name, value.removeprefix("light-dark(").split(", ")[0]) for name, value in modern] == old


def test_a_browser_that_cannot_choose_shows_all_pages_and_no_choice() -> None:
    css = stylesheet(CARDS)
    assert css.index(".kim-filter {\n  display: none;") < css.index(
        "@supports selector(:has(*)) {\n  .kim-filter {\n    display: block;"
    )


def test_a_page_for_everyone_is_found_by_each_audience(tree: Tree) -> None:
    (page,) = courses(tree, "audience: [everyone]\ntopics: [work]\noffer: {cost: free, languages: [de]}\n")
    assert page_tags(page) == ["work", "newcomers", "employers", "helpers", "de"]


def test_a_short_list_needs_no_filter(tree: Tree) -> None:
    assert card_filters(courses(tree, *["topics: [work]\n", "topics: [health]\n"] * 2), "de") == []


def test_a_list_about_one_thing_needs_no_filter(tree: Tree) -> None:
    assert card_filters(courses(tree, *["topics: [work]\n"] * 9), "de") == []


def test_choices_that_fit_no_page_and_groups_that_tell_nothing_are_left_out(tree: Tree) -> None:
    pages = courses(tree, *["topics: [work]\naudience: [employers]\n", "topics: [health]\naudience: [employers]\n"] * 4)
    assert [(row["name"], [key for key, _ in row["choices"]]) for row in card_filters(pages, "de")] == [
        ("topic", ["work", "health"])
    ]


def test_languages_of_offers_are_named_in_the_readers_language(tree: Tree) -> None:
    rows = ["topics: [work]\noffer: {cost: free, languages: [uk]}\n", "topics: [health]\n"] * 3
    assert card_filters(courses(tree, *rows), "en")[-1]["choices"] == [("uk", "Ukrainian")]


def test_every_topic_has_its_icon_and_a_topic_without_a_picture_has_the_squares_of_the_city(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("editorial.render.assets.TOPIC_LABELS", {**TOPIC_LABELS, "swimming": "Swimming"})
    icons = dict(re.findall(r'kim-icon--([a-z-]+)"\] \{\s*--kim-icon: url\("([^"]+)"\)', stylesheet(CARDS)))
    assert {*TOPIC_LABELS, "swimming"} <= set(icons)
    assert all(url.startswith("data:image/svg+xml,%3Csvg ") for url in icons.values())
    assert icons["swimming"] == icons["kim"]
    drawn = [icons[topic] for topic in TOPIC_LABELS]
    assert len(set(drawn)) == len(drawn)


def test_icons_load_nothing_and_are_light() -> None:
    for path in (ROOT / "overrides" / "assets" / "icons").glob("*.svg"):
        assert svg_error(path.read_bytes()) == "", path.name
        assert path.stat().st_size < 600, path.name


def test_the_topic_of_a_section_that_is_left_out_is_no_choice(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = [
        f"topics: [{topic}]\n" for topic in ("alliance", "alliance", "work", "work", "school", "school", "money")
    ]
    pages = courses(tree, *headers)
    for parts, offered in (((), True), (("allianz", "!allianz/umfrage"), False)):
        monkeypatch.setattr("editorial.content.taxonomy.parts_left_out", lambda parts=parts: parts)
        topics = next(group["choices"] for group in card_filters(pages, "de") if group["name"] == "topic")
        assert ("alliance" in dict(topics)) is offered
