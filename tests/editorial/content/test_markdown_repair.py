"""Repairs on Markdown's HTML: tables and boxes that everybody can follow, the home page's sections, folded links."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from markdown import markdown

from editorial.content.markup.html_policy import check_html
from editorial.content.markup.markdown import (
    mark_tasks,
    name_admonitions,
    split_further_reading,
    task_ids,
    wrap_home_sections,
    wrap_tables,
)

TABLE = "| a | b | c |\n|:--|--:|:-:|\n| 1 | 2 | 3 |\n"
WORDS = {"note": "Hinweis", "tip": "Tipp", "warning": "Achtung", "danger": "Gefahr"}


def rendered(text: str, title: str = "Titel") -> BeautifulSoup:
    """Return a text as the build makes it; it keeps to the policy for HTML."""
    html = wrap_tables(markdown(text, extensions=["tables", "attr_list", "admonition"]), title)
    html = name_admonitions(html, WORDS)
    assert check_html(html, ()) == []
    return BeautifulSoup(html, "html.parser")


def captions(text: str, title: str = "Titel") -> list[str]:
    """Return the captions of all tables; each region has the same name as its table."""
    page = rendered(text, title)
    names = [table.caption.get_text() for table in page.find_all("table")]
    assert [region["aria-label"] for region in page.select('[role="region"]')] == names
    return names


def test_alignment_is_said_by_class_because_the_csp_refuses_styles() -> None:
    html = str(rendered(TABLE))
    assert "style=" not in html
    assert [f'class="kim-align-{side}"' in html for side in ("start", "end", "center")] == [True, True, True]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f'# A {{ #a }}\n\n## B *c* & "d" {{ #b }}\n\nText\n\n{TABLE}', ['B c & "d"']),
        (f"## A {{ #a }}\n\n{TABLE}\nText\n\n{TABLE}\n## B {{ #b }}\n\n{TABLE}", ["A", "A (2)", "B"]),
        (f"## A {{ #a }}\n\nWer *was* darf\n{{: .caption }}\n\n{TABLE}\nText\n\n{TABLE}", ["Wer was darf", "A"]),
        (TABLE, ["Titel"]),
    ],
)
def test_a_table_is_named_by_its_caption_or_by_the_heading_above(text: str, names: list[str]) -> None:
    assert captions(text) == names


def test_a_caption_that_an_editor_wrote_is_seen_and_one_from_the_heading_is_not_seen_twice() -> None:
    seen = rendered(f"## A {{ #a }}\n\nWer was darf\n{{: .caption }}\n\n{TABLE}\nText\n\n{TABLE}").find_all("caption")
    assert [one.get("class") for one in seen] == [None, ["kim-visually-hidden"]]


def test_a_caption_without_a_table_is_refused() -> None:
    html = wrap_tables(markdown("Wer was darf\n{: .caption }\n\nText", extensions=["attr_list"]))
    assert check_html(html, ())


def test_each_row_has_a_header_and_each_other_cell_the_words_of_its_column() -> None:
    page = rendered('| Wo | Was & *wie* | "Wann" | |\n|---|---|---|---|\n| **Amt** | b | c | d |\n| | e | f | g |\n')
    first, second = page.select("tbody tr")
    assert (first.th["scope"], first.th["role"], first.th.get_text()) == ("row", "rowheader", "Amt")
    assert [cell.get("data-label") for cell in first.find_all("td")] == ["Was & wie", '"Wann"', None]
    assert second.th is None, "an empty cell is no header"
    assert [cell["scope"] for cell in page.select("thead th")] == ["col"] * 4
    assert {part.name: part["role"] for part in page.find_all(["table", "thead", "tbody", "tr", "td"])} == {
        "table": "table", "thead": "rowgroup", "tbody": "rowgroup", "tr": "row", "td": "cell",
    }  # fmt: skip


def test_a_table_of_one_column_has_no_row_headers() -> None:
    assert rendered("| a |\n|---|\n| 1 |\n").select("tbody th") == []


@pytest.mark.parametrize(("kind", "word"), [*WORDS.items(), ("info", "Hinweis")])
def test_a_box_is_a_note_that_says_its_kind(kind: str, word: str) -> None:
    box = rendered(f'!!! {kind} "Ein Titel"\n\n    Text\n').find("div", class_="admonition")
    assert box["role"] == "note"
    assert box.p.get_text() == f"{word}: Ein Titel"


def test_a_title_that_holds_the_word_says_it_once() -> None:
    assert rendered('!!! danger "Lebensgefahr"\n\n    Text\n').p.get_text() == "Lebensgefahr"


def test_links_to_sister_pages_are_split_off_and_what_follows_them_stays() -> None:
    html = '<h2 id="a">A</h2><p>a</p><h2 id="weiter">Mehr</h2>\n<p>b</p><ul><li>c</li></ul>\n<p>Rechtshinweis</p>'
    text, further, name = split_further_reading(html, ["mehr", "weiter"])
    assert text == '<h2 id="a">A</h2><p>a</p>\n<p>Rechtshinweis</p>'
    assert further == '<h3 id="weiter">Mehr</h3>\n<p>b</p><ul><li>c</li></ul>'
    assert name == "weiter"
    assert split_further_reading('<h2 id="a">A</h2>', ["weiter"]) == ('<h2 id="a">A</h2>', "", "")
    middle = '<h2 id="weiter">Mehr</h2><ul><li>c</li></ul><h2 id="b">B</h2><ul><li>d</li></ul>'
    assert split_further_reading(middle, ["weiter"])[0] == '<h2 id="b">B</h2><ul><li>d</li></ul>'


def test_the_ways_of_the_home_page_that_lead_on_stand_in_one_box_whatever_their_headings_are() -> None:
    button = '<p><a class="button" href="../x/">x</a></p>'
    html = wrap_home_sections(
        f'<h1 id="x">H</h1><h2 id="start">A</h2>a{button}<h2 id="firma">B</h2>{button}<h2 id="amt">C</h2>{button}<h2 id="kim">D</h2>d'
    )
    box = html[html.index('<div class="kim-entry-cards">') : html.index('<section class="kim-home__section"')]
    assert box.count("<section") == 3
    assert box.endswith("</div>")
    assert html.startswith('<div class="kim-hero"><h1 id="x">H</h1></div>')


def test_a_task_has_the_id_that_it_has_in_every_language() -> None:
    text = "- [ ] **Adresse** anmelden { #anmelden }\n- [x] [Konto](../konto.md) öffnen { #konto }\n- kein Kästchen\n"
    assert mark_tasks(markdown(text, extensions=["attr_list"])) == (
        '<ul>\n<li class="kim-task" id="anmelden"><strong>Adresse</strong> anmelden</li>\n'
        '<li class="kim-task" id="konto"><a href="../konto.md">Konto</a> öffnen</li>\n<li>kein Kästchen</li>\n</ul>'
    )
    assert task_ids(text) == ["anmelden", "konto"]


def test_tasks_with_blank_lines_or_points_below_them_keep_their_text() -> None:
    text = "- [ ] Eins { #a }\n\n- [ ] Zwei [nicht dieses] { #b }\n\n- [ ] Drei { #c }\n    - Punkt darunter\n"
    html = mark_tasks(markdown(text, extensions=["attr_list"]))
    assert '<li class="kim-task" id="a">' in html
    assert "Zwei [nicht dieses]</p>" in html
    assert html.count("kim-task") == 3
    assert "<li>Punkt darunter</li>" in html
    assert "#" not in html


def test_brackets_elsewhere_are_left_alone() -> None:
    for html in ("<li>[ ] ohne Kennung</li>", "<p>[ ] kein Punkt { #a }</p>", "<li>Text [ ] mitten { #a }</li>"):
        assert mark_tasks(html) == html
