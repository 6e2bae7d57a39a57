"""Repairs on Markdown's HTML: no style attributes, named scroll regions, the home page's sections."""

from __future__ import annotations

from markdown import markdown

from editorial.content.markdown import wrap_home_sections, wrap_tables

TABLE = "| a | b | c |\n|:--|--:|:-:|\n| 1 | 2 | 3 |\n"


def test_alignment_is_said_by_class_because_the_csp_refuses_styles() -> None:
    html = wrap_tables(markdown(TABLE, extensions=["tables"]), str)
    assert "style=" not in html
    assert [f'class="kim-{side}"' in html for side in ("start", "end", "center")] == [True, True, True]


def test_each_table_scrolls_in_a_region_with_a_name_of_its_own() -> None:
    html = wrap_tables(markdown(f"{TABLE}\nText\n\n{TABLE}", extensions=["tables"]), lambda number: f"Tabelle {number}")
    assert html.count('role="region" tabindex="0"') == 2
    assert 'aria-label="Tabelle 1"' in html
    assert 'aria-label="Tabelle 2"' in html


def test_the_three_ways_of_the_home_page_stand_in_one_box() -> None:
    html = wrap_home_sections(
        '<h1 id="x">H</h1><h2 id="neu">A</h2>a<h2 id="betrieb">B</h2><h2 id="helfen">C</h2><h2 id="kim">D</h2>d'
    )
    box = html[html.index('<div class="kim-entry-cards">') : html.index('<section class="kim-home__section"')]
    assert box.count("<section") == 3
    assert box.endswith("</div>")
    assert html.startswith('<div class="kim-hero"><h1 id="x">H</h1></div>')
