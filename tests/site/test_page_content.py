"""What every built page tells its reader about itself."""

from __future__ import annotations

import gzip
import re
from urllib.parse import urljoin

from bs4 import BeautifulSoup

from core.formatting import format_month
from core.gettext import gettext, use_language
from core.project import draft_languages
from core.web.qr import qr_svg
from editorial.build.search import searched_texts
from tests.site.conftest import Site
from tests.site.test_stack_regressions import one


def test_every_translation_says_who_made_it_and_leads_to_the_german_text(site: Site) -> None:
    seen = 0
    for page, language in site.checked_pages():
        notes = site.page(page.url(language)).select(".kim-translation")
        if language.default or not page.is_translated(language):
            assert not notes, page.url(language)
            continue
        seen += 1
        assert len(notes) == 1, page.url(language)
        assert notes[0]["data-kim-translation"] == "machine"
        assert one(notes[0], "a")["href"] == "/" + page.slug
        with use_language(language.code):
            assert (
                gettext("A machine translated this page. No one has checked the translation yet.")
                in notes[0].get_text()
            )
    assert seen > 50


def test_every_page_ends_with_its_date_its_contact_and_a_way_to_tell_us(site: Site) -> None:
    for page, language in site.checked_pages():
        url = page.url(language)
        soup = site.page(url)
        one(soup, ".kim-contact")
        with use_language(language.code):
            as_of = gettext("Last checked: %(month)s") % {
                "month": format_month(page.front_matter.as_of or "", language)
            }
        assert one(soup, ".kim-page-meta").get_text() == as_of, "the next review is for editors"
        feedback = [str(link["href"]) for link in soup.select(".kim-feedback a[href*=rueckmeldung]")]
        assert feedback == ([] if page.key == "rueckmeldung" else [f"{language.root}rueckmeldung/?page={url}"]), url


def test_pages_that_share_topics_lead_to_each_other(site: Site) -> None:
    for page, language in site.checked_pages():
        expected = [] if page.front_matter.layout in {"home", "overview"} else site.content.related(page, language)
        if page.front_matter.layout != "home":
            soup, url = site.page(page.url(language)), page.url(language)
            links = soup.select(".kim-related a")
            named = {urljoin(url, str(link["href"])) for link in soup.select("section:has(> #weiter) a")}
            wanted = [row.url(language) for row in expected if row.url(language) not in named]
            assert [link["href"] for link in links] == wanted, url
            names = [link.get_text().strip() for link in links]
            assert sorted(set(names)) == sorted(names), (page.url(language), "two links of one name")


def test_the_code_on_paper_leads_to_the_page(site: Site) -> None:
    for page, language in site.checked_pages()[::7]:
        soup = site.page(page.url(language))
        svg = one(soup, ".kim-print-footer__code svg")
        address = str(one(soup, "link[rel=canonical]")["href"])
        assert svg.decode() == BeautifulSoup(qr_svg(address), "html.parser").decode()
        assert address in one(soup, ".kim-print-footer").get_text()
        assert len(gzip.compress(svg.encode())) < 1000, "nobody on a phone pays for paper"


def test_the_picture_guide_shows_each_document_in_the_page_itself_and_names_it_in_german(site: Site) -> None:
    for language in site.languages:
        soup = site.page(f"{language.root}ankommen/welches-dokument/")
        links = soup.select("article li > a:has(> img)")
        assert [link["href"] for link in links] == ["#titel", "#paragraf-24", "#fiktion", "#gestattung", "#duldung"]
        for link in links:
            picture = one(link, "img")
            assert str(picture["src"]).startswith("data:image/svg+xml,"), "no further request"
            assert len(str(picture["alt"])) > 10, "an alternative"
            target = one(soup, str(link["href"]))
            ways = target.find_next("ul")
            assert ways is not None
            assert len(ways.select("li > .kim-icon[aria-hidden=true]")) >= 3
        for word in ("Fiktionsbescheinigung", "Aufenthaltsgestattung", "Duldung"):
            assert (
                language.default
                or language.code in draft_languages()
                or one(soup, f'article li > a span[lang="de"]:-soup-contains("{word}")')
            )
        assert soup.select('#duldung ~ ul a[href*="arbeit-ausbildung/#erlaubnis"]')


def test_diagrams_are_lists_that_say_the_same_without_a_picture(site: Site) -> None:
    for path in ("ankommen/aufenthalt/", "ankommen/arbeit-ausbildung/"):
        for root in ("/", "/ar/"):
            steps = site.page(root + path).select(".path > ol > li")
            assert len(steps) >= 4
            assert all(step.get_text().strip() for step in steps)
            assert any(step.select("ul > li") for step in steps), "ways that part"


def test_a_paragraph_sign_stays_with_its_number_and_the_search_index_has_plain_spaces(site: Site) -> None:
    parted = [
        page.relative_to(site.folder).as_posix()
        for page in site.folder.rglob("index.html")
        if re.search(
            r">[^<]*(?:§|\bAbs\.)[ \n]+[0-9]", re.sub(r"(?s)<(script|title)\b.*?</\1>", "", page.read_text("utf-8"))
        )
    ]
    assert parted == []
    for language in site.languages:
        texts = searched_texts(site.folder, site.content, language).values()
        assert any("§ 24" in text for text in texts), language.code
        assert not any("\N{NO-BREAK SPACE}" in text for text in texts), language.code


def test_lists_of_pictures_and_items_with_icons_are_laid_out_without_has(site: Site) -> None:
    """Browsers before Chrome 105, Firefox 121 and Safari 15.4 do not know :has()."""
    for language in site.languages:
        soup = site.page(f"{language.root}ankommen/welches-dokument/")
        assert len(soup.select(".kim-prose ul.kim-pictures > li > a > img")) == 5
        icons = soup.select(".kim-prose li .kim-icon")
        assert icons
        assert all("kim-icon-item" in icon.find_parent("li")["class"] for icon in icons)
    assert ":has(" not in (site.folder / "assets" / "pictures.css").read_text("utf-8")
