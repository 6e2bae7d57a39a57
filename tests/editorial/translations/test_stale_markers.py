"""Readers of a stale page see which passages are concerned, without colour and without sight."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from markdown import Markdown

from editorial.content.pages import read_content
from editorial.render.context import translation_context
from editorial.translations.stale_markers import insert_stale_markers, render_stale_markers, strip_screen_reader_notes
from tests.editorial.translations.conftest import NEXT, Desk

EXTENSIONS = ["admonition", "attr_list", "def_list", "tables", "toc"]


def shown(desk: Desk, code: str = "en") -> BeautifulSoup:
    """Draw the page of a language as the build does."""
    body = (desk.docs / code / "kurse.md").read_text("utf-8").split("---\n", 2)[2]
    html = Markdown(extensions=EXTENSIONS).convert(insert_stale_markers(body, desk.states()["kurse", code]))
    return BeautifulSoup(render_stale_markers(html, "PASSAGE", "SECTION"), "html.parser")


@pytest.mark.parametrize(
    ("german", "element", "words"),
    [
        ("Ein Kurs beginnt im März.", "p", "PASSAGE A course begins in March."),
        ("Kurse { #kurse }", "h1", "PASSAGE Courses"),
        ("Das Buch kostet Geld.", "li", "PASSAGE The book costs money."),
        ("| Montag", "td", "PASSAGE Monday"),
        ("| Tag", "th", "PASSAGE Day"),
    ],
)
def test_the_paragraph_that_changed_is_marked_and_no_other(desk: Desk, german: str, element: str, words: str) -> None:
    desk.change("de/kurse.md", german, german.replace("{", "neu {") if "{" in german else german + " neu")
    marked = shown(desk).select(".kim-stale")
    assert [(one.name, one.get_text()) for one in marked] == [(element, words)]


def test_where_nobody_knows_which_paragraph_the_heading_of_the_section_is_marked(desk: Desk) -> None:
    desk.change("de/kurse.md", "- Das Buch kostet Geld.", "- Das Buch kostet Geld.\n- Neu.")
    marked = shown(desk).select(".kim-stale")
    assert [(one.name, one["id"], one.get_text()) for one in marked] == [("h2", "kosten", "SECTION Costs")]


def test_the_title_of_a_box_keeps_its_class(desk: Desk) -> None:
    desk.change("de/kurse.md", "## Kosten", '!!! note "Wichtig"\n\n    Text.\n\n## Kosten')
    desk.change("en/kurse.md", "## Costs", '!!! note "Important"\n\n    Text.\n\n## Costs')
    desk.update()
    desk.change("de/kurse.md", '"Wichtig"', '"Sehr wichtig"')
    (marked,) = shown(desk).select(".kim-stale")
    assert marked["class"] == ["admonition-title", "kim-stale"]


def test_a_page_that_follows_is_left_alone(desk: Desk) -> None:
    assert insert_stale_markers("# A\n", desk.states()["kurse", "en"]) == "# A\n"
    assert insert_stale_markers("# A\n", None) == "# A\n"
    assert render_stale_markers("<p>a</p>", "x", "y") == "<p>a</p>"


def test_machines_get_the_words_without_the_sentence_of_the_mark() -> None:
    assert strip_screen_reader_notes(render_stale_markers("<p>\ue000a</p>", "x", "y")) == '<p class="kim-stale">a</p>'


def test_the_reader_is_told_the_day_on_which_it_was_noticed_or_the_last_day_on_which_it_followed(desk: Desk) -> None:
    desk.change("de/kurse.md", "Ein Kurs beginnt im März.", "Ein Kurs beginnt im April.")
    english = desk.languages[1]

    def told() -> object:
        page = read_content(desk.docs, desk.languages).pages["kurse"]
        made = translation_context(page, english, desk.states()["kurse", "en"], '<p class="kim-stale">')
        assert made
        return made["stale"]

    state = desk.states()["kurse", "en"]
    assert told() == {"changed_on": None, "up_to_date_on": state.since, "has_markers": True}
    desk.update(NEXT)
    assert told() == {"changed_on": NEXT, "up_to_date_on": NEXT, "has_markers": True}
