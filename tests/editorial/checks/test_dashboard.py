"""The editors' dashboard says what there is to do, without script, and is never part of the public site."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from core.languages import load_languages
from editorial.checks.dashboard import dead_links, recent_files, write_dashboard
from editorial.content.data.facts import load_facts
from editorial.content.pages import read_content
from tests.conftest import ROOT

pytestmark = pytest.mark.slow  # the state of every page of the real site


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BeautifulSoup]:
    """The dashboard of the real pages, on a day on which everything is overdue."""
    out = write_dashboard(tmp_path_factory.mktemp("dashboard") / "index.html", today=datetime.date(2099, 1, 1))
    return out, BeautifulSoup(out.read_bytes(), "html.parser")


def row_of(soup: BeautifulSoup, key: str) -> Tag:
    small = soup.find("small", string=key)
    assert isinstance(small, Tag)
    row = small.find_parent("tr")
    assert isinstance(row, Tag)
    return row


@pytest.mark.slow
def test_every_page_has_its_row_and_every_language_its_state(dashboard: tuple[Path, BeautifulSoup]) -> None:
    _out, soup = dashboard
    content = read_content(ROOT / "docs", load_languages())
    assert len(soup.select("#pages tbody tr")) == len(content.pages)
    cells = row_of(soup, "kontakt").select("td[data-lang]")
    assert [cell["data-lang"] for cell in cells] == ["en", "uk", "ar", "tr", "pl", "fa", "ru"]
    assert {cell.get_text(strip=True) for cell in cells} <= {"ungeprüft", "geprüft", "aktuell", "veraltet", "fehlt"}
    assert "nur Deutsch" in row_of(soup, "leichte-sprache/index").get_text()


def test_it_works_without_script_and_every_choice_has_its_rule(dashboard: tuple[Path, BeautifulSoup]) -> None:
    _out, soup = dashboard
    assert not soup.find_all("script")
    style = soup.style.get_text() if soup.style else ""
    for choice in soup.select("input[type=radio]"):
        name = str(choice["id"])
        assert name.endswith("-all") or f"#{name}:checked" in style, name


def test_every_link_to_a_file_leads_there(dashboard: tuple[Path, BeautifulSoup]) -> None:
    out, soup = dashboard
    links = {str(link["href"]) for link in soup.select("a[href]") if not str(link["href"]).startswith(("#", "http"))}
    assert len(links) > 400
    assert [link for link in links if not (out.parent / link).exists()] == []


def test_overdue_and_unconfirmed_are_named_with_who_must_act(dashboard: tuple[Path, BeautifulSoup]) -> None:
    _out, soup = dashboard
    text = soup.get_text(" ", strip=True)
    assert "Mithelfen bei KIM : seit" in text
    assert load_facts().place.offices["integration"] in text
    assert "overdue" in str(row_of(soup, "mitmachen")["data-marks"])


def test_what_was_gone_is_read_from_the_last_asking(tmp_path: Path) -> None:
    assert dead_links(tmp_path / "none.json") == {}
    (tmp_path / "links.json").write_text('{"https://example.org/": ["2026-11-23"]}')
    assert dead_links(tmp_path / "links.json") == {"https://example.org/": ["2026-11-23"]}


def test_only_this_month_counts_as_recent() -> None:
    when = datetime.datetime(2026, 11, 5, tzinfo=datetime.UTC)
    before = when.replace(month=10)
    known = {"de/a.md": when, "de/b.md": before, "data/links.yml": when}
    assert list(recent_files(ROOT / "docs", known, datetime.date(2026, 11, 23))) == ["docs/de/a.md"]
