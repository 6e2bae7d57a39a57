"""A page on paper: clean, black on white, with its address and the way back to it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page
from zxingcpp import read_barcode

from core.gettext import gettext, use_language
from core.languages import find_language
from tests.browser.conftest import BrowserSession
from tests.site.conftest import SITE_URL

NewSession = Callable[..., BrowserSession]
BIDI = dict.fromkeys([*range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def words_of(pdf: Path) -> str:
    """Return the text of a PDF as one who searches it meets it, without marks of direction."""
    done = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, text=True, check=True)
    return " ".join(done.stdout.translate(BIDI).split())


def on_paper(page: Page, pdf: Path) -> str:
    """Print a page and return its text."""
    page.pdf(path=str(pdf), prefer_css_page_size=True, tagged=True)
    return words_of(pdf)


@pytest.mark.parametrize(
    ("code", "path", "sentence"),
    [("de", "/ankommen/notfall/", "Feuerwehr"), ("ar", "/ar/ankommen/notfall/", "والشارع ورقم البيت")],
)
def test_a_printed_page_has_its_address_and_no_navigation_and_is_tagged(
    new_session: NewSession, tmp_path: Path, code: str, path: str, sentence: str
) -> None:
    page = new_session(color_scheme="dark").open(path)
    pdf = tmp_path / "page.pdf"
    text = on_paper(page, pdf)
    assert sentence in text
    assert (SITE_URL + path) in text.replace(" ", "")
    language = find_language(code)
    assert language is not None
    with use_language(code):
        for gone in ("Skip to the content", "Menu", "About this site", "This may also help you"):
            assert gettext(gone) not in text
    about = subprocess.run(["pdfinfo", str(pdf)], capture_output=True, text=True, check=True).stdout
    assert "Tagged:          yes" in about
    assert "(A4)" in about


@pytest.mark.parametrize("path", ["/ankommen/notfall/", "/ar/ankommen/notfall/"])
def test_the_code_is_large_enough_for_a_phone_and_on_paper_only(new_session: NewSession, path: str) -> None:
    page = new_session().open(path)
    code = page.locator(".kim-print-footer__code svg")
    assert code.is_hidden()
    page.emulate_media(media="print")
    assert page.locator(".kim-tools").is_hidden(), "nothing to press on paper"
    box = code.bounding_box()
    assert box is not None
    assert box["width"] == box["height"] > 20 / 25.4 * 96, "two centimetres"
    assert read_code(page) == SITE_URL + path


def read_code(page: Page) -> str:
    """Return what a phone reads from the page's code."""
    grey = page.evaluate(
        """async () => {
          const svg = document.querySelector(".kim-print-footer__code svg").cloneNode(true);
          svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
          svg.setAttribute("width", 400); svg.setAttribute("height", 400);
          const image = new Image();
          image.src = "data:image/svg+xml," + encodeURIComponent(svg.outerHTML);
          await image.decode();
          const canvas = new OffscreenCanvas(480, 480), pen = canvas.getContext("2d");
          pen.fillStyle = "#fff"; pen.fillRect(0, 0, 480, 480); pen.drawImage(image, 40, 40, 400, 400);
          const data = pen.getImageData(0, 0, 480, 480).data;
          return [...data].filter((_value, index) => index % 4 === 0);
        }"""
    )
    found = read_barcode(memoryview(bytes(grey)).cast("B", (480, 480)))
    assert found is not None
    return found.text


@pytest.mark.parametrize("path", ["/", "/angebote/", "/ar/ankommen/notfall/", "/arbeitgeber/mitmachen/"])
def test_paper_is_white_and_words_are_dark_in_the_dark_scheme_too(new_session: NewSession, path: str) -> None:
    page = new_session(color_scheme="dark", viewport={"width": 680, "height": 900}).open(path)
    page.locator("body").evaluate("() => { document.documentElement.dataset.scheme = 'dark'; }")
    page.emulate_media(media="print", color_scheme="dark")
    light = page.evaluate(
        """() => [...document.querySelectorAll("main *, footer *")]
          .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
          .filter((e) => getComputedStyle(e).color.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0) > 450)
          .map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert light == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
