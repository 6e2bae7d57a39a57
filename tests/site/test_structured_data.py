"""What machines read on the built site: JSON-LD, Open Graph, feeds, security.txt."""

from __future__ import annotations

import json
import struct
from typing import Any
from xml.etree import ElementTree

from core.project import draft_languages
from tests.site.conftest import SITE_URL, Site
from tests.site.test_stack_regressions import one


def things(site: Site, url: str) -> dict[str, Any]:
    script = one(site.page(url), 'script[type="application/ld+json"]')
    return {thing["@type"]: thing for thing in json.loads(script.get_text())["@graph"]}


def test_every_page_is_described_as_what_it_is(site: Site) -> None:
    for page, language in site.checked_pages():
        found = set(things(site, page.url(language)))
        expected = {"WebPage", "GovernmentOrganization" if page.key == "index" else "BreadcrumbList"}
        if page.is_translated(language):
            if page.key.startswith("angebote/") and page.key != "angebote/index":
                expected.add("GovernmentService")
            if page.key == "arbeitgeber/fragen":
                expected.add("FAQPage")
        assert found == expected, page.url(language)


def test_every_question_of_the_employers_is_told_with_its_answer(site: Site) -> None:
    rows = things(site, "/arbeitgeber/fragen/")["FAQPage"]["mainEntity"]
    assert [row["name"] for row in rows] == [
        h2.get_text(" ", strip=True) for h2 in site.page("/arbeitgeber/fragen/").select("[data-kim-content] h2")
    ]
    assert all(len(row["acceptedAnswer"]["text"]) > 20 for row in rows)


def test_nothing_unconfirmed_is_told_to_machines(site: Site) -> None:
    assert not {"telephone", "address", "email"} & set(things(site, "/")["GovernmentOrganization"])


def test_a_shared_link_shows_title_text_picture_and_language(site: Site) -> None:
    for page, language in site.checked_pages():
        soup = site.page(page.url(language))
        tags: dict[str, list[str]] = {}
        for meta in soup.select("meta[property^='og:']"):
            tags.setdefault(str(meta["property"]), []).append(str(meta["content"]))
        for name in ("title", "description", "type", "url", "image", "image:alt", "locale", "site_name"):
            assert len(tags[f"og:{name}"]) == 1, f"{page.url(language)} {name}"
            assert tags[f"og:{name}"][0]
        assert tags["og:url"] == [one(soup, "link[rel=canonical]")["href"]]
        others = [row for row in site.languages if page.is_translated(row) and row != language]
        assert len(tags.get("og:locale:alternate", [])) == (len(others) if page.is_translated(language) else 0)


def test_the_picture_for_shared_links_has_the_size_that_they_are_shown_in(site: Site) -> None:
    soup = site.page("/")
    image = str(one(soup, "meta[property='og:image']")["content"])
    data = site.file(image.removeprefix(SITE_URL).partition("?")[0]).read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert (width, height) == (1200, 630)
    assert len(data) < 8000


def test_every_language_has_its_feed_linked_in_head_and_footer(site: Site) -> None:
    for language in site.languages:
        soup = site.page(language.root)
        link = one(soup, "link[rel=alternate][type='application/atom+xml']")
        assert link["href"] == f"{language.root}feed.xml"
        assert one(soup, f".kim-footer a[href='{language.root}feed.xml']")
        feed = ElementTree.parse(site.file(str(link["href"]))).getroot()
        entries = feed.findall("{http://www.w3.org/2005/Atom}entry")
        assert entries or language.code in draft_languages()
        for entry in entries:
            href = str(entry.find("{http://www.w3.org/2005/Atom}link").get("href"))  # type: ignore[union-attr]
            assert site.file(href.removeprefix(SITE_URL)).exists()


def test_security_txt_stands_where_it_is_looked_for(site: Site) -> None:
    text = (site.folder / ".well-known" / "security.txt").read_text()
    assert f"Contact: {SITE_URL}/kontakt/\n" in text
