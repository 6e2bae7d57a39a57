"""Readers of a stale page are told so in their language, at the top and beside each passage concerned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from core.gettext import gettext, use_language
from tests.site.stale_site import CHANGED, PAGE, build_stale

Pages = dict[str, BeautifulSoup]


@pytest.fixture(scope="module")
def arabic(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """The Arabic pages of the changed site, by key."""
    site = build_stale(tmp_path_factory.mktemp("stale"))
    assert not (site / "translations.lock.yml").exists()
    return {key: read(site, key) for key in [*CHANGED, "mitmachen"]}


def read(site: Path, key: str) -> BeautifulSoup:
    """Parse a built Arabic page."""
    folder = site / "ar" / ("" if key == "index" else key)
    return BeautifulSoup((folder / "index.html").read_bytes(), "html.parser")


def spoken(message: str, **values: str) -> str:
    """Return a message in Arabic."""
    with use_language("ar"):
        return gettext(message, **values)


def test_the_page_says_when_the_german_one_changed_and_leads_there(arabic: Pages) -> None:
    (note,) = arabic[PAGE].select(".kim-translation--stale")
    since = spoken(
        "The German page has changed since %(date)s. This translation does not have the change yet.",
        date="23 نوفمبر 2026",
    )
    assert since in note.get_text()
    assert spoken("The paragraphs that have changed are marked with a line.") in note.get_text()
    assert spoken("A machine translated this page. No one has checked the translation yet.") in note.get_text()
    assert [str(link["href"]) for link in note.select("a")] == [f"/{PAGE}/"]
    assert note["role"] == "note"


def test_where_the_change_was_noticed_its_day_is_said(arabic: Pages) -> None:
    on = spoken(
        "The German page changed on %(date)s. This translation does not have the change yet.", date="30 نوفمبر 2026"
    )
    assert on in arabic["index"].select_one(".kim-translation--stale").get_text()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("key", "names"),
    [
        (PAGE, ["p", "li"]),
        ("kontakt", ["h2"]),
        ("datenschutz", ["p", "p"]),
        ("index", ["h2"]),
        ("ankommen/deutsch-lernen", ["th"]),
    ],
)
def test_exactly_the_passages_concerned_are_marked_for_eyes_and_ears(arabic: Pages, key: str, names: list[str]) -> None:
    marked = arabic[key].select(".kim-stale")
    assert [one.name for one in marked] == names
    word = (
        "Something in the German text of this section has changed."
        if key == "kontakt"
        else "The German text of this paragraph has changed."
    )
    for one in marked:
        (said,) = one.select(":scope > .kim-visually-hidden")
        assert said.get_text().strip() == spoken(word)
        kind = one.select_one(".kim-admonition-kind")
        assert one.get_text().startswith((kind.get_text() if kind else "") + said.get_text())
        assert said.has_attr("data-pagefind-ignore")


def test_a_page_that_follows_has_no_mark_and_no_sign_is_left_anywhere(arabic: Pages) -> None:
    assert not arabic["mitmachen"].select(".kim-stale, .kim-translation--stale")
    assert not [key for key, page in arabic.items() if "\ue000" in str(page) or "\ue001" in str(page)]


def test_machines_are_not_told_what_is_meant_for_readers(arabic: Pages) -> None:
    for page in arabic.values():
        for script in page.select('script[type="application/ld+json"]'):
            data = json.loads(script.get_text())
            assert spoken("The German text of this paragraph has changed.") not in json.dumps(data, ensure_ascii=False)
