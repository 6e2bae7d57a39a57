"""What a PDF booklet holds, and what is said where there is none."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from core.overlay import page_path
from core.project import load_site_settings
from core.web.csp import source_hash
from editorial.build import pdf as booklets
from editorial.build.pdf import (
    PrintError,
    build_pdfs,
    insert_download_links,
    print_booklets,
    render_booklet,
    render_chapter,
)
from editorial.content.booklets import BOOKLETS, Booklet
from editorial.render.assets import asset_content
from tests.conftest import ROOT
from tests.editorial.conftest import GERMAN, HEADER, LANGUAGES, Tree

GERMAN_LANGUAGE, ENGLISH, ARABIC = LANGUAGES
GUIDE, TOOLKIT = BOOKLETS
PAGE = (
    '<!-- kim:text --><h1 id="top">{title}</h1><p><a href="/en/ankommen/b/#x">B</a> <a href="/en/kontakt/">K</a> '
    '<a href="#top">up</a></p><!-- /kim:text --><!-- kim:pdf --><!-- /kim:pdf -->'
)


@pytest.fixture
def built(tmp_path: Path, tree: Tree) -> Path:
    """A guide of four pages, three of them in English, and their built pages."""
    folder = tmp_path / "site"
    assets = folder / "assets"
    assets.mkdir(parents=True)
    for name in ("kim.css", "pictures.css", "guides.css", "mark.svg"):
        (assets / name).write_bytes(asset_content(ROOT / "overrides" / "assets" / name))
    for number, name in enumerate(("index", "a", "b", "c")):
        facts = GERMAN.format(title=f"Seite {name}") + f"order: {number}\nas_of: 2026-02\n"
        tree.write("de", f"ankommen/{name}", "x", header=facts)
        if name != "c":
            tree.write("en", f"ankommen/{name}", "x", header=HEADER.format(title=f"Page {name}"))
        for root in ("", "en/"):
            path = folder / root / "ankommen" / ("" if name == "index" else name) / "index.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(PAGE.format(title=name))
    return folder


def printed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Print nothing; note what would be printed and write a PDF of two pages."""
    seen: list[str] = []

    def print_pdf(_engine: str, html: str, path: Path) -> None:
        seen.append(html)
        path.write_bytes(
            b"1 0 obj\n<</Type /Page\n>>\n2 0 obj\n<</Type /Page\n>>\n<</ankommen-b [2 0 R /XYZ 0 0 0]>>"
            + b" " * 300_000
        )

    monkeypatch.setattr(booklets, "print_pdf", print_pdf)
    return seen


def test_a_booklet_holds_the_translated_pages_in_their_order_and_counts_the_others(tree: Tree, built: Path) -> None:
    content = tree.read()
    pages, missing = GUIDE.chapters(content, ENGLISH)
    assert [page.key for page in pages] == ["ankommen/index", "ankommen/a", "ankommen/b"]
    assert missing == 1
    assert GUIDE.chapters(content, ARABIC) == ([], 4)
    assert TOOLKIT.chapters(content, GERMAN_LANGUAGE) == ([], 0)


def test_a_chapter_leads_to_other_chapters_and_else_to_the_site(tree: Tree, built: Path) -> None:
    page = tree.read().pages["ankommen/a"]
    names = {"/en/ankommen/b/": "ankommen-b", "/en/ankommen/a/": "ankommen-a"}
    html = render_chapter(built, page, ENGLISH, names, "https://kim.example.org")
    assert '<h2 id="ankommen-a--top">' in html
    assert 'href="#ankommen-b--x"' in html
    assert 'href="https://kim.example.org/en/kontakt/"' in html
    assert 'href="#ankommen-a--top"' in html


def test_a_chapter_leads_on_from_relative_addresses_and_holds_its_pictures(tree: Tree, built: Path) -> None:
    """So MkDocs writes them; in the printed document they would lead nowhere."""
    (built / "assets" / "haus.webp").write_bytes(b"picture")
    (built.parent / "secret.png").write_bytes(b"secret")
    path = built / "en" / "ankommen" / "a" / "index.html"
    path.write_text(
        '<!-- kim:text --><p><a href="../b/#x">B</a> <a href="../../kontakt/">K</a> <a href="mailto:a@example.org">M</a>'
        '<img alt="Haus" src="../../../assets/haus.webp"><img alt="" src="../../../../../secret.png">'
        '<img alt="" src="../../../assets/%2e%2e/%2e%2e/secret.png"></p><!-- /kim:text -->'
    )
    names = {"/en/ankommen/b/": "ankommen-b"}
    html = render_chapter(built, tree.read().pages["ankommen/a"], ENGLISH, names, "https://kim.example.org")
    assert 'href="#ankommen-b--x"' in html
    assert 'href="https://kim.example.org/en/kontakt/"' in html
    assert 'href="mailto:a@example.org"' in html
    assert 'src="data:image/webp;base64,cGljdHVyZQ=="' in html
    assert "c2VjcmV0" not in html


def test_the_printed_document_names_its_one_style_and_lets_nothing_else_run(tree: Tree, built: Path) -> None:
    html = render_booklet(built, GUIDE, *GUIDE.chapters(tree.read(), ENGLISH), ENGLISH, load_site_settings(), {})
    (policy,) = BeautifulSoup(html, "html.parser").select("meta[http-equiv=Content-Security-Policy]")
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    rules = str(policy["content"]).split("; ")
    assert "default-src 'none'" in rules
    assert f"style-src {source_hash(style)}" in rules
    assert html.index("http-equiv") < html.index("<style>")


def test_title_contents_dates_and_addresses_stand_in_the_booklet(tree: Tree, built: Path) -> None:
    content = tree.read()
    pages, missing = GUIDE.chapters(content, ENGLISH)
    html = render_booklet(built, GUIDE, pages, missing, ENGLISH, load_site_settings(), {"ankommen-b": 7})
    for words in (
        "Arriving: guide for people who are new here</h1>",
        'href="#ankommen-b">Page b</a><span>7</span>',
        "Last checked: February 2026",
        "https://kim.example.org/en/ankommen/b/",
        "1 page is not translated yet",
        "A machine translated this text.",
    ):
        assert words in html, words


def test_pages_lead_to_a_booklet_only_where_it_exists(tree: Tree, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    printed(monkeypatch)
    made = print_booklets(built, tree.read(), LANGUAGES, load_site_settings(), "chromium")
    assert [path.name for path in made] == ["ankommen-de.pdf", "ankommen-en.pdf"]
    html = (built / "en" / "ankommen" / "index.html").read_text()
    assert 'href="/pdf/ankommen-en.pdf"' in html
    assert "PDF, 2 pages, 0.3 MB" in html
    made[1].unlink()
    insert_download_links(built, tree.read(), LANGUAGES)
    assert "pdf/ankommen-en.pdf" not in (built / "en" / "ankommen" / "index.html").read_text()


def test_a_booklet_whose_text_has_not_changed_is_not_printed_again(
    tree: Tree, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = printed(monkeypatch)
    print_booklets(built, tree.read(), LANGUAGES, load_site_settings(), "chromium")
    assert len(seen) == 4, "twice each: the second time with page numbers"
    assert "<span>2</span>" in seen[1]
    print_booklets(built, tree.read(), LANGUAGES, load_site_settings(), "chromium")
    assert len(seen) == 4
    path = built / "en" / "ankommen" / "a" / "index.html"
    path.write_text(path.read_text().replace(">a<", ">changed<"))
    print_booklets(built, tree.read(), LANGUAGES, load_site_settings(), "chromium")
    assert len(seen) == 6
    assert set(json.loads((built / "pdf" / "made.json").read_text())) == {"ankommen-de.pdf", "ankommen-en.pdf"}


def test_without_chromium_the_build_says_so_and_goes_on(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(booklets, "find_chromium", lambda: None)
    said = build_pdfs(tmp_path, tree.read(), LANGUAGES, load_site_settings())
    assert said is not None
    assert said.startswith("Ohne PDF: Es ist kein Chromium da")
    assert not (tmp_path / "pdf").exists()


def test_a_chromium_that_fails_leaves_no_half_booklet(tree: Tree, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise PrintError("Chromium: no")

    monkeypatch.setattr(booklets, "print_pdf", fail)
    monkeypatch.setattr(booklets, "find_chromium", lambda: "chromium")
    assert build_pdfs(built, tree.read(), LANGUAGES, load_site_settings()) == "Ohne PDF: Chromium: no"
    assert not (built / "pdf").exists()
    assert "pdf/ankommen" not in (built / "ankommen" / "index.html").read_text()


def test_every_booklet_belongs_to_a_section_that_exists() -> None:
    for booklet in BOOKLETS:
        assert isinstance(booklet, Booklet)
        assert page_path(ROOT / "docs", "de", booklet.section).exists()
