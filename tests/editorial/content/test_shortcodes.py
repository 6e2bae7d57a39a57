"""Facts in prose: each stands once, and is written as the reader's language writes it."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from msgspec.structs import replace

from core.gettext import use_language
from core.languages import load_languages
from editorial.checks.markup.parsed_page import converter
from editorial.content.data.facts import Amount, Company, Link
from editorial.content.markup.html_policy import check_html
from editorial.content.markup.shortcodes import (
    UnknownShortcodeError,
    expand_shortcodes,
    fact_urls,
    format_amount,
    render_company_list,
)
from tests.editorial.conftest import FACTS


def fill(text: str, language: str = "de") -> str:
    with use_language(language):
        return expand_shortcodes(text, FACTS, language, {"forms.notice": lambda: "notice"})


def test_a_number_can_be_tapped_and_keeps_its_direction() -> None:
    assert fill("{{ tel.fire }}") == '<a class="kim-tel" href="tel:112" dir="ltr">112</a>'


def test_a_law_is_linked_and_marked_as_german() -> None:
    assert (
        fill("{{ law.aufenthg-60c }}", "tr")
        == '<a href="https://example.org/60c" lang="de" dir="ltr">§ 60c AufenthG</a>'
    )


def test_what_is_unconfirmed_says_so() -> None:
    assert "noch nicht amtlich bestätigt" in fill("{{ contact.kim }}")


def test_the_forms_write_their_own_notice() -> None:
    assert fill("{{ forms.notice }}") == "notice"


def test_an_unknown_fact_is_never_printed() -> None:
    with pytest.raises(UnknownShortcodeError):
        fill("{{ tel.feuer }}")


def test_sums_are_written_as_the_language_writes_them() -> None:
    with use_language("de"):
        assert format_amount(Amount(value=13.9, unit="EUR/h"), "de") == "13,90\xa0€ je Stunde"
        assert format_amount(Amount(value=603, unit="EUR/month"), "de") == "603\xa0€ im Monat"
        assert format_amount(Amount(value=50, unit="%"), "de") == "50\xa0%"


@pytest.mark.parametrize("language", load_languages(), ids=lambda language: language.code)
def test_digits_stay_latin_and_whole_sums_have_no_cents(language) -> None:  # type: ignore[no-untyped-def]
    with use_language(language.code):
        text = format_amount(Amount(value=603, unit="EUR"), language.code)
    assert "603" in text
    assert "00" not in text


@pytest.mark.parametrize(
    "name",
    [
        "U_25_Beratung", "*Stern* und **Sterne**", "[klick](javascript:alert(1))", "A | B", "`code`", "![x](//evil.example/x.png)", "{ .button }",
        "{ onclick=x }", "eins\n\n# zwei", "a\\*b", "<svg/onload=x>", "&#x5b;x&#x5d;", "[x]: //evil.example", "{{ tel.fire }}", "~~~",
    ],
)  # fmt: skip
def test_a_fact_is_shown_as_it_is_written_whatever_markdown_would_make_of_it(name: str) -> None:
    url = "https://example.org/a_b_(c)*d*~e/?x=[1]&y={z}|`w`"
    facts = replace(FACTS, links={"finder": Link(name=name, title="x", url=url, source=["own"])})
    for text in (
        "Ein *Satz* {{ link.finder }} `und` [mehr].",
        "- {{ link.finder }}",
        "| A | B |\n|---|---|\n| {{ link.finder }} | y |",
    ):
        html = converter(True).reset().convert(expand_shortcodes(text, facts, "de", {}))
        soup = BeautifulSoup(html, "html.parser")
        (link,) = soup.select("a")
        assert (link.get_text(), link["href"]) == (" ".join(name.split()), url)
        assert {tag.name for tag in soup.find_all()} <= {
            "p",
            "em",
            "code",
            "a",
            "ul",
            "li",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
        }
        assert len(soup.select("td")) in (0, 2)
        assert check_html(html, fact_urls(facts)) == []


def test_a_sum_keeps_its_space_that_does_not_break() -> None:
    assert "13,90\u00a0€" in fill("{{ amount.wage }}")


def test_the_list_of_companies_holds_those_without_a_page_and_none_that_refuses() -> None:
    rows = {
        "a": Company(name="A*B & Co. [KG]", role="x", source=["own"]),
        "b": Company(name="Refused", role="x", consent="refused", source=["own"]),
        "c": Company(name="With a page", role="x", consent="given", page="betriebe/c", source=["own"]),
    }
    html = converter(True).reset().convert(render_company_list(replace(FACTS, companies=rows)))
    items = BeautifulSoup(html, "html.parser").select("ul > li > span[lang=de]")
    assert [item.get_text() for item in items] == ["A*B & Co. [KG]"]
    assert render_company_list(replace(FACTS, companies={})) == ""
