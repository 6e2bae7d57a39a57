"""The build holds every page to the policy for HTML, whatever the checks have seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from core.findings import RenderError
from core.languages import load_languages
from core.overlay import page_path, shown_page
from editorial.build.build import BuildError, build_site
from editorial.build.mkdocs_runner import load_mkdocs
from editorial.build.source import Source, load_source
from editorial.checks import content as checks
from editorial.content.pages import Content
from tests.conftest import ROOT
from tests.site.small_tree import write_small_tree

DOCS = ROOT / "docs"
ATTACK = "\n\nEin <svg/onload=alert(1)> Satz.\n\n</article>\n\n<!-- kim:form -->\n\n[mehr dazu lesen](//evil.example)\n"


def spoiled(source: Source, key: str, code: str, addition: str) -> Source:
    """Return everything that a build is made from, with more text on one page."""
    page = source.site.content.pages[key]
    before = page.texts[code]
    text = replace(before, body=before.body + addition, source=before.source + addition)
    pages = {**source.site.content.pages, key: replace(page, texts={**page.texts, code: text})}
    return replace(source, site=replace(source.site, content=Content(pages), links={}))


def render(source: Source, code: str, key: str) -> bytes:
    language = next(row for row in load_languages() if row.code == code)
    (html,) = load_mkdocs(DOCS).render(source, language, {key}).values()
    return html


@pytest.mark.parametrize("code", ["de", "ar"])
def test_a_page_that_is_rendered_alone_is_refused_with_file_and_line(code: str) -> None:
    source = load_source(DOCS)
    text = source.site.content.pages["kontakt"].texts[code]
    last = text.body_line + text.body.count("\n") + 2
    with pytest.raises(RenderError) as caught:
        render(spoiled(source, "kontakt", code, ATTACK), code, "kontakt")
    said = str(caught.value)
    assert f"{text.file}:{last}: Die Angabe onload an <svg>" in said
    assert f"{text.file}:{last + 2}: „</article“" in said
    assert f"{text.file}:{last + 4}: Ein Kommentar" in said
    assert f"{text.file}:{last + 6}: Die fremde Internetadresse „//evil.example“" in said


@pytest.mark.usefixtures("few_languages")
def test_a_whole_build_refuses_it_too_and_keeps_the_old_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docs, site = write_small_tree(tmp_path / "docs"), tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("old")
    page = page_path(docs, "de", "kontakt")
    page.write_text(page.read_text("utf-8") + ATTACK.partition("[")[0], "utf-8")
    for name in ("check_raw_html", "check_rendered_html"):
        monkeypatch.setattr(checks, name, lambda *_values: [])
    with pytest.raises(BuildError) as caught:
        build_site(site, docs_dir=docs)
    assert f"{shown_page(docs, 'de', 'kontakt')}:" in str(caught.value)
    assert "Die Angabe onload an <svg>" in str(caught.value)
    assert [path.name for path in site.iterdir()] == ["index.html"]
    assert (site / "index.html").read_text() == "old"


def test_our_own_address_for_german_pages_is_taken_off() -> None:
    """A German text in another language links to pages that this language does not have."""
    source = load_source(DOCS)
    key = "arbeitgeber/pflichten"
    source.site.content.pages[key].texts.pop("ar")
    other = next(page for page in source.site.content.pages.values() if page.front_matter.languages == ["de"])
    link = f"\n\n[Zur deutschen Seite]({'../' * key.count('/')}{other.key}.md)\n"
    html = render(spoiled(source, key, "de", link), "ar", key).decode()
    assert f'href="/{other.slug}"' in html
    assert "kim-home:" not in html
