"""What all municipalities share names none of them: not in a text, not in a fact, not in a template, not in code."""

from __future__ import annotations

import io
import re
import tomllib
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from core.project import load_site_settings
from editorial.checks.wording.scope import CITY_WORDS, name_pattern
from editorial.content.place_names import load_place_names
from tests.conftest import ROOT

SHARED = ("docs", "overrides", "core", "editorial", "editing", "form_handler", "kim", "redaktion")
TEXTS = {".md", ".yml", ".html", ".css", ".js", ".json", ".svg", ".py", ".po"}
NAMES = name_pattern(load_place_names(ROOT / "docs").names())
PACKAGE = str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["name"])  # where it began
DOMAIN = re.escape(str(load_site_settings()["municipality"]["domain"]))


def shared_files() -> list[Path]:
    files = (path for name in SHARED for path in (ROOT / name).rglob("*") if path.suffix in TEXTS)
    return [ROOT / "mkdocs.yml", *(path for path in files if "__pycache__" not in path.parts)]


def named_in(text: str) -> list[str]:
    """Return the lines that name the municipality, in any of its forms and scripts, or its address."""
    assert NAMES is not None
    text = text.replace(PACKAGE, "")
    found = (NAMES.search(line) or NAMES.search(line.title()) or re.search(DOMAIN, line) for line in text.splitlines())
    return [line for line, one in zip(text.splitlines(), found, strict=True) if one]


def test_nothing_that_is_shared_names_the_municipality() -> None:
    files = shared_files()
    assert len(files) > 1000
    named = {
        str(path.relative_to(ROOT)): lines for path in files if (lines := named_in(path.read_text("utf-8", "replace")))
    }
    assert named == {}


@pytest.mark.parametrize("form", ["name", "in"])
def test_each_form_in_each_language_would_be_found(form: str) -> None:
    forms = load_place_names(ROOT / "docs").forms
    assert [code for code in forms if not named_in(f"x {forms[code][form]} y")] == []
    german = str(load_site_settings()["municipality"]["name"])
    for text in (
        f"{german}er",
        f"id: {german.lower()}",
        f"https://www.{load_site_settings()['municipality']['domain']}/",
    ):
        assert named_in(text), text


def test_no_sentence_of_the_interface_takes_the_municipality_for_a_city() -> None:
    """A district or an association shows the same words: "not yet officially confirmed", not "by the city"."""
    named = {
        (path.relative_to(ROOT).as_posix(), entry.string or entry.id)
        for path in sorted((ROOT / "core/locale").rglob("*.po"))
        for entry in read_po(io.BytesIO(path.read_bytes()), locale=path.stem)
        for words in (entry.string if isinstance(entry.string, tuple) else (entry.string,))
        if re.search(CITY_WORDS[path.stem], str(words)) or re.search(CITY_WORDS["en"], str(entry.id))
    }
    assert named == set()
