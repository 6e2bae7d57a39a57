"""Another municipality takes the site over by data alone: one command makes ``city/``, and no shared file changes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import copy_project

pytestmark = pytest.mark.slow
ANSWERS = """name: Kreis Musterstadt
kind: district
authority: Kreisverwaltung Musterstadt
url: https://willkommen.example.org/
languages: [de, en]
without: [allianz, betriebe]
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
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8H0z"/></svg>\n'


def kim(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "kim", *words], cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def taken_over(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose municipality is another one, with its site built."""
    folder = copy_project(tmp_path_factory.mktemp("city") / "project", city=False)
    before = shared_files(folder)
    (folder / "answers.yml").write_text(ANSWERS, "utf-8")
    made = kim(folder, "new", "municipality", "--from", "answers.yml")
    assert made.returncode == 0, made.stderr
    for name, text in (("docs/de/angebote/rufbus.md", BUS), ("docs/assets/bus.svg", SVG)):
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


def test_a_picture_of_the_municipality_is_published(taken_over: Path) -> None:
    assert (taken_over / "site/assets/bus.svg").read_text("utf-8") == SVG


def test_only_its_languages_are_built(taken_over: Path) -> None:
    site = taken_over / "site"
    assert (site / "en/index.html").exists()
    assert not (site / "ar").exists()
    assert 'hreflang="ar"' not in (site / "index.html").read_text("utf-8")


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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ANSWERS.replace("district", "village"), "kind"),
        (ANSWERS.replace("https://", "http://"), "url"),
        (ANSWERS.replace("[de, en]", "[de, xx]"), "xx"),
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
