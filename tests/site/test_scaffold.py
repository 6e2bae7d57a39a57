"""What `kim new` makes can be built at once; nothing that exists is lost."""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from core.languages import load_languages, parse_languages
from core.overlay import shown_page
from core.text.yaml import load
from editorial.content.pages import read_content
from editorial.scaffold.language import add_place_forms, new_language
from editorial.scaffold.page import ScaffoldError, make_slug, new_page
from tests.conftest import ROOT, full_or_sample
from tests.municipality import has_page
from tests.project import copy_project
from tests.site.conftest import SITE_URL

KONTAKT = shown_page(ROOT / "docs", "de", "kontakt")
TODAY = datetime.date(2026, 11, 23)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small copy of the project: every German section, one language more without pages, so that it builds in seconds.

    Its folder has a name as people give it: blanks, and signs that mean something in addresses and settings.
    """
    folder = tmp_path_factory.mktemp("new") / "Prüf 50% #1 & 'a'"
    copy_project(folder, ("de", "en"))
    shutil.rmtree(folder / "docs" / "en")
    return folder


def kim(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "kim", *words], cwd=project, capture_output=True, text=True)


def hrefs_of(site: Path) -> set[str]:
    """Return where the pages of the German site lead, but for ways to write and to call."""
    soups = [
        BeautifulSoup(path.read_bytes(), "html.parser")
        for path in [site / "index.html", *site.glob("[a-z]*ß/index.html")]
    ]
    return {str(link["href"]) for soup in soups for link in soup.select("[href]") if ":" not in str(link["href"])}


def test_what_new_makes_is_built_and_a_new_language_speaks_and_says_what_is_missing(project: Path) -> None:
    said = {}
    for kind, title in (
        ("offer", "Sprachcafé: Reden & Üben"),
        ("company", "Musterbetrieb „Beispiel“ GmbH"),
        ("measure", "Probewoche"),
        ("page", "Häufige Wörter"),
        ("page", "3 Schritte zur Arbeit"),
        ("offer", "Ha\u0308user *neu* bauen"),
        ("offer", "Kosten"),
        ("company", "1a_Muster GmbH"),
        ("language", "ur"),
    ):
        if kind == "company" and not has_page("/betriebe/"):
            continue  # the municipality shows no companies
        made = kim(project, "new", kind, title)
        assert made.returncode == 0, made.stderr
        said[kind] = made.stdout
    rows = kim(project, "check").stdout.replace(KONTAKT, "").splitlines()
    wording = "angebote/kosten.md"  # its title is a line that other pages word otherwise
    assert [row for row in rows if "docs/de/" in row and wording not in row] == [], "no new page has a fault"
    text = (project / "city/docs/de/haeufige-woerter.md").read_text("utf-8")
    (project / "city/docs/de/größe & maß.md").write_text(text.replace("Häufige Wörter", "Größe und Maß"), "utf-8")
    built = kim(project, "build", "--no-pdf")
    assert built.returncode == 0, built.stderr

    def page(path: str) -> BeautifulSoup:
        return BeautifulSoup((project / "site" / path / "index.html").read_bytes(), "html.parser")

    for path, heading in (
        ("angebote/sprachcafe-reden-ueben", "Sprachcafé: Reden & Üben"),
        ("betriebe/musterbetrieb-beispiel-gmbh", "Musterbetrieb „Beispiel“ GmbH"),
        ("arbeitgeber/werkzeugkasten/probewoche", "Probewoche"),
        ("haeufige-woerter", "Häufige Wörter"),
        ("3-schritte-zur-arbeit", "3 Schritte zur Arbeit"),
        ("angebote/haeuser-neu-bauen", "Häuser *neu* bauen"),
        ("angebote/kosten", "Kosten"),
        ("betriebe/1a-muster-gmbh", "1a_Muster GmbH"),
    ):
        if has_page("/betriebe/") or not path.startswith("betriebe/"):
            assert page(path).h1.get_text(strip=True) == heading  # type: ignore[union-attr]
    escaped = "/gr%C3%B6%C3%9Fe%20%26%20ma%C3%9F/"
    assert [link["href"] for link in page("größe & maß").select("link[rel=canonical]")] == [SITE_URL + escaped]
    for name in ("sitemap.xml", "feed.xml", "offline.json", "pagefind/titles.de.json"):
        found = (project / "site" / name).read_text("utf-8")
        assert escaped in found or name == "feed.xml", name  # the feed holds the forty newest pages
        assert "größe" not in found, name
    assert not [href for href in hrefs_of(project / "site") if not href.isascii() or " " in href]
    urdu = page("ur/haeufige-woerter")
    assert (urdu.html["lang"], urdu.html["dir"]) == ("ur", "rtl")  # type: ignore[index]
    assert "اردو" in page("haeufige-woerter").get_text()
    assert "locale/ur.po" in said["language"]
    assert "Seiten fehlen" in said["language"]
    found = kim(project, "check").stdout
    assert "city/locale/ur.po" in found, "the check names the words that are missing"
    listed = "Musterbetrieb" in (project / "city/data/companies.yml").read_text("utf-8")
    assert listed == has_page("/betriebe/")


def test_a_folder_of_any_name_has_a_database_a_desk_and_a_status(project: Path) -> None:
    for words in (("db", "init"), ("submissions", "list"), ("dashboard",), ("translations", "status", "--lang", "en")):
        done = kim(project, *words)
        assert done.returncode == 0, done.stderr
    assert (project / "var" / "kim.sqlite3").stat().st_size > 0


# What reads pages: the first four in `make test`, all in `make test-all`.
COMMANDS = [
    ("check",), ("build", "--no-pdf"), ("dashboard",), ("new", "page", "Noch eine"),
    ("pdf",), ("translations", "status", "--lang", "en"), ("translations", "export", "--lang", "en"),
]  # fmt: skip


def test_a_day_that_is_none_is_said_with_its_line_by_every_command(project: Path) -> None:
    page = project / KONTAKT
    before = page.read_text("utf-8")
    lines = ["review_by: 2027-02-29" if line.startswith("review_by:") else line for line in before.split("\n")]
    page.write_text("\n".join(lines), "utf-8")
    number = lines.index("review_by: 2027-02-29") + 1
    try:
        for words in full_or_sample(COMMANDS, COMMANDS[:4]):
            done = kim(project, *words)
            said = done.stdout + done.stderr
            if words == ("dashboard",):
                said += (project / "var/dashboard/index.html").read_text("utf-8")
                assert "den Tag 29.2.2027 gibt es nicht" in said
            else:
                assert f"{KONTAKT}:{number}: „review_by“: den Tag 29.2.2027 gibt es nicht" in said, words
            assert "Traceback" not in said, words
        mkdocs = [sys.executable, "-m", "mkdocs", "build", "-d", str(project.parent / "mkdocs")]
        plain = subprocess.run(mkdocs, cwd=project, capture_output=True, text=True)
        assert f"{KONTAKT}:{number}: „review_by“" in plain.stderr
        assert "Traceback" not in plain.stderr
    finally:
        page.write_text(before, "utf-8")
        (project / "city/docs/de/noch-eine.md").unlink(missing_ok=True)


def test_booklets_are_printed_with_the_pages_that_were_not_built_yet(project: Path) -> None:
    """``kim pdf`` builds first; here the build ends with the page's fault, so that nothing is printed without it."""
    kim(project, "new", "page", "Ungebaut", "--in", "ankommen")
    page = project / "city/docs/de/ankommen/ungebaut.md"
    page.write_text(page.read_text("utf-8") + "\n{{ tel.nobody }}\n", "utf-8")
    done = kim(project, "pdf")
    page.unlink()
    assert done.returncode == 1
    assert "city/docs/de/ankommen/ungebaut.md:" in done.stderr


REFUSED = [
    (("offer", "Integrationskurs"), "gibt es schon"),
    (("offer", "???"), "keine Adresse"),
    (("offer", "   "), "1 bis 90 Zeichen"),
    (("offer", "a{b}"), "1 bis 90 Zeichen"),
    (("page", "Titel", "--in", "../data"), "gibt es unter docs/de nicht"),
    (("page", "Titel", "--in", "nirgends"), "gibt es unter docs/de nicht"),
    (("page", "Titel", "--in", "ankommen/../.."), "gibt es unter docs/de nicht"),
    (("page", "Titel", "--in", "..\\..\\data"), "gibt es unter docs/de nicht"),
    (("page", "Titel", "--in", "kontakt.md"), "gibt es unter docs/de nicht"),
    (("offer", "Titel", "--in", "ankommen"), "--in gilt nur für eine Seite"),
    (("page", "con"), "keine Datei heißen"),
    (("page", "LPT1"), "keine Datei heißen"),
    (("page", "Index"), "keine Adresse"),
    (("page", "القانون"), "lateinischen Buchstaben"),
    (("page", "🙂 !!"), "lateinischen Buchstaben"),
    (("page", "x" * 91), "1 bis 90 Zeichen"),
    (("page", "Kurs\u202e"), "U+202E"),
    (("page", "Kurs\x07"), "U+0007"),
    (("page", "EN"), "eine andere Bedeutung"),
    (("page", "Eingang"), "eine andere Bedeutung"),
    (("page", "Angebote"), "steht schon der Bereich"),
    (("page", "Kontakt"), "gibt es schon"),
    (("language", "../x"), "aus zwei kleinen Buchstaben"),
    (("language", ""), "aus zwei kleinen Buchstaben"),
    (("language", "FR"), "aus zwei kleinen Buchstaben"),
    (("language", "de"), "steht schon"),
    (("language", "xx"), "gibt es nicht"),
    (("language", "de-simple"), ""),
]
# Runs the command for each case in one process: it starts once.
ASK = """
import json, sys
from click.testing import CliRunner
from kim.cli import main
runner = CliRunner()
results = [runner.invoke(main, ["new", *words], prog_name="kim") for words in json.load(sys.stdin)]
json.dump([[result.exit_code, result.stderr or str(result.exception)] for result in results], sys.stdout)
"""


def test_what_cannot_be_made_is_refused_and_changes_nothing(project: Path) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*.*ml") if path.is_file()}
    files = [sorted((project / name).rglob("*")) for name in ("docs", "city")]
    asked = json.dumps([words for words, _reason in REFUSED])
    done = subprocess.run([sys.executable, "-c", ASK], cwd=project, input=asked, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = zip(REFUSED, json.loads(done.stdout), strict=True)
    assert [(words, said) for (words, reason), said in told if said[0] != 1 or reason not in said[1]] == []
    assert {path: path.read_bytes() for path in before} == before
    assert [sorted((project / name).rglob("*")) for name in ("docs", "city")] == files


def test_every_line_of_a_new_header_is_explained_and_right(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / "de/angebote").mkdir(parents=True)
    made = new_page("offer", "It's: ein 'Test'", docs, TODAY)
    content = read_content(docs, load_languages())
    assert content.findings == []
    page = content.pages["angebote/it-s-ein-test"]
    assert (page.front_matter.title, page.front_matter.order, page.front_matter.as_of) == (
        "It's: ein 'Test'",
        10,
        "2026-11",
    )
    lines = made.files[0].read_text("utf-8").split("---")[1].strip().splitlines()
    assert sum(line.startswith("#") for line in lines) >= 8
    with pytest.raises(ScaffoldError, match="gibt es schon"):
        new_page("offer", "It's: ein 'Test'", docs, TODAY)


@pytest.mark.parametrize(
    ("title", "slug"),
    [("Hilfe für Väter", "hilfe-fuer-vaeter"), ("Straße & Öl", "strasse-oel"), ("Café Łódź", "cafe-lodz"), ("x" * 99, "x" * 60),
     ("Hilfe fu\u0308r Va\u0308ter", "hilfe-fuer-vaeter"), ("STRAẞE", "strasse"), ("İş ve Işık", "is-ve-isik"), ("Cœur", "coeur"),
     ("3 Schritte", "3-schritte"), ("Café العربية", "cafe"), ("../../etc/passwd", "etc-passwd"), ("½ Tag", "1-2-tag")],
)  # fmt: skip
def test_an_address_is_made_of_plain_letters(title: str, slug: str) -> None:
    assert make_slug(title) == slug


def test_norwegian_is_a_language_and_not_false(tmp_path: Path) -> None:
    """YAML 1.1 takes ``no`` for false."""
    for name in ("docs", "core/locale"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    new_language("no", tmp_path, for_all=True)
    assert "{locale: 'no', name: Norsk, " in (tmp_path / "mkdocs.yml").read_text("utf-8")
    assert "no" in [row.code for row in parse_languages(load((tmp_path / "mkdocs.yml").read_text("utf-8")))]


def test_a_company_is_not_written_into_a_list_that_cannot_be_read(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / "de/betriebe").mkdir(parents=True)
    data = tmp_path / "city" / "data"
    data.mkdir(parents=True)
    for text in ("a: [\n", "- a\n", "{}\n"):
        (data / "companies.yml").write_text(text)
        with pytest.raises(ScaffoldError, match=r"city/data/companies\.yml"):
            new_page("company", "Beispiel GmbH", docs, TODAY)
        assert (data / "companies.yml").read_text() == text
    assert list((docs / "de/betriebe").iterdir()) == []


def test_a_company_of_the_list_gets_its_page_and_leaves_the_list(tmp_path: Path) -> None:
    from core.text.yaml import load_strings

    docs = tmp_path / "docs"
    (docs / "de/betriebe").mkdir(parents=True)
    data = tmp_path / "city" / "data"
    data.mkdir(parents=True)
    listed = data / "companies.yml"
    listed.write_text("# Liste\nbeispiel:\n  name: Beispiel\n  role: x\n  source: own\nzwei:\n  name: Zwei\n", "utf-8")
    new_page("company", "Beispiel", docs, TODAY)
    rows = load_strings(listed.read_text("utf-8"))
    assert rows["beispiel"] == {"page": "betriebe/beispiel", "name": "Beispiel", "role": "x", "source": "own"}
    assert "page" not in rows["zwei"]
    assert "[Platzhalter: " in (tmp_path / "city/docs/de/betriebe/beispiel.md").read_text("utf-8")


PLACE = "# Namen\nkind: city\n{unchecked}forms:\n  de:\n    name: L'Épine\n    in: in L'Épine\n"


@pytest.mark.parametrize(
    ("unchecked", "wanted"),
    [
        ("unchecked: []\n", ["ro"]),
        ("unchecked:\n- uk\n- ar\n", ["uk", "ar", "ro"]),
        ("unchecked: [uk]\n", ["uk", "ro"]),
        ("", ["ro"]),
    ],
)
def test_a_new_language_has_the_bare_name_in_each_form_and_says_that_nobody_has_checked_it(
    unchecked: str, wanted: list[str]
) -> None:
    made = add_place_forms(PLACE.format(unchecked=unchecked), "ro", ["in", "name"])
    assert load(made)["unchecked"] == wanted
    assert load(made)["forms"]["ro"] == {"in": "L'Épine", "name": "L'Épine"}
    assert "# Namen\n" in made


@pytest.mark.parametrize(
    "text",
    [
        "kind: city\n", "forms: {de: {name: X}}\n", "forms:\n  de:\n    name: X\nkind: city\n", "forms:\n  en:\n    name: X\n",
        "forms:\n  de:\n    name: X\n  ro:\n    name: Y\n",
    ],
)  # fmt: skip
def test_a_file_of_another_shape_is_left_to_people(text: str) -> None:
    assert add_place_forms(text, "ro", ["name"]) == ""
