"""Search finds what people type, in their language and only there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from editorial.languages import load_languages
from tests.browser.conftest import Visit

# Words as people type them: inflected, with a slip, or the German word from a letter. None of them was used to
# write the rules of the search.
QUERIES = {
    "de": [
        ("Wohnungen", "ankommen"),
        ("Notrufnummern", "notfall"),
        ("Einbürgerungen", "einbuergerung"),
        ("Betrieben", "betrieb"),
        ("Schulen", "angebote"),
        ("Praktikas", "praktikum"),
        ("Einbürgrung", "einbuergerung"),
        ("Kündigungen", "wohnen"),
    ],
    "en": [
        ("employers", "arbeitgeber"), ("accessible", "barrierefreiheit"), ("companies", "betriebe"),
        ("landlord's", "erste-schritte"), ("naturalisations", "einbuergerung"), ("Wohngeld", "wohnen"),
    ],
    "uk": [("підприємствами", "betrieb"), ("роботодавцям", "arbeitgeber"), ("інтеграцією", "kim"), ("Jobcenter", "")],
    "ar": [("الشركات", "betriebe"), ("اندماج", "kim"), ("Ausländerbehörde", ""), ("المدارس", "schule"), ("السكن", "wohnen")],
    "tr": [("işverenler", "arbeitgeber"), ("entegrasyonun", "kim"), ("işletmelerin", "betriebe"), ("acil", "notfall")],
    "pl": [
        ("mieszkania", "wohnen"), ("szkoły", "schule"), ("pracodawców", "arbeitgeber"), ("obywatelstwem", "einbuergerung"),
        ("kursów", "kurs"), ("Ausländerbehörde", ""),
    ],
    "ru": [
        ("работодателям", "arbeitgeber"), ("школами", "schule"), ("гражданством", "einbuergerung"), ("квартиру", "wohnen"),
        ("Duldung", ""), ("консультацию", "beratung"),
    ],
    "fa": [("شرکت‌های", "arbeitgeber"), ("اضطراری", "notfall"), ("مدرسه", "ankommen"), ("كلاس", "angebote"), ("کلاس‌ها", "angebote"), ("Ausländerbehörde", "")],
}  # fmt: skip


def search(page: Page, words: str) -> list[str]:
    """Type words into the search dialog and return the addresses it offers."""
    page.locator("[data-kim-search]").first.click()
    box = page.locator("dialog input[type=search]")
    box.fill(words)
    page.locator("dialog .kim-search__results a, dialog .kim-search__none:not([hidden])").first.wait_for()
    return [str(link.get_attribute("href")) for link in page.locator("dialog .kim-search__results a").all()]


@pytest.mark.parametrize(
    ("language", "words", "target"), [(code, *row) for code, rows in QUERIES.items() for row in rows]
)
def test_search_finds_inflected_words_in_its_own_language(
    visit: Callable[..., Visit], language: str, words: str, target: str
) -> None:
    root = "/" if language == "de" else f"/{language}/"
    found = search(visit().open(root), words)
    assert found, f"{words} finds nothing"
    assert any(target in address for address in found), found
    others = QUERIES.keys() - {language}
    assert all(address.startswith(root) for address in found), found
    assert not [address for address in found if address.split("/")[1] in others], found


def test_every_language_has_its_queries() -> None:
    assert QUERIES.keys() == {language.code for language in load_languages()}


def test_the_result_is_announced_and_nothing_found_says_what_to_do(visit: Callable[..., Visit]) -> None:
    page = visit().open("/uk/")
    assert search(page, "qqqqxxxx") == []
    status = page.locator("dialog [role=status]")
    assert status.inner_text().strip()
    assert page.locator("dialog .kim-search__none a").count() >= 1


def test_the_index_is_loaded_only_when_search_is_opened(visit: Callable[..., Visit]) -> None:
    seen = visit()
    page = seen.context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(seen.url + "/uk/")
    assert not [url for url in asked if "pagefind" in url]
    search(page, "робота")
    assert [url for url in asked if "pagefind" in url]
    assert not [url for url in asked if ".de_" in url or ".ar_" in url], "only the reader's language is loaded"
