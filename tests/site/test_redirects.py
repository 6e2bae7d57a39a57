"""Old addresses of pages lead to the new ones, in every language."""

from __future__ import annotations

import gzip

from tests.site.conftest import SITE_URL, Site
from tests.site.test_stack_regressions import one


def test_each_old_address_leads_to_the_page_in_its_language(site: Site) -> None:
    moved = [(page, old) for page in site.content.pages.values() for old in page.front_matter.redirect_from]
    assert ("ankommen/wohnen", "angebote/wohnen") in [(page.key, old) for page, old in moved]
    for page, old in moved:
        for language in site.languages:
            if not page.exists_in(language):
                continue
            address = f"{language.root}{old}/"
            soup, url = site.page(address), page.url(language)
            assert one(soup, "html")["lang"] == language.code
            assert one(soup, "meta[http-equiv=refresh]")["content"] == f"0; url={url}"
            assert one(soup, "link[rel=canonical]")["href"] == SITE_URL + url
            assert one(soup, "meta[name=robots]")["content"] == "noindex"
            assert (one(soup, "a")["href"], one(soup, "a").get_text()) == (url, page.text(language).front_matter.title)
            packed = site.file(address).with_name("index.html.gz")
            assert gzip.decompress(packed.read_bytes()) == site.file(address).read_bytes()


def test_an_old_address_is_in_no_sitemap_and_not_in_the_search(site: Site) -> None:
    assert "angebote/wohnen/" not in site.file("/sitemap.xml").read_text("utf-8")
    assert "data-pagefind-body" not in site.file("/angebote/wohnen/").read_text("utf-8")
