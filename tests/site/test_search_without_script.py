"""Without script the page of all pages leads from a search word to the page that answers it."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from tests.municipality import has_page
from tests.site.conftest import Site


@pytest.mark.parametrize(
    ("root", "word", "target"),
    [
        row
        for row in (
            ("", "GEZ", "/ankommen/versicherungen-rundfunkbeitrag/"),
            ("", "Duldung", "/ankommen/aufenthalt/"),
            ("ar/", "Duldung", "/ar/ankommen/aufenthalt/"),
            ("ru/", "внж", "/ru/ankommen/aufenthalt/"),
            ("tr/", "ehliyet", "/tr/ankommen/unterwegs/"),
        )
        if has_page(row[2])
    ],
)
def test_a_search_word_leads_to_its_page_and_says_for_whom(site: Site, root: str, word: str, target: str) -> None:
    soup = BeautifulSoup((site.folder / root / "inhalt" / "index.html").read_bytes(), "html.parser")
    section = soup.select_one("section[aria-labelledby=kim-words]")
    assert section is not None
    rows = [row for row in section.select("li") if word in row.get_text()]
    assert target in [link["href"] for link in rows[0].select("a")]
    assert "(" in rows[0].get_text()
    german = rows[0].select_one("[lang=de]")
    assert (german is None) == (root == ""), "German words are marked in other languages (WCAG 3.1.2)"
