"""A booklet printed for real: tagged, with outlines, and with words that can be searched in Arabic and Persian."""

from __future__ import annotations

import subprocess
from pathlib import Path

from editorial.booklets import BOOKLETS, draw, page_count, page_numbers, print_pdf
from editorial.content import read_content
from editorial.languages import find_language, load_languages, load_site
from tests.browser.conftest import find_chromium
from tests.browser.test_print import words_of
from tests.conftest import ROOT
from tests.serving import Server

PERSIAN = "می‌خواهم در بوتروپ زبان آلمانی یاد بگیرم و کار کنم."


def test_the_arabic_guide_is_tagged_has_outlines_and_can_be_searched(server: Server, tmp_path: Path) -> None:
    guide = BOOKLETS[0]
    arabic = find_language("ar")
    assert arabic is not None
    content = read_content(ROOT / "docs", load_languages())
    pages, missing = guide.chapters(content, arabic)
    pages = [page for page in pages if page.key in {"ankommen/index", "ankommen/notfall"}]
    pdf = tmp_path / "guide.pdf"
    print_pdf(find_chromium(), draw(ROOT / "site", guide, pages, missing, arabic, load_site(), {}), pdf)
    text = words_of(pdf)
    for words in ("المساعدة عند الطوارئ", "الإطفاء والإسعاف", "الشارع ورقم البيت والمدينة", "اتصلوا دائمًا بالرقم"):
        assert words in text, words
    about = subprocess.run(["pdfinfo", str(pdf)], capture_output=True, text=True, check=True).stdout
    assert "Tagged:          yes" in about
    data = pdf.read_bytes()
    assert b"/Type /Outlines" in data
    assert b"/Lang (ar)" in data
    numbers = page_numbers(pdf)
    assert (numbers["ankommen"], numbers["ankommen"] < numbers["ankommen-notfall"] <= page_count(pdf)) == (3, True)


def test_persian_words_are_found_as_they_are_written(server: Server, tmp_path: Path) -> None:
    css = (ROOT / "overrides" / "assets" / "kim.css").read_text("utf-8")
    pdf = tmp_path / "persian.pdf"
    html = f'<!doctype html><html lang="fa" dir="rtl"><meta charset="utf-8"><style>{css}</style><body class="kim"><p>{PERSIAN}</p>'
    print_pdf(find_chromium(), html, pdf)
    assert PERSIAN.replace("\u200c", "") in words_of(pdf).replace("\u200c", "")
