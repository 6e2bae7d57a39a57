"""Another municipality takes the site over by data alone: one command makes ``city/``, and no shared file changes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser

from bench.static_server import static
from core.text import yaml
from editorial.content.data.facts import Contact
from editorial.content.schema import validate
from tests.browser.conftest import browser  # noqa: F401
from tests.browser.test_accessibility import overflows, violations
from tests.browser.test_search import search
from tests.conftest import full_or_sample
from tests.project import copy_project
from tests.server import running_server

pytestmark = pytest.mark.slow
ANSWERS = """name: Kreis Musterstadt
kind: district
authority: Kreisverwaltung Musterstadt
url: https://willkommen.example.org/
languages: [de, en, ar]
without: [allianz]
"""
BUS = """---
title: 'Rufbus {{ place.in }}'
description: Wie Sie einen Bus rufen, wenn keiner fährt.
scope: local
contact: kim
source: [own]
review_by: 2099-01-01
---

# Rufbus {{ place.in }} { #rufbus }

![Ein Bus](../../assets/bus.svg)

Mehr bei der [Allianz](../allianz/index.md) und im [Kontakt](../kontakt.md).
"""
BUS_RO = """---
title: Autobuz la cerere
description: Cum chemați un autobuz atunci când nu circulă niciunul.
---

# Autobuz la cerere { #rufbus }

![Un autobuz](../../assets/bus.svg)

Mai multe la [contact](../kontakt.md).
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8H0z"/></svg>\n'


def kim(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "kim", *words], cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def taken_over(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose municipality is another one, with its site built."""
    folder = copy_project(tmp_path_factory.mktemp("city") / "project", city=False)
    before = shared_files(folder)
    (folder / "answers.yml").write_text(ANSWERS, "utf-8")
    for words in (["municipality", "--from", "answers.yml"], ["language", "ro"]):
        made = kim(folder, "new", *words)
        assert made.returncode == 0, made.stderr
    for name, text in (
        ("docs/de/angebote/rufbus.md", BUS), ("docs/ro/angebote/rufbus.md", BUS_RO), ("docs/assets/bus.svg", SVG),
        ("assets/mark.svg", SVG), ("data/colours.yml", "colours:\n  link: ['#7a1f1f', '#ffb3b3']\n"),
    ):  # fmt: skip
        path = folder / "city" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    for words in (["translations", "update"], ["build", "--no-pdf"]):
        done = kim(folder, *words)
        assert done.returncode == 0, done.stderr + done.stdout
    assert shared_files(folder) == before, "no shared file was touched"
    return folder


def shared_files(folder: Path) -> dict[str, bytes]:
    names = ("docs", "overrides", "mkdocs.yml", "core", "editorial", "form_handler")
    files = (path for name in names for path in [folder / name, *(folder / name).rglob("*")])
    return {str(path): path.read_bytes() for path in files if path.is_file() and "__pycache__" not in path.parts}


def pages(folder: Path) -> list[Path]:
    return list((folder / "site").rglob("*.html"))


def test_no_page_names_the_place_that_the_texts_come_from(taken_over: Path) -> None:
    named = [path for path in pages(taken_over) if re.search("Bottrop|Боттроп|بوتروب|بوتروپ", path.read_text("utf-8"))]
    assert named == []


def test_pages_name_the_place_in_the_form_that_the_sentence_wants(taken_over: Path) -> None:
    html = (taken_over / "site/angebote/rufbus/index.html").read_text("utf-8")
    assert "<title>Rufbus im Kreis Musterstadt – " in html


def test_no_link_leads_to_what_is_left_out(taken_over: Path) -> None:
    dead = {
        (path.relative_to(taken_over / "site").as_posix(), target)
        for path in pages(taken_over)
        for target in re.findall(r'href="(/[^"#?]*)"', path.read_text("utf-8"))
        if "/allianz" in target or "/betriebe" in target
    }
    assert dead == set()
    assert not (taken_over / "site/allianz").exists()


def test_every_link_leads_somewhere(taken_over: Path) -> None:
    site, dead = taken_over / "site", set()
    for path in pages(taken_over):
        for target in re.findall(r'(?:href|src)="(/[^"#?]*)[^"]*"', path.read_text("utf-8")):
            file = site / unquote(target).lstrip("/")
            if not (file / "index.html" if target.endswith("/") else file).is_file() and not served(target):
                dead.add((path.relative_to(site).as_posix(), target))
    assert dead == set()


def served(target: str) -> bool:
    """Return whether the service answers at an address."""
    return target.startswith("/eingang/") or re.fullmatch(r"(?:/\w\w)?/feed\.xml", target) is not None


def test_mark_and_colours_are_those_of_the_municipality(taken_over: Path) -> None:
    site = taken_over / "site"
    assert (site / "assets/mark.svg").read_text("utf-8") == SVG
    assert "light-dark(#7a1f1f,#ffb3b3)" in (site / "assets/kim.css").read_text("utf-8").replace(" ", "")


def test_a_language_that_only_the_municipality_has_is_built_and_searched(taken_over: Path) -> None:
    site = taken_over / "site"
    html = (site / "ro/angebote/rufbus/index.html").read_text("utf-8")
    assert '<html lang="ro"' in html
    assert 'hreflang="ro"' in (site / "angebote/rufbus/index.html").read_text("utf-8")
    titles = json.loads((site / "pagefind/titles.ro.json").read_text("utf-8"))
    assert any("Autobuz la cerere" in row for row in titles["pages"])


def test_the_search_finds_pages_in_each_language_in_a_browser(
    taken_over: Path,
    browser: Browser,  # noqa: F811
) -> None:
    found = {}
    asked = {"/": "Rufbus", "/en/": "housing", "/ar/": "السكن", "/ro/": "Autobuz"}
    with static(taken_over / "site") as (address, _sent):
        for root, words in asked.items():
            page = browser.new_page()
            page.goto(address + root)
            found[root] = search(page, words)
            page.close()
    for root, target in (
        ("/", "angebote/rufbus"),
        ("/en/", "ankommen/wohnen"),
        ("/ar/", "ankommen/wohnen"),
        ("/ro/", "angebote/rufbus"),
    ):
        assert f"{root}{target}/" in found[root], found
        assert not [one for one in found[root] if not one.startswith(root) or "/allianz" in one], found


def test_the_search_takes_the_name_of_the_place_for_a_word_that_says_nothing(taken_over: Path) -> None:
    titles = json.loads((taken_over / "site/pagefind/titles.de.json").read_text("utf-8"))
    assert {"kreis", "musterstadt"} <= set(titles["ignored"])


def test_structured_data_names_a_district(taken_over: Path) -> None:
    html = (taken_over / "site/angebote/anerkennung/index.html").read_text("utf-8")
    areas = re.findall(r'"areaServed":\s*({[^}]*})', html)
    assert areas
    assert all(json.loads(one) == {"@type": "AdministrativeArea", "name": "Kreis Musterstadt"} for one in areas)


def test_a_form_is_sent_in_each_language_and_its_mail_names_the_authority(
    taken_over: Path,
    browser: Browser,  # noqa: F811
    tmp_path: Path,
) -> None:
    """The real service on the real site; axe-core looks at the pages on the way."""
    with running_server(tmp_path / "var", taken_over) as server:
        for root in ("", "ar/", "ro/"):
            page = browser.new_page()
            page.goto(f"{server.url}/{root}rueckruf/")
            assert violations(page) == [], root
            page.get_by_role("textbox").first.fill("Beispielperson")
            page.locator("[name=phone]").fill("0000")
            page.locator("select[name=topic], [name=topic] >> nth=0").first.evaluate(
                "one => { if (one.options) one.value = one.options[1].value; else one.checked = true; }"
            )
            page.locator("form[method=post] button.kim-button[type=submit]").last.click()
            page.locator(".kim-review__send").last.click()
            page.wait_for_url("**/eingegangen/**")
            page.goto(f"{server.url}/{root}")
            assert violations(page) == [], root
            assert overflows(page) == [], "a long name is wrapped, also with text at twice its size"
            page.close()
        assert len(json.loads(server.run_cli("submissions", "list", "--json"))) == 3
        mails = [path.read_bytes() for path in (tmp_path / "var" / "mail").rglob("*.eml")]
        assert not any(b"ottrop" in mail for mail in mails)


def test_an_interface_in_english_is_no_translation(taken_over: Path, tmp_path: Path) -> None:
    """The build says what, where and what to do; the setting that the command made is the way to go on working."""
    settings = taken_over / "city/city.yml"
    before = settings.read_text("utf-8")
    assert "draft_languages: [ro]" in before
    settings.write_text(re.sub("draft_languages:.*\n", "", before), "utf-8")
    try:
        for words in (["kim", "build", "--no-pdf"], ["mkdocs", "build", "-q", "-d", str(tmp_path / "site")]):
            done = subprocess.run([sys.executable, "-m", *words], cwd=taken_over, capture_output=True, text=True)
            assert done.returncode != 0
            assert "city/locale/ro.po: Română:" in done.stderr
            assert "Sätzen der Oberfläche sind noch englisch" in done.stderr
            assert "draft_languages: [ro]" in done.stderr
    finally:
        settings.write_text(before, "utf-8")
    assert "Die Sprache „ro“ wird noch als Entwurf gebaut" in kim(taken_over, "check", "--publish").stdout


def test_a_language_asks_for_words_glossary_and_style_sheet(taken_over: Path) -> None:
    assert "- de: " in (taken_over / "city/data/glossary.yml").read_text("utf-8")
    assert "# Stil: Română" in (taken_over / "city/stil/ro.md").read_text("utf-8")
    checked = kim(taken_over, "check")
    assert checked.returncode == 0, [line for line in checked.stdout.splitlines() if line.startswith("Fehler")]
    assert "city/locale/ro.po: Română ist ein Entwurf" in checked.stdout
    assert "Ohne Übersetzung in ro" in checked.stdout


def test_the_first_check_finds_nothing_in_texts_that_nobody_has_written_yet(taken_over: Path) -> None:
    """Hints on the first day are about the new language alone: the drafts and the shared pages are as a check wants them."""
    told = [
        line for line in kim(taken_over, "check").stdout.splitlines() if re.search(r"^\S+ +(?:city/)?docs/\w\w/", line)
    ]
    assert [line for line in told if "/ro" not in line and "rufbus" not in line] == []


def test_the_contact_that_the_new_file_shows_as_an_example_is_valid(taken_over: Path, tmp_path: Path) -> None:
    head = (taken_over / "city/data/contacts.yml").read_text("utf-8").partition("\nauslaenderbehoerde:")[0]
    example = "".join(line[2:] for line in head.splitlines(keepends=True) if line.startswith("#   "))
    (entry,) = yaml.load_strings(example).values()
    assert isinstance(validate(Contact, entry), Contact)
    assert {"address", "phone", "email", "hours", "appointment", "url"} <= entry.keys()


def test_a_picture_of_the_municipality_is_published(taken_over: Path) -> None:
    assert (taken_over / "site/assets/bus.svg").read_text("utf-8") == SVG


def test_only_its_languages_are_built(taken_over: Path) -> None:
    site = taken_over / "site"
    assert (site / "en/index.html").exists()
    assert not (site / "tr").exists()
    assert 'hreflang="tr"' not in (site / "index.html").read_text("utf-8")


def test_addresses_are_those_of_its_settings(taken_over: Path) -> None:
    site = taken_over / "site"
    assert 'rel="canonical" href="https://willkommen.example.org/"' in (site / "index.html").read_text("utf-8")
    assert "https://willkommen.example.org/" in (site / "sitemap.xml").read_text("utf-8")


def test_mkdocs_alone_builds_the_same_pages(taken_over: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-q", "-d", str(tmp_path / "site")],
        cwd=taken_over, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for name in ("index.html", "angebote/rufbus/index.html", "en/index.html", "feed.xml"):
        assert (tmp_path / "site" / name).read_bytes() == (taken_over / "site" / name).read_bytes(), name


def test_what_is_left_to_do_is_named(taken_over: Path) -> None:
    done = kim(taken_over, "check", "--publish", "--pending")
    assert done.returncode == 1
    assert "city/data/contacts.yml" in done.stdout
    assert "noch nicht bestätigt" in done.stdout


def test_a_second_municipality_does_not_overwrite_the_first(taken_over: Path) -> None:
    before = (taken_over / "city/place.yml").read_bytes()
    done = kim(taken_over, "new", "municipality", "--from", "answers.yml")
    assert done.returncode == 1
    assert "city/ gibt es schon" in done.stderr
    assert (taken_over / "city/place.yml").read_bytes() == before


def test_a_language_before_the_municipality_is_refused_and_no_shared_file_changes(tmp_path: Path) -> None:
    folder = copy_project(tmp_path / "project", {"de", "en"}, city=False)
    before = shared_files(folder)
    done = kim(folder, "new", "language", "ro")
    assert done.returncode == 1
    assert "kim new municipality" in done.stderr
    assert shared_files(folder) == before


def test_a_municipality_of_another_state_shows_no_law_of_this_one_and_is_told_what_to_enter(tmp_path: Path) -> None:
    folder = copy_project(tmp_path / "project", {"de", "en"}, city=False)
    answers = ANSWERS.replace("[de, en, ar]", "[de, en]").replace("Kreisverwaltung", "Landratsamt") + "state: by\n"
    (folder / "answers.yml").write_text(answers, "utf-8")
    made = kim(folder, "new", "municipality", "--from", "answers.yml")
    assert made.returncode == 0, made.stderr
    assert "Ihr Land ist Bayern" in made.stdout
    assert kim(folder, "translations", "update").returncode == 0
    checked = kim(folder, "check", "--publish")
    assert "docs/de/kim/index.md: Diese Seite gilt in einem anderen Land" in checked.stdout
    assert re.search(r"docs/de/\S+\.md:\d+: „[^“]*Nordrhein-Westfalen[^“]*“ gilt in einem anderen Land", checked.stdout)
    for name in ("data_protection", "accessibility"):
        assert f"({name}:)" in checked.stdout, name
    assert "Tragen Sie es in city/data/states.yml ein" in checked.stdout
    built = kim(folder, "build", "--no-pdf")
    assert built.returncode == 0, built.stderr + built.stdout
    named = {
        str(path.relative_to(folder)): found[0]
        for path in [*pages(folder), *(folder / "site/pagefind").glob("titles.*.json"), folder / "site/feed.xml"]
        if (found := re.search("NRW|Nordrhein|North Rhine|Arnsberg", path.read_text("utf-8")))
    }
    assert named == {}
    assert "des Landratsamts Musterstadt" in (folder / "city/place.yml").read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ANSWERS.replace("district", "village"), "kind"),
        (ANSWERS.replace("Kreis Musterstadt\n", "' '\n"), "name"),
        (ANSWERS.replace("Kreis Musterstadt\n", f"{'x' * 60}\n"), "name"),
        (ANSWERS.replace("Kreis Musterstadt\n", "'{{ x }}'\n"), "name"),
        (ANSWERS.replace("Kreis Musterstadt\n", "'a_b_c'\n"), "name"),
        (ANSWERS + "state: xx\n", "state"),
        (ANSWERS.replace("[de, en, ar]", "de en"), "languages"),
        (ANSWERS.replace("[de, en, ar]", "[ro]"), "kim new language ro"),
        (ANSWERS.replace("[allianz]", "[alianz]").replace(", ar]", "]"), "Meinten Sie „allianz“"),
        (ANSWERS.replace("https://", "http://"), "url"),
        (ANSWERS.replace("[de, en, ar]", "[de, xx]"), "xx"),
        ("name: [", "YAML"),
        ("", "Datei"),
    ],
)
def test_answers_that_are_not_right_are_refused_and_nothing_is_written(tmp_path: Path, text: str, words: str) -> None:
    folder = copy_project(tmp_path / "project", {"de", "en"}, city=False)
    (folder / "answers.yml").write_text(text, "utf-8")
    done = kim(folder, "new", "municipality", "--from", "answers.yml")
    assert done.returncode == 1
    assert words in done.stderr
    assert not (folder / "city").exists()


@pytest.mark.parametrize(
    ("name", "kind", "authority", "form"),
    [
        ("Bad Sülze", "city", "Stadt Bad Sülze", "in Bad Sülze"),
        ("L'Épine-Neustadt a. d. Weinstraße", "district_town", "Verbandsgemeinde Weinstraße", "aus L'Épine-Neustadt a. d. Weinstraße"),
        ("Kreis Höxter-Süd", "district", "Kreis Höxter-Süd", "im Kreis Höxter-Süd"),
        ("Region Beispielheim", "district", "Regionalverband Beispielheim", "des Regionalverbandes Beispielheim"),
        ("Beispielmarschen", "district", "Kreis Beispielmarschen", "in Beispielmarschen"),
    ],
)  # fmt: skip
def test_names_of_every_kind_give_a_folder_that_the_checks_accept(
    tmp_path: Path, name: str, kind: str, authority: str, form: str
) -> None:
    """The source language is among the languages whatever is answered; a form that does not follow from the name is to be checked."""
    folder = copy_project(tmp_path / "project", {"de", "ar"}, city=False)
    answers = {
        "name": name,
        "kind": kind,
        "authority": authority,
        "url": "https://kim.example.org",
        "languages": ["ar"],
    }
    (folder / "answers.yml").write_text(json.dumps(answers, ensure_ascii=False), "utf-8")
    made = kim(folder, "new", "municipality", "--from", "answers.yml")
    assert made.returncode == 0, made.stderr
    place = (folder / "city/place.yml").read_text("utf-8")
    assert form in place.replace("''", "'")
    assert ("- de\n" in place.partition("forms:")[0]) == (name == "Beispielmarschen")
    if not full_or_sample(True, name in ("Bad Sülze", "Beispielmarschen")):
        return  # the checks take longest
    assert kim(folder, "translations", "update").returncode == 0
    checked = kim(folder, "check")
    assert checked.returncode == 0, [line for line in checked.stdout.splitlines() if line.startswith("Fehler")]
