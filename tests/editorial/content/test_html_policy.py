"""No text of an editor brings script, frame, form, foreign address or disguise into a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import Markdown

from core.findings import errors
from core.gettext import use_language
from core.text import yaml
from core.text.values import Date, Month
from editorial.build.mkdocs_runner import load_mkdocs
from editorial.checks.markup.html import check_raw_html, check_rendered_html, is_harmless, render_body
from editorial.checks.markup.parsed_page import converter
from editorial.content.data.accessibility import RESULTS_PATH, load_accessibility_run
from editorial.content.data.survey_results import Publication, Quotation
from editorial.content.front_matter import PageFrontMatter
from editorial.content.markup import markdown
from editorial.content.markup.html_policy import check_html, template_ids
from editorial.content.markup.shortcodes import fact_urls
from editorial.content.pages import PageText
from editorial.content.place_names import NO_PLACE_NAMES
from editorial.render.fragments import render_accessibility_run, render_privacy_notice, render_survey_results
from form_handler.forms import FORMS
from tests.conftest import ROOT
from tests.editorial.conftest import FACTS, GERMAN, LANGUAGES, Tree

ATTACKS: list[dict[str, Any]] = yaml.load(Path(__file__).with_name("attacks.yml").read_text("utf-8"))
ADDRESSES = fact_urls(FACTS)
TABLE = "| Wo | Preis |\n|---|--:|\n| Amt | {{ amount.wage }} |"


def text_of(tree: Tree, body: str) -> PageText:
    tree.docs.joinpath("de/haus.png").write_bytes(b"x")
    tree.write("de", "kurse", "Kurse", f"# Kurse {{ #kurse }}\n\n{body}")
    return tree.read().pages["kurse"].texts["de"]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack["name"])
def test_an_attack_is_an_error_at_its_line_with_a_remedy(tree: Tree, attack: dict[str, Any]) -> None:
    text, line = text_of(tree, attack["text"]), attack.get("line", 10)
    found = [one for one in errors(tree.check()) if one.code == "html"]
    assert line in {one.line for one in found}, [str(one) for one in found]
    assert {one.file for one in found} == {text.file}
    assert all(one.hint and one.reason for one in found)
    assert bool(list(check_raw_html(text))) == attack.get("typed", True)
    if not attack.get("typed", True):
        assert line in {one.line for one in check_rendered_html(text, FACTS, "de", None, ADDRESSES)}


@pytest.mark.parametrize(
    "body",
    [
        "Ein Satz mit **fettem** und *schrägem* Wort, 5 < 6 und A & B, ein \\*Stern\\*, ein `<Zeichen>` und &amp; &nbsp; &ndash;.",
        "## Termine { #termine }\n\n- Punkt\n    - Unterpunkt\n\nDann:\n\n1. Eins\n2. Zwei\n\n> Zitat\n\n* * *",
        "Rufen Sie {{ tel.fire }} an, {{ link.finder }}, {{ law.aufenthg-60c }}, {{ contact.kim }}.",
        "[Zum Kontakt](kontakt.md){ .button } und [zur Stelle](kontakt.md#top) und [hier oben][oben].\n\n[oben]: kontakt.md 'Titel'",
        "![Ein Haus](haus.png){ width=300 loading=lazy }",
        '!!! note "Gut zu wissen: [Zum Kontakt](kontakt.md)"\n\n    Ein Satz & mehr.\n\n    - Punkt',
        f"Ein Satz.\n\n{TABLE}",
        "Begriff\n:   Erklärung &lt;klein&gt;",
        "*Hello*{ lang=en } und *שלום*{ lang=he dir=rtl }",
        "```yaml\n<b>: {{ x }}\n```\n\n~~~\n<script>alert(1)</script>\n~~~",
        "Eine Zeile  \nund noch eine.",
        "* Satz mit `` ` <b> `` Zeichen.",
    ],
)  # fmt: skip
def test_what_editors_write_is_no_fault(tree: Tree, body: str) -> None:
    text_of(tree, body)
    assert [str(one) for one in tree.check()] == []


PIECES = (
    "Wort", " ", "\n", "\n\n", "    ", "- ", "1. ", "> ", "# ", "| a | b |\n|---|---|\n", "`", "```\n", "~~~\n", "*", "**", "_", "\\",
    "[", "]", "](", ")", "][", "]: ", "![", "{", "}", "{ ", " }", "{: ", "#a", "#main", ".button", "onclick=x", "href=//evil.example",
    "<", ">", "</", "<!--", "-->", "/", "//", ":", "javascript:x", "https://evil.example", "kontakt.md", "{ #a }", "{ #main }",
    "{ .button }", "{{ tel.fire }}", "!!! note ", "!!! x ", '"T"', "&#x202e;", "&lt;", "&", ";", "svg", "img src=x", '"', "=", "\t",
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=14))
def test_what_the_check_does_not_render_cannot_violate_the_policy(pieces: list[str]) -> None:
    body = "".join(pieces)
    if is_harmless(body, template_ids()):
        assert check_html(render_body(body, FACTS, "de"), ADDRESSES, template_ids()) == [], body


@pytest.mark.parametrize(
    "html",
    [
        "<p>a</p></article><p>b</p>", "<p>a</main>", "<p>a<em>b", "<ul><li>a</ul></div>", "<p>a<!-- b --></p>", "<p>a<!-- kim:form -->",
        "<table><tr><td>a", "<text>a</text>", "<svg><a><text>x</text></a></svg>", '<svg class="x"></svg>', "<p><svg><style></style></svg>",
        '<a href="tel:112" onclick="x">a</a>', '<a href="tel:1122">a</a>', '<a href=" https://example.org/">a</a>', "<kim-align-end></kim-align-end>",
        '<div class="kim-table admonition">a</div>', '<body onload="x">', '<html lang="en">', "<article>a</article>", "<p\x0conclick=x>a</p>",
        '<p id="a"></p><p id="a"></p>', '<section class="kim-entry-card--x"></section>', '<span style="x">a</span>', "<dialog open>",
    ],
)  # fmt: skip
def test_html_of_any_origin_is_held_to_the_policy(html: str) -> None:
    assert check_html(html, ADDRESSES, template_ids())


def test_the_check_renders_with_the_extensions_of_the_build() -> None:
    config = load_mkdocs(ROOT / "docs").config
    made = Markdown(extensions=config.markdown_extensions, extension_configs=config.mdx_configs)
    wanted, used = ({type(one) for one in md.registeredExtensions} for md in (made, converter(True)))
    assert used <= wanted


@pytest.mark.parametrize("code", ["de", "ar"])
def test_what_the_build_itself_draws_into_a_page_keeps_to_the_policy(code: str) -> None:
    """Privacy notice of the forms, results of the survey, results of the test of all pages; with every choice counted."""
    language = next(row for row in LANGUAGES if row.code == code)
    survey = FORMS["survey"]
    names = [
        *(f"{name}:{key}" for name in ("done", "worked", "wanted") for key, _label in survey.choices(name)),
        *survey.field_names(),
    ]
    published = Publication(
        published_on=Date(2026, 11, 1), answers=9, first_answer=Month("2026-01"), last_answer=Month("2026-10"),
        tables={name: {"yes": 7, "1": 6, "2": 5} for name in names},
        quotations=[Quotation(text="Ein <b>Satz</b>", language="de", field="worked_text", company="A & B")],
    )  # fmt: skip
    with use_language(code):
        drawn = [
            render_survey_results(published, language, NO_PLACE_NAMES), render_survey_results(None, language, NO_PLACE_NAMES), render_privacy_notice(), render_accessibility_run(None, language),
            render_accessibility_run(load_accessibility_run(ROOT / RESULTS_PATH), language),
        ]  # fmt: skip
    assert "<svg" in drawn[0]
    for html in drawn:
        assert check_html(markdown.wrap_tables(html), ADDRESSES, template_ids()) == []


@pytest.mark.parametrize("name", ["email", "email-error", "ways", "ways-0", "form-1", "kim-summary"])
def test_a_heading_on_the_page_of_a_form_has_no_id_of_the_form(tree: Tree, name: str) -> None:
    header = GERMAN.format(title="Mitmachen") + "layout: form\nform: participation\n"
    tree.write("de", "mitmachen", "x", f"# A {{ #a }}\n\n## B {{ #{name} }}", header=header)
    assert [(one.file, one.line, one.code) for one in tree.check()] == [("docs/de/mitmachen.md", 12, "html")]


def test_a_header_cannot_hold_html() -> None:
    fields = {
        "title": "T",
        "description": "Ein ganzer Satz über diese Seite.",
        "source": ["own"],
        "review_by": "2099-01-01",
    }
    from editorial.content.schema import validate

    assert isinstance(validate(PageFrontMatter, {**fields}), PageFrontMatter)
    for key in ("title", "nav_title", "description"):
        assert isinstance(validate(PageFrontMatter, {**fields, key: "Ein ganzer <svg/onload=x> Satz über"}), list)
