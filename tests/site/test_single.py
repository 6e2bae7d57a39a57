"""A page that is drawn alone is, to the byte, the page that a run of MkDocs draws."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown.util import AMP_SUBSTITUTE
from msgspec.structs import replace

from core.findings import RenderError
from core.languages import Language, load_languages
from editorial.build.mkdocs_runner import prepare, settings_of
from editorial.build.settings import Settings
from editorial.build.single import MANY, Leading, Places, draw
from editorial.content.pages import Content
from editorial.render.site import House
from tests.conftest import ROOT
from tests.site.conftest import Site

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def ready(site: Site) -> tuple[Settings, House]:
    house = prepare(DOCS, None)
    return settings_of(DOCS), house


@pytest.mark.parametrize("language", load_languages(), ids=lambda language: language.code)
def test_every_page_drawn_alone_is_the_page_of_the_whole_build(
    site: Site, ready: tuple[Settings, House], language: Language, tmp_path: Path
) -> None:
    settings, house = ready
    keys = {page.key for page in house.content.pages.values() if page.exists_in(language)}
    files = draw(settings, house, DOCS, {language.code: keys}, tmp_path)
    assert len(files) == len(keys) > 40
    for path in files:
        whole = (site.folder / path.relative_to(tmp_path)).read_text("utf-8")
        # A build with booklets has put its link between these two comments.
        assert without_booklet(whole) == without_booklet(path.read_text("utf-8")), path


def test_many_pages_of_several_languages_are_drawn_side_by_side(
    site: Site, ready: tuple[Settings, House], tmp_path: Path
) -> None:
    settings, house = ready
    keys = {key for key in house.content.pages if key.startswith(("angebote", "ankommen"))}
    files = draw(settings, house, DOCS, dict.fromkeys(("de", "ar", "tr"), keys), tmp_path)
    assert len(files) == 3 * len(keys) >= MANY
    assert {path.relative_to(tmp_path).parts[0] for path in files} == {"angebote", "ankommen", "ar", "tr"}
    for path in files:
        whole = (site.folder / path.relative_to(tmp_path)).read_text("utf-8")
        assert without_booklet(whole) == without_booklet(path.read_text("utf-8")), path


def without_booklet(html: str) -> str:
    head, mark, rest = html.partition("<!-- kim:pdf -->")
    return head + mark + rest.partition("<!-- /kim:pdf -->")[2] if mark else html


@pytest.mark.parametrize(
    ("link", "wanted"),
    [
        ("[a](kontakt.md)", 'href="kontakt/"'),
        ("[a](kontakt.md#top)", 'href="kontakt/#top"'),
        ("[a](ankommen/index.md)", 'href="ankommen/"'),
        ("[a](index.md)", 'href="./"'),
        ("[a](#anderes)", 'href="#anderes"'),
        ("[a](https://example.org/b.md)", 'href="https://example.org/b.md"'),
        ("```\ncode\n```\n\n[a](kontakt.md)", "<pre><code>code\n</code></pre>"),
        ("[a](kontakt.md)\n\n~~~ .css\na { b: c }\n~~~", 'href="kontakt/"'),
        ("![a](bild.png)", 'src="bild.png"'),
        ("![a](nur-deutsch.png)", 'src="nur-deutsch.png"'),
        ("![a](../assets/alle.png)", 'src="assets/alle.png"'),
    ],
)
def test_links_and_pictures_lead_where_mkdocs_leads_them(tmp_path: Path, link: str, wanted: str) -> None:
    """In German and in a translation, from the first folder."""
    docs = tmp_path / "docs"
    for name in ("de/index", "de/kontakt", "de/ankommen/index", "ar/index"):
        path = docs / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        facts = "source: [own]\nreview_by: 2099-01-01\n" if name.startswith("de/") else ""
        path.write_text(
            f"---\ntitle: {name}\ndescription: Ein ganzer Satz über {name}.\n{facts}---\n\n# A {{ #top }}\n\n{link}\n"
        )
    (docs / "assets").mkdir()
    for name in ("de/bild.png", "ar/bild.png", "de/nur-deutsch.png", "assets/alle.png"):
        (docs / name).write_bytes(b"x")
    for name in ("de/kontakt", "de/ankommen/index"):
        (docs / f"{name}.md").write_text((docs / f"{name}.md").read_text().replace(link, "Text."))
    data = docs / "data"
    data.mkdir()
    (data / "contacts.yml").write_text("stadt: {name: Stadt, phone: '115'}\n")
    house = replace(prepare(docs, None), addresses=frozenset({"https://example.org/b.md"}))
    draw(settings_of(docs), house, docs, {"de": {"index"}, "ar": {"index"}}, tmp_path / "out")
    for folder in ("", "ar/"):
        assert wanted in (tmp_path / "out" / folder / "index.html").read_text("utf-8")


LINKS = (
    "kontakt.md", "kontakt.md#top", "kontakt.md?a=1&b=2#top", "./kontakt.md", "../kontakt.md", "../index.md", "index.md",
    "../../ar/kontakt.md", "../ankommen/notfall.md", "notfall.md", "not%66all.md", "werkzeugkasten/index.md", "", "#top",
    "?a=1", ".", "./", "..", "../", "/kontakt/", "\\kontakt", "kontakt", "kontakt/", "nirgends.md", "bild.png",
    "../assets/logo.svg", "https://example.org/a.md", "//example.org/a.md", "mailto:a@example.org", "tel:+49", "a:b.md",
    f"{AMP_SUBSTITUTE}#109;ail", "kontakt.md#", "kontakt.md?", "ort%20mit%20lücke.md", "ünï.md#ß",
)  # fmt: skip


@pytest.mark.parametrize("key", ["index", "kontakt", "ankommen/index", "arbeitgeber/werkzeugkasten/index"])
@pytest.mark.parametrize("code", ["de", "ar"])
def test_every_kind_of_link_is_written_as_mkdocs_writes_it(ready: tuple[Settings, House], code: str, key: str) -> None:
    settings, house = ready
    language = next(row for row in house.languages if row.code == code)
    places = Places(house, DOCS, language)
    place = places.get_file_from_path(f"{code}/{key}.md")
    assert place
    leading = Leading(settings, places, place)
    for link in LINKS:
        assert leading.address(link) in (None, leading.by_mkdocs(link)), link
    assert sum(leading.address(link) is not None for link in LINKS) > 10


def test_what_mkdocs_says_of_a_link_stops_the_drawing(
    site: Site, ready: tuple[Settings, House], tmp_path: Path
) -> None:
    """The checks find it first; this is the second net, the same as in a whole build, which is strict."""
    settings, house = ready
    page = house.content.pages["kontakt"]
    texts = {**page.texts, "de": replace(page.texts["de"], body="# A { #top }\n\n[a](nirgends.md) [b](/fest/)\n")}
    broken = replace(house, content=Content({**house.content.pages, "kontakt": replace(page, texts=texts)}))
    with pytest.raises(RenderError, match=r"nirgends\.md(?s:.*)/fest/"):
        draw(settings, broken, DOCS, {"de": {"kontakt"}}, tmp_path)
    assert "nirgends" not in (site.folder / "kontakt/index.html").read_text("utf-8")
