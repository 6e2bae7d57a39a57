"""The build holds every page to the policy for HTML, whatever the checks have seen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from core.findings import RenderError
from editorial.build.build import BuildError, build_site
from editorial.build.mkdocs_runner import prepare, settings_of
from editorial.build.single import draw
from editorial.checks import content as checks
from editorial.content.pages import Content
from editorial.render.site import House
from tests.conftest import ROOT

DOCS = ROOT / "docs"
ATTACK = "\n\nEin <svg/onload=alert(1)> Satz.\n\n</article>\n\n<!-- kim:form -->\n\n[mehr dazu lesen](//evil.example)\n"


def spoiled(house: House, key: str, code: str, addition: str) -> House:
    """Return everything that templates are drawn from, with more text on one page."""
    page = house.content.pages[key]
    text = replace(page.texts[code], body=page.texts[code].body + addition)
    pages = {**house.content.pages, key: replace(page, texts={**page.texts, code: text})}
    return replace(house, content=Content(pages), links={})


@pytest.mark.parametrize("code", ["de", "ar"])
def test_a_page_that_is_drawn_alone_is_refused_with_file_and_line(tmp_path: Path, code: str) -> None:
    house = prepare(DOCS, None)
    text = house.content.pages["kontakt"].texts[code]
    last = text.body_line + text.body.count("\n") + 2
    with pytest.raises(RenderError) as caught:
        draw(settings_of(DOCS), spoiled(house, "kontakt", code, ATTACK), DOCS, {code: {"kontakt", "index"}}, tmp_path)
    said = str(caught.value)
    assert f"docs/{code}/kontakt.md:{last}: Die Angabe onload an <svg>" in said
    assert f"docs/{code}/kontakt.md:{last + 2}: „</article“" in said
    assert f"docs/{code}/kontakt.md:{last + 4}: Ein Kommentar" in said
    assert f"docs/{code}/kontakt.md:{last + 6}: Die fremde Internetadresse „//evil.example“" in said
    assert not list(tmp_path.rglob("kontakt/index.html"))


def test_a_whole_build_refuses_it_too_and_keeps_the_old_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docs, site = shutil.copytree(DOCS, tmp_path / "docs"), tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("old")
    page = docs / "de" / "kontakt.md"
    page.write_text(page.read_text("utf-8") + ATTACK.partition("[")[0], "utf-8")
    for name in ("check_raw_html", "check_rendered_html"):
        monkeypatch.setattr(checks, name, lambda *_values: [])
    with pytest.raises(BuildError) as caught:
        build_site(site, docs_dir=docs)
    assert "docs/de/kontakt.md:" in str(caught.value)
    assert "Die Angabe onload an <svg>" in str(caught.value)
    assert [path.name for path in site.iterdir()] == ["index.html"]
    assert (site / "index.html").read_text() == "old"


def test_our_own_address_for_german_pages_is_taken_off(tmp_path: Path) -> None:
    """A German text in another language links to pages that this language does not have."""
    house = prepare(DOCS, None)
    key = "arbeitgeber/pflichten"
    house.content.pages[key].texts.pop("ar")
    other = next(page for page in house.content.pages.values() if page.front_matter.languages == ["de"])
    link = f"\n\n[Zur deutschen Seite]({'../' * key.count('/')}{other.key}.md)\n"
    (path,) = draw(settings_of(DOCS), spoiled(house, key, "de", link), DOCS, {"ar": {key}}, tmp_path)
    html = path.read_text("utf-8")
    assert f'href="/{other.slug}"' in html
    assert "kim-home:" not in html
