"""Where a reader stands and where they can go: navigation, the line under the heading, the home page's first screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.gettext import gettext, use_language
from core.languages import load_languages
from core.project import ConfigError, draft_languages, load_site_settings
from editorial.content.structure import EMERGENCY_NUMBERS, NAVIGATION
from tests.municipality import existing, has_page
from tests.site.conftest import SITE_URL, Site, parse
from tests.site.test_stack_regressions import one

LANGUAGES = load_languages()
MENU = ["ankommen/", "angebote/", "arbeitgeber/", "kontakt/", "ankommen/notfall/"]


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_the_menu_has_five_entries_in_every_language(site: Site, language) -> None:  # type: ignore[no-untyped-def]
    links = site.page(language.root).select(".kim-nav a")
    assert [link["href"] for link in links] == [language.root + path for path in MENU]
    names = [link.get_text() for link in links]
    assert names == [site.content.pages[key].text(language).nav_title for key in NAVIGATION]
    german = [link.get_text() for link in site.page("/").select(".kim-nav a")]
    assert german == ["Ankommen", "Hilfe und Beratung", "Für Arbeitgeber", "Kontakt", "Notfall"]
    assert (
        language.default
        or language.code in draft_languages()
        or sum(a == b for a, b in zip(names, german, strict=True)) <= 1
    )  # Kontakt is Polish, too


@pytest.mark.parametrize(
    ("url", "above", "marked"),
    [
        row for row in (
        ("/betriebe/", ["/", "/arbeitgeber/"], ["/arbeitgeber/"]),
        ("/allianz/", ["/", "/kim/"], []),
        ("/allianz/themen/", ["/", "/kim/", "/allianz/"], []),
        ("/ar/allianz/umfrage/", ["/ar/", "/ar/kim/", "/ar/allianz/"], []),
        ("/arbeitgeber/werkzeugkasten/praktikum/", ["/", "/arbeitgeber/", "/arbeitgeber/werkzeugkasten/"], ["/arbeitgeber/"]),
        ("/ankommen/notfall/", ["/", "/ankommen/"], ["/ankommen/", "/ankommen/notfall/"]),
        ("/impressum/", ["/"], []),
        ) if has_page(row[0])
    ],
)  # fmt: skip
def test_breadcrumbs_and_menu_follow_the_place_of_a_section_and_not_its_address(
    site: Site, url: str, above: list[str], marked: list[str]
) -> None:
    soup = site.page(url)
    assert [link["href"] for link in soup.select(".kim-breadcrumbs a")] == above
    assert [link["href"] for link in soup.select(".kim-nav a[aria-current]")] == marked
    assert one(soup, "h1").find_next_sibling()["class"] == ["kim-place"]  # type: ignore[index]


def test_sections_that_left_the_menu_are_reached_from_where_they_belong(site: Site) -> None:
    for above, below in (("/arbeitgeber/", "/betriebe/"), ("/kim/", "/allianz/")):
        assert (below in [link["href"] for link in site.page(above).select("main a")]) is has_page(below)
    for language in LANGUAGES:
        assert f"{language.root}kim/" in [a["href"] for a in site.page(language.root).select(".kim-footer a")]


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_the_home_page_begins_with_search_six_topics_and_the_emergency_numbers(site: Site, language) -> None:  # type: ignore[no-untyped-def]
    hero = one(site.page(language.root), ".kim-hero")
    assert one(hero, "form[role=search] input[type=search]")["name"] == "q"
    tiles = hero.select(".kim-tiles a")
    assert len(tiles) == 6
    assert all(tile.get_text(strip=True) and tile.select_one(".kim-icon[aria-hidden=true]") for tile in tiles)
    numbers = hero.select(".kim-sos a")
    assert [number["href"] for number in numbers] == ["tel:112", "tel:110"]
    with use_language(language.code):
        for number, label in zip(numbers, EMERGENCY_NUMBERS.values(), strict=True):
            assert gettext(str(label)) in number.get_text()


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_the_error_page_has_a_search(site: Site, language) -> None:  # type: ignore[no-untyped-def]
    soup = parse(site.file(f"{language.root}404.html"))
    form = one(soup, "main form[role=search]")
    assert form["action"] == language.root
    assert one(form, "label")["for"] == one(form, "input[type=search]")["id"]
    assert one(soup, "main .kim-finder.kim-no-js-only a")["href"] == f"{language.root}inhalt/"


def test_the_line_under_the_heading_is_in_no_index_and_in_no_booklet(site: Site) -> None:
    from editorial.build.search import searched_texts

    language = next(one for one in LANGUAGES if one.dir == "rtl")
    with use_language(language.code):
        words = gettext("Machine translation")
    assert words in site.file(f"{language.root}kim/").read_text("utf-8")
    texts = searched_texts(site.folder, site.content, language)
    assert not [path for path, html in texts.items() if "kim-place" in html or "kim-tiles" in html]


def test_the_site_says_that_it_is_a_draft_as_long_as_a_setting_says_so(site: Site, tmp_path: Path) -> None:
    draft = load_site_settings()["draft"]
    assert draft is True
    for path in ("/", "/ar/kontakt/", "/404.html"):
        banner = one(site.page(path), ".kim-draft")
        assert banner.find_parent("header") is not None, "inside a landmark"
    text = "site_name: KIM\nsite_url: https://kim.example.org/\nextra:\n  municipality: {name: x}\n"
    for line, expected in (("draft: false", False), ("draft: nein", False), ("draft: true", True), ("# none", False)):
        file = tmp_path / f"{line}.yml"
        file.write_text(f"{text}  {line}\n", "utf-8")
        assert load_site_settings(file)["draft"] is expected
    (tmp_path / "bad.yml").write_text(f"{text}  draft: perhaps\n", "utf-8")
    with pytest.raises(ConfigError, match="true or false"):
        load_site_settings(tmp_path / "bad.yml")


def test_the_next_review_is_for_editors_only(site: Site) -> None:
    from core.formatting import format_long_date

    for page, language in site.checked_pages():
        date = format_long_date(page.front_matter.review_by, language)
        assert date not in one(site.page(page.url(language)), ".kim-page-meta").get_text(), page.url(language)


SECTIONS_WITH_CARDS = existing("ankommen/", "angebote/", "arbeitgeber/", "kim/", "allianz/")


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
@pytest.mark.parametrize("slug", SECTIONS_WITH_CARDS)
def test_a_section_leads_on_at_once_and_its_headings_link(site: Site, language, slug: str) -> None:  # type: ignore[no-untyped-def]
    soup = site.page(language.root + slug)
    parts = one(soup, ".kim-directory").find_all(["h1", "p", "section", "div"], recursive=True)
    kinds = [part.get("class", [part.name])[0] for part in parts]
    assert kinds.index("kim-lead") < kinds.index("kim-cards") < kinds.index("kim-prose", 1)
    between = kinds[kinds.index("h1" if "h1" in kinds else "kim-place") + 1 : kinds.index("kim-cards")]
    assert set(between) <= {"kim-place", "kim-lead", "kim-translation", "kim-tools", "p"}, (
        "a heading, a sentence, the cards"
    )
    page = next(page for page in site.content.pages.values() if page.slug == slug)
    assert one(soup, ".kim-lead").get_text() == page.text(language).front_matter.description
    cards = soup.select(".kim-card")
    assert len(cards) == len(site.content.children(page.key, language))
    assert all(card.select_one(".kim-icon[aria-hidden=true]") for card in cards)
    headings = [link["href"] for link in soup.select(".kim-directory__text h2 a")]
    german = [link["href"] for link in site.page("/" + slug).select(".kim-directory__text h2 a")]
    assert len(headings) == len(soup.select(".kim-directory__text h2"))
    assert headings == german, "relative links lead to the same pages in every language"
    assert not soup.select(".kim-page__aside")


def test_the_chooser_has_no_list_beside_the_same_list(site: Site) -> None:
    soup = site.page("/arbeitgeber/werkzeugkasten/")
    assert len(soup.select(".kim-measures a")) > 20
    assert not soup.select(".kim-page__aside, .kim-section-nav")


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_companies_without_anything_to_tell_are_one_list(site: Site, language) -> None:  # type: ignore[no-untyped-def]
    from editorial.content.data.facts import load_facts

    if not has_page("/betriebe/"):
        return  # the municipality lists no companies
    soup = site.page(f"{language.root}betriebe/")
    names = [item.get_text() for item in soup.select("#dabei ~ ul li > span[lang=de]")]
    known = load_facts().companies
    assert names == [company.name for company in known.values()]
    assert not [key for key in site.content.pages if key.startswith("betriebe/") and key != "betriebe/index"]
    old = site.page(f"{language.root}{site.content.pages['betriebe/index'].front_matter.redirect_from[0]}/")
    assert one(old, "link[rel=canonical]")["href"] == f"{SITE_URL}{language.root}betriebe/"


def test_the_template_for_companies_is_nowhere_in_public(site: Site) -> None:
    for language in LANGUAGES:
        root = site.file(language.root).parent
        for name in ("sitemap.xml", "feed.xml", "offline.json", "inhalt/index.html"):
            assert "betriebe/vorlage" not in (root / name).read_text("utf-8"), (language.code, name)
        assert "betriebe/vorlage" not in (site.folder / "pagefind" / f"titles.{language.code}.json").read_text("utf-8")
        assert not has_page("/betriebe/") or "Platzhalter" not in site.file(f"{language.root}betriebe/").read_text(
            "utf-8"
        )
