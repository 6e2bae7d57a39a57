"""Each known trap of the stack has its fix, shown on the built site."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup, Tag

from core.gettext import gettext, use_language
from core.languages import load_languages
from core.project import draft_languages
from core.web.csp import source_hash
from editorial.content.data.facts import load_facts
from form_handler.security import CSP
from tests.site.conftest import SITE_URL, Site

LANGUAGES = load_languages()
TITLE = re.compile("<title>(.*?)</title>", re.DOTALL)
SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


def one(soup: BeautifulSoup | Tag, selector: str) -> Tag:
    """Return the only element that fits."""
    found = soup.select(selector)
    assert len(found) == 1, f"{len(found)} elements fit {selector}"
    return found[0]


def test_every_page_says_its_language_and_direction(site: Site) -> None:
    for page, language in site.checked_pages():
        html = one(site.page(page.url(language)), "html")
        assert (html["lang"], html["dir"]) == (language.code, language.dir), page.url(language)


def test_the_site_has_exactly_the_pages_of_the_content(site: Site) -> None:
    expected = {site.file(page.url(language)) for page, language in site.pages()}
    expected |= {
        site.file(f"{language.root}{old}/")
        for page, language in site.pages()
        for old in page.front_matter.redirect_from
    }
    assert {path for path in site.folder.rglob("index.html") if "pagefind" not in path.parts} == expected


def test_a_page_without_translation_says_so_and_gives_the_german_text_as_german(partly_translated: Site) -> None:
    site = partly_translated
    missing = [(page, language) for page, language in site.pages() if not page.is_translated(language)]
    assert "ar" in {language.code for _page, language in missing}, "the example is gone, so this shows nothing"
    for page, language in missing:
        soup = site.page(page.url(language))
        content = one(soup, "[data-kim-content]")
        assert (content["lang"], content["dir"]) == (page.front_matter.lang or "de", "ltr")
        notice = one(soup, ".kim-untranslated")
        assert notice.find_parent(attrs={"lang": True})["lang"] == language.code  # type: ignore[index]
        with use_language(language.code):
            assert gettext("This page is not translated yet.") in notice.get_text()
        assert one(soup, "link[rel=canonical]")["href"] == f"{SITE_URL}/{page.slug}"
        assert "noindex" in str(one(soup, "meta[name=robots]")["content"])
        assert not soup.select("link[rel=alternate][hreflang]")
        assert not soup.select("[data-pagefind-body]"), "German text must not be in another language's index"


def test_a_translated_page_has_absolute_hreflang_for_real_translations_and_x_default(site: Site) -> None:
    for page, language in site.checked_pages():
        if not page.is_translated(language):
            continue
        soup = site.page(page.url(language))
        links = {str(link["hreflang"]): str(link["href"]) for link in soup.select("link[rel=alternate][hreflang]")}
        expected = {row.code: SITE_URL + page.url(row) for row in LANGUAGES if page.is_translated(row)}
        assert links == {**expected, "x-default": f"{SITE_URL}/{page.slug}"}, page.url(language)
        assert one(soup, "link[rel=canonical]")["href"] == SITE_URL + page.url(language)


def test_language_links_name_their_language_and_keep_the_page(site: Site) -> None:
    for page, language in site.checked_pages():
        links = site.page(page.url(language)).select(".kim-languages a")
        found = {str(link["lang"]): str(link["href"]) for link in links}
        assert found == {row.code: page.url(row) if page.exists_in(row) else row.root for row in LANGUAGES}
        assert all(link.get("dir") for link in links)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_each_language_has_a_sitemap_of_its_translations_only(site: Site, language: object) -> None:
    tree = ElementTree.parse(site.file(language.root).with_name("sitemap.xml"))  # type: ignore[attr-defined]
    found = {str(node.text) for node in tree.findall("s:url/s:loc", SITEMAP)}
    assert found == {
        SITE_URL + page.url(row) for page, row in site.pages() if row == language and page.is_translated(row)
    }
    alternates = {str(node.get("href")) for node in tree.findall("s:url/x:link", SITEMAP)}
    assert alternates == {
        SITE_URL + page.url(row)
        for page, row in site.pages()
        if page.is_translated(row) and page.is_translated(language)  # type: ignore[arg-type]
    }


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_each_language_has_an_error_page_in_its_own_words(site: Site, language: object) -> None:
    soup = site.page(f"{language.root}404.html")  # type: ignore[attr-defined]
    html = one(soup, "html")
    assert (html["lang"], html["dir"]) == (language.code, language.dir)  # type: ignore[attr-defined]
    headings = {row.code: one(site.page(f"{row.root}404.html"), "h1").get_text(strip=True) for row in LANGUAGES}
    translated = headings.keys() - set(draft_languages())
    assert len({headings[code] for code in translated}) == len(translated)
    assert "kim:main" in site.file(f"{language.root}404.html").read_text("utf-8")  # type: ignore[attr-defined]


def test_the_home_page_of_every_language_leads_three_ways_on(site: Site) -> None:
    for language in LANGUAGES:
        ways = site.page(language.root).select(".kim-entry-cards > section")
        links = [one(way, "a.kim-button")["href"] for way in ways]
        assert len(links) == len(set(links)) == 3, language.code


def test_headings_have_the_same_ids_in_all_languages_and_none_is_made_up(site: Site) -> None:
    for page, language in site.checked_pages():
        content = one(site.page(page.url(language)), "[data-kim-content]")
        ids = [str(heading.get("id")) for heading in content.select("h1, h2, h3")]
        german = one(site.page("/" + page.slug), "[data-kim-content]")
        assert ids == [str(heading.get("id")) for heading in german.select("h1, h2, h3")], page.url(language)
        assert not [name for name in ids if re.match(r"_\d", name)]


def test_nothing_on_a_page_comes_from_another_host(site: Site) -> None:
    for page, language in site.checked_pages():
        soup = site.page(page.url(language))
        loaded = [
            *(element["src"] for element in soup.select("[src]")),
            *(link["href"] for link in soup.select("link[href]")
              if not {"canonical", "alternate"} & set(link.get("rel") or ())),
        ]  # fmt: skip
        assert all(str(address).startswith(("/", "data:image/svg")) for address in loaded), loaded


def test_no_page_needs_inline_style_nor_any_inline_script_but_the_one_of_the_csp(site: Site) -> None:
    for page, language in site.checked_pages():
        soup = site.page(page.url(language))
        assert not soup.select("style, [style]"), page.url(language)
        inline = [
            s
            for s in soup.select("script:not([src])")
            if s.get("type") not in ("application/json", "application/ld+json")
        ]
        assert [source_hash(script.string or "") in CSP for script in inline] == [True], page.url(language)
        handlers = [name for element in soup.find_all(True) for name in element.attrs if name.startswith("on")]
        assert not handlers, page.url(language)


def test_no_address_of_a_sitemap_or_index_is_asked_for_by_script(site: Site) -> None:
    """Material's bundle would ask for each language's sitemap and one index for all; it is not here."""
    assert not list(site.folder.rglob("bundle.*.js"))
    assert not list(site.folder.rglob("search_index.json"))


def test_every_internal_link_and_anchor_exists(site: Site) -> None:
    dead = []
    for page, language in site.checked_pages():
        url = page.url(language)
        soup = site.page(url)
        for link in soup.select("a[href]"):
            href = str(link["href"])
            if href.startswith(("http", "tel:", "mailto:")):
                continue
            path, _, anchor = href.partition("#")
            target = resolve(url, path)
            file = site.file(target)
            if not file.exists() or (anchor and not site.page(target).find(id=anchor)):
                dead.append(f"{url} → {href}")
    assert not dead, dead[:20]


def resolve(base: str, path: str) -> str:
    """Resolve a relative address as a browser does, without host and query."""
    from urllib.parse import urljoin, urlsplit

    return urlsplit(urljoin(base, path)).path if path else base


def test_every_page_has_one_title_description_and_h1(site: Site) -> None:
    for page, language in site.checked_pages():
        soup = site.page(page.url(language))
        text = page.text(language)
        assert text.front_matter.title in one(soup, "head > title").get_text()
        assert one(soup, "meta[name=description]")["content"] == text.front_matter.description
        assert one(soup, "h1").get_text(strip=True)


def test_titles_of_a_language_differ_from_each_other(site: Site) -> None:
    for language in LANGUAGES:
        files = [site.file(page.url(row)) for page, row in site.pages() if row == language]
        titles = [TITLE.findall(file.read_text("utf-8"))[0] for file in files]
        assert len(titles) == len(set(titles)), sorted(title for title in titles if titles.count(title) > 1)


def test_german_office_words_are_marked_in_every_foreign_page(site: Site) -> None:
    """WCAG 2.2, 3.1.2: the name of an office is spoken in German."""
    unmarked = []
    for page, language in site.checked_pages():
        if language.default or not page.is_translated(language):
            continue
        for text in one(site.page(page.url(language)), "[data-kim-content]").find_all(
            string=re.compile("Ausländerbehörde|" + re.escape(load_facts().place.offices["integration"]))
        ):
            marked = text.find_parent(attrs={"lang": True})
            if marked is None or marked["lang"] != "de":
                unmarked.append(f"{page.url(language)}: {text}")
    assert not unmarked, unmarked[:10]


def test_robots_names_every_sitemap(site: Site) -> None:
    text = (site.folder / "robots.txt").read_text()
    assert [f"Sitemap: {SITE_URL}{language.root}sitemap.xml" in text for language in LANGUAGES] == [True] * len(
        LANGUAGES
    )


def test_facts_files_and_catalogues_are_not_published(site: Site) -> None:
    assert not [path for path in site.folder.rglob("*") if path.suffix in {".yml", ".po", ".md", ".py"}]
